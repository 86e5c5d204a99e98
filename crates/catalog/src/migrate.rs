//! Brings the schema forward, one numbered file after the other, each once, all in one transaction.
//!
//! Two processes may open a new catalog at the same moment: the second one waits for the first and
//! finds nothing left to do. A schema from a later version is refused before anything is touched.

use chrono::{DateTime, Utc};
use sqlx::{AnyPool, Executor, Row};

use crate::catalog::{Kind, begin};
use crate::fields::us;
use crate::{Error, Location, Transaction};

/// File `n` (counted from 1) of `migrations/` makes schema version `n`.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_catalog.sql"),
    include_str!("../migrations/0002_team.sql"),
    include_str!("../migrations/0003_files_budget.sql"),
    include_str!("../migrations/0004_asked_work_items.sql"),
    include_str!("../migrations/0005_true_figures.sql"),
];

/// Any number that no other program uses for an advisory lock in the same PostgreSQL database.
const POSTGRES_LOCK: &str = "SELECT pg_advisory_xact_lock(4851022917365)";

pub(crate) async fn to_newest(
    db: &AnyPool,
    kind: Kind,
    location: &Location,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let not_opened = |source| Error::NotOpened { location: location.to_string(), source };
    let mut transaction = begin(db, kind).await.map_err(not_opened)?;
    let found = schema_version(&mut transaction, kind).await.map_err(not_opened)?;
    let known = i64::try_from(MIGRATIONS.len()).expect("there are few migrations");
    if found > known {
        return Err(Error::TooNew { location: location.to_string(), found, known });
    }
    for (version, sql) in (1..).zip(MIGRATIONS).filter(|(version, _)| *version > found) {
        apply(&mut transaction, version, sql, now)
            .await
            .map_err(|source| Error::NotMigrated { version, source })?;
    }
    transaction.commit().await.map_err(|source| Error::NotMigrated { version: known, source })
}

/// 0 for a new database.
async fn schema_version(transaction: &mut Transaction, kind: Kind) -> Result<i64, sqlx::Error> {
    if kind == Kind::Postgres {
        sqlx::query(POSTGRES_LOCK).execute(&mut **transaction).await?;
    }
    sqlx::query(
        "CREATE TABLE IF NOT EXISTS schema_versions \
         (version BIGINT NOT NULL PRIMARY KEY, applied_at BIGINT NOT NULL)",
    )
    .execute(&mut **transaction)
    .await?;
    sqlx::query("SELECT COALESCE(MAX(version), 0) FROM schema_versions")
        .fetch_one(&mut **transaction)
        .await?
        .try_get(0)
}

async fn apply(
    transaction: &mut Transaction,
    version: i64,
    sql: &str,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    transaction.execute(sql).await?;
    sqlx::query("INSERT INTO schema_versions (version, applied_at) VALUES ($1, $2)")
        .bind(version)
        .bind(us(now))
        .execute(&mut **transaction)
        .await?;
    Ok(())
}
