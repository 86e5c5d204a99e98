//! The web-server flow: a small login page, and the way back to the app with a code.
//!
//! `POST` with the fields of the page signs in at once, so that a test needs no browser.

use std::fmt::Write;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use url::Url;

use super::app::{self, Form};
use super::store::Grant;
use super::{OauthError, token};
use crate::server::AppState;

/// What the page hands on from the request to the sign-in.
const CARRIED: [&str; 7] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
];

pub(super) async fn show(State(state): State<AppState>, uri: Uri) -> Response {
    let form = Form::of_query(uri.query().unwrap_or_default());
    match Flow::read(&state, &form) {
        Ok(_) => page(&form, None),
        Err(refusal) => refusal.into_response(),
    }
}

pub(super) async fn sign_in(State(state): State<AppState>, headers: HeaderMap, body: Bytes) -> Response {
    let form = Form::read(&headers, &body);
    let flow = match Flow::read(&state, &form) {
        Ok(flow) => flow,
        Err(refusal) => return refusal.into_response(),
    };
    if form.get("deny").is_some() {
        return flow
            .back(&[("error", "access_denied"), ("error_description", "end-user denied authorization")]);
    }
    let signed_in = token::sign_in(
        &state,
        form.get("username").unwrap_or_default(),
        form.get("password").unwrap_or_default(),
    );
    let Ok(user) = signed_in else {
        return page(&form, Some("Please check your username and password."));
    };
    let grant =
        Grant { user_id: user.id.clone(), client_id: flow.client_id.clone(), scope: flow.scope.clone() };
    let challenge = form.get("code_challenge").map(str::to_owned);
    let code = state.oauth.lock().add_code(grant, flow.redirect_uri.to_string(), challenge, state.org.now());
    flow.back(&[("code", &code)])
}

/// A request that may go on.
struct Flow {
    client_id: String,
    redirect_uri: RedirectUri,
    scope: String,
    state: Option<String>,
}

/// The callback as it was sent, character for character, and as a url.
struct RedirectUri {
    text: String,
    url: Url,
}

impl std::fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
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
        let scope = app::scope(form.get("scope"));
        let fallback = scope.as_ref().cloned().unwrap_or_default();
        let flow =
            Self { client_id, redirect_uri, scope: fallback, state: form.get("state").map(str::to_owned) };
        let refusal = match (form.get("response_type"), scope) {
            (_, Err(error)) => error,
            (Some("code"), Ok(_)) => return Ok(flow),
            (Some(_), Ok(_)) => OauthError::new("unsupported_response_type", "response type not supported"),
            (None, Ok(_)) => OauthError::missing("response_type"),
        };
        Err(Refusal::Back(Box::new(flow), refusal))
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
            Self::Page(error) => {
                let text = format!(
                    "<html><body><h1>OAuth Error</h1><p>error={}&amp;error_description={}</p></body></html>",
                    error.error, error.description
                );
                (StatusCode::BAD_REQUEST, Html(text)).into_response()
            }
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

fn page(form: &Form, complaint: Option<&str>) -> Response {
    let mut fields = String::new();
    for name in CARRIED {
        if let Some(value) = form.get(name) {
            writeln!(fields, "<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escaped(value))
                .expect("writing to a string");
        }
    }
    let complaint = complaint.map(|text| format!("<p role=\"alert\">{text}</p>")).unwrap_or_default();
    Html(format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Login | Salesforce</title></head><body>\
         <h1>Simulated org</h1>{complaint}<form method=\"post\" action=\"/services/oauth2/authorize\">\n{fields}\
         <label>Username <input name=\"username\" value=\"{}\"></label>\n\
         <label>Password <input name=\"password\" type=\"password\"></label>\n\
         <button>Allow access</button> <button name=\"deny\" value=\"1\">Deny</button></form></body></html>",
        escaped(form.get("login_hint").or(form.get("username")).unwrap_or_default())
    ))
    .into_response()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}
