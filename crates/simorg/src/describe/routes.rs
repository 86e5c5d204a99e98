//! `GET /sobjects`, `/sobjects/X` and `/sobjects/X/describe`.

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Extension, Router};
use chrono::{DateTime, NaiveDateTime};
use serde_json::{Value as Json, json};

use crate::errors::{ApiError, JSON};
use crate::generate::hash_text;
use crate::metadata::inventory;
use crate::server::{self, ApiVersion, AppState, Session, http_date};

use super::model;

pub fn router() -> Router<AppState> {
    let mut router = Router::new()
        .route("/sobjects", get(global))
        .route("/sobjects/{object}/describe", get(describe))
        .route("/sobjects/{object}/describe/approvalLayouts", get(approval_layouts));
    for resource in
        ["describe/{*rest}", "listviews", "listviews/{*rest}", "quickActions", "quickActions/{*rest}"]
    {
        router = router.route(&format!("/sobjects/{{object}}/{resource}"), any(not_simulated));
    }
    router
}

/// What an object shows to people: layouts, list views, actions.
async fn not_simulated(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    version: Extension<ApiVersion>,
    request: Request,
) -> Response {
    let object = request.uri().path().split('/').nth(2).unwrap_or_default();
    match state.org.view(&session.user).object(object) {
        Some(_) => server::not_simulated(version, request).await,
        None => ApiError::not_found().into_response(),
    }
}

/// None, unless an approval process was deployed.
async fn approval_layouts(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    version: Extension<ApiVersion>,
    Path(object): Path<String>,
    request: Request,
) -> Response {
    let view = state.org.view(&session.user);
    let Some(def) = view.object(&object) else {
        return ApiError::not_found().into_response();
    };
    let is_of_object = |process: &str| process.split_once('.').is_some_and(|(of, _)| of == def.name);
    let processes = inventory::of_kind(view.snapshot(), "ApprovalProcess");
    if processes.iter().any(|process| is_of_object(&process.full_name)) {
        return server::not_simulated(version, request).await;
    }
    ([(header::CONTENT_TYPE, JSON)], json!({"approvalLayouts": []}).to_string()).into_response()
}

async fn global(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Extension(version): Extension<ApiVersion>,
    headers: HeaderMap,
) -> Response {
    let view = state.org.view(&session.user);
    let version = version.text();
    unless_known(&headers, view.list_changed_ms(), || {
        let objects: Vec<Json> =
            view.objects().iter().map(|def| Json::Object(model::global_entry(def, &version))).collect();
        json!({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": objects}).to_string()
    })
}

async fn describe(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Extension(version): Extension<ApiVersion>,
    Path(object): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let view = state.org.view(&session.user);
    let def = view.object(&object).ok_or_else(ApiError::not_found)?;
    let instance = crate::oauth::instance_url(&state, &headers);
    Ok(unless_known(&headers, view.changed_ms(&object), || {
        Json::Object(model::describe(&view, &def, &version.text(), &instance)).to_string()
    }))
}

/// 304 when the caller has this state already, else the answer with the headers that let it ask so next time.
pub(crate) fn unless_known(headers: &HeaderMap, changed_ms: i64, body: impl FnOnce() -> String) -> Response {
    let changed = changed_ms.div_euclid(1000);
    let since = headers
        .get(header::IF_MODIFIED_SINCE)
        .and_then(|value| value.to_str().ok())
        .and_then(parse_http_date);
    let last_modified = HeaderValue::from_str(&http_date(changed)).expect("a date is a valid header");
    if since.is_some_and(|since| since >= changed) {
        return (StatusCode::NOT_MODIFIED, [(header::LAST_MODIFIED, last_modified)]).into_response();
    }
    let body = body();
    let tag = format!("\"{:08x}\"", hash_text(&body) >> 32);
    let tag = HeaderValue::from_str(&tag).expect("hexadecimal digits are a valid header");
    ([(header::CONTENT_TYPE, JSON), (header::LAST_MODIFIED, last_modified), (header::ETAG, tag)], body)
        .into_response()
}

fn parse_http_date(text: &str) -> Option<i64> {
    let by_http =
        NaiveDateTime::parse_from_str(text, "%a, %d %b %Y %H:%M:%S GMT").map(|at| at.and_utc().timestamp());
    by_http.or_else(|_| DateTime::parse_from_rfc2822(text).map(|at| at.timestamp())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_dates_are_read_as_they_are_written() {
        let text = "Fri, 14 Aug 2020 20:53:02 GMT";
        assert_eq!(parse_http_date(text).map(http_date).as_deref(), Some(text));
        assert_eq!(parse_http_date("yesterday"), None);
    }
}
