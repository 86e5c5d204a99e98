//! The web-server flow: login, consent, and the way back to the app with a code.
//!
//! The login page sets a cookie, so that the next request of the same browser needs no password, and no consent either if
//! the user has approved the app before. `POST` with a user name and password but without the page's `step` signs in and
//! approves at once, so that a test needs no browser.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use url::Url;

use super::app::{self, Form};
use super::store::{Code, Grant};
use super::{OauthError, pages, secrets, token};
use crate::server::AppState;
use crate::state::User;

pub(super) async fn show(State(state): State<AppState>, headers: HeaderMap, uri: Uri) -> Response {
    let form = Form::of_query(uri.query().unwrap_or_default());
    let flow = match Flow::read(&state, &form) {
        Ok(flow) => flow,
        Err(refusal) => return refusal.into_response(),
    };
    let signs_in = flow.prompts("login") || flow.prompts("select_account");
    let ticket = ticket(&headers).filter(|_| !signs_in);
    match ticket.and_then(|ticket| Some((user_of(&state, &ticket)?, ticket))) {
        Some((user, ticket)) => flow.ask(&state, &form, &user, &ticket),
        None if flow.silent => flow.unsuccessful(),
        None => pages::login(&form, None),
    }
}

pub(super) async fn decide(State(state): State<AppState>, headers: HeaderMap, body: Bytes) -> Response {
    let form = Form::read(&headers, &body);
    let flow = match Flow::read(&state, &form) {
        Ok(flow) => flow,
        Err(refusal) => return refusal.into_response(),
    };
    if form.get("deny").is_some() {
        return flow
            .back(&[("error", "access_denied"), ("error_description", "end-user denied authorization")]);
    }
    if let Some(user) = form.get("ticket").and_then(|ticket| user_of(&state, ticket)) {
        return flow.approve(&state, &user);
    }
    let signed_in = token::sign_in(
        &state,
        form.get("username").unwrap_or_default(),
        form.get("password").unwrap_or_default(),
    );
    let Ok(user) = signed_in else {
        return pages::login(&form, Some(pages::WRONG_PASSWORD));
    };
    if form.get("step").is_none() {
        return flow.approve(&state, &user);
    }
    let ticket = secrets::session_index();
    state.oauth.lock().add_browser(&ticket, &user.id, state.org.now());
    let mut answer = flow.ask(&state, &form, &user, &ticket);
    let cookie = HeaderValue::from_str(&format!("sid={ticket}; Path=/; HttpOnly; SameSite=Lax"))
        .expect("letters and digits are a valid header");
    answer.headers_mut().insert(header::SET_COOKIE, cookie);
    answer
}

/// The value of the login page's cookie.
fn ticket(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == "sid")
        .map(|(_, value)| value.to_owned())
}

fn user_of(state: &AppState, ticket: &str) -> Option<Arc<User>> {
    let user_id = state.oauth.lock().user_of_browser(ticket)?;
    state.org.user(&user_id).filter(|user| user.active)
}

/// A request that may go on.
struct Flow {
    client_id: String,
    redirect_uri: RedirectUri,
    scope: String,
    state: Option<String>,
    challenge: Option<String>,
    nonce: Option<String>,
    prompt: String,
    /// No page may be shown.
    silent: bool,
}

/// The callback as it was sent, character for character, and as a url.
struct RedirectUri {
    text: String,
    url: Url,
}

/// A request that may not: told to the app where its callback can be trusted, else to the person.
enum Refusal {
    Page(OauthError),
    Back(Box<Flow>, OauthError),
}

impl Flow {
    fn read(state: &AppState, form: &Form) -> Result<Self, Refusal> {
        let client_id = form.need("client_id").map_err(Refusal::Page)?.to_owned();
        if client_id != state.settings.client_id && client_id != app::PLATFORM_CLI {
            return Err(Refusal::Page(OauthError::new("invalid_client_id", "client identifier invalid")));
        }
        let redirect_uri = redirect_uri(state, form).map_err(Refusal::Page)?;
        let policy = state.oauth.policy();
        let scope = app::scope(&policy, form.get("scope"));
        let text = |name: &str| form.get(name).map(str::to_owned);
        let prompt = text("prompt").unwrap_or_default();
        let flow = Self {
            client_id,
            redirect_uri,
            scope: scope.as_ref().cloned().unwrap_or_default(),
            state: text("state"),
            challenge: text("code_challenge"),
            nonce: text("nonce"),
            silent: form.get("immediate") == Some("true") || prompt == "none",
            prompt,
        };
        let method = form.get("code_challenge_method");
        let refusal = match (form.get("response_type"), scope) {
            (_, Err(error)) => error,
            (None, _) => OauthError::missing("response_type"),
            (Some("code"), Ok(_)) if policy.pkce_required && flow.challenge.is_none() => {
                OauthError::new("invalid_request", "missing required code challenge")
            }
            (Some("code"), Ok(_))
                if policy.challenge_method_checked && method.is_some_and(|m| m != "S256") =>
            {
                OauthError::new("invalid_request", "code challenge method not supported")
            }
            (Some("code"), Ok(_)) => return Ok(flow),
            (Some(_), Ok(_)) => OauthError::new("unsupported_response_type", "response type not supported"),
        };
        Err(Refusal::Back(Box::new(flow), refusal))
    }

    fn prompts(&self, word: &str) -> bool {
        self.prompt.split_whitespace().any(|prompt| prompt == word)
    }

    /// Lets a signed-in user decide, unless the user has done so before.
    fn ask(&self, state: &AppState, form: &Form, user: &User, ticket: &str) -> Response {
        let has_approved = state.oauth.lock().has_approved(&user.id, &self.client_id);
        if has_approved && !self.prompts("consent") {
            return self.approve(state, user);
        }
        if self.silent {
            return self.unsuccessful();
        }
        pages::consent(form, &user.username, &self.client_id, &self.scope, ticket)
    }

    fn approve(&self, state: &AppState, user: &User) -> Response {
        let grant =
            Grant { user_id: user.id.clone(), client_id: self.client_id.clone(), scope: self.scope.clone() };
        let code = Code {
            grant,
            redirect_uri: self.redirect_uri.text.clone(),
            challenge: self.challenge.clone(),
            nonce: self.nonce.clone(),
            issued: state.org.now(),
        };
        let code = {
            let mut store = state.oauth.lock();
            store.approve(&user.id, &self.client_id);
            store.add_code(code)
        };
        self.back(&[("code", &code)])
    }

    fn unsuccessful(&self) -> Response {
        self.back(&[("error", "immediate_unsuccessful")])
    }

    fn back(&self, parameters: &[(&str, &str)]) -> Response {
        let mut url = self.redirect_uri.url.clone();
        url.query_pairs_mut().extend_pairs(parameters);
        if let Some(state) = &self.state {
            url.query_pairs_mut().append_pair("state", state);
        }
        let location = HeaderValue::from_str(url.as_str()).expect("a url is a valid header");
        (StatusCode::FOUND, [(header::LOCATION, location)]).into_response()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Page(error) => pages::error(error.error, &error.description),
            Self::Back(flow, error) => {
                flow.back(&[("error", error.error), ("error_description", &error.description)])
            }
        }
    }
}

fn redirect_uri(state: &AppState, form: &Form) -> Result<RedirectUri, OauthError> {
    let text = form
        .get("redirect_uri")
        .ok_or_else(|| OauthError::new("redirect_uri_missing", "redirect_uri must be given"))?;
    let mismatch = || OauthError::new("redirect_uri_mismatch", "redirect_uri must match configuration");
    let url = Url::parse(text).map_err(|_| mismatch())?;
    let callbacks = &state.oauth.lock().callbacks;
    if !callbacks.is_empty() && !callbacks.iter().any(|callback| callback == text) {
        return Err(mismatch());
    }
    Ok(RedirectUri { text: text.to_owned(), url })
}
