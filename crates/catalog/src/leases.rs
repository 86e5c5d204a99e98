//! Who may write what, for a limited time. Every function is one atomic statement.
//!
//! At any moment a name has at most one owner whose time has not run out. An owner that cannot
//! renew in time must stop: another one may have begun.

use chrono::{DateTime, Utc};
use sqlx::any::AnyRow;

use crate::fields::{Fields, us};
use crate::{Db, Error};

/// A name that is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub name: String,
    pub owner: String,
    pub until: DateTime<Utc>,
}

/// True if and only if `owner` now holds `name`: it was free, or its owner's time had run out.
/// The owner itself is refused like any other, so two tasks of one process exclude each other too.
pub async fn acquire<'c>(
    db: impl Db<'c>,
    name: &str,
    owner: &str,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let taken = sqlx::query(
        "INSERT INTO leases (name, owner, lease_until) VALUES ($1, $2, $3) \
         ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, lease_until = excluded.lease_until \
         WHERE leases.lease_until <= $4",
    )
    .bind(name)
    .bind(owner)
    .bind(us(until))
    .bind(us(now))
    .execute(db)
    .await
    .map_err(Error::doing("take a lease"))?;
    Ok(taken.rows_affected() == 1)
}

/// Holds on to it; [`Error::LeaseLost`] if it has passed to another owner.
pub async fn renew<'c>(db: impl Db<'c>, name: &str, owner: &str, until: DateTime<Utc>) -> Result<(), Error> {
    let renewed = sqlx::query("UPDATE leases SET lease_until = $3 WHERE name = $1 AND owner = $2")
        .bind(name)
        .bind(owner)
        .bind(us(until))
        .execute(db)
        .await
        .map_err(Error::doing("renew a lease"))?;
    if renewed.rows_affected() == 0 {
        return Err(Error::LeaseLost { name: name.to_owned() });
    }
    Ok(())
}

/// Lets go; what another one holds by now is left alone.
pub async fn release<'c>(db: impl Db<'c>, name: &str, owner: &str) -> Result<(), Error> {
    sqlx::query("DELETE FROM leases WHERE name = $1 AND owner = $2")
        .bind(name)
        .bind(owner)
        .execute(db)
        .await
        .map_err(Error::doing("release a lease"))?;
    Ok(())
}

/// Lets go of everything that one owner holds, when its process ends.
pub async fn release_all<'c>(db: impl Db<'c>, owner: &str) -> Result<(), Error> {
    sqlx::query("DELETE FROM leases WHERE owner = $1")
        .bind(owner)
        .execute(db)
        .await
        .map_err(Error::doing("release all leases"))?;
    Ok(())
}

/// Those in force at `now`, by name.
pub async fn list<'c>(db: impl Db<'c>, now: DateTime<Utc>) -> Result<Vec<Lease>, Error> {
    let rows =
        sqlx::query("SELECT name, owner, lease_until FROM leases WHERE lease_until > $1 ORDER BY name")
            .bind(us(now))
            .fetch_all(db)
            .await
            .map_err(Error::doing("list the leases"))?;
    rows.iter().map(read).collect()
}

fn read(row: &AnyRow) -> Result<Lease, Error> {
    let fields = Fields(row);
    Ok(Lease { name: fields.text("name")?, owner: fields.text("owner")?, until: fields.time("lease_until")? })
}
