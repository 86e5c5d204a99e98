//! The work on a batch: a query finds its rows or is cut into chunks of ids, other batches are read and saved.

use std::sync::{Arc, PoisonError};

use crate::bulk2::refusals;
use crate::errors::ApiError;
use crate::faults::{Effect, Endpoint};
use crate::ingest::{BATCH, CHUNK, Loader, Operation};
use crate::server::AppState;
use crate::soql::{self, Context, Outcome, Plan};
use crate::state::View;

use super::batch::{Batch, BatchPhase, FoundRows, Yield};
use super::chunking;
use super::job::{Job, Phase, Work};
use super::upload;

/// Begins the work away from the threads that serve connections.
pub(super) fn start(state: &AppState, job: &Arc<Job>, batch: &Arc<Batch>) {
    let (state, job, batch) = (state.clone(), job.clone(), batch.clone());
    tokio::task::spawn_blocking(move || {
        let turn = job.is_serial.then(|| job.turn.lock().unwrap_or_else(PoisonError::into_inner));
        work(&state, &job, &batch);
        drop(turn);
    });
}

fn work(state: &AppState, job: &Arc<Job>, batch: &Arc<Batch>) {
    batch.reach(BatchPhase::InProgress, None, state.org.now());
    let fault = state.org.faults().semantic(Endpoint::AsyncBatch, Some(&job.object));
    let ended = match (fault, &job.work) {
        (Some(Effect::JobStuck), _) => return,
        (Some(Effect::JobFailed { message }), _) => Err(message),
        (_, Work::Query { with_deleted }) => query(state, job, batch, *with_deleted),
        (_, Work::Load(operation)) => load(state, job, batch, operation),
    };
    let now = state.org.now();
    match ended {
        Ok(phase) => batch.reach(phase, None, now),
        Err(message) => batch.reach(BatchPhase::Failed, Some(message), now),
    }
}

fn query(
    state: &AppState,
    job: &Arc<Job>,
    batch: &Arc<Batch>,
    with_deleted: bool,
) -> Result<BatchPhase, String> {
    let failed = |error: &ApiError| {
        format!("InvalidBatch : Failed to process query: {}: {}", error.code, error.message)
    };
    let view = state.org.view(&job.user);
    let text = String::from_utf8_lossy(&batch.request);
    let statement = text.trim();
    let plan = planned(state, job, &view, statement).map_err(|error| failed(&error))?;
    if let Some(chunking) = &job.chunking {
        let left = state.bulk2.batches_left(state.org.now());
        for (made, chunk) in (0..).zip(chunking::statements(chunking, &plan, &view, statement)?) {
            // Each range is a batch of its own for the daily limit, too.
            if made == left {
                return Err("ExceededQuota : ApiBatchItems Limit exceeded.".to_owned());
            }
            state.bulk2.count_batches(state.org.now(), 1);
            let number = state.bulk1.new_batch();
            let chunk =
                Arc::new(Batch::new(number, chunk.into_bytes().into(), BatchPhase::Queued, state.org.now()));
            job.batches().push(chunk.clone());
            found(state, job, &chunk, &view, with_deleted).map_err(|error| failed(&error))?;
            chunk.reach(BatchPhase::Completed, None, state.org.now());
        }
        return Ok(BatchPhase::NotProcessed);
    }
    find(batch, plan, view, with_deleted);
    Ok(BatchPhase::Completed)
}

fn planned(state: &AppState, job: &Job, view: &View, statement: &str) -> Result<Plan, ApiError> {
    let context = Context { view, version: u32::from(job.version.0), today: state.org.now().date_naive() };
    let plan = soql::plan(statement, context)?;
    refusals::check(&plan)?;
    Ok(plan)
}

/// Works on one chunk of a query.
fn found(
    state: &AppState,
    job: &Job,
    chunk: &Batch,
    view: &View,
    with_deleted: bool,
) -> Result<(), ApiError> {
    let plan = planned(state, job, view, &String::from_utf8_lossy(&chunk.request))?;
    find(chunk, plan, view.clone(), with_deleted);
    Ok(())
}

fn find(batch: &Batch, plan: Plan, view: View, with_deleted: bool) {
    let Outcome::Rows(rows) = soql::run(&plan, &view, with_deleted) else { return };
    batch.progress().processed = rows.len() as u64;
    // Set once, here only.
    batch.outcome.set(Yield::Found(Box::new(FoundRows { plan, view, rows }))).ok();
}

fn load(state: &AppState, job: &Job, batch: &Batch, operation: &Operation) -> Result<BatchPhase, String> {
    let rows = {
        let view = state.org.view(&job.user);
        let object = view.object(&job.object).ok_or("InvalidBatch : Unable to find object")?;
        upload::rows(&view, &object, operation, job.content_type, &batch.request)?
    };
    if rows.is_empty() {
        return Err("InvalidBatch : Records not found".to_owned());
    }
    if rows.len() > BATCH {
        return Err(format!("InvalidBatch : Exceeded the maximum of {BATCH} records in a batch"));
    }
    let loader = Loader {
        org: state.org.clone(),
        user: job.user.clone(),
        object: job.object.clone(),
        operation: operation.clone(),
        assigns: job.assignment_rule.is_some(),
    };
    let mut rows = rows.into_iter();
    let mut outcomes = Vec::with_capacity(rows.len());
    let mut ended = Ok(BatchPhase::Completed);
    loop {
        let chunk: Vec<_> = rows.by_ref().take(CHUNK).collect();
        if chunk.is_empty() || job.phase().0 == Phase::Aborted {
            break;
        }
        match loader.save(chunk) {
            Ok(saved) => {
                let mut progress = batch.progress();
                progress.processed += saved.len() as u64;
                progress.failed += saved.iter().filter(|outcome| outcome.is_err()).count() as u64;
                outcomes.extend(saved);
            }
            Err(message) => {
                ended = Err(message);
                break;
            }
        }
    }
    // Set once, here only.
    batch.outcome.set(Yield::Saved(outcomes)).ok();
    ended
}
