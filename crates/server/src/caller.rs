//! Who asks: a member by the cookie, or a program by a token.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use holdfast_domain::OrgId;
use holdfast_domain::access::Right;
use holdfast_engine::access::{AccessError, Caller};

use crate::cookie;
use crate::extract::org_id;
use crate::own_address::peer;
use crate::problem::{Refusal, Result};
use crate::state::AppState;

/// Any member, in person or by a token.
pub(crate) struct Known(pub(crate) Caller);

impl FromRequestParts<AppState> for Known {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self> {
        let origin = peer(&parts.headers, &parts.extensions, &state.options);
        let caller = if let Some(token) = bearer(&parts.headers) {
            state.engine.caller_by_token(token, origin).await?
        } else if let Some(secret) = cookie::read(&parts.headers, cookie::SESSION) {
            state.engine.caller_by_session(secret, origin).await?
        } else {
            return Err(AccessError::NotSignedIn.into());
        };
        Ok(Self(caller))
    }
}

impl Known {
    /// The org that a path names, if the caller may do this on it.
    pub(crate) fn on(&self, org: &str, right: Right) -> Result<OrgId> {
        let id = org_id(org)?;
        self.0.may_on(&id, right)?;
        Ok(id)
    }
}

/// A member in person.
pub(crate) struct InPerson(pub(crate) Caller);

impl FromRequestParts<AppState> for InPerson {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self> {
        let Known(caller) = Known::from_request_parts(parts, state).await?;
        caller.session()?;
        Ok(Self(caller))
    }
}

/// An API token in the `Authorization` header.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}
