//! The error of Bulk 1.0: a code without separators and a text, in XML or JSON.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::ingest::Refused;
use crate::xml::Element;

use super::info::{Form, NAMESPACE, document};

/// One refused request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BulkError {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
}

impl BulkError {
    /// A refusal with the status that all but a few have.
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, message: message.into() }
    }

    pub(super) fn answer(&self, form: Form) -> Response {
        let body = match form {
            Form::Json => json!({"exceptionCode": self.code, "exceptionMessage": self.message}).to_string(),
            Form::Xml => {
                let error = Element::new("error")
                    .attribute("xmlns", NAMESPACE)
                    .with(Element::leaf("exceptionCode", self.code))
                    .with(Element::leaf("exceptionMessage", &self.message));
                document(&error)
            }
        };
        (self.status, [(header::CONTENT_TYPE, form.content_type())], body).into_response()
    }
}

impl From<Refused> for BulkError {
    fn from(refused: Refused) -> Self {
        Self::new(refused.code, refused.message)
    }
}
