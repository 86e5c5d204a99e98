//! Single sign-on: set up by owners, begun and finished by browsers.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use holdfast_domain::ErrorCode;
use holdfast_domain::access::TeamPermission;
use holdfast_engine::Engine;
use holdfast_engine::access::{self, AccessError, SignedIn};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::session::session_cookie;
use crate::caller::Known;
use crate::cookie;
use crate::extract::{Body, Params};
use crate::own_address::{OwnAddress, Peer};
use crate::problem::{Refusal, Result};
use crate::provider::Kept;
use crate::state::AppState;
use crate::types::single_sign_on::{SingleSignOn, SingleSignOnChange};

pub(super) const START: &str = "/api/v1/single_sign_on/start";
const CALLBACK: &str = "/api/v1/single_sign_on/callback";
const LABEL: &str = "Single sign-on";
const LONGEST_PATH: usize = 1_000;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(start_single_sign_on))
        .routes(routes!(finish_single_sign_on))
        .routes(routes!(get_single_sign_on, update_single_sign_on))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Start {
    /// A path of the console.
    return_to: Option<String>,
}

/// What a sign-in page elsewhere sends the browser back with.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct CameBack {
    pub(super) code: Option<String>,
    pub(super) state: Option<String>,
    pub(super) error: Option<String>,
    pub(super) error_description: Option<String>,
}

/// Sends the browser to the identity provider.
#[utoipa::path(get, path = "/api/v1/single_sign_on/start", tag = "session", params(Start),
    responses((status = 303)), extensions(("x-permission" = json!("public"))))]
async fn start_single_sign_on(
    State(state): State<AppState>,
    own: OwnAddress,
    Peer(origin): Peer,
    Params(Start { return_to }): Params<Start>,
) -> Response {
    match begun(&state, &own, &origin, return_to).await {
        Ok(response) => response,
        Err(refusal) => back_to_sign_in(&refusal, &own),
    }
}

async fn begun(
    state: &AppState,
    own: &OwnAddress,
    origin: &access::Origin,
    return_to: Option<String>,
) -> Result<Response> {
    let set_up = enabled(&state.engine).await?;
    let address = origin.ip.as_deref().unwrap_or("unknown");
    if !state.sign_ins.allows(address, state.engine.clock().now()) {
        let title = "too many sign-ins were begun from your address; wait a minute";
        return Err(Refusal::new(ErrorCode::TooManyRequests, title));
    }
    // Browsers refuse cookies of more than 4 KB, and this goes into one.
    let return_to = return_to.filter(|path| path.len() <= LONGEST_PATH);
    let begun = state.provider.begin(&set_up, own.join(CALLBACK), return_to).await?;
    let kept = serde_json::to_vec(&begun.kept).expect("texts are always JSON");
    let sealed = state.engine.seal_single_sign_on(&begun.state, &kept);
    // Only the browser that began it may finish it: nobody is signed in as somebody else by a link.
    let lasts = state.engine.settings().access.sign_in_within.as_secs();
    let cookie = (header::SET_COOKIE, cookie::set(cookie::SIGN_IN, &sealed, lasts, own));
    Ok((AppendHeaders([cookie]), Redirect::to(begun.url.as_str())).into_response())
}

/// Where the identity provider sends the browser back.
#[utoipa::path(get, path = "/api/v1/single_sign_on/callback", tag = "session", params(CameBack),
    responses((status = 303)), extensions(("x-permission" = json!("public"))))]
async fn finish_single_sign_on(
    State(state): State<AppState>,
    own: OwnAddress,
    Peer(origin): Peer,
    headers: HeaderMap,
    Params(back): Params<CameBack>,
) -> Response {
    let begun_here = cookie::read(&headers, cookie::SIGN_IN);
    match finished(&state, begun_here, back, &origin).await {
        Ok((signed_in, return_to)) => {
            let forget = (header::SET_COOKIE, cookie::clear(cookie::SIGN_IN, &own));
            let cookies = AppendHeaders([session_cookie(&state, &own, &signed_in), forget]);
            (cookies, Redirect::to(&own_path(return_to))).into_response()
        }
        Err(refusal) => back_to_sign_in(&refusal, &own),
    }
}

async fn finished(
    state: &AppState,
    begun_here: Option<&str>,
    back: CameBack,
    origin: &access::Origin,
) -> Result<(SignedIn, Option<String>)> {
    let (given, sealed) = back.state.as_deref().zip(begun_here).ok_or(AccessError::LinkExpired)?;
    let kept = state.engine.take_single_sign_on(given, sealed).await?;
    let kept: Kept = serde_json::from_slice(&kept).map_err(|_| AccessError::LinkExpired)?;
    let Some(code) = back.code else {
        let words = back.error_description.or(back.error).unwrap_or_default();
        let code = ErrorCode::SignInRefused;
        return Err(Refusal::new(code, "the identity provider refused the sign-in").with_detail(words));
    };
    let set_up = enabled(&state.engine).await?;
    let claims = state.provider.finish(&set_up, &kept, &code, state.engine.clock().now()).await?;
    Ok((state.engine.sign_in_by_claims(claims, origin).await?, kept.return_to))
}

/// How single sign-on is set up.
#[utoipa::path(get, path = "/api/v1/single_sign_on", tag = "team", responses((status = 200, body = SingleSignOn)),
    extensions(("x-permission" = json!("settings:manage"))))]
async fn get_single_sign_on(
    State(engine): State<Engine>,
    own: OwnAddress,
    Known(caller): Known,
) -> Result<Json<SingleSignOn>> {
    caller.may(TeamPermission::SettingsManage)?;
    let set_up = engine.single_sign_on().await?.unwrap_or_default();
    Ok(Json(shown(set_up, &own)))
}

/// Sets up single sign-on.
#[utoipa::path(put, path = "/api/v1/single_sign_on", tag = "team", request_body = SingleSignOnChange,
    responses((status = 200, body = SingleSignOn)), extensions(("x-permission" = json!("settings:manage"))))]
async fn update_single_sign_on(
    State(state): State<AppState>,
    own: OwnAddress,
    Known(caller): Known,
    Body(change): Body<SingleSignOnChange>,
) -> Result<Json<SingleSignOn>> {
    caller.may(TeamPermission::SettingsManage)?;
    if change.is_enabled {
        state.provider.check(&change.issuer).await?;
    }
    let before = state.engine.single_sign_on().await?.unwrap_or_default();
    // A secret is for the provider that it was given for: another address must not be told it.
    let kept_secret = before.client_secret.filter(|_| before.issuer == change.issuer);
    let set_up = access::SingleSignOn {
        is_enabled: change.is_enabled,
        issuer: change.issuer,
        client_id: change.client_id,
        client_secret: change.client_secret.or(kept_secret).filter(|secret| !secret.expose().is_empty()),
        label: change.label.filter(|label| !label.trim().is_empty()).unwrap_or_else(|| LABEL.to_owned()),
        admitted_domains: change.admitted_domains.unwrap_or(before.admitted_domains),
        requires_single_sign_on: change.requires_single_sign_on.unwrap_or(before.requires_single_sign_on),
    };
    let set_up = state.engine.set_single_sign_on(&caller, set_up).await?;
    Ok(Json(shown(set_up, &own)))
}

fn shown(set_up: access::SingleSignOn, own: &OwnAddress) -> SingleSignOn {
    SingleSignOn {
        is_enabled: set_up.is_enabled,
        issuer: Some(set_up.issuer).filter(|text| !text.is_empty()),
        client_id: Some(set_up.client_id).filter(|text| !text.is_empty()),
        has_client_secret: set_up.client_secret.is_some(),
        label: if set_up.label.is_empty() { LABEL.to_owned() } else { set_up.label },
        admitted_domains: set_up.admitted_domains,
        requires_single_sign_on: set_up.requires_single_sign_on,
        callback_url: own.join(CALLBACK).into(),
    }
}

async fn enabled(engine: &Engine) -> Result<access::SingleSignOn> {
    let set_up = engine.single_sign_on().await?.filter(|set_up| set_up.is_enabled);
    set_up.ok_or_else(|| AccessError::NoSingleSignOn.into())
}

/// A path of our own, never an address elsewhere.
fn own_path(return_to: Option<String>) -> String {
    let is_own = |path: &String| {
        path.starts_with('/') && !path.starts_with("//") && !path.chars().any(|c| c == '\\' || c.is_control())
    };
    return_to.filter(is_own).unwrap_or_else(|| "/".to_owned())
}

fn back_to_sign_in(refusal: &Refusal, own: &OwnAddress) -> Response {
    let mut url = own.join("/sign-in");
    url.query_pairs_mut()
        .append_pair("error", refusal.code().as_str())
        .append_pair("message", &refusal.words());
    let path = format!("{}?{}", url.path(), url.query().unwrap_or_default());
    Redirect::to(&path).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_is_sent_to_pages_of_ours_only() {
        for (given, expected) in [
            (Some("/orgs?x=1"), "/orgs?x=1"),
            (Some("//evil.example"), "/"),
            (Some("/\\evil.example"), "/"),
            (Some("https://evil.example"), "/"),
            (Some("/a\r\nX: y"), "/"),
            (None, "/"),
        ] {
            assert_eq!(own_path(given.map(str::to_owned)), expected);
        }
    }
}
