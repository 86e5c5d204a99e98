//! `POST /composite`: several requests in one call, each answered by the route that it names.
//!
//! Not played: `allOrNone` over writes, `/composite/batch`, `/tree`, `/graph` and collections.

mod references;

use std::collections::HashMap;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Router};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use serde_json::value::RawValue;

use crate::errors::{ApiError, JSON};
use crate::server::{ApiVersion, AppState, Session, dispatch};

/// The most sub-requests in one call (REST API Developer Guide, "Composite").
const MAX_PARTS: usize = 25;
/// The most of them that are queries.
const MAX_QUERIES: usize = 5;

/// Marks a request as part of a composite one: its url was never one of HTTP, so the limits of those do not bind it.
pub(crate) const PART: HeaderName = HeaderName::from_static("x-simorg-part");

pub fn router() -> Router<AppState> {
    Router::new().route("/composite", post(composite))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Composite {
    #[serde(default)]
    all_or_none: bool,
    composite_request: Vec<SubRequest>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SubRequest {
    method: String,
    url: String,
    reference_id: String,
    #[serde(default)]
    http_headers: HashMap<String, String>,
    #[serde(default)]
    body: Option<Json>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SubAnswer {
    body: Box<RawValue>,
    http_headers: HashMap<String, String>,
    http_status_code: u16,
    reference_id: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answers {
    composite_response: Vec<SubAnswer>,
}

async fn composite(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    body: Bytes,
) -> Result<Response, ApiError> {
    let composite: Composite =
        serde_json::from_slice(&body).map_err(|error| ApiError::json_parser(error.to_string()))?;
    check(&composite)?;
    let mut answers = Vec::with_capacity(composite.composite_request.len());
    let mut known: HashMap<String, Json> = HashMap::new();
    for sub_request in composite.composite_request {
        let answer = answer_to(&state, &session, &known, sub_request).await?;
        if let Ok(body) = serde_json::from_str(answer.body.get()) {
            known.insert(answer.reference_id.clone(), body);
        }
        answers.push(answer);
    }
    let text = serde_json::to_string(&Answers { composite_response: answers }).map_err(|_| {
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN_EXCEPTION", "An unexpected error occurred.")
    })?;
    Ok(([(header::CONTENT_TYPE, JSON)], text).into_response())
}

fn check(composite: &Composite) -> Result<(), ApiError> {
    let parts = &composite.composite_request;
    if parts.len() > MAX_PARTS {
        let text = format!("Limit exceeded. Maximum number of subrequests allowed is {MAX_PARTS}.");
        return Err(ApiError::bad_request("LIMIT_EXCEEDED", text));
    }
    let queries = parts.iter().filter(|part| is_query(&part.url)).count();
    if queries > MAX_QUERIES {
        let text = format!(
            "Limit exceeded. Maximum number of query and sObject collection subrequests allowed is {MAX_QUERIES}."
        );
        return Err(ApiError::bad_request("LIMIT_EXCEEDED", text));
    }
    let mut seen = std::collections::HashSet::new();
    for part in parts {
        let is_word = part.reference_id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if part.reference_id.is_empty() || !is_word || !seen.insert(part.reference_id.as_str()) {
            let text = format!(
                "Provide a unique, alphanumeric reference ID in the composite request: {}",
                part.reference_id
            );
            return Err(ApiError::bad_request("INVALID_INPUT", text));
        }
    }
    let writes = parts.iter().filter(|part| !part.method.eq_ignore_ascii_case("GET")).count();
    if composite.all_or_none && writes > 0 {
        return Err(ApiError::not_simulated("POST /composite with allOrNone over writes"));
    }
    Ok(())
}

/// The path below `/services/data/vNN.0` of a sub-request's url, and its version.
fn split(url: &str) -> Option<(ApiVersion, &str)> {
    let rest = url.strip_prefix("/services/data/v")?;
    let (version, path) = rest.split_at(rest.find('/')?);
    Some((ApiVersion(version.strip_suffix(".0")?.parse().ok()?), path))
}

fn is_query(url: &str) -> bool {
    let resource = split(url).map_or("", |(_, path)| path.trim_start_matches('/'));
    let resource = resource.split(['?', '/']).next().unwrap_or_default();
    matches!(resource, "query" | "queryAll")
}

async fn answer_to(
    state: &AppState,
    session: &Session,
    known: &HashMap<String, Json>,
    sub_request: SubRequest,
) -> Result<SubAnswer, ApiError> {
    let reference_id = sub_request.reference_id.clone();
    let answer = match request_of(known, sub_request) {
        Ok((version, path, request)) => dispatch(state, session.clone(), version, &path, request).await,
        Err(error) => error.into_response(),
    };
    let (parts, body) = answer.into_parts();
    let failed = |_| {
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN_EXCEPTION", "An unexpected error occurred.")
    };
    let bytes = to_bytes(body, usize::MAX).await.map_err(failed)?;
    let text =
        if bytes.is_empty() { "null".to_owned() } else { String::from_utf8_lossy(&bytes).into_owned() };
    // What is not JSON, such as a CSV or an HTML error, travels as a string.
    let body = RawValue::from_string(text.clone())
        .or_else(|_| serde_json::value::to_raw_value(&text))
        .map_err(|_| ApiError::json_parser("the answer of a sub-request is not text"))?;
    Ok(SubAnswer {
        body,
        http_headers: shown_headers(&parts.headers),
        http_status_code: parts.status.as_u16(),
        reference_id,
    })
}

fn request_of(
    known: &HashMap<String, Json>,
    part: SubRequest,
) -> Result<(ApiVersion, String, Request), ApiError> {
    let url = references::resolved(&part.url, known)?;
    let (version, path) = split(&url).ok_or_else(ApiError::not_found)?;
    let method = Method::from_bytes(part.method.to_ascii_uppercase().as_bytes())
        .map_err(|_| ApiError::bad_request("INVALID_INPUT", format!("unknown method {}", part.method)))?;
    let body = match part.body {
        Some(body) => Body::from(references::resolved_json(body, known)?.to_string()),
        None => Body::empty(),
    };
    let mut request = Request::new(body);
    *request.method_mut() = method;
    let headers = request.headers_mut();
    headers.insert(header::CONTENT_TYPE, JSON);
    for (name, value) in &part.http_headers {
        let pair = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value));
        let (Ok(name), Ok(value)) = pair else {
            return Err(ApiError::bad_request("INVALID_INPUT", format!("invalid header {name}")));
        };
        headers.insert(name, value);
    }
    request.headers_mut().insert(PART, HeaderValue::from_static("1"));
    // A url may hold blanks where a real one holds `+`.
    Ok((version, path.replace(' ', "+"), request))
}

fn shown_headers(headers: &HeaderMap) -> HashMap<String, String> {
    const SHOWN: [(HeaderName, &str); 3] =
        [(header::ETAG, "ETag"), (header::LAST_MODIFIED, "Last-Modified"), (header::LOCATION, "Location")];
    let value =
        |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    SHOWN.iter().filter_map(|(name, shown)| Some(((*shown).to_owned(), value(name)?))).collect()
}
