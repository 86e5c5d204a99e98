//! OAuth 2.0 as Salesforce plays it: every grant of `/services/oauth2/token`, the web-server flow with PKCE, the device
//! flow, sessions that expire, refresh tokens that may rotate, and the user-info and introspection resources.
//!
//! Access tokens are opaque (`00D…!…`) and live as long as they are used within the session timeout, or JWTs that say
//! their own end. Token calls do not count as API calls.

mod app;
mod authorize;
mod device;
mod errors;
mod identity;
mod jwt;
mod lifecycle;
mod pages;
mod policy;
mod secrets;
mod state;
mod store;
mod token;
mod tokens;

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, header};
use axum::routing::get;

use crate::errors::ApiError;
use crate::server::{ApiVersion, AppState, Session};
use crate::state::User;

pub use errors::OauthError;
pub(crate) use identity::instance_url;
pub use policy::Policy;
pub use state::State;

/// The first version whose SOAP APIs take access tokens that are JWTs (Summer '26).
const FIRST_WITH_JWT: ApiVersion = ApiVersion(67);

pub fn router() -> Router<AppState> {
    Router::new()
        .route("/services/oauth2/authorize", get(authorize::show).post(authorize::decide))
        .route("/services/oauth2/token", get(token::refuse_get).post(token::exchange))
        .route("/services/oauth2/revoke", get(lifecycle::revoke_by_query).post(lifecycle::revoke))
        .route("/services/oauth2/introspect", axum::routing::post(lifecycle::introspect))
        .route("/services/oauth2/userinfo", get(identity::user_info).post(identity::user_info))
        .route("/setup/connect", get(device::show).post(device::decide))
        .route("/id/keys", get(identity::keys))
        .route("/id/{org_id}/{user_id}", get(identity::identity).post(identity::identity))
        .route("/.well-known/openid-configuration", get(identity::configuration))
}

/// The shortest password of the default policy.
const SHORTEST_PASSWORD: usize = 8;

/// Whether one user may give another, or itself, a new password.
pub(crate) fn may_set_password(by: &User, of: &User) -> bool {
    of.id == by.id || by.permissions.modify_all_data
}

pub(crate) fn change_password(state: &AppState, of: &User, password: &str) -> Result<(), ApiError> {
    if password.chars().count() < SHORTEST_PASSWORD {
        let message = format!("Your password must be at least {SHORTEST_PASSWORD} characters long.");
        return Err(ApiError::bad_request("INVALID_NEW_PASSWORD", message));
    }
    state.oauth.set_password(&of.id, password);
    Ok(())
}

/// The session that the `Authorization` header names; its use extends its life.
pub fn authenticate(state: &AppState, headers: &HeaderMap) -> Result<Session, ApiError> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Err(ApiError::invalid_session()) };
    let value = value.to_str().unwrap_or("");
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("Bearer") && !scheme.eq_ignore_ascii_case("OAuth") {
        return Err(ApiError::new(
            http::StatusCode::UNAUTHORIZED,
            "INVALID_AUTH_HEADER",
            "INVALID_HEADER_TYPE",
        ));
    }
    session_of(state, token.trim()).ok_or_else(ApiError::invalid_session)
}

/// The session of an access token, if it is alive and its user may still sign in.
pub fn session_of(state: &AppState, token: &str) -> Option<Session> {
    let user_id = state.oauth.use_session(token, state.org.now())?;
    let user = state.org.user(&user_id).filter(|user| user.active)?;
    Some(Session { user })
}

/// The session that a SOAP header names. Tokens that are JWTs are taken from version 67.0 on only.
pub fn soap_session(state: &AppState, token: &str, version: ApiVersion) -> Option<Session> {
    let is_jwt = token.starts_with("eyJ");
    if is_jwt && version < FIRST_WITH_JWT { None } else { session_of(state, token) }
}

/// A new session for a user name and a password, as SOAP `login()` opens one.
pub(crate) fn password_session(
    state: &AppState,
    username: &str,
    password: &str,
) -> Option<(String, Arc<User>)> {
    let user = token::sign_in(state, username, password).ok()?;
    Some((state.oauth.open_session(state.org.id(), &user.id, state.org.now()), user))
}

pub(crate) fn is_password_of(state: &AppState, user: &User, password: &str) -> bool {
    token::is_password_of(state, user, password)
}

pub(crate) fn random_password() -> String {
    secrets::password()
}
