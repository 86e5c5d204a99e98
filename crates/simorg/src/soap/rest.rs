//! Asks a route of the REST API as the caller of a SOAP call, for answers that differ in dress only.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value as Json;
use tokio::runtime::Handle;

use crate::server::{Session, dispatch};

use super::{Call, SoapFault};

/// `GET path`, which begins after `/services/data/vNN.0`. Blocks; calls are answered on threads of their own.
pub(super) fn get(call: &Call, path: &str) -> Result<Json, SoapFault> {
    let session = Session { user: call.user()?.clone() };
    let request = Request::new(Body::empty());
    let unexpected = || SoapFault::new("UNKNOWN_EXCEPTION", "An unexpected error occurred.");
    let (status, bytes) = Handle::current().block_on(async {
        let answer = dispatch(&call.state, session, call.version, path, request).await;
        let status = answer.status();
        (status, to_bytes(answer.into_body(), usize::MAX).await)
    });
    let body: Json =
        bytes.ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).ok_or_else(unexpected)?;
    if status.is_success() {
        return Ok(body);
    }
    let text = |key: &str| body[0][key].as_str().unwrap_or_default();
    let fault = SoapFault::new(text("errorCode"), text("message"));
    // What is not simulated keeps its status; every other fault has that of SOAP.
    Err(if status == http::StatusCode::NOT_IMPLEMENTED { SoapFault { status, ..fault } } else { fault })
}

/// A text as one segment of a path or one value of a query.
pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
