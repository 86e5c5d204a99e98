//! Several requests or rows in one call: `/composite`, `/composite/batch`, `/graph`, `/tree` and `/sobjects`.
//!
//! A sub-request is answered by the route that it names. With all or none, and within a graph, all of them are one transaction.

mod batch;
mod collections;
mod graph;
mod outcomes;
mod references;
mod resources;
mod tree;

use std::collections::HashMap;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Router};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value as Json;
use serde_json::value::RawValue;

use crate::errors::{ApiError, JSON};
use crate::model::json::exact_numbers;
use crate::server::{ApiVersion, AppState, Session, dispatch, refused_part};
use crate::state::joint;

use resources::Within;

/// The most sub-requests in one call (REST API Developer Guide, "Composite").
const MAX_PARTS: usize = 25;
/// The most of them that are queries or collections.
const MAX_QUERIES: usize = 5;

/// Marks a request as part of a composite one: its url was never one of HTTP, so the limits of those do not bind it.
pub(crate) const PART: HeaderName = HeaderName::from_static("x-simorg-part");

pub fn router() -> Router<AppState> {
    Router::new()
        .route("/composite", post(composite).get(index))
        .route("/composite/batch", post(batch::batch))
        .route("/composite/graph", post(graph::graph))
        .route("/composite/tree/{object}", post(tree::tree))
        .merge(collections::router())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Composite {
    #[serde(default, deserialize_with = "null_is_default")]
    all_or_none: bool,
    composite_request: Vec<SubRequest>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SubRequest {
    method: String,
    url: String,
    reference_id: String,
    #[serde(default, deserialize_with = "null_is_default")]
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

/// Reads `null` as what may be left out: clients send either.
fn null_is_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// The resources below this one ("Composite", REST API Developer Guide).
async fn index(Extension(version): Extension<ApiVersion>) -> Response {
    let base = format!("/services/data/v{}/composite", version.text());
    let names = ["tree", "batch", "sobjects", "graph"];
    let list: serde_json::Map<String, Json> =
        names.iter().map(|name| ((*name).to_owned(), Json::from(format!("{base}/{name}")))).collect();
    ([(header::CONTENT_TYPE, JSON)], Json::Object(list).to_string()).into_response()
}

async fn composite(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    body: Bytes,
) -> Result<Response, ApiError> {
    let composite: Composite = serde_json::from_slice(&exact_numbers(&body))
        .map_err(|error| ApiError::json_parser(error.to_string()))?;
    check(&composite)?;
    let composite_response =
        answer_all(&state, &session, &composite.composite_request, composite.all_or_none).await?;
    let text = serde_json::to_string(&Answers { composite_response }).map_err(|_| unexpected())?;
    Ok(([(header::CONTENT_TYPE, JSON)], text).into_response())
}

/// The answers to all parts; with all or none, one refusal makes refusals of the others and undoes their writes.
async fn answer_all(
    state: &AppState,
    session: &Session,
    parts: &[SubRequest],
    all_or_none: bool,
) -> Result<Vec<SubAnswer>, ApiError> {
    if !all_or_none {
        return in_turn(state, session, parts, false).await;
    }
    let answers = joint::together(&state.org, || async {
        let answers = in_turn(state, session, parts, true).await;
        let keep = answers.as_ref().is_ok_and(|answers| answers.iter().all(SubAnswer::is_successful));
        (answers, keep)
    });
    let mut answers = answers.await??;
    if answers.iter().any(|answer| !answer.is_successful()) {
        for answer in answers.iter_mut().filter(|answer| answer.is_successful()) {
            *answer = halted(&answer.reference_id)?;
        }
    }
    Ok(answers)
}

/// Answers the parts one after the other; may stop trying at the first refusal.
async fn in_turn(
    state: &AppState,
    session: &Session,
    parts: &[SubRequest],
    stops: bool,
) -> Result<Vec<SubAnswer>, ApiError> {
    let mut answers: Vec<SubAnswer> = Vec::with_capacity(parts.len());
    let mut known: HashMap<String, Json> = HashMap::new();
    for part in parts {
        if stops && answers.last().is_some_and(|answer| !answer.is_successful()) {
            answers.push(halted(&part.reference_id)?);
            continue;
        }
        let answer = answer_to(state, session, &known, part.clone()).await?;
        if let Ok(body) = serde_json::from_str(answer.body.get()) {
            known.insert(answer.reference_id.clone(), body);
        }
        answers.push(answer);
    }
    Ok(answers)
}

impl SubAnswer {
    fn is_successful(&self) -> bool {
        self.http_status_code < 400
    }
}

/// The answer of a part that was undone, or not tried, because of another.
fn halted(reference_id: &str) -> Result<SubAnswer, ApiError> {
    let message = "The transaction was rolled back since another operation in the same transaction failed.";
    let error = ApiError::bad_request("PROCESSING_HALTED", message);
    Ok(SubAnswer {
        body: raw_body(error.body().as_bytes())?,
        http_headers: HashMap::new(),
        http_status_code: error.status.as_u16(),
        reference_id: reference_id.to_owned(),
    })
}

fn unexpected() -> ApiError {
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN_EXCEPTION", "An unexpected error occurred.")
}

/// A body as a part of the whole answer. What is not JSON, such as a CSV or an HTML error, travels as a string.
fn raw_body(bytes: &[u8]) -> Result<Box<RawValue>, ApiError> {
    let text = if bytes.is_empty() { "null".to_owned() } else { String::from_utf8_lossy(bytes).into_owned() };
    RawValue::from_string(text.clone())
        .or_else(|_| serde_json::value::to_raw_value(&text))
        .map_err(|_| ApiError::json_parser("the answer of a sub-request is not text"))
}

fn check(composite: &Composite) -> Result<(), ApiError> {
    let parts = &composite.composite_request;
    if parts.len() > MAX_PARTS {
        let text = format!("Limit exceeded. Maximum number of subrequests allowed is {MAX_PARTS}.");
        return Err(ApiError::bad_request("LIMIT_EXCEEDED", text));
    }
    let path = |part: &SubRequest| split(&part.url).map(|(_, path)| path.to_owned()).unwrap_or_default();
    let queries = parts.iter().filter(|part| resources::is_bounded(&path(part))).count();
    if queries > MAX_QUERIES {
        let text = format!(
            "Limit exceeded. Maximum number of query and sObject collection subrequests allowed is {MAX_QUERIES}."
        );
        return Err(ApiError::bad_request("LIMIT_EXCEEDED", text));
    }
    check_references(parts)
}

fn check_references(parts: &[SubRequest]) -> Result<(), ApiError> {
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
    Ok(())
}

/// The path below `/services/data/vNN.0` of a sub-request's url, and its version.
fn split(url: &str) -> Option<(ApiVersion, &str)> {
    let rest = url.strip_prefix("/services/data/v")?;
    let (version, path) = rest.split_at(rest.find('/')?);
    Some((ApiVersion(version.strip_suffix(".0")?.parse().ok()?), path))
}

/// What one part of a composite request is answered.
async fn part_answer(
    state: &AppState,
    session: &Session,
    version: ApiVersion,
    path: &str,
    request: Request,
) -> Response {
    match refused_part(state, &request, path) {
        Some(refused) => refused,
        None => dispatch(state, session.clone(), version, path, request).await,
    }
}

async fn answer_to(
    state: &AppState,
    session: &Session,
    known: &HashMap<String, Json>,
    sub_request: SubRequest,
) -> Result<SubAnswer, ApiError> {
    let reference_id = sub_request.reference_id.clone();
    let request = request_of(known, sub_request).and_then(|(version, path, request)| {
        resources::check(&state.org, session, Within::Composite, &path)?;
        Ok((version, path, request))
    });
    let answer = match request {
        Ok((version, path, request)) => part_answer(state, session, version, &path, request).await,
        Err(error) => error.into_response(),
    };
    let (parts, body) = answer.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.map_err(|_| unexpected())?;
    let body = raw_body(&bytes)?;
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
