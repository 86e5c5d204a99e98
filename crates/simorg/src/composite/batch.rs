//! `POST /composite/batch`: up to 25 independent requests, each counted against the daily limit.

use axum::Extension;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use serde_json::value::RawValue;

use crate::errors::{ApiError, JSON};
use crate::model::json::exact_numbers;
use crate::server::{ApiVersion, AppState, Session};

use super::resources::{self, Within};
use super::{MAX_PARTS, PART, part_answer, raw_body, unexpected};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Batch {
    #[serde(default, deserialize_with = "super::null_is_default")]
    halt_on_error: bool,
    batch_requests: Vec<BatchRequest>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BatchRequest {
    method: String,
    url: String,
    #[serde(default)]
    rich_input: Option<Json>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Results {
    has_errors: bool,
    results: Vec<BatchResult>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BatchResult {
    status_code: u16,
    result: Box<RawValue>,
}

pub(super) async fn batch(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    body: Bytes,
) -> Result<Response, ApiError> {
    let batch: Batch = serde_json::from_slice(&exact_numbers(&body))
        .map_err(|error| ApiError::json_parser(error.to_string()))?;
    if batch.batch_requests.len() > MAX_PARTS {
        let text = format!("Limit exceeded. Maximum number of subrequests allowed is {MAX_PARTS}.");
        return Err(ApiError::bad_request("LIMIT_EXCEEDED", text));
    }
    let mut answers = Results { has_errors: false, results: Vec::with_capacity(batch.batch_requests.len()) };
    for (at, part) in batch.batch_requests.iter().enumerate() {
        let halted = answers.has_errors && batch.halt_on_error;
        // The call itself was counted for the first one.
        let counted = if halted || at == 0 { Ok(()) } else { state.org.count_call() };
        let answer = match counted {
            _ if halted => halted_answer(),
            Err(error) => error.into_response(),
            Ok(()) => answer_to(&state, &session, part).await,
        };
        let (parts, body) = answer.into_parts();
        answers.has_errors |= !parts.status.is_success();
        let bytes = to_bytes(body, usize::MAX).await.map_err(|_| unexpected())?;
        answers.results.push(BatchResult { status_code: parts.status.as_u16(), result: raw_body(&bytes)? });
    }
    let text = serde_json::to_string(&answers).map_err(|_| unexpected())?;
    Ok(([(header::CONTENT_TYPE, JSON)], text).into_response())
}

async fn answer_to(state: &AppState, session: &Session, part: &BatchRequest) -> Response {
    let request = request_of(part).and_then(|(version, path, request)| {
        resources::check(&state.org, session, Within::Batch, &path)?;
        Ok((version, path, request))
    });
    match request {
        Ok((version, path, request)) => part_answer(state, session, version, &path, request).await,
        Err(error) => error.into_response(),
    }
}

fn halted_answer() -> Response {
    let message = "Batch processing halted per request";
    ApiError::new(StatusCode::PRECONDITION_FAILED, "BATCH_PROCESSING_HALTED", message).into_response()
}

fn request_of(part: &BatchRequest) -> Result<(ApiVersion, String, Request), ApiError> {
    let (version, path) = split(&part.url).ok_or_else(ApiError::not_found)?;
    let method = Method::from_bytes(part.method.to_ascii_uppercase().as_bytes())
        .map_err(|_| ApiError::bad_request("INVALID_INPUT", format!("unknown method {}", part.method)))?;
    let body = part.rich_input.as_ref().map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let mut request = Request::new(body);
    *request.method_mut() = method;
    let headers = request.headers_mut();
    headers.insert(header::CONTENT_TYPE, JSON);
    headers.insert(PART, HeaderValue::from_static("1"));
    headers.insert(HeaderName::from_static("accept"), JSON);
    Ok((version, path.replace(' ', "+"), request))
}

/// A url of a batch begins with the version; a whole path is taken too.
fn split(url: &str) -> Option<(ApiVersion, &str)> {
    let url = url.strip_prefix("/services/data").unwrap_or(url).trim_start_matches('/');
    let rest = url.strip_prefix('v')?;
    let (version, path) = rest.split_at(rest.find('/')?);
    Some((ApiVersion(version.strip_suffix(".0")?.parse().ok()?), path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_begins_with_its_version() {
        let read = |url| split(url).map(|(version, path)| (version.0, path));
        assert_eq!(read("v67.0/sobjects"), Some((67, "/sobjects")));
        assert_eq!(read("/v67.0/sobjects"), Some((67, "/sobjects")));
        assert_eq!(read("/services/data/v60.0/query?q=x"), Some((60, "/query?q=x")));
        assert_eq!(read("sobjects/Account"), None);
    }
}
