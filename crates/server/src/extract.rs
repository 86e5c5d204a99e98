//! What handlers take from a request, refused in the words of a problem document.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use holdfast_domain::{ErrorCode, ObjectName, OrgId, RecordId, RunId};
use serde::de::DeserializeOwned;

use crate::problem::{Refusal, Result};

/// The JSON body.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        match Json::<T>::from_request(request, state).await {
            Ok(Json(body)) => Ok(Self(body)),
            Err(rejection) => Err(refused(&rejection)),
        }
    }
}

fn refused(rejection: &JsonRejection) -> Refusal {
    if rejection.status().as_u16() == 413 {
        return Refusal::new(ErrorCode::TooLarge, "the body is too large");
    }
    let title = match rejection {
        JsonRejection::MissingJsonContentType(_) => "the body must be `application/json`",
        JsonRejection::JsonSyntaxError(_) => "the body is not JSON",
        _ => "the body does not have the form that is asked for",
    };
    // The reader's message names a member and a kind of value, never a value that was sent.
    Refusal::bad_input(title).with_detail(reason(&rejection.body_text()))
}

/// What was wrong, without the words about how it was read.
fn reason(told: &str) -> String {
    let reason = told.strip_prefix("Failed to").and_then(|told| told.split_once(": "));
    reason.map_or(told, |(_, reason)| reason).to_owned()
}

/// The query parameters.
pub(crate) struct Params<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        match Query::<T>::try_from_uri(&parts.uri) {
            Ok(Query(params)) => Ok(Self(params)),
            Err(rejection) => {
                let detail = reason(&rejection.body_text());
                Err(Refusal::bad_input("a query parameter is wrong").with_detail(detail))
            }
        }
    }
}

/// An id in a path; one that cannot be is one that is not there.
pub(crate) fn org_id(text: &str) -> Result<OrgId> {
    OrgId::parse(text).map_err(|_| Refusal::not_found(format!("there is no org `{text}`")))
}

pub(crate) fn run_id(text: &str) -> Result<RunId> {
    RunId::parse(text).map_err(|_| Refusal::not_found(format!("there is no run `{text}`")))
}

pub(crate) fn object_name(text: &str) -> Result<ObjectName> {
    ObjectName::parse(text).map_err(|_| Refusal::bad_input(format!("`{text}` is not the name of an object")))
}

pub(crate) fn record_id(text: &str) -> Result<RecordId> {
    RecordId::parse(text).map_err(|_| Refusal::bad_input(format!("`{text}` is not the id of a record")))
}

/// An id that Holdfast itself made.
pub(crate) fn own_id<T: std::str::FromStr>(what: &str, text: &str) -> Result<T> {
    text.parse().map_err(|_| Refusal::not_found(format!("there is no {what} `{text}`")))
}

pub(crate) fn address(field: &str, text: &str) -> Result<url::Url> {
    text.trim().parse().map_err(|_| Refusal::bad_input(format!("`{text}` is not an address")).in_field(field))
}
