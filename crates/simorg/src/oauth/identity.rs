//! Who the bearer of a token is: `userinfo`, the identity url, and the discovery document.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value as Json, json};

use super::app::Form;
use super::{session_of, tokens};
use crate::errors::JSON;
use crate::model::ids;
use crate::model::value::datetime_text;
use crate::server::{AppState, NEWEST_VERSION, Session};
use crate::state::User;
use crate::xml::Element;

/// Where API calls go: the configured address, or the one that this request came to.
pub(crate) fn instance_url(state: &AppState, headers: &HeaderMap) -> String {
    if let Some(url) = &state.settings.instance_url {
        return url.clone();
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let own = if state.settings.tls { "https" } else { "http" };
    let scheme = headers.get("x-forwarded-proto").and_then(|scheme| scheme.to_str().ok()).unwrap_or(own);
    format!("{scheme}://{host}")
}

/// Why a token does not tell who somebody is ("Identity URLs", Salesforce Help): a status and a word.
#[derive(Debug, Clone, Copy)]
struct Refusal(StatusCode, &'static str);

const MISSING: Refusal = Refusal(StatusCode::FORBIDDEN, "Missing_OAuth_Token");
const BAD_TOKEN: Refusal = Refusal(StatusCode::FORBIDDEN, "Bad_OAuth_Token");
const WRONG_ORG: Refusal = Refusal(StatusCode::FORBIDDEN, "Wrong_Org");
const NO_ACCESS: Refusal = Refusal(StatusCode::FORBIDDEN, "No_Access");
const BAD_ID: Refusal = Refusal(StatusCode::NOT_FOUND, "Bad_Id");

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, self.1).into_response()
    }
}

/// The session of the token in the header, or of the parameter of this name in the url or the body.
fn bearer(
    state: &AppState,
    headers: &HeaderMap,
    forms: [&Form; 2],
    parameter: &str,
) -> Result<Session, Refusal> {
    let header = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer") || scheme.eq_ignore_ascii_case("OAuth"))
        .map(|(_, token)| token.trim());
    let token = header.or_else(|| forms.iter().find_map(|form| form.get(parameter))).ok_or(MISSING)?;
    session_of(state, token).ok_or(BAD_TOKEN)
}

pub(super) async fn user_info(
    State(state): State<AppState>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (query, form) = (Form::of_query(uri.query().unwrap_or_default()), Form::read(&headers, &body));
    let session = match bearer(&state, &headers, [&query, &form], "access_token") {
        Ok(session) => session,
        Err(refusal) => return refusal.into_response(),
    };
    let base = instance_url(&state, &headers);
    let user = &session.user;
    let home = Home::of(&state, user);
    json_answer(&json!({
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
        "zoneinfo": home.zone,
        "photos": photos(&base),
        "profile": format!("{base}/{}", user.id),
        "picture": format!("{base}/profilephoto/005/F"),
        "address": {},
        "urls": urls(&base, state.org.id(), &user.id),
        "active": user.active,
        "user_type": "STANDARD",
        "language": home.language,
        "locale": home.locale,
        "utcOffset": home.offset_ms,
        "updated_at": datetime_text(state.org.stamp_ms(), "Z"),
    }))
}

/// `GET <id>`, with `format=json` (the default) or `xml`; `version=latest` puts a number for `{version}`.
pub(super) async fn identity(
    State(state): State<AppState>,
    Path(path): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (query, form) = (Form::of_query(uri.query().unwrap_or_default()), Form::read(&headers, &body));
    let session = bearer(&state, &headers, [&query, &form], "oauth_token");
    let (user, asserted) = match session.and_then(|session| named(&state, &session, &path)) {
        Ok(named) => named,
        Err(refusal) => return refusal.into_response(),
    };
    let parameter = |name: &str| query.get(name).or_else(|| form.get(name));
    let base = instance_url(&state, &headers);
    let home = Home::of(&state, &user);
    let mut body = json!({
        "id": format!("{base}/id/{}/{}", state.org.id(), user.id),
        "asserted_user": asserted,
        "user_id": user.id,
        "organization_id": state.org.id(),
        "username": user.username,
        "nick_name": nickname(&user),
        "display_name": user.name(),
        "email": user.email,
        "email_verified": true,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "timezone": home.zone,
        "photos": photos(&base),
        "urls": urls(&base, state.org.id(), &user.id),
        "active": user.active,
        "user_type": "STANDARD",
        "language": home.language,
        "locale": home.locale,
        "utcOffset": home.offset_ms,
        "last_modified_date": datetime_text(state.org.stamp_ms(), "Z"),
    });
    if let (Some(version), Some(urls)) = (parameter("version"), body["urls"].as_object_mut()) {
        let latest = format!("{NEWEST_VERSION}.0");
        let number = if version == "latest" { &latest } else { version };
        for url in urls.values_mut() {
            *url = json!(url.as_str().unwrap_or_default().replace("{version}", number));
        }
    }
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    match parameter("format") {
        Some("xml") => xml_answer(&body),
        None if accept.starts_with("application/xml") => xml_answer(&body),
        _ => json_answer(&body),
    }
}

/// The user that the path names, and whether it is the bearer.
fn named(
    state: &AppState,
    session: &Session,
    (org_id, user_id): &(String, String),
) -> Result<(User, bool), Refusal> {
    if ids::canonical(org_id).as_deref() != Some(state.org.id()) {
        return Err(WRONG_ORG);
    }
    let user = ids::canonical(user_id).and_then(|id| state.org.user(&id)).ok_or(BAD_ID)?;
    let is_bearer = user.id == session.user.id;
    if !is_bearer && !session.user.permissions.modify_all_data {
        return Err(NO_ACCESS);
    }
    Ok(((*user).clone(), is_bearer))
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
        "jwks_uri": format!("{base}/id/keys"),
        "scopes_supported": super::app::SCOPES,
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": ["S256"],
        "display_values_supported": ["page", "popup", "touch"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
    }))
}

pub(super) async fn keys() -> Response {
    json_answer(&tokens::keys())
}

pub(super) fn json_answer(body: &Json) -> Response {
    ([(header::CONTENT_TYPE, JSON)], body.to_string()).into_response()
}

fn xml_answer(body: &Json) -> Response {
    let text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{}", element("user", body).to_text());
    ([(header::CONTENT_TYPE, "application/xml;charset=UTF-8")], text).into_response()
}

fn element(name: &str, value: &Json) -> Element {
    match value {
        Json::Object(entries) => {
            Element::new(name).with_all(entries.iter().map(|(key, value)| element(key, value)))
        }
        Json::String(text) => Element::leaf(name, text),
        other => Element::leaf(name, other),
    }
}

/// Where a user lives, as the user's row says.
struct Home {
    zone: String,
    offset_ms: i64,
    language: String,
    locale: String,
}

impl Home {
    fn of(state: &AppState, user: &User) -> Home {
        let view = state.org.admin_view();
        let row = view.object("User").and_then(|def| view.row(&def, &user.id));
        let text = |name: &str, usual: &str| {
            let held = row.as_ref().map(|row| row.value_of(name).to_plain_text());
            held.filter(|text| !text.is_empty()).unwrap_or_else(|| usual.to_owned())
        };
        let zone = text("TimeZoneSidKey", "GMT");
        let def = view.object("User");
        let field = def.as_ref().and_then(|def| def.field("TimeZoneSidKey"));
        let known = field.and_then(|field| field.picklist_values.iter().find(|held| held.value == zone));
        Home {
            offset_ms: known.map_or(0, |known| offset_ms(&known.label)),
            zone,
            language: text("LanguageLocaleKey", "en_US"),
            locale: text("LocaleSidKey", "en_US"),
        }
    }
}

/// The distance from GMT in a label such as `(GMT+01:00) Central European Standard Time (Europe/Berlin)`.
fn offset_ms(label: &str) -> i64 {
    let read = || {
        let (distance, _) = label.strip_prefix("(GMT")?.split_once(')')?;
        let (hours, minutes) = distance.split_once(':')?;
        let sign = if hours.starts_with('-') { -1 } else { 1 };
        let hours: i64 = hours.trim_start_matches(['+', '-']).parse().ok()?;
        Some(sign * (hours * 60 + minutes.parse::<i64>().ok()?) * 60_000)
    };
    read().unwrap_or(0)
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
