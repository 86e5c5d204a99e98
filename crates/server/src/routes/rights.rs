//! Who may do what on an org, for owners of the team.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use holdfast_domain::access::{Right, TeamPermission};
use holdfast_engine::Engine;
use holdfast_engine::access;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::caller::Known;
use crate::extract::{Body, Params, org_id, own_id};
use crate::page::{Paging, cut};
use crate::problem::Result;
use crate::state::AppState;
use crate::types::team::{MemberRights, MemberRightsPage, OwnerChange, RightsChange};

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_rights))
        .routes(routes!(update_rights))
        .routes(routes!(update_org_owner))
}

/// Who may do what on an org.
#[utoipa::path(get, path = "/api/v1/orgs/{org_id}/rights", tag = "team", params(("org_id" = String, Path), Paging),
    responses((status = 200, body = MemberRightsPage)), extensions(("x-permission" = json!("team:manage"))))]
async fn list_rights(
    State(engine): State<Engine>,
    Known(caller): Known,
    Path(org): Path<String>,
    Params(paging): Params<Paging>,
) -> Result<Json<MemberRightsPage>> {
    caller.may(TeamPermission::TeamManage)?;
    let limit = paging.limit()?;
    let listed = engine.rights_on(&caller, &org_id(&org)?, paging.id()?, limit + 1).await?;
    let (listed, next_page) = cut(listed, limit, |rights| rights.member.id.to_string());
    Ok(Json(MemberRightsPage { items: listed.into_iter().map(shown).collect(), next_page }))
}

/// Gives a member exactly these rights.
#[utoipa::path(put, path = "/api/v1/orgs/{org_id}/rights/{member_id}", tag = "team",
    params(("org_id" = String, Path), ("member_id" = String, Path)), request_body = RightsChange,
    responses((status = 200, body = MemberRights)), extensions(("x-permission" = json!("team:manage"))))]
async fn update_rights(
    State(engine): State<Engine>,
    Known(caller): Known,
    Path((org, member)): Path<(String, String)>,
    Body(RightsChange { rights }): Body<RightsChange>,
) -> Result<Json<MemberRights>> {
    caller.may(TeamPermission::TeamManage)?;
    let rights = rights.into_iter().map(Right::from).collect();
    let granted = engine.grant(&caller, &org_id(&org)?, own_id("member", &member)?, rights).await?;
    Ok(Json(shown(granted)))
}

/// Hands the connection to another owner; only who owns it may, or any owner if nobody does.
#[utoipa::path(put, path = "/api/v1/orgs/{org_id}/owner", tag = "team", params(("org_id" = String, Path)),
    request_body = OwnerChange, responses((status = 204)), extensions(("x-permission" = json!("team:manage"))))]
async fn update_org_owner(
    State(engine): State<Engine>,
    Known(caller): Known,
    Path(org): Path<String>,
    Body(OwnerChange { member_id }): Body<OwnerChange>,
) -> Result<StatusCode> {
    caller.may(TeamPermission::TeamManage)?;
    engine.hand_over(&caller, &org_id(&org)?, own_id("member", &member_id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn shown(of: access::MemberRights) -> MemberRights {
    MemberRights {
        member_id: of.member.id.to_string(),
        name: of.member.name,
        email: of.member.email,
        role: of.member.role.into(),
        granted: of.granted.iter().map(Into::into).collect(),
        rights: of.rights.iter().map(Into::into).collect(),
        is_owner: of.is_owner,
    }
}
