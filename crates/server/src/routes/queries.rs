//! SQL over the backups of an org, at any moment.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use holdfast_domain::access::Right;
use holdfast_engine::Engine;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::caller::Known;
use crate::extract::{Body, Params};
use crate::page::Paging;
use crate::problem::Result;
use crate::state::AppState;
use crate::types::records::{Query, QueryAnswer, QueryTablePage};

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(run_query))
        .routes(routes!(export_query))
        .routes(routes!(list_query_tables))
}

/// SQL over the backups of any moment.
#[utoipa::path(post, path = "/api/v1/orgs/{org_id}/queries", tag = "records", params(("org_id" = String, Path)),
    request_body = Query, responses((status = 200, body = QueryAnswer)),
    extensions(("x-permission" = json!("org:browse"))))]
async fn run_query(
    State(engine): State<Engine>,
    caller: Known,
    Path(org): Path<String>,
    Body(query): Body<Query>,
) -> Result<Json<QueryAnswer>> {
    let id = caller.on(&org, Right::Browse)?;
    sql::rows(&engine, &id, query).await.map(Json)
}

/// The same as CSV, without a limit on rows.
#[utoipa::path(post, path = "/api/v1/orgs/{org_id}/query_exports", tag = "records",
    params(("org_id" = String, Path)), request_body = Query,
    responses((status = 200, body = String, content_type = "text/csv")),
    extensions(("x-permission" = json!("org:download"))))]
async fn export_query(
    State(engine): State<Engine>,
    caller: Known,
    Path(org): Path<String>,
    Body(query): Body<Query>,
) -> Result<Response> {
    let id = caller.on(&org, Right::Download)?;
    // What leaves as a file is what could be seen.
    caller.0.may_on(&id, Right::Browse)?;
    sql::csv(&engine, &caller.0, &id, query).await
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct TablesWanted {
    as_of: Option<String>,
    /// Part of the name.
    q: Option<String>,
}

/// What can be queried.
#[utoipa::path(get, path = "/api/v1/orgs/{org_id}/query_tables", tag = "records",
    params(("org_id" = String, Path), Paging, TablesWanted), responses((status = 200, body = QueryTablePage)),
    extensions(("x-permission" = json!("org:browse"))))]
async fn list_query_tables(
    State(engine): State<Engine>,
    caller: Known,
    Path(org): Path<String>,
    Params(paging): Params<Paging>,
    Params(TablesWanted { as_of, q }): Params<TablesWanted>,
) -> Result<Json<QueryTablePage>> {
    let id = caller.on(&org, Right::Browse)?;
    sql::tables(&engine, &id, as_of.as_deref(), q.as_deref(), &paging).await.map(Json)
}

#[cfg(feature = "query")]
#[path = "sql.rs"]
mod sql;

#[cfg(not(feature = "query"))]
#[path = "no_sql.rs"]
mod sql;
