//! Add a batch to a job, and look at one or all of them.

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Call;
use super::batch::{Batch, BatchPhase};
use super::error::BulkError;
use super::info::{self, Form};
use super::job::{Job, Phase};
use super::jobs::already;
use super::run;
use super::store::batch_of;

/// The most bytes of a batch (Bulk API, "Bulk API Limits").
const MOST_BYTES: usize = 10 * 1024 * 1024;

pub(super) fn add(call: &Call, id: &str, body: Bytes) -> Result<Response, BulkError> {
    let now = call.state.org.now();
    let job = call.state.bulk1.find(id, &call.session, now)?;
    let (held, _) = job.phase();
    if held != Phase::Open {
        return Err(already("Adding a batch to", held));
    }
    if body.is_empty() {
        return Err(BulkError::new("InvalidBatch", "The batch has no content"));
    }
    if body.len() > MOST_BYTES {
        let text = format!("The batch is larger than {MOST_BYTES} bytes");
        return Err(BulkError::new("ClientInputError", text));
    }
    if call.state.bulk2.batches_left(now) == 0 {
        return Err(BulkError::new("ExceededQuota", "ApiBatchItems Limit exceeded."));
    }
    call.state.bulk2.count_batches(now, 1);
    let batch = keep(call, &job, body);
    run::start(&call.state, &job, &batch);
    Ok(info::batch_answer(StatusCode::CREATED, &job, &batch, Form::of_batches(&call.headers, &job)))
}

fn keep(call: &Call, job: &Arc<Job>, body: Bytes) -> Arc<Batch> {
    let number = call.state.bulk1.new_batch();
    let batch = Arc::new(Batch::new(number, body, BatchPhase::Queued, call.state.org.now()));
    job.batches().push(batch.clone());
    batch
}

pub(super) async fn list(call: &Call, id: &str) -> Result<Response, BulkError> {
    let job = call.state.bulk1.find(id, &call.session, call.state.org.now())?;
    job.poll(call.state.bulk2.polls()).await;
    let batches = job.batches().clone();
    let form = Form::of_batches(&call.headers, &job);
    Ok(info::batches_answer(&job, batches.iter().map(|batch| &**batch), form))
}

pub(super) async fn status(call: &Call, id: &str, batch: &str) -> Result<Response, BulkError> {
    let job = call.state.bulk1.find(id, &call.session, call.state.org.now())?;
    let batch = batch_of(&job, batch)?;
    batch.poll(call.state.bulk2.polls()).await;
    Ok(info::batch_answer(StatusCode::OK, &job, &batch, Form::of_batches(&call.headers, &job)))
}

/// The batch as it was added.
pub(super) fn request(call: &Call, id: &str, batch: &str) -> Result<Response, BulkError> {
    let job = call.state.bulk1.find(id, &call.session, call.state.org.now())?;
    let batch = batch_of(&job, batch)?;
    Ok(([(header::CONTENT_TYPE, job.content_type.media_type())], batch.request.clone()).into_response())
}
