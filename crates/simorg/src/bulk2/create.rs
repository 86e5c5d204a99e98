//! `POST /jobs/query`: the statement is checked at once, the rows are found in the background.

use std::sync::{Mutex, OnceLock};

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use chrono::Duration;
use serde::Deserialize;

use super::csv::Format;
use super::job::{Job, Phase, Progress};
use super::refusals;
use super::store::{Finished, json_answer};
use crate::errors::ApiError;
use crate::faults::{Effect, Endpoint};
use crate::limits::MAX_QUERY_JOBS;
use crate::server::{ApiVersion, AppState, Session};
use crate::soql::{self, Context, Outcome};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wanted {
    operation: Option<String>,
    query: Option<String>,
    content_type: Option<String>,
    column_delimiter: Option<String>,
    line_ending: Option<String>,
}

pub(super) async fn create(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Extension(version): Extension<ApiVersion>,
    body: Bytes,
) -> Result<Response, ApiError> {
    let wanted: Wanted =
        serde_json::from_slice(&body).map_err(|error| ApiError::json_parser(error.to_string()))?;
    let invalid = |text: String| ApiError::bad_request("INVALIDJOB", text);
    let with_deleted = match wanted.operation.as_deref() {
        Some("query") => false,
        Some("queryAll") => true,
        other => return Err(invalid(format!("Invalid operation: {}", other.unwrap_or("null")))),
    };
    if let Some(kind) = wanted.content_type.as_deref().filter(|kind| *kind != "CSV") {
        return Err(invalid(format!("Content type {kind} is not supported for query jobs")));
    }
    let format = Format::named(wanted.column_delimiter.as_deref(), wanted.line_ending.as_deref())
        .ok_or_else(|| invalid("Invalid columnDelimiter or lineEnding".to_owned()))?;
    let Some(statement) = wanted.query.filter(|query| !query.trim().is_empty()) else {
        return Err(invalid("Query is missing".to_owned()));
    };
    let now = state.org.now();
    if state.bulk2.created_since(now - Duration::days(1)) >= MAX_QUERY_JOBS {
        return Err(ApiError::bad_request("LIMIT_EXCEEDED", "DailyBulkV2QueryJobs Limit exceeded."));
    }
    let view = state.org.view(&session.user);
    let context = Context { view: &view, version: u32::from(version.0), today: now.date_naive() };
    let plan = soql::plan(&statement, context)?;
    refusals::check(&plan)?;
    let refused = state.org.faults().semantic(Endpoint::BulkCreate, Some(&plan.object().name));
    if let Some(Effect::RefuseBulk) = refused {
        return Err(refusals::not_supported(&plan.object().name));
    }
    let job = state.bulk2.add(now, |id| Job {
        id,
        with_deleted,
        plan,
        view,
        format,
        version,
        created: now,
        created_by: session.user.id.clone(),
        rows: OnceLock::new(),
        finished: Finished::default(),
        progress: Mutex::new(Progress { phase: Phase::UploadComplete, polls: 0, changed: now, error: None }),
    });
    let answer = json_answer(&job.to_json());
    tokio::task::spawn_blocking(move || {
        if let Outcome::Rows(rows) = soql::run(&job.plan, &job.view, job.with_deleted) {
            // Set once, here only.
            job.rows.set(rows).ok();
        }
        job.finished.set();
    });
    Ok(answer)
}
