//! The backup timeline: one row per block that was stored or that failed.

use chrono::{DateTime, Utc};
use holdfast_domain::manifest::Counts;
use holdfast_domain::{ObjectName, OrgId, RunId};
use sqlx::any::AnyRow;

use crate::fields::{Failure, Fields, stored, us};
use crate::runs::AFTER_ALL_IDS;
use crate::{BlockId, Db, Error};

/// One entry of an Object's timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub id: BlockId,
    pub org: OrgId,
    pub object: ObjectName,
    pub run: RunId,
    /// How it was read: `rest`, `bulk`, `whole`, `sweep` …
    pub way: String,
    /// The time window in microseconds since 1970, for Objects that are read by windows.
    pub window_from_us: Option<i64>,
    pub window_until_us: Option<i64>,
    /// The commit that brought it; none if it said nothing new, or failed.
    pub table_version: Option<i64>,
    pub counts: Counts,
    pub started_at: DateTime<Utc>,
    pub finished_at: DateTime<Utc>,
    pub failure: Option<Failure>,
}

const SELECT: &str = "SELECT id, org_id, object, run_id, way, window_from_us, window_until_us, table_version, \
                      new_versions, changed_versions, deleted_versions, undeleted_versions, unchanged_records, \
                      bytes, started_at, finished_at, error_code, error_message FROM blocks";

pub async fn insert<'c>(db: impl Db<'c>, block: &Block) -> Result<(), Error> {
    let (code, message) = Failure::columns(block.failure.as_ref());
    sqlx::query(
        "INSERT INTO blocks (id, org_id, object, run_id, way, window_from_us, window_until_us, table_version, \
         new_versions, changed_versions, deleted_versions, undeleted_versions, unchanged_records, bytes, \
         started_at, finished_at, error_code, error_message) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
    )
    .bind(block.id.to_string())
    .bind(block.org.as_str())
    .bind(block.object.as_str())
    .bind(block.run.as_str())
    .bind(&block.way)
    .bind(block.window_from_us)
    .bind(block.window_until_us)
    .bind(block.table_version)
    .bind(stored(block.counts.new))
    .bind(stored(block.counts.changed))
    .bind(stored(block.counts.deleted))
    .bind(stored(block.counts.undeleted))
    .bind(stored(block.counts.unchanged))
    .bind(stored(block.counts.bytes))
    .bind(us(block.started_at))
    .bind(us(block.finished_at))
    .bind(code)
    .bind(message)
    .execute(db)
    .await
    .map_err(Error::doing("note the block"))?;
    Ok(())
}

/// Newest first; `before` is the last block of the page before.
pub async fn list_for_object<'c>(
    db: impl Db<'c>,
    org: &OrgId,
    object: &ObjectName,
    before: Option<BlockId>,
    limit: u32,
) -> Result<Vec<Block>, Error> {
    let before = before.map_or_else(|| AFTER_ALL_IDS.to_owned(), |id| id.to_string());
    let sql = format!("{SELECT} WHERE org_id = $1 AND object = $2 AND id < $3 ORDER BY id DESC LIMIT $4");
    let rows = sqlx::query(&sql)
        .bind(org.as_str())
        .bind(object.as_str())
        .bind(before)
        .bind(i64::from(limit))
        .fetch_all(db)
        .await
        .map_err(Error::doing("list the blocks"))?;
    rows.iter().map(read).collect()
}

/// Newest first, of all Objects; `before` is the last block of the page before.
pub async fn list_for_org<'c>(
    db: impl Db<'c>,
    org: &OrgId,
    before: Option<BlockId>,
    limit: u32,
) -> Result<Vec<Block>, Error> {
    let before = before.map_or_else(|| AFTER_ALL_IDS.to_owned(), |id| id.to_string());
    let rows = sqlx::query(&format!("{SELECT} WHERE org_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3"))
        .bind(org.as_str())
        .bind(before)
        .bind(i64::from(limit))
        .fetch_all(db)
        .await
        .map_err(Error::doing("list the blocks"))?;
    rows.iter().map(read).collect()
}

/// Newest first; `before` is the last block of the page before.
pub async fn list_for_run<'c>(
    db: impl Db<'c>,
    run: &RunId,
    before: Option<BlockId>,
    limit: u32,
) -> Result<Vec<Block>, Error> {
    let before = before.map_or_else(|| AFTER_ALL_IDS.to_owned(), |id| id.to_string());
    let rows = sqlx::query(&format!("{SELECT} WHERE run_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3"))
        .bind(run.as_str())
        .bind(before)
        .bind(i64::from(limit))
        .fetch_all(db)
        .await
        .map_err(Error::doing("list the blocks"))?;
    rows.iter().map(read).collect()
}

fn read(row: &AnyRow) -> Result<Block, Error> {
    let fields = Fields(row);
    Ok(Block {
        id: fields.parsed("id")?,
        org: fields.parsed("org_id")?,
        object: fields.parsed("object")?,
        run: fields.parsed("run_id")?,
        way: fields.text("way")?,
        window_from_us: fields.optional_number("window_from_us")?,
        window_until_us: fields.optional_number("window_until_us")?,
        table_version: fields.optional_number("table_version")?,
        counts: fields.counts()?,
        started_at: fields.time("started_at")?,
        finished_at: fields.time("finished_at")?,
        failure: fields.failure()?,
    })
}
