//! The error of every REST resource: one HTTP status and Salesforce's JSON array of `errorCode` and `message`.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value as Json, json};

/// One refused request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    pub status: StatusCode,
    pub code: String,
    pub message: String,
    /// The fields at fault; `None` leaves the key out, as Salesforce does for errors that are not about a record.
    pub fields: Option<Vec<String>>,
    /// What else is wrong with the same record, one leading to the next.
    pub also: Option<Box<ApiError>>,
    /// What a duplicate rule found, for `DUPLICATES_DETECTED`.
    pub duplicate_result: Option<Box<serde_json::Value>>,
}

/// One entry of the error array as it goes over the wire.
#[derive(Serialize)]
struct Entry<'a> {
    #[serde(rename = "duplicateResult", skip_serializing_if = "Option::is_none")]
    duplicate_result: Option<&'a serde_json::Value>,
    message: &'a str,
    #[serde(rename = "errorCode")]
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fields: Option<&'a [String]>,
}

/// The code of a request whose body cannot be read.
pub(crate) const JSON_PARSER_ERROR: &str = "JSON_PARSER_ERROR";

impl ApiError {
    pub fn new(status: StatusCode, code: impl Into<String>, message: impl Into<String>) -> ApiError {
        ApiError {
            status,
            code: code.into(),
            message: message.into(),
            fields: None,
            also: None,
            duplicate_result: None,
        }
    }

    /// A 400 with the given code.
    pub fn bad_request(code: impl Into<String>, message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// A 400 about some fields of a record.
    pub fn record<I, S>(code: impl Into<String>, message: impl Into<String>, fields: I) -> ApiError
    where
        I: IntoIterator<Item = S>,
        S: Into<String>,
    {
        let mut error = ApiError::bad_request(code, message);
        error.fields = Some(fields.into_iter().map(Into::into).collect());
        error
    }

    /// Several errors of one record as one; `None` if there are none.
    pub fn together(errors: Vec<ApiError>) -> Option<ApiError> {
        errors.into_iter().rev().fold(None, |also, mut error| {
            error.also = also.map(Box::new);
            Some(error)
        })
    }

    /// The errors of the record one by one.
    pub fn each(self) -> Vec<ApiError> {
        let mut errors = Vec::new();
        let mut next = Some(Box::new(self));
        while let Some(mut error) = next {
            next = error.also.take();
            errors.push(*error);
        }
        errors
    }

    pub fn not_found() -> ApiError {
        ApiError::new(StatusCode::NOT_FOUND, "NOT_FOUND", "The requested resource does not exist")
    }

    /// The user lacks a permission that the whole resource needs.
    pub fn insufficient_access(message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::FORBIDDEN, "INSUFFICIENT_ACCESS", message)
    }

    pub fn entity_is_deleted() -> ApiError {
        let mut error = ApiError::new(StatusCode::NOT_FOUND, "ENTITY_IS_DELETED", "entity is deleted");
        error.fields = Some(Vec::new());
        error
    }

    pub fn invalid_session() -> ApiError {
        ApiError::new(StatusCode::UNAUTHORIZED, "INVALID_SESSION_ID", "Session expired or invalid")
    }

    pub fn invalid_type(object: &str) -> ApiError {
        ApiError::bad_request(
            "INVALID_TYPE",
            format!(
                "sObject type '{object}' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names."
            ),
        )
    }

    pub fn malformed_query(message: impl Into<String>) -> ApiError {
        ApiError::bad_request("MALFORMED_QUERY", message)
    }

    pub fn invalid_field(message: impl Into<String>) -> ApiError {
        ApiError::bad_request("INVALID_FIELD", message)
    }

    pub fn json_parser(message: impl Into<String>) -> ApiError {
        ApiError::bad_request(JSON_PARSER_ERROR, message)
    }

    pub fn request_limit_exceeded() -> ApiError {
        ApiError::new(StatusCode::FORBIDDEN, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    }

    /// A failure of the org itself, whatever the request.
    pub fn unknown_exception(message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN_EXCEPTION", message)
    }

    pub fn method_not_allowed(method: &str, allowed: &str) -> ApiError {
        ApiError::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "METHOD_NOT_ALLOWED",
            format!("HTTP Method '{method}' not allowed. Allowed are {allowed}"),
        )
    }

    /// What simorg does not play, said by name instead of answered with something plausible.
    pub fn not_simulated(route: &str) -> ApiError {
        ApiError::new(
            StatusCode::NOT_IMPLEMENTED,
            "NOT_SIMULATED",
            format!("simorg does not simulate {route}"),
        )
    }

    /// The body of the answer.
    pub fn body(&self) -> String {
        body_of(std::slice::from_ref(self))
    }
}

fn body_of(errors: &[ApiError]) -> String {
    let mut entries = Vec::new();
    for first in errors {
        let all = std::iter::successors(Some(first), |error| error.also.as_deref());
        entries.extend(all.map(|error| {
            json!(Entry {
                duplicate_result: error.duplicate_result.as_deref(),
                message: &error.message,
                code: &error.code,
                fields: error.fields.as_deref(),
            })
        }));
    }
    Json::Array(entries).to_string()
}

/// Several refusals of one record, answered together with the status of the first.
#[derive(Debug)]
pub struct ApiErrors(pub Vec<ApiError>);

impl From<ApiError> for ApiErrors {
    fn from(error: ApiError) -> ApiErrors {
        ApiErrors(error.each())
    }
}

impl IntoResponse for ApiErrors {
    fn into_response(self) -> Response {
        let status = self.0.first().map_or(StatusCode::BAD_REQUEST, |error| error.status);
        (status, [(header::CONTENT_TYPE, JSON)], body_of(&self.0)).into_response()
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for ApiError {}

/// The content type of every JSON answer.
pub const JSON: HeaderValue = HeaderValue::from_static("application/json;charset=UTF-8");

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, [(header::CONTENT_TYPE, JSON)], self.body()).into_response()
    }
}

/// The errors of one row, where it has only this one.
impl From<ApiError> for Vec<ApiError> {
    fn from(error: ApiError) -> Vec<ApiError> {
        error.each()
    }
}
