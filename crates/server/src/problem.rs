//! How anything that went wrong is told: RFC 9457 problem documents with a code, a next step and the request's id.
//!
//! A handler's error becomes a response that carries its [`Refusal`]; the guard writes the document, because it knows the
//! request. Causes that are nobody's business but the operator's go to the log under the same id.

use std::borrow::Cow;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use holdfast_domain::ErrorCode;
use holdfast_engine::access::AccessError;
use holdfast_engine::error::chain;

use crate::types::problem::Problem;

pub(crate) type Result<T> = std::result::Result<T, Refusal>;

/// Why a request is not answered with what it asked for.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    code: ErrorCode,
    title: Cow<'static, str>,
    detail: Option<String>,
    field: Option<String>,
    retry_after_s: Option<u64>,
    /// For the log only.
    cause: Option<String>,
}

impl Refusal {
    pub(crate) fn new(code: ErrorCode, title: impl Into<Cow<'static, str>>) -> Self {
        Self { code, title: title.into(), detail: None, field: None, retry_after_s: None, cause: None }
    }

    pub(crate) fn bad_input(title: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::BadInput, title)
    }

    pub(crate) fn not_found(title: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::NotFound, title)
    }

    #[must_use]
    pub(crate) fn in_field(mut self, field: &str) -> Self {
        self.field = Some(field.to_owned());
        self
    }

    #[must_use]
    pub(crate) fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    #[must_use]
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    pub(crate) fn code(&self) -> ErrorCode {
        self.code
    }

    /// One line for a page that the browser is sent to.
    pub(crate) fn words(&self) -> String {
        match &self.detail {
            Some(detail) => detail.clone(),
            None => self.title.to_string(),
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The document, for the request with this id.
    pub(crate) fn into_document(self, request_id: &str) -> Response {
        let status = self.status();
        if status.is_server_error() {
            let cause = self.cause.as_deref().unwrap_or("no cause is known");
            tracing::error!(request.id = request_id, "a request failed: {}: {cause}", self.title);
        }
        let problem = Problem {
            kind: format!("https://holdfast.invalid/errors/{}", self.code.as_str()),
            title: self.title.into_owned(),
            status: u64::from(status.as_u16()),
            detail: self.detail,
            code: self.code.as_str().to_owned(),
            hint: self.code.hint().to_owned(),
            request_id: request_id.to_owned(),
            field: self.field,
            retry_after_s: self.retry_after_s,
        };
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<holdfast_engine::Error> for Refusal {
    fn from(error: holdfast_engine::Error) -> Self {
        let whole = chain(&error);
        let mut refusal = Self::new(error.code(), error.to_string());
        if is_for_the_user(error.code()) {
            refusal.detail = Some(whole.clone()).filter(|detail| *detail != refusal.title);
        }
        refusal.cause = Some(whole);
        refusal.retry_after_s = match &error {
            holdfast_engine::Error::Access { source: AccessError::Throttled { wait } } => {
                Some(u64::try_from(wait.num_seconds()).unwrap_or(0) + 1)
            }
            _ if matches!(refusal.status().as_u16(), 429 | 503) => Some(SOON_S),
            _ => None,
        };
        refusal
    }
}

impl From<AccessError> for Refusal {
    fn from(error: AccessError) -> Self {
        holdfast_engine::Error::from(error).into()
    }
}

#[cfg(feature = "query")]
impl From<holdfast_query::Error> for Refusal {
    fn from(error: holdfast_query::Error) -> Self {
        let whole = chain(&error);
        let mut refusal = Self::new(error.code(), error.to_string());
        if is_for_the_user(error.code()) {
            refusal.detail = Some(whole.clone()).filter(|detail| *detail != refusal.title);
        }
        refusal.cause = Some(whole);
        refusal
    }
}

/// What is busy or away is tried again after so long, when nobody knows better.
const SOON_S: u64 = 30;

/// Causes that tell of the machine and not of the user's org stay in the log.
fn is_for_the_user(code: ErrorCode) -> bool {
    !matches!(
        code,
        ErrorCode::Internal
            | ErrorCode::CatalogUnreachable
            | ErrorCode::LakeUnreachable
            | ErrorCode::LakeFull
            | ErrorCode::LakeReadOnly
            | ErrorCode::LakeDamaged
    )
}
