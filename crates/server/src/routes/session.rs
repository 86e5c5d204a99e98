//! Signing in and out.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use holdfast_engine::access::{AccessError, Origin, SignedIn};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::me::me;
use crate::caller::InPerson;
use crate::cookie;
use crate::extract::Body;
use crate::own_address::{OwnAddress, Peer};
use crate::problem::Result;
use crate::state::AppState;
use crate::types::account::{
    FirstOwner, Me, SecondFactor, SignIn, SignInAnswer, SignInOptions, SignInStep, SingleSignOnOffer,
};

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_sign_in_options))
        .routes(routes!(create_first_owner))
        .routes(routes!(create_session, delete_session))
        .routes(routes!(confirm_session))
}

/// What the sign-in page offers.
#[utoipa::path(get, path = "/api/v1/sign_in_options", tag = "session",
    responses((status = 200, body = SignInOptions)), extensions(("x-permission" = json!("public"))))]
async fn get_sign_in_options(State(state): State<AppState>) -> Result<Json<SignInOptions>> {
    let set_up = state.engine.single_sign_on().await?.filter(|set_up| set_up.is_enabled);
    let offer = set_up.map(|set_up| SingleSignOnOffer {
        label: set_up.label,
        start_url: super::single_sign_on::START.to_owned(),
    });
    let needs_first_owner = state.engine.needs_first_owner().await?;
    Ok(Json(SignInOptions { needs_first_owner, single_sign_on: offer }))
}

/// Makes the first owner and signs them in.
#[utoipa::path(post, path = "/api/v1/first_owner", tag = "session", request_body = FirstOwner,
    responses((status = 201, body = Me)), extensions(("x-permission" = json!("public"))))]
async fn create_first_owner(
    State(state): State<AppState>,
    own: OwnAddress,
    Peer(origin): Peer,
    Body(new): Body<FirstOwner>,
) -> Result<Response> {
    let FirstOwner { token, name, email, password } = new;
    let signed_in = state.engine.create_first_owner(token.expose(), &name, &email, password, &origin).await?;
    welcomed(&state, &own, signed_in, StatusCode::CREATED).await
}

/// Signs in with a password.
#[utoipa::path(post, path = "/api/v1/session", tag = "session", request_body = SignIn,
    responses((status = 200, body = SignInAnswer)), extensions(("x-permission" = json!("public"))))]
async fn create_session(
    State(state): State<AppState>,
    own: OwnAddress,
    Peer(origin): Peer,
    Body(SignIn { email, password }): Body<SignIn>,
) -> Result<Response> {
    let half = state.engine.sign_in_by_password(&email, password, &origin).await?;
    let cookie = session_cookie(&state, &own, &half.signed_in);
    let answer = if half.needs_second_factor {
        SignInAnswer { next: SignInStep::SecondFactor, me: None }
    } else {
        let caller = state.engine.caller_by_session(half.signed_in.secret.expose(), origin).await?;
        SignInAnswer { next: SignInStep::Done, me: Some(me(&state.engine, &caller).await?) }
    };
    Ok((AppendHeaders([cookie]), Json(answer)).into_response())
}

/// Finishes signing in with a second factor.
#[utoipa::path(post, path = "/api/v1/session/second_factor", tag = "session", request_body = SecondFactor,
    responses((status = 200, body = Me)), extensions(("x-permission" = json!("public"))))]
async fn confirm_session(
    State(state): State<AppState>,
    own: OwnAddress,
    Peer(origin): Peer,
    headers: HeaderMap,
    Body(SecondFactor { code }): Body<SecondFactor>,
) -> Result<Response> {
    let half = cookie::read(&headers, cookie::SESSION).ok_or(AccessError::NotSignedIn)?;
    let signed_in = state.engine.sign_in_with_code(half, code.expose(), &origin).await?;
    welcomed(&state, &own, signed_in, StatusCode::OK).await
}

/// Signs out.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session", responses((status = 204)),
    extensions(("x-permission" = json!("session"))))]
async fn delete_session(
    State(state): State<AppState>,
    own: OwnAddress,
    InPerson(caller): InPerson,
) -> Result<Response> {
    state.engine.sign_out(&caller).await?;
    let cookie = (header::SET_COOKIE, cookie::clear(cookie::SESSION, &own));
    Ok((StatusCode::NO_CONTENT, AppendHeaders([cookie])).into_response())
}

/// The cookie of a session that has just begun, and who it is.
pub(super) async fn welcomed(
    state: &AppState,
    own: &OwnAddress,
    signed_in: SignedIn,
    status: StatusCode,
) -> Result<Response> {
    let cookie = session_cookie(state, own, &signed_in);
    let caller = state.engine.caller_by_session(signed_in.secret.expose(), Origin::default()).await?;
    let me = me(&state.engine, &caller).await?;
    Ok((status, AppendHeaders([cookie]), Json(me)).into_response())
}

pub(super) fn session_cookie(
    state: &AppState,
    own: &OwnAddress,
    signed_in: &SignedIn,
) -> (header::HeaderName, header::HeaderValue) {
    let lasts = signed_in.session.expires_at - state.engine.clock().now();
    let seconds = u64::try_from(lasts.num_seconds()).unwrap_or(0);
    (header::SET_COOKIE, cookie::set(cookie::SESSION, signed_in.secret.expose(), seconds, own))
}
