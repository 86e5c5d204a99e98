//! Runs, for listing. The Manifest in the lake is the authority; `insert_finished` reads it back.

use chrono::{DateTime, Utc};
use holdfast_domain::manifest::{Counts, FileCounts, Manifest, RunStatus, Trigger};
use holdfast_domain::{OrgId, RunId};
use sqlx::any::AnyRow;

use crate::fields::{Failure, Fields, stored, us};
use crate::{Db, Error};

/// One Run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub id: RunId,
    pub org: OrgId,
    pub trigger: Trigger,
    pub status: RunStatus,
    pub started_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
    pub totals: RunTotals,
    /// Why it failed as a whole.
    pub failure: Option<Failure>,
}

/// What a Run came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunTotals {
    /// Objects in scope.
    pub objects: u64,
    pub counts: Counts,
    /// Calls that the org counted.
    pub api_calls: u64,
    pub files: FileCounts,
}

const SELECT: &str = "SELECT id, org_id, started_by, status, started_at, finished_at, objects, new_versions, \
                      changed_versions, deleted_versions, undeleted_versions, unchanged_records, bytes, api_calls, \
                      files_stored, files_bytes, files_pending, files_failed, error_code, error_message FROM runs";

/// Adds a Run that starts now.
pub async fn insert<'c>(
    db: impl Db<'c>,
    id: &RunId,
    org: &OrgId,
    trigger: Trigger,
    started_at: DateTime<Utc>,
) -> Result<(), Error> {
    let run = Run {
        id: id.clone(),
        org: org.clone(),
        trigger,
        status: RunStatus::Running,
        started_at,
        finished_at: None,
        totals: RunTotals::default(),
        failure: None,
    };
    let inserted = put(db, &run, "").await?;
    if inserted == 0 {
        return Err(Error::AlreadyExists { what: "run", name: id.to_string() });
    }
    Ok(())
}

/// Puts a Run in as its Manifest tells it, over whatever the catalog held of it.
pub async fn insert_finished<'c>(db: impl Db<'c>, manifest: &Manifest) -> Result<(), Error> {
    let run = Run {
        id: manifest.run.clone(),
        org: manifest.org.clone(),
        trigger: manifest.trigger,
        status: manifest.status,
        started_at: manifest.started_at,
        finished_at: Some(manifest.finished_at),
        totals: RunTotals {
            objects: manifest.objects.len() as u64,
            counts: manifest.totals(),
            api_calls: manifest.api_calls,
            files: manifest.files,
        },
        failure: None,
    };
    put(db, &run, OVERWRITE).await.map(drop)
}

const OVERWRITE: &str = "UPDATE SET started_by = excluded.started_by, status = excluded.status, \
     started_at = excluded.started_at, finished_at = excluded.finished_at, objects = excluded.objects, \
     new_versions = excluded.new_versions, changed_versions = excluded.changed_versions, \
     deleted_versions = excluded.deleted_versions, undeleted_versions = excluded.undeleted_versions, \
     unchanged_records = excluded.unchanged_records, bytes = excluded.bytes, api_calls = excluded.api_calls, \
     files_stored = excluded.files_stored, files_bytes = excluded.files_bytes, \
     files_pending = excluded.files_pending, files_failed = excluded.files_failed, \
     error_code = NULL, error_message = NULL";

/// Rows put in; `on_conflict` is what follows `DO`, nothing if empty.
async fn put<'c>(db: impl Db<'c>, run: &Run, on_conflict: &str) -> Result<u64, Error> {
    let on_conflict = if on_conflict.is_empty() { "NOTHING" } else { on_conflict };
    let sql = format!(
        "INSERT INTO runs (id, org_id, started_by, status, started_at, finished_at, objects, new_versions, \
         changed_versions, deleted_versions, undeleted_versions, unchanged_records, bytes, api_calls, \
         files_stored, files_bytes, files_pending, files_failed) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) \
         ON CONFLICT (id) DO {on_conflict}"
    );
    let RunTotals { objects, counts, api_calls, files } = run.totals;
    let inserted = sqlx::query(&sql)
        .bind(run.id.as_str())
        .bind(run.org.as_str())
        .bind(run.trigger.as_str())
        .bind(run.status.as_str())
        .bind(us(run.started_at))
        .bind(run.finished_at.map(us))
        .bind(stored(objects))
        .bind(stored(counts.new))
        .bind(stored(counts.changed))
        .bind(stored(counts.deleted))
        .bind(stored(counts.undeleted))
        .bind(stored(counts.unchanged))
        .bind(stored(counts.bytes))
        .bind(stored(api_calls))
        .bind(stored(files.stored))
        .bind(stored(files.bytes))
        .bind(stored(files.pending))
        .bind(stored(files.failed))
        .execute(db)
        .await
        .map_err(Error::doing("note the run"))?;
    Ok(inserted.rows_affected())
}

/// The Runs whose id begins with `beginning`: none, one, or enough to see that it is not one.
pub async fn find<'c>(db: impl Db<'c>, beginning: &str) -> Result<Vec<Run>, Error> {
    let is_id =
        beginning.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') && !beginning.is_empty();
    if !is_id {
        return Ok(Vec::new());
    }
    let rows = sqlx::query(&format!("{SELECT} WHERE id LIKE $1 ORDER BY id LIMIT 2"))
        .bind(format!("{}%", beginning.to_ascii_lowercase()))
        .fetch_all(db)
        .await
        .map_err(Error::doing("look for the run"))?;
    rows.iter().map(read).collect()
}

/// Forgets a Run, such as a round of auto backup that found nothing to store.
pub async fn remove<'c>(db: impl Db<'c>, id: &RunId) -> Result<(), Error> {
    sqlx::query("DELETE FROM runs WHERE id = $1")
        .bind(id.as_str())
        .execute(db)
        .await
        .map_err(Error::doing("forget the run"))?;
    Ok(())
}

/// Ends a Run that leaves no Manifest. What it stored all the same is what its Blocks count, and the file bodies that
/// it had noted.
pub async fn finish<'c>(
    db: impl Db<'c>,
    id: &RunId,
    status: RunStatus,
    finished_at: DateTime<Utc>,
    api_calls: u64,
    failure: Option<&Failure>,
) -> Result<(), Error> {
    let (code, message) = Failure::columns(failure);
    let sum = |column: &str| {
        format!(
            "{column} = (SELECT CAST(COALESCE(SUM(blocks.{column}), 0) AS BIGINT) FROM blocks WHERE run_id = $1)"
        )
    };
    let sums = COUNTED.map(sum).join(", ");
    let sql = format!(
        "UPDATE runs SET status = $2, finished_at = $3, api_calls = $4, error_code = $5, error_message = $6, \
         objects = (SELECT COUNT(DISTINCT object) FROM blocks WHERE run_id = $1 AND table_version IS NOT NULL), {sums} WHERE id = $1"
    );
    let updated = sqlx::query(&sql)
        .bind(id.as_str())
        .bind(status.as_str())
        .bind(us(finished_at))
        .bind(stored(api_calls))
        .bind(code)
        .bind(message)
        .execute(db)
        .await
        .map_err(Error::doing("finish the run"))?;
    if updated.rows_affected() == 0 {
        return Err(Error::NotFound { what: "run", name: id.to_string() });
    }
    Ok(())
}

/// A Run that goes on has stored a Block; `is_first` says whether it is the first of its Object.
pub async fn add_block<'c>(db: impl Db<'c>, id: &RunId, counts: Counts, is_first: bool) -> Result<(), Error> {
    let added = (3..).zip(COUNTED).map(|(value, column)| format!("{column} = {column} + ${value}"));
    let added = added.collect::<Vec<_>>().join(", ");
    let sql =
        format!("UPDATE runs SET objects = objects + $2, {added} WHERE id = $1 AND finished_at IS NULL");
    sqlx::query(&sql)
        .bind(id.as_str())
        .bind(i64::from(is_first))
        .bind(stored(counts.new))
        .bind(stored(counts.changed))
        .bind(stored(counts.deleted))
        .bind(stored(counts.undeleted))
        .bind(stored(counts.unchanged))
        .bind(stored(counts.bytes))
        .execute(db)
        .await
        .map_err(Error::doing("note how far the run is"))?;
    Ok(())
}

/// How many calls a Run that goes on has made so far.
pub async fn set_calls<'c>(db: impl Db<'c>, id: &RunId, api_calls: u64) -> Result<(), Error> {
    sqlx::query("UPDATE runs SET api_calls = $2 WHERE id = $1 AND finished_at IS NULL")
        .bind(id.as_str())
        .bind(stored(api_calls))
        .execute(db)
        .await
        .map_err(Error::doing("note the API calls of the run"))?;
    Ok(())
}

/// The file bodies of a Run that goes on, so far.
pub async fn set_files<'c>(db: impl Db<'c>, id: &RunId, files: FileCounts) -> Result<(), Error> {
    sqlx::query(
        "UPDATE runs SET files_stored = $2, files_bytes = $3, files_pending = $4, files_failed = $5 \
         WHERE id = $1 AND finished_at IS NULL",
    )
    .bind(id.as_str())
    .bind(stored(files.stored))
    .bind(stored(files.bytes))
    .bind(stored(files.pending))
    .bind(stored(files.failed))
    .execute(db)
    .await
    .map_err(Error::doing("note the file bodies of the run"))?;
    Ok(())
}

/// What Runs and Blocks both count.
const COUNTED: [&str; 6] = [
    "new_versions",
    "changed_versions",
    "deleted_versions",
    "undeleted_versions",
    "unchanged_records",
    "bytes",
];

pub async fn get<'c>(db: impl Db<'c>, id: &RunId) -> Result<Option<Run>, Error> {
    let row = sqlx::query(&format!("{SELECT} WHERE id = $1"))
        .bind(id.as_str())
        .fetch_optional(db)
        .await
        .map_err(Error::doing("look for the run"))?;
    row.as_ref().map(read).transpose()
}

/// Newest first; `before` is the last Run of the page before.
pub async fn list_for_org<'c>(
    db: impl Db<'c>,
    org: &OrgId,
    before: Option<&RunId>,
    limit: u32,
) -> Result<Vec<Run>, Error> {
    let rows = sqlx::query(&format!("{SELECT} WHERE org_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3"))
        .bind(org.as_str())
        .bind(before.map_or(AFTER_ALL_IDS, RunId::as_str))
        .bind(i64::from(limit))
        .fetch_all(db)
        .await
        .map_err(Error::doing("list the runs"))?;
    rows.iter().map(read).collect()
}

/// Runs that have not ended: under way, or left behind by a process that was killed.
pub async fn list_unfinished<'c>(db: impl Db<'c>, org: &OrgId) -> Result<Vec<Run>, Error> {
    let rows = sqlx::query(&format!("{SELECT} WHERE org_id = $1 AND finished_at IS NULL ORDER BY id"))
        .bind(org.as_str())
        .fetch_all(db)
        .await
        .map_err(Error::doing("list the runs"))?;
    rows.iter().map(read).collect()
}

/// The newest Run that left a Manifest: every one that ended in order did.
pub async fn newest_with_manifest<'c>(db: impl Db<'c>, org: &OrgId) -> Result<Option<RunId>, Error> {
    let row =
        sqlx::query("SELECT id FROM runs WHERE org_id = $1 AND status IN ($2, $3) ORDER BY id DESC LIMIT 1")
            .bind(org.as_str())
            .bind(RunStatus::Completed.as_str())
            .bind(RunStatus::CompletedWithGaps.as_str())
            .fetch_optional(db)
            .await
            .map_err(Error::doing("look for the newest run"))?;
    row.as_ref().map(|row| Fields(row).parsed("id")).transpose()
}

/// Sorts after every UUID in both databases' orders.
pub(crate) const AFTER_ALL_IDS: &str = "z";

fn read(row: &AnyRow) -> Result<Run, Error> {
    let fields = Fields(row);
    Ok(Run {
        id: fields.parsed("id")?,
        org: fields.parsed("org_id")?,
        trigger: fields.word("started_by", Trigger::parse)?,
        status: fields.word("status", RunStatus::parse)?,
        started_at: fields.time("started_at")?,
        finished_at: fields.optional_time("finished_at")?,
        totals: RunTotals {
            objects: fields.count("objects")?,
            counts: fields.counts()?,
            api_calls: fields.count("api_calls")?,
            files: FileCounts {
                stored: fields.count("files_stored")?,
                bytes: fields.count("files_bytes")?,
                pending: fields.count("files_pending")?,
                failed: fields.count("files_failed")?,
            },
        },
        failure: fields.failure()?,
    })
}
