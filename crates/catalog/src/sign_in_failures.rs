//! How often signing in has failed lately, per name: an address, or where the requests came from.

use chrono::{DateTime, Utc};

use crate::fields::{Fields, us};
use crate::{Db, Error};

/// Failures in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failures {
    pub count: u64,
    pub last_at: DateTime<Utc>,
}

/// Counts one more; those before `since` no longer count.
pub async fn add<'c>(
    db: impl Db<'c>,
    name: &str,
    now: DateTime<Utc>,
    since: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO sign_in_failures (name, failures, last_at) VALUES ($1, 1, $2) \
         ON CONFLICT (name) DO UPDATE SET last_at = excluded.last_at, failures = \
         CASE WHEN sign_in_failures.last_at < $3 THEN 1 ELSE sign_in_failures.failures + 1 END",
    )
    .bind(name)
    .bind(us(now))
    .bind(us(since))
    .execute(db)
    .await
    .map_err(Error::doing("note the failure to sign in"))?;
    Ok(())
}

pub async fn get<'c>(db: impl Db<'c>, name: &str) -> Result<Option<Failures>, Error> {
    let row = sqlx::query("SELECT failures, last_at FROM sign_in_failures WHERE name = $1")
        .bind(name)
        .fetch_optional(db)
        .await
        .map_err(Error::doing("count the failures to sign in"))?;
    row.map(|row| {
        let fields = Fields(&row);
        Ok(Failures { count: fields.count("failures")?, last_at: fields.time("last_at")? })
    })
    .transpose()
}

/// One that was counted was none.
pub async fn take_back<'c>(db: impl Db<'c>, name: &str) -> Result<(), Error> {
    sqlx::query("UPDATE sign_in_failures SET failures = failures - 1 WHERE name = $1 AND failures > 0")
        .bind(name)
        .execute(db)
        .await
        .map_err(Error::doing("take a failure to sign in back"))?;
    Ok(())
}

pub async fn clear<'c>(db: impl Db<'c>, name: &str) -> Result<(), Error> {
    sqlx::query("DELETE FROM sign_in_failures WHERE name = $1")
        .bind(name)
        .execute(db)
        .await
        .map_err(Error::doing("forget the failures to sign in"))?;
    Ok(())
}

pub async fn remove_before<'c>(db: impl Db<'c>, before: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query("DELETE FROM sign_in_failures WHERE last_at < $1")
        .bind(us(before))
        .execute(db)
        .await
        .map_err(Error::doing("forget old failures to sign in"))?;
    Ok(())
}
