//! The requests about one ingest job that are not about its results: upload, close, abort, poll, delete.

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::super::job::Phase;
use super::super::query_jobs::{check_abortable, check_deletable, wanted_state};
use super::super::store::json_answer;
use super::job::Job;
use super::run;
use crate::errors::ApiError;
use crate::faults::{Effect, Endpoint};
use crate::server::{AppState, Session};

/// The most bytes of an upload in base64, in which it is kept (Bulk API 2.0, "Limits").
const MOST_BASE64: usize = 150 * 1_000_000;

pub(super) async fn upload(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let job = state.bulk2.find_ingest(&id, &session, state.org.now())?;
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !content_type.to_ascii_lowercase().starts_with("text/csv") {
        let text = format!("Content-Type {content_type} is not supported: rows come as text/csv");
        return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", text));
    }
    keep(&job, body)?;
    Ok(StatusCode::CREATED.into_response())
}

/// Keeps the rows of a job that has none yet.
pub(super) fn keep(job: &Job, body: Bytes) -> Result<(), ApiError> {
    let phase = job.phase();
    if phase != Phase::Open {
        let text = format!("Adding content to already {} Job not allowed", phase.held());
        return Err(ApiError::bad_request("INVALIDJOBSTATE", text));
    }
    if body.len().div_ceil(3) * 4 > MOST_BASE64 {
        let text = "The content is larger than 150 MB after base64 encoding";
        return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "CLIENTINPUTERROR", text));
    }
    let text = String::from_utf8(body.into())
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    job.content.set(text).map_err(|_| {
        ApiError::bad_request(
            "BULK_API_ERROR",
            format!(
                "Found multiple contents for job: <{}>, please 'Close' / 'Abort' / 'Delete' the current Job then \
                 create a new Job and make sure you only do 'PUT' once on a given Job.",
                &job.id[..15]
            ),
        )
    })
}

pub(super) async fn change_state(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, ApiError> {
    let now = state.org.now();
    let job = state.bulk2.find_ingest(&id, &session, now)?;
    match wanted_state(&body)?.as_str() {
        "UploadComplete" => close(&state, &job)?,
        "Aborted" => {
            check_abortable(job.phase())?;
            job.stop(Phase::Aborted, None, now);
        }
        other => {
            let text = format!("The state of a job cannot be set to {other}");
            return Err(ApiError::bad_request("INVALIDJOBSTATE", text));
        }
    }
    Ok(json_answer(&job.to_json()))
}

/// Takes no more rows, and begins to process them.
pub(super) fn close(state: &AppState, job: &Arc<Job>) -> Result<(), ApiError> {
    {
        let mut progress = job.progress();
        if progress.phase != Phase::Open {
            let text = format!("Closing already {} Job not allowed", progress.phase.held());
            return Err(ApiError::bad_request("INVALIDJOBSTATE", text));
        }
        progress.phase = Phase::UploadComplete;
        progress.changed = state.org.now();
    }
    let (state, job) = (state.clone(), job.clone());
    tokio::task::spawn_blocking(move || run::process(&state, &job));
    Ok(())
}

pub(super) async fn status(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let now = state.org.now();
    let job = state.bulk2.find_ingest(&id, &session, now)?;
    match state.org.faults().semantic(Endpoint::IngestStatus, Some(&job.object)) {
        Some(Effect::JobFailed { message }) if !job.phase().is_final() => {
            job.stop(Phase::Failed, Some(message), now);
        }
        Some(Effect::JobStuck) => {
            let mut progress = job.progress();
            progress.phase = progress.phase.stuck();
        }
        _ => job.poll(state.bulk2.polls(), now).await,
    }
    Ok(json_answer(&job.to_status_json()))
}

pub(super) async fn delete(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let job = state.bulk2.find_ingest(&id, &session, state.org.now())?;
    check_deletable(job.phase())?;
    state.bulk2.remove(&job.id);
    Ok(StatusCode::NO_CONTENT.into_response())
}
