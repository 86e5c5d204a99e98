//! OAuth 2.0 as Salesforce plays it: every grant of `/services/oauth2/token`, the web-server flow with PKCE, sessions that
//! expire, refresh tokens that may rotate, and the user-info and introspection resources.
//!
//! Access tokens are opaque (`00D…!…`) and live as long as they are used within the session timeout. Token calls do not
//! count as API calls. Not played: device flow, `id_token`, JWT-format access tokens.

mod app;
mod authorize;
mod errors;
mod identity;
mod jwt;
mod lifecycle;
mod secrets;
mod store;
mod token;

#[cfg(test)]
mod tests;

use axum::Router;
use axum::http::{HeaderMap, header};
use axum::routing::get;

use crate::errors::ApiError;
use crate::server::{ApiVersion, AppState, Session};

pub use errors::OauthError;
pub(crate) use identity::instance_url;
pub use store::State;

/// The first version whose SOAP APIs take access tokens that are JWTs (Summer '26).
const FIRST_WITH_JWT: ApiVersion = ApiVersion(67);

pub fn router() -> Router<AppState> {
    Router::new()
        .route("/services/oauth2/authorize", get(authorize::show).post(authorize::sign_in))
        .route("/services/oauth2/token", axum::routing::post(token::exchange))
        .route("/services/oauth2/revoke", get(lifecycle::revoke_by_query).post(lifecycle::revoke))
        .route("/services/oauth2/introspect", axum::routing::post(lifecycle::introspect))
        .route("/services/oauth2/userinfo", get(identity::user_info).post(identity::user_info))
        .route("/id/{org_id}/{user_id}", get(identity::identity).post(identity::identity))
        .route("/.well-known/openid-configuration", get(identity::configuration))
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
