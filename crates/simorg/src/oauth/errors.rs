//! Errors of the token endpoint: `{"error": …, "error_description": …}`, not the array of the REST resources.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::errors::JSON;

/// One refused token request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}: {description}")]
pub struct OauthError {
    pub status: StatusCode,
    pub error: &'static str,
    pub description: String,
}

impl OauthError {
    pub(super) fn new(error: &'static str, description: impl Into<String>) -> Self {
        let status =
            if error == "invalid_client" { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
        Self { status, error, description: description.into() }
    }

    pub(super) fn invalid_grant(description: impl Into<String>) -> Self {
        Self::new("invalid_grant", description)
    }

    pub(super) fn missing(parameter: &str) -> Self {
        Self::new("invalid_request", format!("missing required parameter: {parameter}"))
    }
}

impl IntoResponse for OauthError {
    fn into_response(self) -> Response {
        let body = serde_json::json!({"error": self.error, "error_description": self.description});
        (self.status, [(header::CONTENT_TYPE, JSON)], body.to_string()).into_response()
    }
}
