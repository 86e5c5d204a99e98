//! Connecting an org with a browser: to Salesforce's own page and back.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use holdfast_engine::access::{self, AccessError, NewOrgSignIn, SignInTo};
use holdfast_salesforce::Secret;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::single_sign_on::CameBack;
use crate::caller::InPerson;
use crate::extract::{Body, Params, address, org_id};
use crate::own_address::OwnAddress;
use crate::problem::{Refusal, Result};
use crate::state::AppState;
use crate::types::orgs::{NewSignIn, StartedSignIn};

pub(super) const CALLBACK: &str = "/api/v1/org_sign_ins/callback";

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(start_org_sign_in)).routes(routes!(finish_org_sign_in))
}

/// Begins connecting an org with a browser.
///
/// For a known org it needs the right to edit that org instead.
#[utoipa::path(post, path = "/api/v1/org_sign_ins", tag = "orgs", request_body = NewSignIn,
    responses((status = 201, body = StartedSignIn)), extensions(("x-permission" = json!("org:connect"))))]
async fn start_org_sign_in(
    State(state): State<AppState>,
    own: OwnAddress,
    InPerson(caller): InPerson,
    Body(new): Body<NewSignIn>,
) -> Result<(StatusCode, Json<StartedSignIn>)> {
    let org = match (new.org_id, new.name) {
        (Some(id), _) => SignInTo::Known { id: org_id(&id)? },
        (None, Some(name)) => SignInTo::New { name },
        (None, None) => return Err(Refusal::bad_input("name the new org, or give the id of a known one")),
    };
    let redirect_uri = own.join(CALLBACK);
    let expires_at = state.engine.clock().now() + state.engine.settings().access.sign_in_within;
    let new = NewOrgSignIn {
        org,
        login_url: address("login_url", &new.login_url)?,
        client_id: new.client_id,
        client_secret: new.client_secret,
        redirect_uri: redirect_uri.clone(),
    };
    let url = state.engine.begin_org_sign_in(&caller, new).await?;
    let started = StartedSignIn { authorize_url: url.into(), redirect_uri: redirect_uri.into(), expires_at };
    Ok((StatusCode::CREATED, Json(started)))
}

/// Where Salesforce sends the browser back.
#[utoipa::path(get, path = "/api/v1/org_sign_ins/callback", tag = "orgs", params(CameBack),
    responses((status = 303)), extensions(("x-permission" = json!("session"))))]
async fn finish_org_sign_in(
    State(state): State<AppState>,
    own: OwnAddress,
    InPerson(caller): InPerson,
    Params(back): Params<CameBack>,
) -> Response {
    let mut url = own.join("/orgs/connect");
    let mut known_org = None;
    match finished(&state, &caller, back, &mut known_org).await {
        Ok(id) => {
            url.set_path(&format!("/orgs/{id}"));
            url.query_pairs_mut().append_pair("connected", "1");
        }
        Err(refusal) => {
            url.query_pairs_mut()
                .append_pair("error", refusal.code().as_str())
                .append_pair("message", &refusal.words())
                .extend_pairs(known_org.map(|id| ("org_id", id)));
        }
    }
    let path = format!("{}?{}", url.path(), url.query().unwrap_or_default());
    Redirect::to(&path).into_response()
}

/// Says which org it is about even where it fails, so that the page can offer another try.
async fn finished(
    state: &AppState,
    caller: &access::Caller,
    back: CameBack,
    known_org: &mut Option<String>,
) -> Result<String> {
    let given = back.state.as_deref().ok_or(AccessError::LinkExpired)?;
    let begun = state.engine.recall_org_sign_in(caller, given).await?;
    *known_org = begun.known_org().map(ToString::to_string);
    let words = back.error_description.or(back.error);
    let refused = || access::CameBack::Refusal(words.unwrap_or_else(|| "no code came back".to_owned()));
    let came_back = back.code.map_or_else(refused, |code| access::CameBack::Code(Secret::new(code)));
    let org = state.engine.finish_org_sign_in(caller, begun, came_back).await?;
    Ok(org.id.to_string())
}
