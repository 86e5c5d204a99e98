//! Sums over Runs and Blocks, for charts and rates.

use chrono::{DateTime, Utc};
use holdfast_domain::{ObjectName, OrgId};

use crate::fields::{Fields, us};
use crate::{Db, Error};

const DAY_US: i64 = 86_400_000_000;

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
    pub api_calls: u64,
}

/// All Runs of an org together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunSums {
    pub versions: u64,
    pub bytes: u64,
    pub files: u64,
    pub file_bytes: u64,
    pub first_started_at: Option<DateTime<Utc>>,
    pub last_started_at: Option<DateTime<Utc>>,
}

/// What was read lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throughput {
    pub records: u64,
    /// When the first Block of that time began.
    pub since: Option<DateTime<Utc>>,
}

/// Days on which something was stored, oldest first.
pub async fn days<'c>(db: impl Db<'c>, org: &OrgId, from: DateTime<Utc>) -> Result<Vec<Day>, Error> {
    let sql = format!(
        "SELECT started_at / {DAY_US} AS day, {}, {}, {}, {}, {} FROM runs \
         WHERE org_id = $1 AND started_at >= $2 GROUP BY started_at / {DAY_US} ORDER BY day",
        sum("new_versions", "new_versions"),
        sum("changed_versions + undeleted_versions", "changed_versions"),
        sum("deleted_versions", "deleted_versions"),
        sum("bytes", "bytes"),
        sum("api_calls", "api_calls"),
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
                api_calls: fields.count("api_calls")?,
            })
        })
        .collect()
}

pub async fn run_sums<'c>(db: impl Db<'c>, org: &OrgId) -> Result<RunSums, Error> {
    let sql = format!(
        "SELECT {}, {}, {}, {}, MIN(started_at) AS first_at, MAX(started_at) AS last_at FROM runs WHERE org_id = $1",
        sum("new_versions + changed_versions + deleted_versions + undeleted_versions", "versions"),
        sum("bytes", "bytes"),
        sum("files_stored", "files"),
        sum("files_bytes", "file_bytes"),
    );
    let row =
        sqlx::query(&sql).bind(org.as_str()).fetch_one(db).await.map_err(Error::doing("add up the runs"))?;
    let fields = Fields(&row);
    Ok(RunSums {
        versions: fields.count("versions")?,
        bytes: fields.count("bytes")?,
        files: fields.count("files")?,
        file_bytes: fields.count("file_bytes")?,
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

/// The Objects of which the most bytes were stored.
pub async fn largest<'c>(db: impl Db<'c>, org: &OrgId, limit: u32) -> Result<Vec<ObjectVolume>, Error> {
    let sql = format!(
        "SELECT b.object AS object, {}, {}, {} FROM blocks b \
         LEFT JOIN objects o ON o.org_id = b.org_id AND o.name = b.object \
         WHERE b.org_id = $1 GROUP BY b.object ORDER BY bytes DESC LIMIT $2",
        "COALESCE(MAX(o.live_records), 0) AS live_records",
        sum("b.new_versions + b.changed_versions + b.deleted_versions + b.undeleted_versions", "versions"),
        sum("b.bytes", "bytes"),
    );
    let rows = sqlx::query(&sql)
        .bind(org.as_str())
        .bind(i64::from(limit))
        .fetch_all(db)
        .await
        .map_err(Error::doing("add up the blocks"))?;
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

/// API calls of the Runs that began since then.
pub async fn api_calls_since<'c>(db: impl Db<'c>, org: &OrgId, since: DateTime<Utc>) -> Result<u64, Error> {
    let sql =
        format!("SELECT {} FROM runs WHERE org_id = $1 AND started_at >= $2", sum("api_calls", "calls"));
    let row = sqlx::query(&sql)
        .bind(org.as_str())
        .bind(us(since))
        .fetch_one(db)
        .await
        .map_err(Error::doing("count the API calls"))?;
    Fields(&row).count("calls")
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
fn sum(what: &str, name: &str) -> String {
    format!("CAST(COALESCE(SUM({what}), 0) AS BIGINT) AS {name}")
}
