//! The caller's own account: name, password, authenticator, and where they are signed in.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use holdfast_catalog::SessionId;
use holdfast_catalog::sessions;
use holdfast_engine::Engine;
use holdfast_engine::access::{Caller, Proof, Through};
use holdfast_salesforce::Secret;
use qrcode::QrCode;
use qrcode::render::svg;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::caller::{InPerson, Known};
use crate::extract::{Body, Params, own_id};
use crate::page::{Paging, cut};
use crate::problem::{Refusal, Result};
use crate::state::AppState;
use crate::types::account::{
    Me, MeChange, OrgRights, OwnSession, PasswordChange, PasswordProof, RecoveryCodes, Session, SessionPage,
    TotpCode, TotpSetUp,
};

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_me, update_me))
        .routes(routes!(update_password))
        .routes(routes!(begin_totp, confirm_totp, delete_totp))
        .routes(routes!(replace_recovery_codes))
        .routes(routes!(list_sessions))
        .routes(routes!(revoke_session))
}

/// Who am I, and what may I do.
#[utoipa::path(get, path = "/api/v1/me", tag = "session", responses((status = 200, body = Me)),
    extensions(("x-permission" = json!("member"))))]
async fn get_me(State(engine): State<Engine>, Known(caller): Known) -> Result<Json<Me>> {
    me(&engine, &caller).await.map(Json)
}

/// Changes the own name.
#[utoipa::path(patch, path = "/api/v1/me", tag = "session", request_body = MeChange,
    responses((status = 200, body = Me)), extensions(("x-permission" = json!("session"))))]
async fn update_me(
    State(engine): State<Engine>,
    InPerson(mut caller): InPerson,
    Body(change): Body<MeChange>,
) -> Result<Json<Me>> {
    if let Some(name) = &change.name {
        caller.member = engine.rename_self(&caller, name).await?;
    }
    me(&engine, &caller).await.map(Json)
}

/// Changes the own password.
#[utoipa::path(put, path = "/api/v1/me/password", tag = "session", request_body = PasswordChange,
    responses((status = 204)), extensions(("x-permission" = json!("session"))))]
async fn update_password(
    State(engine): State<Engine>,
    InPerson(caller): InPerson,
    Body(PasswordChange { current_password, new_password }): Body<PasswordChange>,
) -> Result<StatusCode> {
    engine.change_password(&caller, current_password, new_password).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Begins setting up an authenticator.
#[utoipa::path(post, path = "/api/v1/me/totp", tag = "session", request_body = PasswordProof,
    responses((status = 200, body = TotpSetUp)), extensions(("x-permission" = json!("session"))))]
async fn begin_totp(
    State(engine): State<Engine>,
    InPerson(caller): InPerson,
    Body(given): Body<PasswordProof>,
) -> Result<Json<TotpSetUp>> {
    let set_up = engine.begin_totp(&caller, proof(given)).await?;
    let picture = picture_of(set_up.url.expose())?;
    Ok(Json(TotpSetUp { secret: set_up.secret, otpauth_url: set_up.url, qr_svg: picture }))
}

/// Confirms the authenticator with a code.
#[utoipa::path(put, path = "/api/v1/me/totp", tag = "session", request_body = TotpCode,
    responses((status = 200, body = RecoveryCodes)), extensions(("x-permission" = json!("session"))))]
async fn confirm_totp(
    State(engine): State<Engine>,
    InPerson(caller): InPerson,
    Body(TotpCode { code }): Body<TotpCode>,
) -> Result<Json<RecoveryCodes>> {
    let codes = engine.confirm_totp(&caller, code.expose()).await?;
    Ok(Json(RecoveryCodes { codes }))
}

/// Removes the authenticator.
#[utoipa::path(delete, path = "/api/v1/me/totp", tag = "session", request_body = PasswordProof,
    responses((status = 204)), extensions(("x-permission" = json!("session"))))]
async fn delete_totp(
    State(engine): State<Engine>,
    InPerson(caller): InPerson,
    Body(given): Body<PasswordProof>,
) -> Result<StatusCode> {
    engine.remove_totp(&caller, proof(given)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes new recovery codes in place of the old ones.
#[utoipa::path(post, path = "/api/v1/me/recovery_codes", tag = "session", request_body = PasswordProof,
    responses((status = 200, body = RecoveryCodes)), extensions(("x-permission" = json!("session"))))]
async fn replace_recovery_codes(
    State(engine): State<Engine>,
    InPerson(caller): InPerson,
    Body(given): Body<PasswordProof>,
) -> Result<Json<RecoveryCodes>> {
    let codes = engine.replace_recovery_codes(&caller, proof(given)).await?;
    Ok(Json(RecoveryCodes { codes }))
}

/// Where the member is signed in.
#[utoipa::path(get, path = "/api/v1/me/sessions", tag = "session", params(Paging),
    responses((status = 200, body = SessionPage)), extensions(("x-permission" = json!("session"))))]
async fn list_sessions(
    State(engine): State<Engine>,
    InPerson(caller): InPerson,
    Params(paging): Params<Paging>,
) -> Result<Json<SessionPage>> {
    let limit = paging.limit()?;
    let listed = engine.sessions(caller.member.id, paging.id()?, limit + 1).await?;
    let (listed, next_page) = cut(listed, limit, |session| session.id.to_string());
    let current = caller.session()?.id;
    let items = listed.into_iter().map(|session| shown(session, current)).collect();
    Ok(Json(SessionPage { items, next_page }))
}

/// Ends one of the own sessions.
#[utoipa::path(delete, path = "/api/v1/me/sessions/{session_id}", tag = "session",
    params(("session_id" = String, Path)), responses((status = 204)),
    extensions(("x-permission" = json!("session"))))]
async fn revoke_session(
    State(engine): State<Engine>,
    InPerson(caller): InPerson,
    Path(id): Path<String>,
) -> Result<StatusCode> {
    engine.end_session(&caller, own_id("session", &id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who somebody is, and what they may do.
pub(super) async fn me(engine: &Engine, caller: &Caller) -> Result<Me> {
    let member = &caller.member;
    let session = match &caller.through {
        Through::Session(session) => {
            let (idle, longest) = engine.session_ends(session);
            Some(OwnSession {
                id: session.id.to_string(),
                signed_in_at: session.signed_in_at,
                idle_expires_at: idle,
                expires_at: longest,
            })
        }
        Through::Token(_) => None,
    };
    let orgs = caller.orgs().map(|(org, rights)| OrgRights {
        org_id: org.to_string(),
        rights: rights.iter().map(Into::into).collect(),
        is_owner: caller.owns(org),
    });
    Ok(Me {
        id: member.id.to_string(),
        name: member.name.clone(),
        email: member.email.clone(),
        role: member.role.into(),
        kind: member.kind.into(),
        has_password: member.password.is_some(),
        has_totp: member.totp.is_on,
        recovery_codes_left: engine.recovery_codes_left(member).await?,
        is_linked_to_single_sign_on: member.identity.is_some(),
        permissions: caller.permissions().iter().copied().map(Into::into).collect(),
        orgs: orgs.collect(),
        session,
    })
}

fn shown(session: sessions::Session, current: SessionId) -> Session {
    Session {
        is_current: session.id == current,
        id: session.id.to_string(),
        signed_in_at: session.signed_in_at,
        last_seen_at: session.last_seen_at,
        expires_at: session.expires_at,
        ip: session.ip,
        user_agent: session.user_agent,
        way: session.way.into(),
    }
}

fn proof(given: PasswordProof) -> Proof {
    match (given.password, given.code) {
        (Some(password), _) => Proof::Password(password),
        (None, Some(code)) => Proof::Code(code.expose().to_owned()),
        (None, None) => Proof::Nothing,
    }
}

fn picture_of(text: &str) -> Result<Secret> {
    let code = QrCode::new(text).map_err(|_| Refusal::bad_input("the address is too long for a picture"))?;
    Ok(Secret::new(code.render::<svg::Color<'_>>().min_dimensions(200, 200).build()))
}
