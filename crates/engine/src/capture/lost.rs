//! An Object that the integration user sees no more: it is stopped, and told of in the same words everywhere.

use holdfast_catalog::blocks::{self, Block};
use holdfast_catalog::errors::{self, RecordedError};
use holdfast_catalog::objects::{self, ObjectState, Phase};
use holdfast_catalog::{ErrorId, Failure};
use holdfast_domain::capture::method::CaptureMethod;
use holdfast_domain::manifest::{Gap, Trigger};
use holdfast_domain::{ErrorCode, ObjectName};

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

/// What was captured stays; the Object goes on by itself when it is visible again. A Run that a person starts has a
/// gap as long as it is missed and nobody has confirmed that it is gone; auto backup, which runs each minute, once.
pub(crate) async fn note_vanished(ctx: &RunContext, state: &ObjectState) -> Result<Gap> {
    let object = &state.name;
    let is_acknowledged = ctx.accepts_missing || state.stopped_reason.as_deref() == Some(ACKNOWLEDGED);
    if is_acknowledged {
        let doing = || format!("note that `{object}` is gone");
        stop(ctx, object, ACKNOWLEDGED).await?;
        objects::forget_failure(ctx.engine.catalog().db(), &ctx.org, object).await.doing(doing)?;
        let message = format!("{ACKNOWLEDGED}; what was captured stays");
        return Ok(Gap { code: ErrorCode::ObjectNotCapturable, message, is_expected: true });
    }
    if matches!(state.method, Some(CaptureMethod::None { .. })) {
        // It was never captured, so nothing is missed.
        stop(ctx, object, LOST).await?;
        return Ok(Gap { is_expected: true, ..gap() });
    }
    let was_stopped = state.phase == Phase::Stopped;
    let is_told = state.trouble.as_ref().is_some_and(|trouble| trouble.failure.message == LOST);
    if !was_stopped || !is_told {
        stop(ctx, object, LOST).await?;
        note_failure(ctx, object, &gap(), None).await?;
    }
    Ok(Gap { is_expected: ctx.trigger == Trigger::Auto && was_stopped && is_told, ..gap() })
}

/// The gap that a failure leaves. If the org says that it knows no such Object, the next describe will say the same of
/// one that was captured before.
pub(crate) async fn gap_of(ctx: &RunContext, object: &ObjectName, error: &Error) -> Result<Gap> {
    if !error.denies_object(object) {
        return Ok(error.as_gap());
    }
    let known = objects::get(ctx.engine.catalog().db(), &ctx.org, object).await;
    let known = known.doing(|| format!("read what is known of `{object}`"))?;
    if known.is_none_or(|state| state.last_captured_at.is_none()) {
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
