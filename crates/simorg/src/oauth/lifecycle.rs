//! The end of tokens: `revoke`, and `introspect`, which tells whether one still lives.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::OauthError;
use super::app::{self, Form};
use super::identity::{instance_url, json_answer};
use crate::server::AppState;

pub(super) async fn revoke(State(state): State<AppState>, headers: HeaderMap, body: Bytes) -> Response {
    revoked(&state, &Form::read(&headers, &body))
}

pub(super) async fn revoke_by_query(State(state): State<AppState>, uri: Uri) -> Response {
    revoked(&state, &Form::of_query(uri.query().unwrap_or_default()))
}

fn revoked(state: &AppState, form: &Form) -> Response {
    let token = match form.need("token") {
        Ok(token) => token,
        Err(error) => return error.into_response(),
    };
    if state.oauth.lock().revoke_token(token) {
        return StatusCode::OK.into_response();
    }
    OauthError::new("unsupported_token_type", "this token type is not supported").into_response()
}

pub(super) async fn introspect(State(state): State<AppState>, headers: HeaderMap, body: Bytes) -> Response {
    let form = Form::read(&headers, &body);
    let asked = app::client(&state, &form, true).and_then(|_| form.need("token"));
    let token = match asked {
        Ok(token) => token,
        Err(error) => return error.into_response(),
    };
    let now = state.org.now();
    let (grant, kind, times) = {
        let store = state.oauth.lock();
        match (store.look_up(token, now), store.look_up_refresh(token)) {
            (Some((session, grant, ends)), _) => {
                (grant, "access_token", Some((session.issued.timestamp(), ends.timestamp())))
            }
            (None, Some(grant)) => (grant, "refresh_token", None),
            (None, None) => return json_answer(&json!({"active": false})),
        }
    };
    let username = state.org.user(&grant.user_id).map(|user| user.username.clone()).unwrap_or_default();
    let base = instance_url(&state, &headers);
    let mut body = json!({
        "active": true,
        "scope": grant.scope,
        "client_id": grant.client_id,
        "username": username,
        "sub": format!("{base}/id/{}/{}", state.org.id(), grant.user_id),
        "token_type": kind,
    });
    if let Some((issued, ends)) = times {
        body["exp"] = json!(ends);
        body["iat"] = json!(issued);
        body["nbf"] = json!(issued);
    }
    json_answer(&body)
}
