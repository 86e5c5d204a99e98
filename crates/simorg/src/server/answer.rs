//! What surrounds every answer: Salesforce's headers, the org's `Date`, gzip when asked, and faults of the transport.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use tower::ServiceExt;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;

use crate::errors::ApiError;
use crate::faults::{BodyKind, Effect, body};

use super::AppState;

/// A fault that the transport has still to play; travels in the extensions of the answer.
#[derive(Debug, Clone)]
pub(crate) struct Outcome(pub(crate) Effect);

/// The answer in place of the real one, when the fault is a refusal.
pub(crate) fn refusal(fault: Option<&Effect>) -> Option<Response> {
    match fault? {
        Effect::SessionExpired => Some(ApiError::invalid_session().into_response()),
        Effect::Status { status, code, message, body, retry_after } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let (code, message) = words(status, code, message);
            let mut answer = match body {
                BodyKind::Json => ApiError::new(status, code, message).into_response(),
                BodyKind::Html => {
                    (status, Html(format!("<html><body><h1>{message}</h1></body></html>"))).into_response()
                }
                BodyKind::Empty => status.into_response(),
            };
            if let Some(seconds) = retry_after {
                answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
            }
            Some(answer)
        }
        Effect::Disconnect { .. }
        | Effect::Truncate { .. }
        | Effect::Slow { .. }
        | Effect::Garble
        | Effect::LocatorLost
        | Effect::JobFailed { .. }
        | Effect::JobStuck
        | Effect::RefuseBulk
        | Effect::RowLocked => None,
    }
}

/// Code and text of a refusal; where none were asked for, those that its status usually comes with ("Status Codes and Error
/// Responses", REST API Developer Guide).
pub(crate) fn words<'a>(status: StatusCode, code: &'a str, message: &'a str) -> (&'a str, &'a str) {
    let (usual_code, usual_message) = usual_words(status);
    (
        if code.is_empty() { usual_code } else { code },
        if message.is_empty() { usual_message } else { message },
    )
}

fn usual_words(status: StatusCode) -> (&'static str, &'static str) {
    match status.as_u16() {
        401 => ("INVALID_SESSION_ID", "Session expired or invalid"),
        403 | 429 => ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
        404 => ("NOT_FOUND", "The requested resource does not exist"),
        503 => ("SERVER_UNAVAILABLE", "The server is temporarily unavailable. Try again later."),
        400..500 => ("UNKNOWN_EXCEPTION", "The request could not be understood."),
        _ => (
            "UNKNOWN_EXCEPTION",
            "An unexpected error occurred. Please include this ErrorId if you contact support: 1234567-12345 (-1234567)",
        ),
    }
}

/// Gives the router's own refusal of a method, which has no body, the form of every refusal.
pub(super) fn with_reason(answer: Response, method: &Method) -> Response {
    if answer.status() != StatusCode::METHOD_NOT_ALLOWED
        || answer.headers().contains_key(header::CONTENT_TYPE)
    {
        return answer;
    }
    let allow = answer.headers().get(header::ALLOW).cloned().unwrap_or(HeaderValue::from_static(""));
    let mut allowed: Vec<&str> = allow.to_str().unwrap_or_default().split(',').collect();
    // Salesforce tells HEAD first: "Allowed are HEAD,GET,POST".
    allowed.sort_by_key(|name| *name != "HEAD");
    let mut told = ApiError::method_not_allowed(method.as_str(), &allowed.join(",")).into_response();
    told.headers_mut().insert(header::ALLOW, allow);
    told
}

/// Adds `Sforce-Limit-Info`.
pub(crate) fn with_usage(state: &AppState, mut answer: Response) -> Response {
    let limits = state.org.limits();
    let usage = format!("api-usage={}/{}", limits.used(state.org.now()), limits.max());
    let usage = HeaderValue::from_str(&usage).expect("digits are a valid header");
    answer.headers_mut().insert(HeaderName::from_static("sforce-limit-info"), usage);
    answer
}

/// Compresses the answer when the request asks for gzip, and garbles it before that if a fault says so.
pub(super) async fn compress(State(_): State<AppState>, request: Request, next: Next) -> Response {
    let garbling = tower::service_fn(move |request: Request| {
        let next = next.clone();
        async move {
            let answer = next.run(request).await;
            Ok::<_, std::convert::Infallible>(match answer.extensions().get::<Outcome>() {
                Some(Outcome(Effect::Garble)) => answer.map(body::garbled),
                _ => answer,
            })
        }
    });
    // A simulated org spends its time on rows, not on the last tenth of their size.
    let layer = CompressionLayer::new().gzip(true).deflate(true).quality(CompressionLevel::Fastest);
    let service = tower::Layer::layer(&layer, garbling);
    let answer = service.oneshot(request).await.unwrap_or_else(|never| match never {});
    answer.map(Body::new)
}

/// Adds the headers that every answer has, and plays the faults of the transport on the bytes as they are sent.
pub(super) async fn finish(State(state): State<AppState>, request: Request, next: Next) -> Response {
    const FIXED: [(&str, &str); 4] = [
        ("cache-control", "no-cache,must-revalidate,max-age=0,no-store,private"),
        ("x-content-type-options", "nosniff"),
        ("x-robots-tag", "none"),
        ("server", "sfdcedge"),
    ];
    let mut answer = next.run(request).await;
    let outcome = answer.extensions_mut().remove::<Outcome>();
    let headers = answer.headers_mut();
    for (name, value) in FIXED {
        headers.entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(value));
    }
    let date = http_date(state.org.now().timestamp());
    headers.insert(header::DATE, HeaderValue::from_str(&date).expect("a date is a valid header"));
    match outcome {
        Some(Outcome(Effect::Disconnect { after_bytes })) => {
            // A body as long as it says is complete, whatever happens after it.
            answer.headers_mut().remove(header::CONTENT_LENGTH);
            answer.map(|b| body::cut(b, after_bytes, true))
        }
        Some(Outcome(Effect::Truncate { after_bytes })) => {
            answer.headers_mut().remove(header::CONTENT_LENGTH);
            answer.map(|b| body::cut(b, after_bytes, false))
        }
        Some(Outcome(Effect::Slow { ms_per_chunk })) => answer.map(|b| body::slowed(b, ms_per_chunk)),
        _ => answer,
    }
}

/// A time as HTTP headers write it: `Fri, 14 Aug 2020 20:53:02 GMT`.
pub(crate) fn http_date(seconds: i64) -> String {
    let at = chrono::DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
