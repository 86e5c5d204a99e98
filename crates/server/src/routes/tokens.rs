//! The caller's own API tokens.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use holdfast_catalog::tokens;
use holdfast_engine::Engine;
use holdfast_engine::access;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::caller::InPerson;
use crate::extract::{Body, Params, org_id, own_id};
use crate::page::{Paging, cut};
use crate::problem::Result;
use crate::state::AppState;
use crate::types::tokens::{CreatedToken, NewToken, Token, TokenPage};

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_tokens, create_token)).routes(routes!(revoke_token))
}

/// The own API tokens.
#[utoipa::path(get, path = "/api/v1/me/tokens", tag = "session", params(Paging),
    responses((status = 200, body = TokenPage)), extensions(("x-permission" = json!("session"))))]
async fn list_tokens(
    State(engine): State<Engine>,
    InPerson(caller): InPerson,
    Params(paging): Params<Paging>,
) -> Result<Json<TokenPage>> {
    let limit = paging.limit()?;
    let listed = engine.tokens(&caller, paging.id()?, limit + 1).await?;
    let (listed, next_page) = cut(listed, limit, |token| token.id.to_string());
    Ok(Json(TokenPage { items: listed.into_iter().map(shown).collect(), next_page }))
}

/// Makes an API token.
#[utoipa::path(post, path = "/api/v1/me/tokens", tag = "session", request_body = NewToken,
    responses((status = 201, body = CreatedToken)), extensions(("x-permission" = json!("session"))))]
async fn create_token(
    State(engine): State<Engine>,
    InPerson(caller): InPerson,
    Body(new): Body<NewToken>,
) -> Result<(StatusCode, Json<CreatedToken>)> {
    let orgs = new.org_ids.map(|ids| ids.iter().map(|id| org_id(id)).collect::<Result<Vec<_>>>());
    let new = access::NewToken {
        name: new.name,
        scopes: new.scopes.into_iter().map(Into::into).collect(),
        orgs: orgs.transpose()?,
        expires_at: new.expires_at,
    };
    let given = engine.create_token(&caller, new).await?;
    Ok((StatusCode::CREATED, Json(CreatedToken { token: shown(given.token), secret: given.secret })))
}

/// Ends an API token.
#[utoipa::path(delete, path = "/api/v1/me/tokens/{token_id}", tag = "session",
    params(("token_id" = String, Path)), responses((status = 204)),
    extensions(("x-permission" = json!("session"))))]
async fn revoke_token(
    State(engine): State<Engine>,
    InPerson(caller): InPerson,
    Path(id): Path<String>,
) -> Result<StatusCode> {
    engine.revoke_token(&caller, own_id("token", &id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn shown(token: tokens::Token) -> Token {
    Token {
        id: token.id.to_string(),
        name: token.name,
        scopes: token.scopes.0.into_iter().map(Into::into).collect(),
        org_ids: token.orgs.map(|orgs| orgs.iter().map(ToString::to_string).collect()),
        created_at: token.created_at,
        expires_at: token.expires_at,
        last_used_at: token.last_used_at,
        beginning: token.beginning,
    }
}
