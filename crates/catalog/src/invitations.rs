//! Who was invited and has not come yet. Of the link only a hash is kept.

use chrono::{DateTime, Utc};
use holdfast_domain::access::{MemberKind, Role};
use sqlx::any::AnyRow;

use crate::fields::{Fields, us};
use crate::{Db, Error, InvitationId};

/// One open invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    pub id: InvitationId,
    pub email: String,
    pub name: Option<String>,
    pub role: Role,
    pub kind: MemberKind,
    /// The name of the member who invited.
    pub invited_by: String,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

const SELECT: &str =
    "SELECT id, email, name, role, kind, invited_by, created_at, expires_at FROM invitations";

/// An address has one invitation: a new one replaces it.
pub async fn put<'c>(db: impl Db<'c>, invitation: &Invitation, hash: &str) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO invitations (id, hash, email, name, role, kind, invited_by, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
         ON CONFLICT (email) DO UPDATE SET id = excluded.id, hash = excluded.hash, name = excluded.name, \
         role = excluded.role, kind = excluded.kind, invited_by = excluded.invited_by, \
         created_at = excluded.created_at, expires_at = excluded.expires_at",
    )
    .bind(invitation.id.to_string())
    .bind(hash)
    .bind(&invitation.email)
    .bind(&invitation.name)
    .bind(invitation.role.as_str())
    .bind(invitation.kind.as_str())
    .bind(&invitation.invited_by)
    .bind(us(invitation.created_at))
    .bind(us(invitation.expires_at))
    .execute(db)
    .await
    .map_err(Error::doing("note the invitation"))?;
    Ok(())
}

pub async fn find<'c>(db: impl Db<'c>, hash: &str) -> Result<Option<Invitation>, Error> {
    one(db, "hash", hash).await
}

pub async fn find_by_email<'c>(db: impl Db<'c>, email: &str) -> Result<Option<Invitation>, Error> {
    one(db, "email", email).await
}

/// Newest first; `before` is the last one of the page before.
pub async fn list<'c>(
    db: impl Db<'c>,
    before: Option<InvitationId>,
    limit: u32,
) -> Result<Vec<Invitation>, Error> {
    let before = before.map_or_else(|| crate::runs::AFTER_ALL_IDS.to_owned(), |id| id.to_string());
    let rows = sqlx::query(&format!("{SELECT} WHERE id < $1 ORDER BY id DESC LIMIT $2"))
        .bind(before)
        .bind(i64::from(limit))
        .fetch_all(db)
        .await
        .map_err(Error::doing("list the invitations"))?;
    rows.iter().map(read).collect()
}

/// Says which one it was; none if it is not there, so that a link is good once.
pub async fn take(
    transaction: &mut crate::Transaction,
    id: InvitationId,
) -> Result<Option<Invitation>, Error> {
    let found = one(&mut **transaction, "id", &id.to_string()).await?;
    let removed = sqlx::query("DELETE FROM invitations WHERE id = $1")
        .bind(id.to_string())
        .execute(&mut **transaction)
        .await
        .map_err(Error::doing("use the invitation"))?;
    Ok(found.filter(|_| removed.rows_affected() == 1))
}

async fn one<'c>(db: impl Db<'c>, column: &str, value: &str) -> Result<Option<Invitation>, Error> {
    let row = sqlx::query(&format!("{SELECT} WHERE {column} = $1"))
        .bind(value.to_owned())
        .fetch_optional(db)
        .await
        .map_err(Error::doing("look for the invitation"))?;
    row.as_ref().map(read).transpose()
}

fn read(row: &AnyRow) -> Result<Invitation, Error> {
    let fields = Fields(row);
    Ok(Invitation {
        id: fields.parsed("id")?,
        email: fields.text("email")?,
        name: fields.optional_text("name")?,
        role: fields.word("role", Role::parse)?,
        kind: fields.word("kind", MemberKind::parse)?,
        invited_by: fields.text("invited_by")?,
        created_at: fields.time("created_at")?,
        expires_at: fields.time("expires_at")?,
    })
}
