//! An Object that can be read no more: it is stopped, and told of in the same words everywhere.

use holdfast_catalog::blocks::{self, Block};
use holdfast_catalog::errors::{self, RecordedError};
use holdfast_catalog::objects::{self, ObjectState, Phase};
use holdfast_catalog::{ErrorId, Failure};
use holdfast_domain::manifest::{Gap, ObjectEntry, Trigger};
use holdfast_domain::{ErrorCode, ObjectName};
use holdfast_lake::Table;

use super::context::RunContext;
use super::turn::timeline_entry;
use crate::error::{Doing, Error, Result};
use crate::events::Event;

const LOST: &str = "the integration user no longer sees it: it was deleted, or access was taken away; what was captured \
                    stays; if it is gone indeed, back up once with `--accept-missing`";
/// A person has said that the Object is gone; this stands where the reason of its stop stands.
pub(crate) const ACKNOWLEDGED: &str = "it is gone from the org, as a person has confirmed";

/// How the loss stands in a Manifest, beside the Object and among the errors.
pub(crate) fn gap() -> Gap {
    Gap { code: ErrorCode::PermissionMissing, message: LOST.to_owned(), is_expected: false }
}

/// The gap of an Object that Salesforce lets nobody read.
pub(crate) fn not_capturable(reason: &str) -> Gap {
    Gap { code: ErrorCode::ObjectNotCapturable, message: reason.to_owned(), is_expected: false }
}

/// The reason of the stop that a Gap in a Manifest tells of.
pub(crate) fn reason_of(told: &Gap) -> Option<&str> {
    match told.code {
        _ if told.message == LOST => Some(LOST),
        ErrorCode::ObjectNotCapturable if told.message.starts_with(ACKNOWLEDGED) => Some(ACKNOWLEDGED),
        ErrorCode::ObjectNotCapturable => Some(&told.message),
        _ => None,
    }
}

/// Stops an Object for the reason of `lost`, and gives back its entry in the Manifest.
pub(crate) async fn entry(
    ctx: &RunContext,
    object: &ObjectName,
    before: Option<&ObjectState>,
    lost: Gap,
) -> Result<ObjectEntry> {
    let gap = note_lost(ctx, object, before, lost).await?;
    without_capture(ctx, object, before, gap).await
}

/// The entry of an Object that this Run does not capture: what was captured before it stays part of the Snapshot.
pub(crate) async fn without_capture(
    ctx: &RunContext,
    object: &ObjectName,
    before: Option<&ObjectState>,
    gap: Gap,
) -> Result<ObjectEntry> {
    let mut entry = ObjectEntry { gap: Some(gap), ..ObjectEntry::default() };
    if !before.is_some_and(ObjectState::was_captured) {
        return Ok(entry);
    }
    let doing = || format!("open the table of `{object}`");
    match ctx.persist(Some(object), || async { ctx.lake.table(object).await.doing(doing) }).await {
        Ok(held) => {
            entry.table_version = held.as_ref().map(Table::version);
            entry.live_records = held.as_ref().map_or(0, Table::live_count);
        }
        Err(Error::Cancelled) => return Err(Error::Cancelled),
        // A damaged table fails alone, like that of any other Object.
        Err(error) => entry.gap = Some(error.as_gap()),
    }
    Ok(entry)
}

/// What was captured stays; the Object goes on by itself when it can be read again. A Run that a person starts has a
/// gap as long as it is missed and nobody has confirmed that it is gone; auto backup, which runs each minute, once.
async fn note_lost(
    ctx: &RunContext,
    object: &ObjectName,
    before: Option<&ObjectState>,
    lost: Gap,
) -> Result<Gap> {
    let was_captured = before.is_some_and(ObjectState::was_captured);
    let stopped = before.filter(|state| state.phase == Phase::Stopped);
    let reason = stopped.and_then(|state| state.stopped_reason.as_deref());
    // Of what never could be read there is nothing to confirm.
    let may_be_gone = was_captured || lost == gap();
    if may_be_gone && (ctx.accepts_missing || reason == Some(ACKNOWLEDGED)) {
        stop(ctx, object, ACKNOWLEDGED).await?;
        forget_failure(ctx, object).await?;
        let message = format!("{ACKNOWLEDGED}; what was captured stays");
        return Ok(Gap { code: ErrorCode::ObjectNotCapturable, message, is_expected: true });
    }
    let told = before.and_then(|state| state.trouble.as_ref()).map(|trouble| &trouble.failure.message);
    let is_stopped = reason == Some(&lost.message);
    if !was_captured {
        // Nothing is missed.
        if !is_stopped || told.is_some() {
            stop(ctx, object, &lost.message).await?;
            forget_failure(ctx, object).await?;
        }
        return Ok(Gap { is_expected: true, ..lost });
    }
    let is_told = stopped.is_some() && told == Some(&lost.message);
    if !is_told {
        stop(ctx, object, &lost.message).await?;
        note_failure(ctx, object, &lost, None).await?;
    }
    Ok(Gap { is_expected: ctx.trigger == Trigger::Auto && is_told, ..lost })
}

async fn forget_failure(ctx: &RunContext, object: &ObjectName) -> Result<()> {
    let forgotten = objects::forget_failure(ctx.engine.catalog().db(), &ctx.org, object).await;
    forgotten.doing(|| format!("note that `{object}` is gone"))
}

/// The gap that a failure leaves. If the org says that it knows no such Object, the next describe will say the same of
/// one that was captured before.
pub(crate) async fn gap_of(ctx: &RunContext, object: &ObjectName, error: &Error) -> Result<Gap> {
    if !error.denies_object(object) {
        return Ok(error.as_gap());
    }
    let known = objects::get(ctx.engine.catalog().db(), &ctx.org, object).await;
    let known = known.doing(|| format!("read what is known of `{object}`"))?;
    if !known.is_some_and(|state| state.was_captured()) {
        return Ok(error.as_gap());
    }
    stop(ctx, object, LOST).await?;
    Ok(gap())
}

/// What was told of the Object before is over.
async fn stop(ctx: &RunContext, object: &ObjectName, reason: &str) -> Result<()> {
    let (db, doing) = (ctx.engine.catalog().db(), || format!("note that `{object}` is gone"));
    objects::set_phase(db, &ctx.org, object, Phase::Stopped, Some(reason)).await.doing(doing)?;
    errors::resolve(db, &ctx.org, Some(object), ctx.now()).await.map(drop).doing(doing)
}

/// A failure beside the Object, among the errors, in its timeline, and for those who watch.
pub(super) async fn note_failure(
    ctx: &RunContext,
    object: &ObjectName,
    gap: &Gap,
    next_try_at: Option<chrono::DateTime<chrono::Utc>>,
) -> Result<()> {
    let (db, now) = (ctx.engine.catalog().db(), ctx.now());
    let doing = || format!("note the failure of `{object}`");
    let failure = Failure { code: gap.code, message: gap.message.clone() };
    objects::record_failure(db, &ctx.org, object, &failure, now, next_try_at).await.doing(doing)?;
    let recorded = RecordedError {
        id: ErrorId::new(now),
        org: ctx.org.clone(),
        object: Some(object.clone()),
        run: Some(ctx.run.clone()),
        code: gap.code,
        message: gap.message.clone(),
        at: now,
        resolved_at: None,
    };
    errors::insert(db, &recorded).await.doing(doing)?;
    let entry = Block { way: "failed".to_owned(), failure: Some(failure), ..timeline_entry(ctx, object) };
    blocks::insert(db, &entry).await.doing(doing)?;
    tracing::error!(org.id = %ctx.org, object = %object, "{object} is not captured whole: {}", gap.message);
    ctx.events.send(Event::ObjectFailed { object: object.clone(), gap: gap.clone() });
    Ok(())
}
