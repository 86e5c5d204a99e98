//! Clock, limits, faults, delete log and statistics.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json as Body, Router};
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use crate::errors::ApiError;
use crate::faults::Fault;
use crate::server::AppState;

use super::answer;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockChange {
    stop_at: Option<DateTime<Utc>>,
    run_from: Option<DateTime<Utc>>,
    advance_seconds: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitChange {
    max: Option<u64>,
    used: Option<u64>,
}

/// How the Bulk APIs are played.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct BulkSettings {
    /// How many polls find a job or batch waiting.
    #[serde(default)]
    queued_polls: u32,
    /// How many more find it running.
    #[serde(default)]
    running_polls: u32,
    /// Bulk 1.0 shows `5` as `5.0` in CSV and XML.
    #[serde(default)]
    whole_numbers_have_point: bool,
}

#[derive(Deserialize)]
struct Purge {
    before: DateTime<Utc>,
}

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/simorg/clock", get(clock).put(set_clock))
        .route("/simorg/limits", get(limits).put(set_limits))
        .route("/simorg/bulk", axum::routing::put(set_bulk))
        .route("/simorg/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/simorg/faults/{id}", axum::routing::delete(remove_fault))
        .route("/simorg/delete-log/purge", post(purge_delete_log))
        .route("/simorg/stats", get(stats))
        .route("/simorg/save", post(save))
        .route("/simorg/notes", get(notes))
}

/// Saves the org to its state file.
async fn save(State(state): State<AppState>) -> Result<Response, ApiError> {
    let Some(file) = state.settings.state_file.clone() else {
        return Err(ApiError::bad_request("NO_STATE_FILE", "this org was started without a state file"));
    };
    let saved = tokio::task::spawn_blocking(move || state.save()).await;
    match saved.map_err(|error| error.to_string()).and_then(|saved| saved.map_err(|error| error.to_string()))
    {
        Ok(()) => Ok(answer(&json!({"saved": file}))),
        Err(error) => Err(ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "NOT_SAVED", error)),
    }
}

/// What the org was to begin with and could not take.
async fn notes(State(state): State<AppState>) -> Response {
    answer(&json!({"notes": state.org.start_notes()}))
}

async fn clock(State(state): State<AppState>) -> Response {
    answer(&json!({"now": state.org.now()}))
}

async fn set_clock(State(state): State<AppState>, Body(change): Body<ClockChange>) -> Response {
    let clock = state.org.clock();
    if let Some(at) = change.stop_at {
        clock.stop_at(at);
    }
    if let Some(at) = change.run_from {
        clock.run_from(at);
    }
    if let Some(seconds) = change.advance_seconds {
        let is_moved = Duration::try_seconds(seconds).is_some_and(|by| clock.advance(by));
        if !is_moved {
            let message = "the clock cannot go beyond the years 1700 to 4000";
            return ApiError::bad_request("NUMBER_OUTSIDE_VALID_RANGE", message).into_response();
        }
    }
    answer(&json!({"now": state.org.now()}))
}

fn usage(state: &AppState) -> Json {
    let limits = state.org.limits();
    json!({"max": limits.max(), "used": limits.used(state.org.now())})
}

async fn limits(State(state): State<AppState>) -> Response {
    answer(&usage(&state))
}

async fn set_limits(State(state): State<AppState>, Body(change): Body<LimitChange>) -> Response {
    if let Some(max) = change.max {
        state.org.limits().set_max(max);
    }
    if let Some(used) = change.used {
        state.org.limits().set_used(used, state.org.now());
    }
    answer(&usage(&state))
}

async fn set_bulk(State(state): State<AppState>, Body(settings): Body<BulkSettings>) -> Response {
    state.bulk2.set_polls(settings.queued_polls, settings.running_polls);
    state.bulk1.set_whole_numbers_have_point(settings.whole_numbers_have_point);
    answer(&json!(settings))
}

async fn faults(State(state): State<AppState>) -> Response {
    answer(&json!({"faults": state.org.faults().list()}))
}

async fn add_fault(State(state): State<AppState>, Body(fault): Body<Fault>) -> Result<Response, ApiError> {
    if let Some(why) = fault.impossible() {
        return Err(ApiError::bad_request("INVALID_FAULT", why));
    }
    Ok(answer(&json!({"id": state.org.faults().add(fault)})))
}

async fn clear_faults(State(state): State<AppState>) -> Response {
    state.org.faults().clear();
    answer(&json!({"faults": []}))
}

async fn remove_fault(State(state): State<AppState>, Path(id): Path<u64>) -> Result<Response, ApiError> {
    if state.org.faults().remove(id) {
        Ok(answer(&json!({"removed": id})))
    } else {
        Err(ApiError::not_found())
    }
}

async fn purge_delete_log(State(state): State<AppState>, Body(purge): Body<Purge>) -> Response {
    state.org.purge_delete_log(purge.before);
    answer(&json!({"earliest": purge.before}))
}

async fn stats(State(state): State<AppState>) -> Response {
    let view = state.org.admin_view();
    let rows: Map<String, Json> = view
        .objects()
        .iter()
        .map(|def| {
            let live = view.count(def, false);
            (def.name.clone(), json!({"live": live, "with_deleted": view.count(def, true)}))
        })
        .collect();
    answer(
        &json!({"calls": state.org.calls(), "limits": usage(&state), "now": state.org.now(), "rows": rows}),
    )
}
