//! The team, for its owners.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use holdfast_domain::access::TeamPermission;
use holdfast_engine::Engine;
use holdfast_engine::access::{self, MemberView};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::caller::Known;
use crate::extract::{Body, Params, own_id};
use crate::page::{Paging, cut};
use crate::problem::Result;
use crate::state::AppState;
use crate::types::account::OrgRights;
use crate::types::team::{Member, MemberChange, MemberPage};

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_members))
        .routes(routes!(get_member, update_member, delete_member))
        .routes(routes!(revoke_member_sessions))
        .routes(routes!(reset_member_totp))
}

/// The members of the team.
#[utoipa::path(get, path = "/api/v1/members", tag = "team", params(Paging),
    responses((status = 200, body = MemberPage)), extensions(("x-permission" = json!("team:manage"))))]
async fn list_members(
    State(engine): State<Engine>,
    Known(caller): Known,
    Params(paging): Params<Paging>,
) -> Result<Json<MemberPage>> {
    let limit = paging.limit()?;
    let listed = engine.members(&caller, paging.id()?, limit + 1).await?;
    let (listed, next_page) = cut(listed, limit, |view| view.member.id.to_string());
    Ok(Json(MemberPage { items: listed.into_iter().map(shown).collect(), next_page }))
}

/// One member.
#[utoipa::path(get, path = "/api/v1/members/{member_id}", tag = "team", params(("member_id" = String, Path)),
    responses((status = 200, body = Member)), extensions(("x-permission" = json!("team:manage"))))]
async fn get_member(
    State(engine): State<Engine>,
    Known(caller): Known,
    Path(id): Path<String>,
) -> Result<Json<Member>> {
    caller.may(TeamPermission::TeamManage)?;
    Ok(Json(shown(engine.member(&caller, own_id("member", &id)?).await?)))
}

/// Changes a member; the last owner stays one.
#[utoipa::path(patch, path = "/api/v1/members/{member_id}", tag = "team", params(("member_id" = String, Path)),
    request_body = MemberChange, responses((status = 200, body = Member)),
    extensions(("x-permission" = json!("team:manage"))))]
async fn update_member(
    State(engine): State<Engine>,
    Known(caller): Known,
    Path(id): Path<String>,
    Body(change): Body<MemberChange>,
) -> Result<Json<Member>> {
    caller.may(TeamPermission::TeamManage)?;
    let change = access::MemberChange {
        name: change.name,
        role: change.role.map(Into::into),
        is_disabled: change.is_disabled,
    };
    Ok(Json(shown(engine.change_member(&caller, own_id("member", &id)?, change).await?)))
}

/// Removes a member.
#[utoipa::path(delete, path = "/api/v1/members/{member_id}", tag = "team", params(("member_id" = String, Path)),
    responses((status = 204)), extensions(("x-permission" = json!("team:manage"))))]
async fn delete_member(
    State(engine): State<Engine>,
    Known(caller): Known,
    Path(id): Path<String>,
) -> Result<StatusCode> {
    caller.may(TeamPermission::TeamManage)?;
    engine.remove_member(&caller, own_id("member", &id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends all sessions of a member.
#[utoipa::path(delete, path = "/api/v1/members/{member_id}/sessions", tag = "team",
    params(("member_id" = String, Path)), responses((status = 204)),
    extensions(("x-permission" = json!("team:manage"))))]
async fn revoke_member_sessions(
    State(engine): State<Engine>,
    Known(caller): Known,
    Path(id): Path<String>,
) -> Result<StatusCode> {
    caller.may(TeamPermission::TeamManage)?;
    engine.end_sessions_of(&caller, own_id("member", &id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes the authenticator of a member who lost it.
#[utoipa::path(delete, path = "/api/v1/members/{member_id}/totp", tag = "team",
    params(("member_id" = String, Path)), responses((status = 204)),
    extensions(("x-permission" = json!("team:manage"))))]
async fn reset_member_totp(
    State(engine): State<Engine>,
    Known(caller): Known,
    Path(id): Path<String>,
) -> Result<StatusCode> {
    caller.may(TeamPermission::TeamManage)?;
    engine.reset_totp_of(&caller, own_id("member", &id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn shown(view: MemberView) -> Member {
    let MemberView { member, orgs } = view;
    let orgs = orgs.into_iter().map(|org| OrgRights {
        org_id: org.org.to_string(),
        rights: org.rights.iter().map(Into::into).collect(),
        is_owner: org.is_owner,
    });
    Member {
        id: member.id.to_string(),
        name: member.name,
        email: member.email,
        role: member.role.into(),
        kind: member.kind.into(),
        is_disabled: member.is_disabled,
        has_password: member.password.is_some(),
        has_totp: member.totp.is_on,
        is_linked_to_single_sign_on: member.identity.is_some(),
        created_at: member.created_at,
        last_seen_at: member.last_seen_at,
        orgs: orgs.collect(),
    }
}
