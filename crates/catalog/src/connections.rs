//! The OAuth grant of each org, sealed, and whether it still works.

use std::fmt;

use chrono::{DateTime, Utc};
use holdfast_domain::OrgId;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;

use crate::fields::{Fields, us};
use crate::{Db, Error, SecretKey};

/// One org's grant, opened. `Debug` hides the credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct Connection {
    pub org: OrgId,
    /// Opaque here; the engine knows how to read them.
    pub credentials: Vec<u8>,
    pub status: ConnectionStatus,
    /// Why it does not work, in the words of the org.
    pub status_message: Option<String>,
    pub status_changed_at: DateTime<Utc>,
    /// When the credentials were last replaced.
    pub updated_at: DateTime<Utc>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("org", &self.org)
            .field("status", &self.status)
            .field("status_message", &self.status_message)
            .finish_non_exhaustive()
    }
}

/// Whether the grant works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionStatus {
    Works,
    /// The org refuses it, and only a person can connect again.
    NeedsReauthorisation,
}

impl ConnectionStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::NeedsReauthorisation => "needs_reauthorisation",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Works, Self::NeedsReauthorisation].into_iter().find(|status| status.as_str() == text)
    }
}

/// Stores new credentials in place of any held before; the connection works again.
pub async fn put<'c>(
    db: impl Db<'c>,
    key: &SecretKey,
    org: &OrgId,
    credentials: &[u8],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO connections (org_id, sealed, status, status_message, status_changed_at, updated_at) \
         VALUES ($1, $2, $3, NULL, $4, $4) \
         ON CONFLICT (org_id) DO UPDATE SET sealed = excluded.sealed, status = excluded.status, \
         status_message = NULL, status_changed_at = excluded.status_changed_at, updated_at = excluded.updated_at",
    )
    .bind(org.as_str())
    .bind(key.seal(org, credentials))
    .bind(ConnectionStatus::Works.as_str())
    .bind(us(now))
    .execute(db)
    .await
    .map_err(Error::doing("store the credentials"))?;
    Ok(())
}

pub async fn get<'c>(db: impl Db<'c>, key: &SecretKey, org: &OrgId) -> Result<Option<Connection>, Error> {
    let row = sqlx::query(
        "SELECT org_id, sealed, status, status_message, status_changed_at, updated_at \
         FROM connections WHERE org_id = $1",
    )
    .bind(org.as_str())
    .fetch_optional(db)
    .await
    .map_err(Error::doing("read the credentials"))?;
    row.as_ref().map(|row| read(row, key)).transpose()
}

pub async fn set_status<'c>(
    db: impl Db<'c>,
    org: &OrgId,
    status: ConnectionStatus,
    message: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let updated = sqlx::query(
        "UPDATE connections SET status = $2, status_message = $3, status_changed_at = $4 WHERE org_id = $1",
    )
    .bind(org.as_str())
    .bind(status.as_str())
    .bind(message)
    .bind(us(now))
    .execute(db)
    .await
    .map_err(Error::doing("change the state of the connection"))?;
    if updated.rows_affected() == 0 {
        return Err(Error::NotFound { what: "connection of org", name: org.to_string() });
    }
    Ok(())
}

fn read(row: &AnyRow, key: &SecretKey) -> Result<Connection, Error> {
    let fields = Fields(row);
    let org: OrgId = fields.parsed("org_id")?;
    let sealed = fields.text("sealed")?;
    let credentials = key.open(&org, &sealed).ok_or_else(|| Error::SecretKeyMismatch { org: org.clone() })?;
    Ok(Connection {
        org,
        credentials,
        status: fields.word("status", ConnectionStatus::parse)?,
        status_message: fields.optional_text("status_message")?,
        status_changed_at: fields.time("status_changed_at")?,
        updated_at: fields.time("updated_at")?,
    })
}
