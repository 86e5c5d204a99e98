//! The requests about one query job that are not about its results: poll, abort, delete.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::Value as Json;

use super::job::Phase;
use super::store::json_answer;
use crate::errors::ApiError;
use crate::faults::{Effect, Endpoint};
use crate::server::{AppState, Session};

pub(super) async fn status(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let now = state.org.now();
    let job = state.bulk2.find(&id, &session, now)?;
    match state.org.faults().semantic(Endpoint::BulkStatus, Some(&job.plan.object().name)) {
        Some(Effect::JobFailed { message }) if !job.phase().is_final() => job.fail(&message, now),
        Some(Effect::JobStuck) => {
            let mut progress = job.progress();
            progress.phase = progress.phase.stuck();
        }
        _ => job.poll(state.bulk2.polls(), now).await,
    }
    Ok(json_answer(&job.to_status_json()))
}

pub(super) async fn abort(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, ApiError> {
    let now = state.org.now();
    let job = state.bulk2.find(&id, &session, now)?;
    if wanted_state(&body)? != "Aborted" {
        let text = "Only the state Aborted can be set on a query job";
        return Err(ApiError::bad_request("INVALIDJOBSTATE", text));
    }
    {
        let mut progress = job.progress();
        check_abortable(progress.phase)?;
        progress.phase = Phase::Aborted;
        progress.changed = now;
    }
    Ok(json_answer(&job.to_json()))
}

/// The `state` that a request wants a job to be in.
pub(super) fn wanted_state(body: &[u8]) -> Result<String, ApiError> {
    let asked: Json =
        serde_json::from_slice(body).map_err(|error| ApiError::json_parser(error.to_string()))?;
    Ok(asked.get("state").and_then(Json::as_str).unwrap_or_default().to_owned())
}

pub(super) fn check_abortable(phase: Phase) -> Result<(), ApiError> {
    if !phase.is_final() {
        return Ok(());
    }
    let held = phase.held();
    Err(ApiError::bad_request("INVALIDJOBSTATE", format!("Aborting already {held} Job not allowed")))
}

pub(super) async fn delete(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let job = state.bulk2.find(&id, &session, state.org.now())?;
    check_deletable(job.phase())?;
    state.bulk2.remove(&job.id);
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) fn check_deletable(phase: Phase) -> Result<(), ApiError> {
    if phase.is_final() {
        return Ok(());
    }
    let text = "Error encountered when deleting the job because the job is not terminated";
    Err(ApiError::bad_request("API_ERROR", text))
}
