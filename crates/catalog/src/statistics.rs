//! Sums over Runs and Blocks, for charts and rates.

use chrono::{DateTime, Utc};
use holdfast_domain::{ObjectName, OrgId};

use crate::fields::{Fields, stored, us};
use crate::{Db, Error};

pub(crate) const DAY_US: i64 = 86_400_000_000;

/// Records that a Block read, whether they said anything new or not.
const READ: &str =
    "new_versions + changed_versions + deleted_versions + undeleted_versions + unchanged_records";

/// What the Runs that began on one day (UTC) came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    pub begins_at: DateTime<Utc>,
    pub new: u64,
    pub changed: u64,
    pub deleted: u64,
    pub bytes: u64,
    /// Of every call that was made on that day, whenever its Run began.
    pub api_calls: u64,
}

/// The time that the Runs of an org cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunSpan {
    pub first_started_at: Option<DateTime<Utc>>,
    pub last_started_at: Option<DateTime<Utc>>,
}

/// The file bodies that are held of an org: one for each state of a record that had one, though equal bodies are
/// stored once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FilesKept {
    pub files: u64,
    pub bytes: u64,
}

/// What was read lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throughput {
    pub records: u64,
    /// When the first Block of that time began.
    pub since: Option<DateTime<Utc>>,
}

/// Days on which a Run began, oldest first; tells nothing of API calls, see [`crate::api_calls::days`].
pub async fn days<'c>(db: impl Db<'c>, org: &OrgId, from: DateTime<Utc>) -> Result<Vec<Day>, Error> {
    let sql = format!(
        "SELECT started_at / {DAY_US} AS day, {}, {}, {}, {} FROM runs \
         WHERE org_id = $1 AND started_at >= $2 GROUP BY started_at / {DAY_US} ORDER BY day",
        sum("new_versions", "new_versions"),
        sum("changed_versions + undeleted_versions", "changed_versions"),
        sum("deleted_versions", "deleted_versions"),
        sum("bytes", "bytes"),
    );
    let rows = sqlx::query(&sql)
        .bind(org.as_str())
        .bind(us(from))
        .fetch_all(db)
        .await
        .map_err(Error::doing("add up the runs"))?;
    rows.iter()
        .map(|row| {
            let fields = Fields(row);
            let begins_at = DateTime::from_timestamp_micros(fields.number("day")? * DAY_US);
            Ok(Day {
                begins_at: begins_at.unwrap_or_default(),
                new: fields.count("new_versions")?,
                changed: fields.count("changed_versions")?,
                deleted: fields.count("deleted_versions")?,
                bytes: fields.count("bytes")?,
                api_calls: 0,
            })
        })
        .collect()
}

pub async fn run_span<'c>(db: impl Db<'c>, org: &OrgId) -> Result<RunSpan, Error> {
    let row = sqlx::query(
        "SELECT MIN(started_at) AS first_at, MAX(started_at) AS last_at FROM runs WHERE org_id = $1",
    )
    .bind(org.as_str())
    .fetch_one(db)
    .await
    .map_err(Error::doing("look for the first and the last run"))?;
    let fields = Fields(&row);
    Ok(RunSpan {
        first_started_at: fields.optional_time("first_at")?,
        last_started_at: fields.optional_time("last_at")?,
    })
}

impl Day {
    pub fn empty(begins_at: DateTime<Utc>) -> Self {
        Self { begins_at, new: 0, changed: 0, deleted: 0, bytes: 0, api_calls: 0 }
    }
}

/// What is kept of one Object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectVolume {
    pub object: ObjectName,
    pub live_records: u64,
    pub versions: u64,
    pub bytes: u64,
}

/// The Objects of which the most bytes are held.
pub async fn largest<'c>(db: impl Db<'c>, org: &OrgId, limit: u32) -> Result<Vec<ObjectVolume>, Error> {
    let rows = sqlx::query(
        "SELECT name AS object, live_records, versions, bytes FROM objects \
         WHERE org_id = $1 AND versions > 0 ORDER BY bytes DESC, name LIMIT $2",
    )
    .bind(org.as_str())
    .bind(i64::from(limit))
    .fetch_all(db)
    .await
    .map_err(Error::doing("list the largest objects"))?;
    rows.iter()
        .map(|row| {
            let fields = Fields(row);
            Ok(ObjectVolume {
                object: fields.parsed("object")?,
                live_records: fields.count("live_records")?,
                versions: fields.count("versions")?,
                bytes: fields.count("bytes")?,
            })
        })
        .collect()
}

/// Where the oldest time window that was read begins.
pub async fn oldest_window<'c>(db: impl Db<'c>, org: &OrgId) -> Result<Option<DateTime<Utc>>, Error> {
    let row = sqlx::query("SELECT MIN(window_from_us) AS oldest FROM blocks WHERE org_id = $1")
        .bind(org.as_str())
        .fetch_one(db)
        .await
        .map_err(Error::doing("look for the oldest block"))?;
    Fields(&row).optional_time("oldest")
}

/// Records in the Blocks that were stored since then.
pub async fn throughput<'c>(db: impl Db<'c>, org: &OrgId, since: DateTime<Utc>) -> Result<Throughput, Error> {
    let sql = format!(
        "SELECT {}, MIN(started_at) AS since FROM blocks WHERE org_id = $1 AND finished_at >= $2",
        sum(READ, "records"),
    );
    let row = sqlx::query(&sql)
        .bind(org.as_str())
        .bind(us(since))
        .fetch_one(db)
        .await
        .map_err(Error::doing("add up the blocks"))?;
    let fields = Fields(&row);
    Ok(Throughput { records: fields.count("records")?, since: fields.optional_time("since")? })
}

/// The same, Object by Object.
pub async fn throughput_by_object<'c>(
    db: impl Db<'c>,
    org: &OrgId,
    since: DateTime<Utc>,
) -> Result<Vec<(ObjectName, Throughput)>, Error> {
    let sql = format!(
        "SELECT object, {}, MIN(started_at) AS since FROM blocks WHERE org_id = $1 AND finished_at >= $2 \
         GROUP BY object",
        sum(READ, "records"),
    );
    let rows = sqlx::query(&sql)
        .bind(org.as_str())
        .bind(us(since))
        .fetch_all(db)
        .await
        .map_err(Error::doing("add up the blocks"))?;
    rows.iter()
        .map(|row| {
            let fields = Fields(row);
            let read =
                Throughput { records: fields.count("records")?, since: fields.optional_time("since")? };
            Ok((fields.parsed("object")?, read))
        })
        .collect()
}

/// PostgreSQL adds numbers up to a wider type, which is read back as the one they had.
pub(crate) fn sum(what: &str, name: &str) -> String {
    format!("CAST(COALESCE(SUM({what}), 0) AS BIGINT) AS {name}")
}

pub async fn files_kept<'c>(db: impl Db<'c>, org: &OrgId) -> Result<FilesKept, Error> {
    let row = sqlx::query("SELECT files_held, file_bytes_held FROM orgs WHERE id = $1")
        .bind(org.as_str())
        .fetch_one(db)
        .await
        .map_err(Error::doing("look how many file bodies are held"))?;
    let fields = Fields(&row);
    Ok(FilesKept { files: fields.count("files_held")?, bytes: fields.count("file_bytes_held")? })
}

/// More file bodies were stored.
pub async fn add_files<'c>(db: impl Db<'c>, org: &OrgId, more: FilesKept) -> Result<(), Error> {
    let sql =
        "UPDATE orgs SET files_held = files_held + $2, file_bytes_held = file_bytes_held + $3 WHERE id = $1";
    write_files(db, sql, org, more).await
}

/// They were counted anew.
pub async fn set_files<'c>(db: impl Db<'c>, org: &OrgId, counted: FilesKept) -> Result<(), Error> {
    write_files(db, "UPDATE orgs SET files_held = $2, file_bytes_held = $3 WHERE id = $1", org, counted).await
}

async fn write_files<'c>(db: impl Db<'c>, sql: &str, org: &OrgId, files: FilesKept) -> Result<(), Error> {
    sqlx::query(sql)
        .bind(org.as_str())
        .bind(stored(files.files))
        .bind(stored(files.bytes))
        .execute(db)
        .await
        .map_err(Error::doing("note how many file bodies are held"))?;
    Ok(())
}
