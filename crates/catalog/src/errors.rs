//! What went wrong, in the words the user reads. An error is open until what it names works again.

use chrono::{DateTime, Utc};
use holdfast_domain::{ErrorCode, ObjectName, OrgId, RunId};
use sqlx::any::AnyRow;

use crate::fields::{Failure, Fields, error_code, us};
use crate::runs::AFTER_ALL_IDS;
use crate::{Db, Error, ErrorId};

/// One recorded error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedError {
    pub id: ErrorId,
    pub org: OrgId,
    /// None for what concerns the whole org.
    pub object: Option<ObjectName>,
    pub run: Option<RunId>,
    pub code: ErrorCode,
    pub message: String,
    pub at: DateTime<Utc>,
    pub resolved_at: Option<DateTime<Utc>>,
}

const SELECT: &str = "SELECT id, org_id, object, run_id, code, message, at, resolved_at FROM errors";

pub async fn insert<'c>(db: impl Db<'c>, error: &RecordedError) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO errors (id, org_id, object, run_id, code, message, at, resolved_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(error.id.to_string())
    .bind(error.org.as_str())
    .bind(error.object.as_ref().map(ObjectName::as_str))
    .bind(error.run.as_ref().map(RunId::as_str))
    .bind(error.code.as_str())
    .bind(&error.message)
    .bind(us(error.at))
    .bind(error.resolved_at.map(us))
    .execute(db)
    .await
    .map_err(Error::doing("note the error"))?;
    Ok(())
}

/// In the order in which they happened.
pub async fn list_for_run<'c>(db: impl Db<'c>, run: &RunId) -> Result<Vec<RecordedError>, Error> {
    let rows = sqlx::query(&format!("{SELECT} WHERE run_id = $1 ORDER BY id"))
        .bind(run.as_str())
        .fetch_all(db)
        .await
        .map_err(Error::doing("list the errors"))?;
    rows.iter().map(read).collect()
}

/// Newest first.
pub async fn list_open<'c>(db: impl Db<'c>, org: &OrgId, limit: u32) -> Result<Vec<RecordedError>, Error> {
    let sql = format!("{SELECT} WHERE org_id = $1 AND resolved_at IS NULL ORDER BY id DESC LIMIT $2");
    let rows = sqlx::query(&sql)
        .bind(org.as_str())
        .bind(i64::from(limit))
        .fetch_all(db)
        .await
        .map_err(Error::doing("list the errors"))?;
    rows.iter().map(read).collect()
}

/// True if and only if the same is known to be wrong with the org as a whole.
pub async fn is_open_of_org<'c>(db: impl Db<'c>, org: &OrgId, failure: &Failure) -> Result<bool, Error> {
    let found = sqlx::query(
        "SELECT 1 FROM errors WHERE org_id = $1 AND object IS NULL AND resolved_at IS NULL \
         AND code = $2 AND message = $3 LIMIT 1",
    )
    .bind(org.as_str())
    .bind(failure.code.as_str())
    .bind(&failure.message)
    .fetch_optional(db)
    .await
    .map_err(Error::doing("look for an open error of the org"))?;
    Ok(found.is_some())
}

/// Newest first; `before` is the last error of the page before.
pub async fn list_for_org<'c>(
    db: impl Db<'c>,
    org: &OrgId,
    object: Option<&ObjectName>,
    only_open: bool,
    before: Option<ErrorId>,
    limit: u32,
) -> Result<Vec<RecordedError>, Error> {
    let is_open = if only_open { "AND resolved_at IS NULL" } else { "" };
    let sql = format!(
        "{SELECT} WHERE org_id = $1 AND ($2 = '' OR object = $2) AND id < $3 {is_open} ORDER BY id DESC LIMIT $4"
    );
    let rows = sqlx::query(&sql)
        .bind(org.as_str())
        .bind(object.map_or("", ObjectName::as_str))
        .bind(before.map_or_else(|| AFTER_ALL_IDS.to_owned(), |id| id.to_string()))
        .bind(i64::from(limit))
        .fetch_all(db)
        .await
        .map_err(Error::doing("list the errors"))?;
    rows.iter().map(read).collect()
}

/// Closes the open errors of one Object, or, without an Object, those of the org as a whole.
pub async fn resolve<'c>(
    db: impl Db<'c>,
    org: &OrgId,
    object: Option<&ObjectName>,
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    let resolved = sqlx::query(
        "UPDATE errors SET resolved_at = $3 \
         WHERE org_id = $1 AND COALESCE(object, '') = $2 AND resolved_at IS NULL",
    )
    .bind(org.as_str())
    .bind(object.map_or("", ObjectName::as_str))
    .bind(us(now))
    .execute(db)
    .await
    .map_err(Error::doing("close the errors"))?;
    Ok(resolved.rows_affected())
}

fn read(row: &AnyRow) -> Result<RecordedError, Error> {
    let fields = Fields(row);
    Ok(RecordedError {
        id: fields.parsed("id")?,
        org: fields.parsed("org_id")?,
        object: fields.optional_parsed("object")?,
        run: fields.optional_parsed("run_id")?,
        code: error_code(&fields.text("code")?),
        message: fields.text("message")?,
        at: fields.time("at")?,
        resolved_at: fields.optional_time("resolved_at")?,
    })
}
