//! `POST /services/oauth2/token`: one function per grant.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::app::{self, Form};
use super::store::{Grant, Issued};
use super::tokens::Mint;
use super::{OauthError, device, identity, jwt, secrets};
use crate::faults::Endpoint;
use crate::server::{AppState, Outcome, refusal};
use crate::state::User;

pub(super) async fn exchange(State(state): State<AppState>, headers: HeaderMap, body: Bytes) -> Response {
    state.org.note_call("token");
    let fault = state.org.faults().http(Endpoint::Token, "/services/oauth2/token", None);
    if let Some(refused) = refusal(fault.as_ref()) {
        return refused;
    }
    let mut answer = granted(&state, &headers, &body);
    if let Some(effect) = fault {
        answer.extensions_mut().insert(Outcome(effect));
    }
    answer
}

fn granted(state: &AppState, headers: &HeaderMap, body: &Bytes) -> Response {
    let form = Form::read(headers, body);
    if form.get("response_type") == Some("device_code") {
        return device::begin(state, headers, &form).unwrap_or_else(IntoResponse::into_response);
    }
    let mint = Mint::of(state, headers);
    match issue(state, headers, &mint, &form) {
        Ok(issued) => answer(state, &mint, &issued),
        Err(error) => error.into_response(),
    }
}

/// Secrets do not go into urls.
pub(super) async fn refuse_get() -> OauthError {
    OauthError::new("invalid_request", "must use HTTP POST")
}

fn issue(state: &AppState, headers: &HeaderMap, mint: &Mint, form: &Form) -> Result<Issued, OauthError> {
    match form.need("grant_type")? {
        "client_credentials" => client_credentials(state, headers, mint, form),
        "password" => password(state, mint, form),
        "refresh_token" => refresh(state, mint, form),
        "authorization_code" => authorization_code(state, mint, form),
        "device" => device::poll(state, mint, form),
        "urn:ietf:params:oauth:grant-type:jwt-bearer" => {
            let grant = jwt::grant(state, form)?;
            Ok(state.oauth.lock().issue(mint, grant, false, state.org.now()))
        }
        _ => Err(OauthError::new("unsupported_grant_type", "grant type not supported")),
    }
}

fn refresh(state: &AppState, mint: &Mint, form: &Form) -> Result<Issued, OauthError> {
    let client_id = app::client(state, form, needs_secret(state, form))?;
    let token = form.need("refresh_token")?;
    let now = state.org.now();
    let may_sign_in = |user_id: &str| active(state, user_id);
    state.oauth.lock().refresh(mint, token, &client_id, form.get("scope"), &may_sign_in, now)
}

/// Whether flows of a person need the secret; the command line of Salesforce has none.
fn needs_secret(state: &AppState, form: &Form) -> bool {
    state.oauth.policy().secret_required && form.get("client_id") != Some(app::PLATFORM_CLI)
}

fn client_credentials(
    state: &AppState,
    headers: &HeaderMap,
    mint: &Mint,
    form: &Form,
) -> Result<Issued, OauthError> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    // "Use the My Domain login URL" (OAuth 2.0 Client Credentials Flow, Salesforce Help).
    if matches!(host, "login.salesforce.com" | "test.salesforce.com") {
        return Err(OauthError::invalid_grant("request not supported on this domain"));
    }
    let client_id = app::client(state, form, true)?;
    let user = state
        .org
        .user_by_name(&state.settings.username)
        .ok_or_else(|| OauthError::invalid_grant("no client credentials user enabled"))?;
    grant(state, mint, &user, client_id)
}

fn password(state: &AppState, mint: &Mint, form: &Form) -> Result<Issued, OauthError> {
    let client_id = app::client(state, form, true)?;
    let (username, password) = (form.need("username")?, form.need("password")?);
    if state.oauth.policy().password_grant_blocked {
        return Err(OauthError::invalid_grant("authentication failure"));
    }
    let user = sign_in(state, username, password)?;
    grant(state, mint, &user, client_id)
}

fn grant(state: &AppState, mint: &Mint, user: &User, client_id: String) -> Result<Issued, OauthError> {
    active(state, &user.id)?;
    let grant = Grant { user_id: user.id.clone(), client_id, scope: "api".to_owned() };
    Ok(state.oauth.lock().issue(mint, grant, false, state.org.now()))
}

/// The user with this name and password. A security token may follow the password and is not looked at.
pub(super) fn sign_in(
    state: &AppState,
    username: &str,
    password: &str,
) -> Result<std::sync::Arc<User>, OauthError> {
    let failure = || OauthError::invalid_grant("authentication failure");
    let user = state.org.user_by_name(username).ok_or_else(failure)?;
    if !is_password_of(state, &user, password) {
        return Err(failure());
    }
    active(state, &user.id)?;
    Ok(user)
}

pub(super) fn is_password_of(state: &AppState, user: &User, password: &str) -> bool {
    let own = state.oauth.lock().passwords.get(&user.id).cloned();
    password.starts_with(own.as_deref().unwrap_or(&state.settings.password))
}

fn active(state: &AppState, user_id: &str) -> Result<(), OauthError> {
    match state.org.user(user_id) {
        Some(user) if user.active => Ok(()),
        _ => Err(OauthError::invalid_grant("inactive user")),
    }
}

fn authorization_code(state: &AppState, mint: &Mint, form: &Form) -> Result<Issued, OauthError> {
    let client_id = app::client(state, form, needs_secret(state, form))?;
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
    let issued = state.oauth.lock().issue(mint, code.grant, refreshable, state.org.now());
    Ok(Issued { nonce: code.nonce, ..issued })
}

fn answer(state: &AppState, mint: &Mint, issued: &Issued) -> Response {
    let id = mint.identity_url(&issued.grant.user_id);
    let issued_at = issued.at.timestamp_millis().to_string();
    let mut body = json!({
        "access_token": issued.access_token,
        "signature": secrets::signature(&state.settings.client_secret, &id, &issued_at),
        "scope": issued.grant.scope,
        "instance_url": mint.issuer,
        "id": id,
        "token_type": "Bearer",
        "issued_at": issued_at,
    });
    if let Some(token) = &issued.refresh_token {
        body["refresh_token"] = json!(token);
    }
    if mint.jwt {
        body["token_format"] = json!("jwt");
    }
    if issued.grant.scope.split_whitespace().any(|scope| scope == "openid") {
        let nonce = issued.nonce.as_deref();
        body["id_token"] = json!(mint.id_token(&issued.grant, nonce, &issued.access_token, issued.at));
    }
    identity::json_answer(&body)
}
