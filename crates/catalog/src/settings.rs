//! Single values by name.

use chrono::{DateTime, Utc};

use crate::fields::{Fields, us};
use crate::{Db, Error};

pub async fn get<'c>(db: impl Db<'c>, name: &str) -> Result<Option<String>, Error> {
    let row = sqlx::query("SELECT value FROM settings WHERE name = $1")
        .bind(name)
        .fetch_optional(db)
        .await
        .map_err(Error::doing("read a setting"))?;
    row.map(|row| Fields(&row).text("value")).transpose()
}

pub async fn set<'c>(db: impl Db<'c>, name: &str, value: &str, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO settings (name, value, updated_at) VALUES ($1, $2, $3) \
         ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
    )
    .bind(name)
    .bind(value)
    .bind(us(now))
    .execute(db)
    .await
    .map_err(Error::doing("store a setting"))?;
    Ok(())
}
