//! `/sobjects/User/<id>/password`: whether a password has expired, a new one, or a random one ("sObject User Password", REST API
//! Developer Guide).

use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value as Json, json};

use crate::errors::{ApiError, ApiErrors, JSON};
use crate::model::{ObjectDef, ids};
use crate::oauth;

use super::by_key::Asked;
use super::parse;

/// Whether a path `/sobjects/X/<key>/<value>` leads here.
pub(super) fn is_meant(def: &ObjectDef, key: &str, value: &str) -> bool {
    def.name == "User" && value.eq_ignore_ascii_case("password") && ids::canonical(key).is_some()
}

pub(super) fn answer(
    asked: &Asked<'_>,
    method: &Method,
    id: &str,
    body: &[u8],
) -> Result<Response, ApiErrors> {
    let user = ids::canonical(id).and_then(|id| asked.state.org.user(&id)).ok_or_else(ApiError::not_found)?;
    if !oauth::may_set_password(&asked.session.user, &user) {
        return Err(ApiError::insufficient_access("insufficient access rights on object id").into());
    }
    match *method {
        Method::GET | Method::HEAD => Ok(told(&json!({"isExpired": false}))),
        Method::POST => {
            let record = parse(body)?;
            let given = record.iter().find(|(name, _)| name.eq_ignore_ascii_case("NewPassword"));
            let password = given.and_then(|(_, value)| value.as_str()).unwrap_or_default();
            oauth::change_password(asked.state, &user, password)?;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        Method::DELETE => {
            let password = oauth::random_password();
            oauth::change_password(asked.state, &user, &password)?;
            Ok(told(&json!({"NewPassword": password})))
        }
        ref other => Err(ApiError::method_not_allowed(other.as_str(), "HEAD,GET,POST,DELETE").into()),
    }
}

fn told(body: &Json) -> Response {
    ([(header::CONTENT_TYPE, JSON)], body.to_string()).into_response()
}
