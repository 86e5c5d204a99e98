//! Bulk API 1.0: jobs of batches below `/services/async/NN.0`, in XML, JSON and CSV.
//!
//! It lies outside `/services/data`, so sign-in, limits, faults and errors are its own: the session comes in
//! `X-SFDC-Session`, refusals are 400 with `exceptionCode` and `exceptionMessage`. A batch is worked on in the background as
//! soon as it is added.

mod batch;
mod batches;
mod chunking;
mod error;
mod info;
mod job;
mod jobs;
mod results;
mod run;
mod store;
#[cfg(test)]
mod tests;
mod tree;
mod upload;
mod write;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State as StateOf};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;

use crate::faults::Endpoint;
use crate::oauth;
use crate::server::{
    ApiVersion, AppState, NEWEST_VERSION, OLDEST_VERSION, Outcome, Session, refusal, route_name, with_usage,
};

use error::BulkError;
use info::Form;
pub use store::State;

/// The largest request: a batch of 10 MB, and room to spare for what is refused by name.
const MOST_BODY_BYTES: usize = 64 * 1024 * 1024;

pub(crate) fn router() -> Router<AppState> {
    Router::new().route("/services/async/{*rest}", any(outer))
}

/// What surrounds every request.
struct Call {
    state: AppState,
    session: Session,
    version: ApiVersion,
    headers: HeaderMap,
}

async fn outer(StateOf(state): StateOf<AppState>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let parts: Vec<&str> = path.trim_matches('/').split('/').skip(2).collect();
    let point = endpoint(&parts);
    let fault = state.org.faults().http(point, &path, None);
    let mut answer = match refusal(fault.as_ref()) {
        Some(refused) => refused,
        None => answered(&state, &parts, point, request).await,
    };
    if let Some(effect) = fault {
        answer.extensions_mut().insert(Outcome(effect));
    }
    answer
}

/// What kind of call a path is: `parts` begins with the version.
fn endpoint(parts: &[&str]) -> Endpoint {
    match parts {
        [_, "job", _, "batch", _, "result", ..] => Endpoint::AsyncResults,
        [_, "job", _, "batch", ..] => Endpoint::AsyncBatch,
        _ => Endpoint::AsyncJob,
    }
}

async fn answered(state: &AppState, parts: &[&str], point: Endpoint, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let form = Form::asked(&head.headers);
    let session = match sign_in(state, &head.headers) {
        Ok(session) => session,
        Err(error) => return error.answer(form),
    };
    state.org.note_call(route_name(point));
    if state.org.count_call().is_err() {
        let error = BulkError::new("ExceededQuota", "TotalRequests Limit exceeded.");
        return with_usage(state, error.answer(form));
    }
    let answer = match axum::body::to_bytes(body, MOST_BODY_BYTES).await {
        Ok(body) => {
            let call = version(parts).map(|version| Call {
                state: state.clone(),
                session,
                version,
                headers: head.headers.clone(),
            });
            match call {
                Ok(call) => route(&call, &head.method, &parts[1..], body).await,
                Err(error) => Err(error),
            }
        }
        Err(_) => Err(BulkError::new("ClientInputError", "The request could not be read")),
    };
    with_usage(state, answer.unwrap_or_else(|error| error.answer(form)))
}

fn sign_in(state: &AppState, headers: &HeaderMap) -> Result<Session, BulkError> {
    let invalid = || BulkError::new("InvalidSessionId", "Invalid session id");
    let token = headers.get("x-sfdc-session").and_then(|value| value.to_str().ok());
    let session = match token {
        Some(token) => oauth::session_of(state, token.trim()).ok_or_else(invalid)?,
        None => oauth::authenticate(state, headers).map_err(|_| invalid())?,
    };
    if !session.user.permissions.api_enabled {
        return Err(BulkError::new("FeatureNotEnabled", "API is disabled for this User"));
    }
    Ok(session)
}

fn version(parts: &[&str]) -> Result<ApiVersion, BulkError> {
    let text = parts.first().copied().unwrap_or_default();
    // Clients write it with and without the letter.
    let number = text.trim_start_matches('v').strip_suffix(".0").and_then(|text| text.parse::<u16>().ok());
    number
        .filter(|version| (OLDEST_VERSION..=NEWEST_VERSION).contains(version))
        .map(ApiVersion)
        .ok_or_else(|| BulkError::new("InvalidUrl", format!("Unsupported API version: {text}")))
}

async fn route(call: &Call, method: &Method, parts: &[&str], body: Bytes) -> Result<Response, BulkError> {
    match (method.as_str(), parts) {
        ("POST", ["job"]) => jobs::create(call, &body),
        ("GET", ["job", id]) => jobs::status(call, id).await,
        ("POST", ["job", id]) => jobs::change_state(call, id, &body),
        ("POST", ["job", id, "batch"]) => batches::add(call, id, body),
        ("GET", ["job", id, "batch"]) => batches::list(call, id).await,
        ("GET", ["job", id, "batch", batch]) => batches::status(call, id, batch).await,
        ("GET", ["job", id, "batch", batch, "request"]) => batches::request(call, id, batch),
        ("GET", ["job", id, "batch", batch, "result"]) => results::list(call, id, batch),
        ("GET", ["job", id, "batch", batch, "result", result]) => results::of_query(call, id, batch, result),
        (
            _,
            ["job"]
            | ["job", _]
            | ["job", _, "batch"]
            | ["job", _, "batch", _]
            | ["job", _, "batch", _, "request" | "result"]
            | ["job", _, "batch", _, "result", _],
        ) => Err(BulkError {
            status: StatusCode::METHOD_NOT_ALLOWED,
            code: "MethodNotAllowed",
            message: format!("HTTP Method '{method}' not allowed"),
        }),
        _ => {
            let path = format!("{method} /services/async/{}/{}", call.version.text(), parts.join("/"));
            Ok(crate::errors::ApiError::not_simulated(&path).into_response())
        }
    }
}
