//! getUpdated and getDeleted: `/sobjects/X/updated` and `/sobjects/X/deleted`.
//!
//! Times are cut to whole minutes, as the SOAP API Developer Guide says of `getDeleted()`.

use std::ops::ControlFlow;

use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use chrono::{DateTime, Duration, Utc};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::errors::{ApiError, JSON};
use crate::model::value::datetime_text;
use crate::server::{AppState, Session};
use crate::state::{Org, Scan, StampRange, View};

const MOST_IDS: usize = 600_000;

#[derive(Deserialize)]
struct Window {
    start: Option<String>,
    end: Option<String>,
}

pub fn router() -> Router<AppState> {
    Router::new()
        .route("/sobjects/{object}/updated", get(updated))
        .route("/sobjects/{object}/deleted", get(deleted))
}

async fn updated(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Path(object): Path<String>,
    Query(window): Query<Window>,
) -> Result<Response, ApiError> {
    let view = state.org.view(&session.user);
    let def = replicateable(&view, &object)?;
    let (from_ms, until_ms) = range(&state.org, &window, 30)?;
    let covered = covered(&state.org, until_ms);
    let mut ids = Vec::new();
    let scan = Scan { with_deleted: false, stamped: Some(StampRange { from_ms, until_ms }) };
    view.scan(&def, scan, &mut |row| {
        if (from_ms..until_ms).contains(&row.stamp_ms()) {
            ids.push(Json::String(row.id().to_owned()));
        }
        if ids.len() > MOST_IDS { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    not_too_many(ids.len())?;
    Ok(answer(&json!({"ids": ids, "latestDateCovered": covered})))
}

async fn deleted(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Path(object): Path<String>,
    Query(window): Query<Window>,
) -> Result<Response, ApiError> {
    let view = state.org.view(&session.user);
    let def = replicateable(&view, &object)?;
    let (from_ms, until_ms) = range(&state.org, &window, 15)?;
    if until_ms - from_ms <= 60_000 {
        let message = "endDate must be at least one minute greater than startDate";
        return Err(ApiError::bad_request("INVALID_REPLICATION_DATE", message));
    }
    let found = state.org.deleted(&def.name, from_ms, until_ms);
    not_too_many(found.len())?;
    let records: Vec<Json> = found
        .iter()
        .map(|d| json!({"deletedDate": datetime_text(d.deleted_ms, "+0000"), "id": d.id}))
        .collect();
    Ok(answer(&json!({
        "deletedRecords": records,
        "earliestDateAvailable": datetime_text(state.org.earliest_delete_ms(), "+0000"),
        "latestDateCovered": covered(&state.org, until_ms),
    })))
}

fn answer(body: &Json) -> Response {
    ([(header::CONTENT_TYPE, JSON)], body.to_string()).into_response()
}

fn replicateable(view: &View, object: &str) -> Result<std::sync::Arc<crate::model::ObjectDef>, ApiError> {
    let def = view.object(object).ok_or_else(ApiError::not_found)?;
    if def.flags.replicateable {
        return Ok(def);
    }
    let message = format!("entity type {} is not replicateable", def.name);
    Err(ApiError::bad_request("INVALID_TYPE_FOR_OPERATION", message))
}

fn not_too_many(count: usize) -> Result<(), ApiError> {
    if count > MOST_IDS {
        return Err(ApiError::bad_request(
            "EXCEEDED_ID_LIMIT",
            format!("exceeded maximum number of ids: {MOST_IDS}"),
        ));
    }
    Ok(())
}

/// The window in milliseconds; it may not begin more than `days` ago.
fn range(org: &Org, window: &Window, days: i64) -> Result<(i64, i64), ApiError> {
    let refused = |message: String| Err(ApiError::bad_request("INVALID_REPLICATION_DATE", message));
    let (Some(start), Some(end)) = (minute(window.start.as_deref()), minute(window.end.as_deref())) else {
        return refused("start and end must be dates with time and zone".to_owned());
    };
    if start >= end {
        return refused("startDate must be before endDate".to_owned());
    }
    if start < org.now() - Duration::days(days) - Duration::minutes(1) {
        return refused(format!("startDate cannot be more than {days} days ago"));
    }
    Ok((start.timestamp_millis(), end.timestamp_millis()))
}

fn minute(text: Option<&str>) -> Option<DateTime<Utc>> {
    // A `+` that was not encoded arrives as a blank.
    let text = text?.replace(' ', "+");
    let at = DateTime::parse_from_rfc3339(&text)
        .or_else(|_| DateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S%.f%z"))
        .ok()?;
    DateTime::from_timestamp(at.timestamp().div_euclid(60) * 60, 0)
}

/// The end of the window, or the oldest transaction still open if that comes before it.
fn covered(org: &Org, until_ms: i64) -> String {
    datetime_text(org.covered_until().timestamp_millis().min(until_ms), "+0000")
}
