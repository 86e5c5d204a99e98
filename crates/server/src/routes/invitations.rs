//! Invitations: made by owners, opened and accepted by whoever holds the link.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use holdfast_catalog::invitations;
use holdfast_domain::access::{MemberKind, TeamPermission};
use holdfast_engine::Engine;
use holdfast_engine::access;
use holdfast_salesforce::Secret;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::session::welcomed;
use crate::caller::Known;
use crate::extract::{Body, Params, own_id};
use crate::own_address::{OwnAddress, Peer};
use crate::page::{Paging, cut};
use crate::problem::Result;
use crate::serve::invitation_address;
use crate::state::AppState;
use crate::types::account::Me;
use crate::types::team::{
    CreatedInvitation, Invitation, InvitationAcceptance, InvitationPage, InvitationToken, InvitationView,
    NewInvitation,
};

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_invitations, create_invitation))
        .routes(routes!(revoke_invitation))
        .routes(routes!(open_invitation))
        .routes(routes!(accept_invitation))
}

/// Open invitations.
#[utoipa::path(get, path = "/api/v1/invitations", tag = "team", params(Paging),
    responses((status = 200, body = InvitationPage)), extensions(("x-permission" = json!("team:manage"))))]
async fn list_invitations(
    State(engine): State<Engine>,
    Known(caller): Known,
    Params(paging): Params<Paging>,
) -> Result<Json<InvitationPage>> {
    let limit = paging.limit()?;
    let listed = engine.invitations(&caller, paging.id()?, limit + 1).await?;
    let (listed, next_page) = cut(listed, limit, |invitation| invitation.id.to_string());
    Ok(Json(InvitationPage { items: listed.into_iter().map(shown).collect(), next_page }))
}

/// Invites somebody.
#[utoipa::path(post, path = "/api/v1/invitations", tag = "team", request_body = NewInvitation,
    responses((status = 201, body = CreatedInvitation)), extensions(("x-permission" = json!("team:manage"))))]
async fn create_invitation(
    State(engine): State<Engine>,
    own: OwnAddress,
    Known(caller): Known,
    Body(new): Body<NewInvitation>,
) -> Result<(StatusCode, Json<CreatedInvitation>)> {
    let new = access::NewInvitation {
        email: new.email,
        name: new.name,
        role: new.role.into(),
        kind: new.kind.map_or(MemberKind::Person, Into::into),
    };
    let given = engine.invite(&caller, new).await?;
    let link = invitation_address(Some(&own.join("/")), &given.secret);
    let created = CreatedInvitation { invitation: shown(given.invitation), link: Secret::new(link.clone()) };
    Ok((StatusCode::CREATED, Json(created)))
}

/// Takes an invitation back.
#[utoipa::path(delete, path = "/api/v1/invitations/{invitation_id}", tag = "team",
    params(("invitation_id" = String, Path)), responses((status = 204)),
    extensions(("x-permission" = json!("team:manage"))))]
async fn revoke_invitation(
    State(engine): State<Engine>,
    Known(caller): Known,
    Path(id): Path<String>,
) -> Result<StatusCode> {
    caller.may(TeamPermission::TeamManage)?;
    engine.revoke_invitation(&caller, own_id("invitation", &id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Shows an invitation to who holds its link.
#[utoipa::path(post, path = "/api/v1/invitations/open", tag = "session", request_body = InvitationToken,
    responses((status = 200, body = InvitationView)), extensions(("x-permission" = json!("public"))))]
async fn open_invitation(
    State(engine): State<Engine>,
    Peer(origin): Peer,
    Body(InvitationToken { token }): Body<InvitationToken>,
) -> Result<Json<InvitationView>> {
    let invitation = engine.open_invitation(token.expose(), &origin).await?;
    Ok(Json(InvitationView {
        email: invitation.email,
        name: invitation.name,
        role: invitation.role.into(),
        invited_by: invitation.invited_by,
        expires_at: invitation.expires_at,
    }))
}

/// Becomes a member and signs in.
#[utoipa::path(post, path = "/api/v1/invitations/accept", tag = "session", request_body = InvitationAcceptance,
    responses((status = 201, body = Me)), extensions(("x-permission" = json!("public"))))]
async fn accept_invitation(
    State(state): State<AppState>,
    own: OwnAddress,
    Peer(origin): Peer,
    Body(InvitationAcceptance { token, name, password }): Body<InvitationAcceptance>,
) -> Result<Response> {
    let signed_in = state.engine.accept_invitation(token.expose(), &name, password, &origin).await?;
    welcomed(&state, &own, signed_in, StatusCode::CREATED).await
}

fn shown(invitation: invitations::Invitation) -> Invitation {
    Invitation {
        id: invitation.id.to_string(),
        email: invitation.email,
        name: invitation.name,
        role: invitation.role.into(),
        kind: invitation.kind.into(),
        invited_by: invitation.invited_by,
        created_at: invitation.created_at,
        expires_at: invitation.expires_at,
    }
}
