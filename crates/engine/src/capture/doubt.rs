//! Records that are held as alive and not seen in the org: deleted, or only hidden from the user?
//!
//! What is not believed to be deleted stays alive, and the count of it is kept as a mark of the table. Auto backup, which
//! would otherwise compare all Ids each minute, rests on that count for a day after a Manifest has told of it.

use chrono::{DateTime, TimeDelta};
use holdfast_catalog::settings;
use holdfast_domain::capture::absence::is_plausible;
use holdfast_domain::manifest::{Gap, Trigger};
use holdfast_domain::{ErrorCode, ObjectName};
use holdfast_lake::delta::Marks;

use super::context::RunContext;
use super::object_run::{ObjectRun, UNEXPLAINED};
use crate::error::{Doing, Result};

/// A count says less than the Ids do: after this they are compared, and the gap is told, again.
const KNOWN_FOR: TimeDelta = TimeDelta::days(1);

/// Why `absent` records that are held as alive and not seen in the org are not to be marked as deleted, if so.
pub(crate) async fn doubt(ctx: &RunContext, run: &ObjectRun, absent: u64) -> Result<Option<Gap>> {
    if absent == 0 || ctx.accepts_missing {
        return Ok(None);
    }
    let held = run.held.live;
    let reason = match ctx.permissions().await?.missing_to_see_all(&run.object) {
        Some(missing) => {
            format!("the integration user lacks `{missing}`, so they may only be hidden from it")
        }
        None if run.described.schema.goes_with_its_parent() || is_plausible(absent, held) => return Ok(None),
        None => "so many at once are most often hidden by a permission that was taken away".to_owned(),
    };
    let message = format!(
        "{absent} of {held} records are no longer visible, and neither the recycle bin nor the delete log explains it; \
         {reason}. None was marked as deleted; if they are gone indeed, back up once with `--accept-missing`"
    );
    let is_expected = is_known(ctx, run, absent).await?;
    Ok(Some(Gap { code: ErrorCode::PermissionMissing, message, is_expected }))
}

/// What is to be kept of it with the data.
pub(crate) fn mark(run: &ObjectRun, absent: u64, marks: &mut Marks) {
    if absent != run.held.unexplained() {
        marks.0.insert(UNEXPLAINED.to_owned(), i64::try_from(absent).unwrap_or(i64::MAX));
    }
}

/// True if and only if as many were missed before, and a Manifest told of it less than a day ago. A person who
/// starts a Run is told each time.
async fn is_known(ctx: &RunContext, run: &ObjectRun, absent: u64) -> Result<bool> {
    if ctx.trigger != Trigger::Auto || absent != run.held.unexplained() {
        return Ok(false);
    }
    let told = settings::get(ctx.engine.catalog().db(), &told_key(ctx, &run.object)).await;
    let told = told.doing(|| "read a setting".to_owned())?;
    let told = told.and_then(|time| DateTime::parse_from_rfc3339(&time).ok());
    Ok(told.is_some_and(|told| ctx.now().signed_duration_since(told) < KNOWN_FOR))
}

/// Notes that the Manifest which was just written tells of it.
pub(crate) async fn note_told(ctx: &RunContext, object: &ObjectName) -> Result<()> {
    let (db, now) = (ctx.engine.catalog().db(), ctx.now());
    let set = settings::set(db, &told_key(ctx, object), &now.to_rfc3339(), now).await;
    set.doing(|| "write a setting".to_owned())
}

fn told_key(ctx: &RunContext, object: &ObjectName) -> String {
    format!("unexplained_told/{}/{object}", ctx.org)
}
