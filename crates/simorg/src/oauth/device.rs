//! The device flow: a code for a machine without a browser, a page where a person approves it, and the machine that asks
//! until that is done.

use std::collections::HashMap;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use chrono::{DateTime, Duration, Utc};
use serde_json::json;

use super::app::{self, Form};
use super::identity::{instance_url, json_answer};
use super::store::{Grant, Issued};
use super::tokens::Mint;
use super::{OauthError, pages, secrets, token};
use crate::server::AppState;

/// How often a machine may ask.
const INTERVAL_S: i64 = 5;
const LIFE: Duration = Duration::minutes(10);

/// Codes under way, by device code.
#[derive(Debug, Default)]
pub(super) struct Devices(HashMap<String, Device>);

#[derive(Debug, Clone)]
pub(super) struct Device {
    user_code: String,
    client_id: String,
    scope: String,
    issued: DateTime<Utc>,
    asked: Option<DateTime<Utc>>,
    answer: Answer,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Answer {
    Pending,
    Denied,
    ApprovedBy(String),
}

impl Device {
    pub(super) fn issued(&self) -> DateTime<Utc> {
        self.issued
    }
}

impl Devices {
    pub(super) fn add(&mut self, code: String, device: Device) {
        self.0.insert(code, device);
    }

    pub(super) fn forget_before(&mut self, at: DateTime<Utc>) {
        self.0.retain(|_, device| device.issued >= at);
    }

    /// The code that a person typed, with or without its hyphen.
    fn by_user_code(&mut self, typed: &str, now: DateTime<Utc>) -> Option<&mut Device> {
        let plain = |text: &str| text.replace(['-', ' '], "").to_ascii_uppercase();
        let typed = plain(typed);
        self.0.values_mut().find(|device| {
            plain(&device.user_code) == typed
                && device.answer == Answer::Pending
                && now - device.issued <= LIFE
        })
    }
}

/// `POST /services/oauth2/token` with `response_type=device_code`.
pub(super) fn begin(state: &AppState, headers: &HeaderMap, form: &Form) -> Result<Response, OauthError> {
    let client_id = app::client(state, form, false)?;
    let scope = app::scope(&state.oauth.policy(), form.get("scope"))?;
    let (device_code, user_code) = (secrets::authorization_code(), secrets::user_code());
    let device = Device {
        user_code: user_code.clone(),
        client_id,
        scope,
        issued: state.org.now(),
        asked: None,
        answer: Answer::Pending,
    };
    state.oauth.lock().add_device(device_code.clone(), device);
    Ok(json_answer(&json!({
        "device_code": device_code,
        "user_code": user_code,
        "verification_uri": format!("{}/setup/connect", instance_url(state, headers)),
        "interval": INTERVAL_S,
    })))
}

/// `grant_type=device`: the tokens once a person has approved.
pub(super) fn poll(state: &AppState, mint: &Mint, form: &Form) -> Result<Issued, OauthError> {
    let client_id = app::client(state, form, false)?;
    let code = form.need("code")?;
    let now = state.org.now();
    let mut store = state.oauth.lock();
    let unknown = || OauthError::invalid_grant("invalid device code");
    let device =
        store.devices.0.get_mut(code).filter(|device| device.client_id == client_id).ok_or_else(unknown)?;
    if now - device.issued > LIFE {
        store.devices.0.remove(code);
        return Err(OauthError::invalid_grant("expired device code"));
    }
    let answer = device.answer.clone();
    let last = device.asked.replace(now);
    match answer {
        Answer::Pending if last.is_some_and(|last| now - last < Duration::seconds(INTERVAL_S)) => {
            Err(OauthError::new("slow_down", "client is polling too quickly"))
        }
        Answer::Pending => Err(OauthError::new("authorization_pending", "end-user has not yet authorized")),
        Answer::Denied => {
            store.devices.0.remove(code);
            Err(OauthError::new("access_denied", "end-user denied authorization"))
        }
        Answer::ApprovedBy(user_id) => {
            let device = store.devices.0.remove(code).ok_or_else(unknown)?;
            store.approve(&user_id, &client_id);
            let grant = Grant { user_id, client_id, scope: device.scope };
            let refreshable = app::is_refreshable(&grant.scope);
            Ok(store.issue(mint, grant, refreshable, now))
        }
    }
}

/// `GET /setup/connect`, perhaps with `?user_code=`.
pub(super) async fn show(uri: Uri) -> Response {
    let form = Form::of_query(uri.query().unwrap_or_default());
    pages::device(form.get("user_code").unwrap_or_default(), None)
}

pub(super) async fn decide(State(state): State<AppState>, headers: HeaderMap, body: Bytes) -> Response {
    let form = Form::read(&headers, &body);
    let typed = form.get("user_code").unwrap_or_default();
    let user = token::sign_in(
        &state,
        form.get("username").unwrap_or_default(),
        form.get("password").unwrap_or_default(),
    );
    let Ok(user) = user else {
        return pages::device(typed, Some(pages::WRONG_PASSWORD));
    };
    let now = state.org.now();
    let mut store = state.oauth.lock();
    let Some(device) = store.devices.by_user_code(typed, now) else {
        return pages::device(typed, Some("The code you entered is invalid or has expired."));
    };
    if form.get("deny").is_some() {
        device.answer = Answer::Denied;
        return pages::notice("Access Denied", "The device was not connected.");
    }
    device.answer = Answer::ApprovedBy(user.id.clone());
    pages::notice("You're Connected", "You can close this page and go on at your device.")
}
