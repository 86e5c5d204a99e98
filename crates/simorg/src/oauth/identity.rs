//! Who the bearer of a token is: `userinfo`, the identity url, and the discovery document.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value as Json, json};

use super::app::Form;
use super::{authenticate, session_of};
use crate::errors::JSON;
use crate::model::value::datetime_text;
use crate::server::AppState;
use crate::state::User;

/// Where API calls go: the configured address, or the one that this request came to.
pub(crate) fn instance_url(state: &AppState, headers: &HeaderMap) -> String {
    if let Some(url) = &state.settings.instance_url {
        return url.clone();
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let scheme = headers.get("x-forwarded-proto").and_then(|scheme| scheme.to_str().ok()).unwrap_or("http");
    format!("{scheme}://{host}")
}

pub(super) async fn user_info(State(state): State<AppState>, headers: HeaderMap) -> Response {
    let Ok(session) = authenticate(&state, &headers) else { return bad_token() };
    let base = instance_url(&state, &headers);
    let user = &session.user;
    let body = json!({
        "sub": format!("{base}/id/{}/{}", state.org.id(), user.id),
        "user_id": user.id,
        "organization_id": state.org.id(),
        "preferred_username": user.username,
        "nickname": nickname(user),
        "name": user.name(),
        "email": user.email,
        "email_verified": true,
        "given_name": user.first_name,
        "family_name": user.last_name,
        "zoneinfo": "GMT",
        "photos": photos(&base),
        "profile": format!("{base}/{}", user.id),
        "picture": format!("{base}/profilephoto/005/F"),
        "address": {},
        "urls": urls(&base, state.org.id(), &user.id),
        "active": user.active,
        "user_type": "STANDARD",
        "language": "en_US",
        "locale": "en_US",
        "utcOffset": 0,
        "updated_at": datetime_text(state.org.stamp_ms(), "Z"),
    });
    json_answer(&body)
}

/// `GET <id>?format=json`, with a bearer token or `oauth_token`.
pub(super) async fn identity(
    State(state): State<AppState>,
    Path((org_id, user_id)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let query = Form::of_query(uri.query().unwrap_or_default());
    let session = match query.get("oauth_token") {
        Some(token) => session_of(&state, token),
        None => authenticate(&state, &headers).ok(),
    };
    let Some(session) = session else { return bad_token() };
    let user = &session.user;
    let same = |asked: &str, held: &str| crate::model::ids::canonical(asked).as_deref() == Some(held);
    if !same(&org_id, state.org.id()) || !same(&user_id, &user.id) {
        return (StatusCode::NOT_FOUND, "Bad_Id").into_response();
    }
    let base = instance_url(&state, &headers);
    let body = json!({
        "id": format!("{base}/id/{}/{}", state.org.id(), user.id),
        "asserted_user": true,
        "user_id": user.id,
        "organization_id": state.org.id(),
        "username": user.username,
        "nick_name": nickname(user),
        "display_name": user.name(),
        "email": user.email,
        "email_verified": true,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "timezone": "GMT",
        "photos": photos(&base),
        "urls": urls(&base, state.org.id(), &user.id),
        "active": user.active,
        "user_type": "STANDARD",
        "language": "en_US",
        "locale": "en_US",
        "utcOffset": 0,
        "last_modified_date": datetime_text(state.org.stamp_ms(), "Z"),
    });
    json_answer(&body)
}

pub(super) async fn configuration(State(state): State<AppState>, headers: HeaderMap) -> Response {
    let base = instance_url(&state, &headers);
    json_answer(&json!({
        "issuer": base,
        "authorization_endpoint": format!("{base}/services/oauth2/authorize"),
        "token_endpoint": format!("{base}/services/oauth2/token"),
        "revocation_endpoint": format!("{base}/services/oauth2/revoke"),
        "userinfo_endpoint": format!("{base}/services/oauth2/userinfo"),
        "introspection_endpoint": format!("{base}/services/oauth2/introspect"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
    }))
}

fn bad_token() -> Response {
    (StatusCode::FORBIDDEN, "Bad_OAuth_Token").into_response()
}

pub(super) fn json_answer(body: &Json) -> Response {
    ([(header::CONTENT_TYPE, JSON)], body.to_string()).into_response()
}

fn nickname(user: &User) -> String {
    user.username.split('@').next().unwrap_or_default().to_owned()
}

fn photos(base: &str) -> Json {
    json!({"picture": format!("{base}/profilephoto/005/F"), "thumbnail": format!("{base}/profilephoto/005/T")})
}

/// The addresses of the APIs; `{version}` stands there literally.
fn urls(base: &str, org_id: &str, user_id: &str) -> Json {
    let data = format!("{base}/services/data/v{{version}}/");
    let soap = |kind: &str| format!("{base}/services/Soap/{kind}/{{version}}/{org_id}");
    json!({
        "enterprise": soap("c"),
        "metadata": soap("m"),
        "partner": soap("u"),
        "rest": data,
        "sobjects": format!("{data}sobjects/"),
        "search": format!("{data}search/"),
        "query": format!("{data}query/"),
        "recent": format!("{data}recent/"),
        "tooling_soap": soap("T"),
        "tooling_rest": format!("{data}tooling/"),
        "profile": format!("{base}/{user_id}"),
    })
}
