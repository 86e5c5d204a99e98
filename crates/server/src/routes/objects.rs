//! The Objects of an org, their timelines, and the errors of all of them.

use axum::Json;
use axum::extract::{Path, State};
use chrono::{DateTime, Utc};
use holdfast_catalog::blocks;
use holdfast_catalog::object_lists::Place;
use holdfast_domain::ObjectName;
use holdfast_domain::access::Right;
use holdfast_domain::capture::method::CaptureMethod;
use holdfast_engine::Engine;
use holdfast_engine::object_list::{ListedObject, ObjectFilter};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::runs::{counts, failure};
use crate::caller::Known;
use crate::extract::{Params, object_name};
use crate::page::{Paging, cut, token};
use crate::problem::Result;
use crate::state::AppState;
use crate::types::auto_backup::{
    Block, BlockPage, ObjectPhase, ObjectSort, ObjectStatus, ObjectStatusPage, ObjectWord, OrgError,
    OrgErrorPage, SortOrder,
};

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_objects))
        .routes(routes!(get_object))
        .routes(routes!(list_blocks))
        .routes(routes!(list_errors))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ObjectsWanted {
    /// Part of the name.
    q: Option<String>,
    word: Option<ObjectWord>,
    phase: Option<ObjectPhase>,
    has_error: Option<bool>,
    sort: Option<ObjectSort>,
    order: Option<SortOrder>,
}

#[derive(Serialize, Deserialize)]
struct PlaceToken(i64, ObjectName);

/// The status of all objects.
#[utoipa::path(get, path = "/api/v1/orgs/{org_id}/objects", tag = "auto backup",
    params(("org_id" = String, Path), Paging, ObjectsWanted), responses((status = 200, body = ObjectStatusPage)),
    extensions(("x-permission" = json!("org:view"))))]
async fn list_objects(
    State(engine): State<Engine>,
    caller: Known,
    Path(org): Path<String>,
    Params(paging): Params<Paging>,
    Params(wanted): Params<ObjectsWanted>,
) -> Result<Json<ObjectStatusPage>> {
    let id = caller.on(&org, Right::View)?;
    let filter = ObjectFilter {
        name_part: wanted.q.filter(|part| !part.is_empty()),
        word: wanted.word.map(Into::into),
        phase: wanted.phase.map(Into::into),
        has_error: wanted.has_error,
        sort: wanted.sort.map(Into::into).unwrap_or_default(),
        is_descending: wanted.order == Some(SortOrder::Descending),
    };
    let after: Option<PlaceToken> = paging.place()?;
    let after = after.map(|PlaceToken(key, name)| Place { key, name });
    let page = engine.objects(id.as_str(), filter, after.as_ref(), paging.limit()?).await?;
    Ok(Json(ObjectStatusPage {
        items: page.objects.into_iter().map(shown).collect(),
        next_page: page.next.map(|place| token(&PlaceToken(place.key, place.name))),
        total: page.total,
    }))
}

/// One object.
#[utoipa::path(get, path = "/api/v1/orgs/{org_id}/objects/{object}", tag = "auto backup",
    params(("org_id" = String, Path), ("object" = String, Path)), responses((status = 200, body = ObjectStatus)),
    extensions(("x-permission" = json!("org:view"))))]
async fn get_object(
    State(engine): State<Engine>,
    caller: Known,
    Path((org, object)): Path<(String, String)>,
) -> Result<Json<ObjectStatus>> {
    let id = caller.on(&org, Right::View)?;
    Ok(Json(shown(engine.object(id.as_str(), &object_name(&object)?).await?)))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OfObject {
    /// Of all objects unless given.
    object: Option<String>,
}

/// The timeline of an object, or of the whole org, newest first.
#[utoipa::path(get, path = "/api/v1/orgs/{org_id}/blocks", tag = "auto backup",
    params(("org_id" = String, Path), Paging, OfObject), responses((status = 200, body = BlockPage)),
    extensions(("x-permission" = json!("org:view"))))]
async fn list_blocks(
    State(engine): State<Engine>,
    caller: Known,
    Path(org): Path<String>,
    Params(paging): Params<Paging>,
    Params(OfObject { object }): Params<OfObject>,
) -> Result<Json<BlockPage>> {
    let id = caller.on(&org, Right::View)?;
    let (object, limit) = (object.as_deref().map(object_name).transpose()?, paging.limit()?);
    let listed = engine.blocks(id.as_str(), object.as_ref(), paging.id()?, limit + 1).await?;
    let (listed, next_page) = cut(listed, limit, |block| block.id.to_string());
    Ok(Json(BlockPage { items: listed.into_iter().map(block).collect(), next_page }))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ErrorsWanted {
    /// Only those that are not over; true unless given.
    is_open: Option<bool>,
    object: Option<String>,
}

/// All errors of an org, newest first.
#[utoipa::path(get, path = "/api/v1/orgs/{org_id}/errors", tag = "auto backup",
    params(("org_id" = String, Path), Paging, ErrorsWanted), responses((status = 200, body = OrgErrorPage)),
    extensions(("x-permission" = json!("org:view"))))]
async fn list_errors(
    State(engine): State<Engine>,
    caller: Known,
    Path(org): Path<String>,
    Params(paging): Params<Paging>,
    Params(wanted): Params<ErrorsWanted>,
) -> Result<Json<OrgErrorPage>> {
    let id = caller.on(&org, Right::View)?;
    let object = wanted.object.as_deref().map(object_name).transpose()?;
    let (only_open, limit) = (wanted.is_open.unwrap_or(true), paging.limit()?);
    let listed = engine.org_errors(id.as_str(), object.as_ref(), only_open, paging.id()?, limit + 1).await?;
    let (listed, next_page) = cut(listed, limit, |(error, _)| error.id.to_string());
    let items = listed.into_iter().map(|(error, light)| OrgError {
        id: error.id.to_string(),
        object: error.object.map(|object| object.to_string()),
        run_id: error.run.map(|run| run.to_string()),
        code: error.code.as_str().to_owned(),
        message: error.message,
        hint: error.code.hint().to_owned(),
        at: error.at,
        resolved_at: error.resolved_at,
        light: light.into(),
    });
    Ok(Json(OrgErrorPage { items: items.collect(), next_page }))
}

fn shown(listed: ListedObject) -> ObjectStatus {
    let ListedObject { state, word, light, records_per_second, org_problem } = listed;
    let own = state.trouble.as_ref();
    let told = own.map(|trouble| failure(trouble.failure.clone(), Some(trouble.since)));
    ObjectStatus {
        object: state.name.to_string(),
        phase: state.phase.into(),
        light: light.into(),
        word: word.into(),
        live_records: state.live_records,
        remaining_records: state.remaining_records,
        records_per_second,
        last_captured_at: state.last_captured_at,
        last_verified_at: state.verified_at,
        watermark: state.watermark_us.and_then(time),
        failing_since: own.map(|trouble| trouble.since),
        attempts: own.map_or(0, |trouble| trouble.attempts),
        next_try_at: own.and_then(|trouble| trouble.next_try_at),
        failure: told.or_else(|| org_problem.map(|problem| failure(problem.failure, Some(problem.since)))),
        stopped_reason: state.stopped_reason,
        gone_fields: Some(state.gone_fields).filter(|fields| !fields.is_empty()),
        method: state.method.map(|method| way(&method).to_owned()),
        first_seen_at: state.first_seen_at,
        last_seen_at: state.last_seen_at,
    }
}

fn way(method: &CaptureMethod) -> &'static str {
    match method {
        CaptureMethod::Windows { .. } => "windows",
        CaptureMethod::Whole => "whole",
        CaptureMethod::ByParent { .. } => "by_parent",
        CaptureMethod::None { .. } => "none",
    }
}

fn block(block: blocks::Block) -> Block {
    Block {
        id: block.id.to_string(),
        object: block.object.to_string(),
        run_id: block.run.to_string(),
        way: block.way,
        window_from: block.window_from_us.and_then(time),
        window_until: block.window_until_us.and_then(time),
        table_version: block.table_version,
        counts: counts(block.counts),
        started_at: block.started_at,
        finished_at: block.finished_at,
        failure: block.failure.map(|told| failure(told, None)),
    }
}

fn time(us: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(us)
}
