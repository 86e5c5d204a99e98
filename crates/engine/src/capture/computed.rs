//! Since when the values of an Object's computed fields hold: known of each Object between Runs. A catalog that was
//! lost knows of none, and they are read once more.

use chrono::{DateTime, Utc};
use holdfast_catalog::settings;
use holdfast_domain::ObjectName;
use holdfast_domain::capture::computed::is_refresh_due;
use holdfast_domain::capture::method::CaptureMethod;

use super::context::RunContext;
use super::object_run::ObjectRun;
use crate::error::{Doing, Result};

/// Sets `computed_as_of` of an Object that has computed fields. If it is `None` or old, they are to be read again.
pub(crate) async fn is_due(ctx: &RunContext, run: &mut ObjectRun) -> Result<bool> {
    if !run.described.schema.has_computed_fields() {
        return Ok(false);
    }
    if run.held.version.is_none() {
        note(ctx, run, ctx.now()).await?;
    }
    run.computed_as_of = known(ctx, &run.object).await?;
    // The others read everything each time.
    let is_by_windows = matches!(run.method, CaptureMethod::Windows { .. });
    let age = run.computed_as_of.map(|at| ctx.now() - at);
    Ok(is_by_windows && is_refresh_due(age, run.held.live, ctx.trigger))
}

/// All records that are held were read at `at` or later.
pub(crate) async fn note(ctx: &RunContext, run: &mut ObjectRun, at: DateTime<Utc>) -> Result<()> {
    if run.described.schema.has_computed_fields() {
        run.computed_as_of = Some(at);
        let db = ctx.engine.catalog().db();
        let set = settings::set(db, &key(ctx, &run.object), &at.to_rfc3339(), ctx.now()).await;
        set.doing(|| "write a setting".to_owned())?;
    }
    Ok(())
}

async fn known(ctx: &RunContext, object: &ObjectName) -> Result<Option<DateTime<Utc>>> {
    let known = settings::get(ctx.engine.catalog().db(), &key(ctx, object)).await;
    let known = known.doing(|| "read a setting".to_owned())?;
    Ok(known.and_then(|time| DateTime::parse_from_rfc3339(&time).ok()).map(|time| time.to_utc()))
}

fn key(ctx: &RunContext, object: &ObjectName) -> String {
    format!("computed_as_of/{}/{object}", ctx.org)
}
