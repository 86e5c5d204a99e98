//! Bulk jobs under way in an org, noted before they are waited for: after a crash they are gone on
//! with, or removed from the org.

use chrono::{DateTime, Utc};
use holdfast_domain::{ObjectName, OrgId};
use sqlx::any::AnyRow;

use crate::fields::{Fields, us};
use crate::{Db, Error};

/// A Bulk query job that Holdfast created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkJob {
    pub org: OrgId,
    /// Salesforce's id of the job.
    pub job: String,
    pub object: ObjectName,
    pub soql: String,
    pub window_from_us: Option<i64>,
    pub window_until_us: Option<i64>,
    pub created_at: DateTime<Utc>,
}

pub async fn insert<'c>(db: impl Db<'c>, job: &BulkJob) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO bulk_jobs (org_id, job_id, object, soql, window_from_us, window_until_us, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(job.org.as_str())
    .bind(&job.job)
    .bind(job.object.as_str())
    .bind(&job.soql)
    .bind(job.window_from_us)
    .bind(job.window_until_us)
    .bind(us(job.created_at))
    .execute(db)
    .await
    .map_err(Error::doing("note the Bulk job"))?;
    Ok(())
}

/// Oldest first.
pub async fn list<'c>(db: impl Db<'c>, org: &OrgId) -> Result<Vec<BulkJob>, Error> {
    let rows = sqlx::query(
        "SELECT org_id, job_id, object, soql, window_from_us, window_until_us, created_at \
         FROM bulk_jobs WHERE org_id = $1 ORDER BY created_at, job_id",
    )
    .bind(org.as_str())
    .fetch_all(db)
    .await
    .map_err(Error::doing("list the Bulk jobs"))?;
    rows.iter().map(read).collect()
}

/// Forgets a job; one that is not there is no error, so that cleaning up may be repeated.
pub async fn remove<'c>(db: impl Db<'c>, org: &OrgId, job: &str) -> Result<(), Error> {
    sqlx::query("DELETE FROM bulk_jobs WHERE org_id = $1 AND job_id = $2")
        .bind(org.as_str())
        .bind(job)
        .execute(db)
        .await
        .map_err(Error::doing("forget the Bulk job"))?;
    Ok(())
}

fn read(row: &AnyRow) -> Result<BulkJob, Error> {
    let fields = Fields(row);
    Ok(BulkJob {
        org: fields.parsed("org_id")?,
        job: fields.text("job_id")?,
        object: fields.parsed("object")?,
        soql: fields.text("soql")?,
        window_from_us: fields.optional_number("window_from_us")?,
        window_until_us: fields.optional_number("window_until_us")?,
        created_at: fields.time("created_at")?,
    })
}
