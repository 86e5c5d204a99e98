//! Connected orgs.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use holdfast_domain::access::{Right, TeamPermission};
use holdfast_engine::access::{self, Caller};
use holdfast_engine::{Engine, NewOrg as EngineOrg, OrgSummary};
use holdfast_salesforce::Credentials;
use holdfast_salesforce::oauth::parse_sfdx_auth_url;
use url::Url;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::caller::Known;
use crate::extract::{Body, Params, address};
use crate::page::{Paging, slice};
use crate::problem::{Refusal, Result};
use crate::state::AppState;
use crate::types::orgs::{IntegrationUser, NewConnection, NewCredentials, NewOrg, Org, OrgChange, OrgPage};

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_orgs, create_org))
        .routes(routes!(get_org, update_org, delete_org))
        .routes(routes!(update_connection))
        .routes(routes!(get_integration_user))
}

/// The orgs that the caller may view.
#[utoipa::path(get, path = "/api/v1/orgs", tag = "orgs", params(Paging),
    responses((status = 200, body = OrgPage)), extensions(("x-permission" = json!("member"))))]
async fn list_orgs(
    State(engine): State<Engine>,
    Known(caller): Known,
    Params(paging): Params<Paging>,
) -> Result<Json<OrgPage>> {
    let mut all = engine.orgs().await?;
    all.retain(|org| caller.rights_on(&org.id).contains(Right::View));
    let (listed, next_page) = slice(all, &paging, |org| org.name.clone())?;
    let mut items = Vec::with_capacity(listed.len());
    for org in listed {
        items.push(shown(&engine, &caller, org).await?);
    }
    Ok(Json(OrgPage { items, next_page }))
}

/// Connects an org without a browser.
#[utoipa::path(post, path = "/api/v1/orgs", tag = "orgs", request_body = NewOrg,
    responses((status = 201, body = Org)), extensions(("x-permission" = json!("org:connect"))))]
async fn create_org(
    State(engine): State<Engine>,
    Known(caller): Known,
    Body(NewOrg { name, credentials }): Body<NewOrg>,
) -> Result<(StatusCode, Json<Org>)> {
    caller.may(TeamPermission::OrgConnect)?;
    let (instance_url, credentials) = read(credentials)?;
    let org = engine.connect_org(&caller, EngineOrg { name, instance_url, credentials }).await?;
    let mut org = shown(&engine, &caller, org).await?;
    org.rights = Right::ALL.iter().copied().map(Into::into).collect();
    Ok((StatusCode::CREATED, Json(org)))
}

/// One org.
#[utoipa::path(get, path = "/api/v1/orgs/{org_id}", tag = "orgs", params(("org_id" = String, Path)),
    responses((status = 200, body = Org)), extensions(("x-permission" = json!("org:view"))))]
async fn get_org(State(engine): State<Engine>, caller: Known, Path(org): Path<String>) -> Result<Json<Org>> {
    let id = caller.on(&org, Right::View)?;
    shown(&engine, &caller.0, engine.org(id.as_str()).await?).await.map(Json)
}

/// Changes name or budget.
#[utoipa::path(patch, path = "/api/v1/orgs/{org_id}", tag = "orgs", params(("org_id" = String, Path)),
    request_body = OrgChange, responses((status = 200, body = Org)),
    extensions(("x-permission" = json!("org:edit"))))]
async fn update_org(
    State(engine): State<Engine>,
    caller: Known,
    Path(org): Path<String>,
    Body(change): Body<OrgChange>,
) -> Result<Json<Org>> {
    let id = caller.on(&org, Right::Edit)?;
    let change = access::OrgChange {
        api_budget: percentage(change.api_budget_percent, "api_budget_percent")?,
        files_budget: percentage(change.files_budget_percent, "files_budget_percent")?,
        name: change.name,
    };
    let org = engine.change_org(&caller.0, &id, change).await?;
    shown(&engine, &caller.0, org).await.map(Json)
}

fn percentage(percent: Option<u64>, field: &'static str) -> Result<Option<u8>> {
    let bounded = |percent| match u8::try_from(percent) {
        Ok(percent @ 1..=100) => Ok(percent),
        _ => Err(Refusal::bad_input("the budget is a percentage from 1 to 100").in_field(field)),
    };
    percent.map(bounded).transpose()
}

/// Forgets the connection; what was captured stays in the lake.
#[utoipa::path(delete, path = "/api/v1/orgs/{org_id}", tag = "orgs", params(("org_id" = String, Path)),
    responses((status = 204)), extensions(("x-permission" = json!("org:delete"))))]
async fn delete_org(
    State(engine): State<Engine>,
    caller: Known,
    Path(org): Path<String>,
) -> Result<StatusCode> {
    let id = caller.on(&org, Right::Delete)?;
    engine.forget_org(&caller.0, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Connects a known org again without a browser.
#[utoipa::path(put, path = "/api/v1/orgs/{org_id}/connection", tag = "orgs", params(("org_id" = String, Path)),
    request_body = NewConnection, responses((status = 200, body = Org)),
    extensions(("x-permission" = json!("org:edit"))))]
async fn update_connection(
    State(engine): State<Engine>,
    caller: Known,
    Path(org): Path<String>,
    Body(NewConnection { credentials }): Body<NewConnection>,
) -> Result<Json<Org>> {
    let id = caller.on(&org, Right::Edit)?;
    let (instance_url, credentials) = read(credentials)?;
    let org = engine.reconnect_org(&caller.0, &id, instance_url, credentials).await?;
    shown(&engine, &caller.0, org).await.map(Json)
}

/// Who the integration user is.
#[utoipa::path(get, path = "/api/v1/orgs/{org_id}/integration_user", tag = "orgs",
    params(("org_id" = String, Path)), responses((status = 200, body = IntegrationUser)),
    extensions(("x-permission" = json!("org:view"))))]
async fn get_integration_user(
    State(engine): State<Engine>,
    caller: Known,
    Path(org): Path<String>,
) -> Result<Json<IntegrationUser>> {
    let id = caller.on(&org, Right::View)?;
    let asked = engine.integration_user(id.as_str()).await?;
    let identity = asked.identity;
    Ok(Json(IntegrationUser {
        user_id: identity.user_id,
        username: identity.username,
        name: identity.display_name,
        email: identity.email,
        profile: asked.profile,
        time_zone: identity.time_zone,
        locale: identity.locale,
    }))
}

fn read(credentials: NewCredentials) -> Result<(Option<Url>, Credentials)> {
    Ok(match credentials {
        NewCredentials::JwtBearer { login_url, client_id, username, private_key } => {
            let login_url = address("credentials.login_url", &login_url)?;
            let key_pem = private_key;
            (None, Credentials::Jwt { login_url, audience: None, client_id, username, key_pem })
        }
        NewCredentials::ClientCredentials { login_url, client_id, client_secret } => {
            let login_url = address("credentials.login_url", &login_url)?;
            (None, Credentials::ClientCredentials { login_url, client_id, client_secret })
        }
        NewCredentials::SfdxAuthUrl { auth_url } => {
            let not_one =
                |_| Refusal::bad_input("this is not an sfdx auth URL").in_field("credentials.auth_url");
            (None, parse_sfdx_auth_url(auth_url.expose()).map_err(not_one)?)
        }
        NewCredentials::AccessToken { instance_url, access_token } => {
            let instance_url = address("credentials.instance_url", &instance_url)?;
            (Some(instance_url), Credentials::AccessToken { access_token })
        }
    })
}

async fn shown(engine: &Engine, caller: &Caller, org: OrgSummary) -> Result<Org> {
    let standing = engine.org_standing(org.id.as_str()).await?;
    let owner_name = engine.member_name(org.owner).await?;
    Ok(Org {
        id: org.id.to_string(),
        name: org.name,
        instance_url: org.instance_url,
        organization_type: org.organization_type,
        is_sandbox: org.is_sandbox,
        auto_backup: org.auto_backup.into(),
        phase: standing.phase.into(),
        light: standing.light.into(),
        last_captured_at: standing.last_captured_at,
        api_budget_percent: u64::from(org.api_budget_percent),
        files_budget_percent: u64::from(org.files_budget_percent),
        connection: org.connection.into(),
        connection_message: org.connection_message,
        integration_user: org.integration_user,
        connected_at: org.connected_at,
        owner_id: org.owner.map(|owner| owner.to_string()),
        owner_name,
        rights: caller.rights_on(&org.id).iter().map(Into::into).collect(),
    })
}
