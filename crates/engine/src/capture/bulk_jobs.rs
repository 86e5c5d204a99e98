//! Bulk jobs under way in the org: written down before they are used, so that a crash leaves none behind.

use holdfast_catalog::bulk_jobs::{self, BulkJob};
use holdfast_domain::ObjectName;
use holdfast_salesforce::ApiErrorKind;

use super::context::RunContext;
use crate::error::{Doing, Error, Result, chain};
use crate::lease;

pub(crate) async fn remember(ctx: &RunContext, job: &str, object: &ObjectName, soql: &str) -> Result<()> {
    let row = BulkJob {
        org: ctx.org.clone(),
        job: job.to_owned(),
        object: object.clone(),
        soql: soql.to_owned(),
        window_from_us: None,
        window_until_us: None,
        created_at: ctx.now(),
    };
    let noted = bulk_jobs::insert(ctx.engine.catalog().db(), &row).await;
    noted.doing(|| format!("write down Bulk job `{job}`"))
}

/// Frees the job's results in the org. A failure is no reason to fail the Run: the next one tries again.
pub(crate) async fn clean_up(ctx: &RunContext, job: &str) {
    // A job that has not ended cannot be deleted, one that has cannot be aborted: delete first.
    if ctx.client.bulk_delete(job).await.is_err() {
        let aborted = ctx.client.bulk_abort(job).await;
        let deleted = ctx.client.bulk_delete(job).await;
        let is_gone = |error: &holdfast_salesforce::Error| {
            error.api_error().is_some_and(|error| error.kind() == ApiErrorKind::NotFound)
        };
        if let Err(error) = aborted.map(|_| ()).or(deleted)
            && !is_gone(&error)
        {
            tracing::warn!(org.id = %ctx.org, job, "Bulk job {job} stays in the org for now: {}", chain(&error));
            return;
        }
    }
    if let Err(error) = bulk_jobs::remove(ctx.engine.catalog().db(), &ctx.org, job).await {
        tracing::warn!(org.id = %ctx.org, job, "Bulk job {job} stays written down: {}", chain(&error));
    }
}

/// Jobs that an earlier process left when it was killed. One that another process is reading is
/// under the lease of its Object's table, and stays.
pub(crate) async fn clean_up_left_over(ctx: &RunContext) -> Result<()> {
    let db = ctx.engine.catalog().db();
    let left = bulk_jobs::list(db, &ctx.org).await.doing(|| "list Bulk jobs left over".to_owned())?;
    for job in left {
        let cleaning = async {
            clean_up(ctx, &job.job).await;
            Ok(())
        };
        match ctx.engine.under_lease(&lease::of_table(&ctx.org, &job.object), cleaning).await {
            Err(Error::LeaseHeld { .. }) => {}
            cleaned => cleaned?,
        }
    }
    Ok(())
}
