//! `POST /services/oauth2/token`: one function per grant.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::app::{self, Form};
use super::store::{Grant, Issued};
use super::{OauthError, identity, jwt, secrets};
use crate::errors::JSON;
use crate::faults::Endpoint;
use crate::server::{AppState, refusal};
use crate::state::User;

pub(super) async fn exchange(State(state): State<AppState>, headers: HeaderMap, body: Bytes) -> Response {
    state.org.note_call("token");
    let fault = state.org.faults().http(Endpoint::Token, "/services/oauth2/token", None);
    if let Some(refused) = refusal(fault.as_ref()) {
        return refused;
    }
    let form = Form::read(&headers, &body);
    match issue(&state, &form) {
        Ok(issued) => answer(&state, &headers, &issued),
        Err(error) => error.into_response(),
    }
}

fn issue(state: &AppState, form: &Form) -> Result<Issued, OauthError> {
    match form.need("grant_type")? {
        "client_credentials" => client_credentials(state, form),
        "password" => password(state, form),
        "refresh_token" => {
            let client_id = app::client(state, form, false)?;
            let token = form.need("refresh_token")?;
            let issued = state.oauth.lock().refresh(state.org.id(), token, &client_id, state.org.now())?;
            active(state, &issued.grant.user_id)?;
            Ok(issued)
        }
        "authorization_code" => authorization_code(state, form),
        "urn:ietf:params:oauth:grant-type:jwt-bearer" => {
            let grant = jwt::grant(state, form)?;
            Ok(state.oauth.lock().issue(state.org.id(), grant, false, state.org.now()))
        }
        _ => Err(OauthError::new("unsupported_grant_type", "grant type not supported")),
    }
}

fn client_credentials(state: &AppState, form: &Form) -> Result<Issued, OauthError> {
    let client_id = app::client(state, form, true)?;
    let user = state
        .org
        .user_by_name(&state.settings.username)
        .ok_or_else(|| OauthError::invalid_grant("no client credentials user enabled"))?;
    grant(state, &user, client_id, "api".to_owned(), false)
}

fn password(state: &AppState, form: &Form) -> Result<Issued, OauthError> {
    let client_id = app::client(state, form, true)?;
    let user = sign_in(state, form.need("username")?, form.need("password")?)?;
    grant(state, &user, client_id, "api".to_owned(), false)
}

fn grant(
    state: &AppState,
    user: &User,
    client_id: String,
    scope: String,
    refreshable: bool,
) -> Result<Issued, OauthError> {
    active(state, &user.id)?;
    let grant = Grant { user_id: user.id.clone(), client_id, scope };
    Ok(state.oauth.lock().issue(state.org.id(), grant, refreshable, state.org.now()))
}

/// The user with this name and password. A security token may follow the password and is not looked at.
pub(super) fn sign_in(
    state: &AppState,
    username: &str,
    password: &str,
) -> Result<std::sync::Arc<User>, OauthError> {
    let failure = || OauthError::invalid_grant("authentication failure");
    if !password.starts_with(&state.settings.password) {
        return Err(failure());
    }
    let user = state.org.user_by_name(username).ok_or_else(failure)?;
    active(state, &user.id)?;
    Ok(user)
}

fn active(state: &AppState, user_id: &str) -> Result<(), OauthError> {
    match state.org.user(user_id) {
        Some(user) if user.active => Ok(()),
        _ => Err(OauthError::invalid_grant("inactive user")),
    }
}

fn authorization_code(state: &AppState, form: &Form) -> Result<Issued, OauthError> {
    let client_id = app::client(state, form, false)?;
    let code = state.oauth.lock().take_code(form.need("code")?, state.org.now())?;
    if code.grant.client_id != client_id {
        return Err(OauthError::invalid_grant("invalid authorization code"));
    }
    if form
        .get("redirect_uri")
        .ok_or_else(|| OauthError::new("redirect_uri_missing", "redirect_uri must be given"))?
        != code.redirect_uri
    {
        return Err(OauthError::new("redirect_uri_mismatch", "redirect_uri must match configuration"));
    }
    match (&code.challenge, form.get("code_verifier")) {
        (Some(_), None) => return Err(OauthError::invalid_grant("missing required code verifier")),
        (Some(challenge), Some(verifier)) if !secrets::verifier_fits(verifier, challenge) => {
            return Err(OauthError::new("invalid_request", "invalid code verifier"));
        }
        _ => {}
    }
    active(state, &code.grant.user_id)?;
    let refreshable = app::is_refreshable(&code.grant.scope);
    Ok(state.oauth.lock().issue(state.org.id(), code.grant, refreshable, state.org.now()))
}

fn answer(state: &AppState, headers: &HeaderMap, issued: &Issued) -> Response {
    let instance_url = identity::instance_url(state, headers);
    let id = format!("{instance_url}/id/{}/{}", state.org.id(), issued.grant.user_id);
    let issued_at = state.org.now().timestamp_millis().to_string();
    let mut body = json!({
        "access_token": issued.access_token,
        "signature": secrets::signature(&state.settings.client_secret, &id, &issued_at),
        "scope": issued.grant.scope,
        "instance_url": instance_url,
        "id": id,
        "token_type": "Bearer",
        "issued_at": issued_at,
    });
    if let Some(token) = &issued.refresh_token {
        body["refresh_token"] = json!(token);
    }
    ([(header::CONTENT_TYPE, JSON)], body.to_string()).into_response()
}
