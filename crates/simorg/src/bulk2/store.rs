//! The jobs of the org, and the requests about them that are not about results.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use axum::extract::{Path, State as StateOf};
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json as JsonBody};
use chrono::{DateTime, Duration, Utc};
use serde_json::{Value as Json, json};

use super::job::{Job, Phase, Polls};
use crate::errors::{ApiError, JSON};
use crate::faults::{Effect, Endpoint};
use crate::model::ids;
use crate::server::{ApiVersion, AppState};

/// How long a job and its results stay (Bulk API 2.0, "Limits").
const LIFE: Duration = Duration::days(7);
/// Jobs on one page of the list.
const LIST_PAGE: usize = 1000;

/// What this API keeps between calls.
#[derive(Debug, Default)]
pub struct State(Mutex<Jobs>);

#[derive(Debug, Default)]
struct Jobs {
    by_number: BTreeMap<u64, Arc<Job>>,
    made: u64,
    /// When jobs were made, for the daily limit; also of those deleted since.
    created: Vec<DateTime<Utc>>,
    polls: Polls,
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Jobs> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many polls find a new job in the queue, and how many more find it running.
    pub fn set_polls(&self, queued: u32, running: u32) {
        self.lock().polls = Polls { queued, running };
    }

    /// Jobs created at or after this time.
    pub fn created_since(&self, since: DateTime<Utc>) -> u64 {
        self.lock().created.iter().filter(|at| **at >= since).count() as u64
    }

    /// Jobs that exist now, whatever their state.
    pub fn count(&self) -> usize {
        self.lock().by_number.len()
    }

    /// Keeps a job; `make` is given its id.
    pub(super) fn add(&self, now: DateTime<Utc>, make: impl FnOnce(String) -> Job) -> Arc<Job> {
        let mut jobs = self.lock();
        jobs.created.retain(|at| now - *at < Duration::days(2));
        jobs.by_number.retain(|_, job| now - job.created < LIFE);
        jobs.made += 1;
        let number = jobs.made;
        let job = Arc::new(make(ids::record_id("750", number)));
        jobs.created.push(now);
        jobs.by_number.insert(number, job.clone());
        job
    }

    pub(super) fn find(&self, id: &str, now: DateTime<Utc>) -> Result<Arc<Job>, ApiError> {
        let number =
            ids::canonical(id).filter(|id| id.starts_with("750")).and_then(|id| ids::counter_of(&id));
        let job = number.and_then(|number| self.lock().by_number.get(&number).cloned());
        job.filter(|job| now - job.created < LIFE).ok_or_else(ApiError::not_found)
    }

    fn remove(&self, id: &str) {
        if let Some(number) = ids::counter_of(id) {
            self.lock().by_number.remove(&number);
        }
    }

    fn polls(&self) -> Polls {
        self.lock().polls
    }
}

pub(super) fn json_answer(body: &Json) -> Response {
    ([(header::CONTENT_TYPE, JSON)], body.to_string()).into_response()
}

pub(super) async fn status(
    StateOf(state): StateOf<AppState>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let now = state.org.now();
    let job = state.bulk2.find(&id, now)?;
    match state.org.faults().semantic(Endpoint::BulkStatus, Some(&job.plan.object().name)) {
        Some(Effect::JobFailed { message }) if !job.phase().is_final() => job.fail(&message, now),
        Some(Effect::JobStuck) => {
            let mut progress = job.progress();
            if progress.phase == Phase::UploadComplete {
                progress.phase = Phase::InProgress;
            }
        }
        _ => job.poll(state.bulk2.polls(), now),
    }
    Ok(json_answer(&job.to_status_json()))
}

pub(super) async fn abort(
    StateOf(state): StateOf<AppState>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, ApiError> {
    let now = state.org.now();
    let job = state.bulk2.find(&id, now)?;
    let JsonBody(asked): JsonBody<Json> =
        JsonBody::from_bytes(&body).map_err(|error| ApiError::json_parser(error.to_string()))?;
    if asked.get("state").and_then(Json::as_str) != Some("Aborted") {
        return Err(ApiError::bad_request(
            "INVALIDJOBSTATE",
            "Only the state Aborted can be set on a query job",
        ));
    }
    {
        let mut progress = job.progress();
        if progress.phase.is_final() {
            let held = if progress.phase == Phase::JobComplete { "Completed" } else { progress.phase.text() };
            return Err(ApiError::bad_request(
                "INVALIDJOBSTATE",
                format!("Aborting already {held} Job not allowed"),
            ));
        }
        progress.phase = Phase::Aborted;
        progress.changed = now;
    }
    Ok(json_answer(&job.to_json()))
}

pub(super) async fn delete(
    StateOf(state): StateOf<AppState>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let job = state.bulk2.find(&id, state.org.now())?;
    if !job.phase().is_final() {
        let text = "Error encountered when deleting the job because the job is not terminated";
        return Err(ApiError::bad_request("API_ERROR", text));
    }
    state.bulk2.remove(&job.id);
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn list(
    StateOf(state): StateOf<AppState>,
    Extension(version): Extension<ApiVersion>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let mut first = 0;
    let mut shows_queries = true;
    for (key, value) in url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        match &*key {
            "jobType" => shows_queries = value.eq_ignore_ascii_case("V2Query"),
            "queryLocator" => {
                let place = value.rsplit('-').next().and_then(|place| place.parse().ok());
                first = place
                    .ok_or_else(|| ApiError::bad_request("INVALID_QUERY_LOCATOR", "invalid query locator"))?;
            }
            _ => {}
        }
    }
    let now = state.org.now();
    let jobs: Vec<Arc<Job>> = if shows_queries {
        state.bulk2.lock().by_number.values().filter(|job| now - job.created < LIFE).cloned().collect()
    } else {
        Vec::new()
    };
    let records: Vec<Json> = jobs.iter().skip(first).take(LIST_PAGE).map(|job| listed(job)).collect();
    let end = first + records.len();
    let is_done = end >= jobs.len();
    let next = format!(
        "/services/data/v{}/jobs/query?queryLocator={}-{end}",
        version.text(),
        ids::record_id("01g", 0)
    );
    Ok(json_answer(&json!({
        "done": is_done,
        "records": records,
        "nextRecordsUrl": if is_done { Json::Null } else { Json::String(next) },
    })))
}

/// A job in the list: as created, with its type.
fn listed(job: &Job) -> Json {
    let mut body = job.to_json();
    body["jobType"] = json!("V2Query");
    body
}
