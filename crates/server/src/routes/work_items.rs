//! Work items: backups, checks and compactions that go on by themselves.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderName, StatusCode, header};
use holdfast_domain::OrgId;
use holdfast_domain::access::{Right, TeamPermission};
use holdfast_engine::Engine;
use holdfast_engine::work_items::{self, CheckOutcome, CompactionOutcome, Work, WorkOutcome, WorkProgress};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::runs::failure;
use crate::caller::Known;
use crate::extract::{Body, Params, own_id};
use crate::page::{Paging, cut};
use crate::problem::Result;
use crate::state::AppState;
use crate::types::work_items::{
    CheckProgress, CheckResult, CompactionResult, Finding, NewCheck, WorkItem, WorkItemPage,
};

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(start_check))
        .routes(routes!(start_compaction))
        .routes(routes!(start_lake_check))
        .routes(routes!(start_lake_compaction))
        .routes(routes!(list_work_items))
        .routes(routes!(list_lake_work_items))
        .routes(routes!(get_work_item, cancel_work_item))
}

/// The new work item, and where to watch it.
pub(super) type Accepted = (StatusCode, [(HeaderName, String); 1], Json<WorkItem>);

/// Asks for a check of what the lake holds of an org.
#[utoipa::path(post, path = "/api/v1/orgs/{org_id}/checks", tag = "work", params(("org_id" = String, Path)),
    request_body = NewCheck, responses((status = 202, body = WorkItem)),
    extensions(("x-permission" = json!("org:execute"))))]
async fn start_check(
    State(engine): State<Engine>,
    caller: Known,
    Path(org): Path<String>,
    Body(NewCheck { read_data }): Body<NewCheck>,
) -> Result<Accepted> {
    let id = caller.on(&org, Right::Execute)?;
    let work = Work::Check { read_data: read_data.unwrap_or(false) };
    Ok(accepted(engine.ask(&caller.0, Some(&id), work).await?))
}

/// Asks for small files of an org's tables to be merged into larger ones; no version is lost.
#[utoipa::path(post, path = "/api/v1/orgs/{org_id}/compactions", tag = "work", params(("org_id" = String, Path)),
    responses((status = 202, body = WorkItem)), extensions(("x-permission" = json!("org:execute"))))]
async fn start_compaction(
    State(engine): State<Engine>,
    caller: Known,
    Path(org): Path<String>,
) -> Result<Accepted> {
    let id = caller.on(&org, Right::Execute)?;
    Ok(accepted(engine.ask(&caller.0, Some(&id), Work::Compaction).await?))
}

/// Asks for a check of the whole lake.
#[utoipa::path(post, path = "/api/v1/checks", tag = "work", request_body = NewCheck,
    responses((status = 202, body = WorkItem)), extensions(("x-permission" = json!("settings:manage"))))]
async fn start_lake_check(
    State(engine): State<Engine>,
    Known(caller): Known,
    Body(NewCheck { read_data }): Body<NewCheck>,
) -> Result<Accepted> {
    caller.may(TeamPermission::SettingsManage)?;
    let work = Work::Check { read_data: read_data.unwrap_or(false) };
    Ok(accepted(engine.ask(&caller, None, work).await?))
}

/// Asks for the small files of all tables to be merged into larger ones; no version is lost.
#[utoipa::path(post, path = "/api/v1/compactions", tag = "work", responses((status = 202, body = WorkItem)),
    extensions(("x-permission" = json!("settings:manage"))))]
async fn start_lake_compaction(State(engine): State<Engine>, Known(caller): Known) -> Result<Accepted> {
    caller.may(TeamPermission::SettingsManage)?;
    Ok(accepted(engine.ask(&caller, None, Work::Compaction).await?))
}

/// The work items of an org, newest first.
#[utoipa::path(get, path = "/api/v1/orgs/{org_id}/work_items", tag = "work",
    params(("org_id" = String, Path), Paging), responses((status = 200, body = WorkItemPage)),
    extensions(("x-permission" = json!("org:view"))))]
async fn list_work_items(
    State(engine): State<Engine>,
    caller: Known,
    Path(org): Path<String>,
    Params(paging): Params<Paging>,
) -> Result<Json<WorkItemPage>> {
    let id = caller.on(&org, Right::View)?;
    page(&engine, &caller, Some(&id), &paging).await
}

/// The work items about the whole lake, newest first.
#[utoipa::path(get, path = "/api/v1/work_items", tag = "work", params(Paging),
    responses((status = 200, body = WorkItemPage)), extensions(("x-permission" = json!("settings:manage"))))]
async fn list_lake_work_items(
    State(engine): State<Engine>,
    caller: Known,
    Params(paging): Params<Paging>,
) -> Result<Json<WorkItemPage>> {
    page(&engine, &caller, None, &paging).await
}

/// How far it is, and what came of it. About the whole lake: `settings:manage`.
#[utoipa::path(get, path = "/api/v1/work_items/{work_item_id}", tag = "work",
    params(("work_item_id" = String, Path)), responses((status = 200, body = WorkItem)),
    extensions(("x-permission" = json!("org:view"))))]
async fn get_work_item(
    State(engine): State<Engine>,
    Known(caller): Known,
    Path(id): Path<String>,
) -> Result<Json<WorkItem>> {
    Ok(Json(shown(engine.work_item(&caller, own_id("work item", &id)?).await?)))
}

/// Cancels it, if it has not ended. About the whole lake: `settings:manage`.
#[utoipa::path(delete, path = "/api/v1/work_items/{work_item_id}", tag = "work",
    params(("work_item_id" = String, Path)), responses((status = 204)),
    extensions(("x-permission" = json!("org:execute"))))]
async fn cancel_work_item(
    State(engine): State<Engine>,
    Known(caller): Known,
    Path(id): Path<String>,
) -> Result<StatusCode> {
    engine.cancel_work_item(&caller, own_id("work item", &id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn page(
    engine: &Engine,
    caller: &Known,
    org: Option<&OrgId>,
    paging: &Paging,
) -> Result<Json<WorkItemPage>> {
    let limit = paging.limit()?;
    let listed = engine.work_items(&caller.0, org, paging.id()?, limit + 1).await?;
    let (listed, next_page) = cut(listed, limit, |work| work.id.to_string());
    Ok(Json(WorkItemPage { items: listed.into_iter().map(in_list).collect(), next_page }))
}

/// Of a thousand findings for each check a page would be megabytes.
fn in_list(mut work: work_items::WorkItem) -> WorkItem {
    if let Some(WorkOutcome::Check(found)) = &mut work.outcome {
        found.damage.truncate(1);
    }
    shown(work)
}

pub(super) fn accepted(work: work_items::WorkItem) -> Accepted {
    let place = format!("/api/v1/work_items/{}", work.id);
    (StatusCode::ACCEPTED, [(header::LOCATION, place)], Json(shown(work)))
}

fn shown(work: work_items::WorkItem) -> WorkItem {
    let (mut run_id, mut run_status, mut check_progress, mut checked, mut compaction) =
        (None, None, None, None, None);
    match work.progress {
        Some(WorkProgress::Backup { run }) => run_id = Some(run.to_string()),
        Some(WorkProgress::Check { org, name, done, total }) => {
            check_progress = Some(CheckProgress { org_id: org.to_string(), name, done, total });
        }
        None => {}
    }
    match work.outcome {
        Some(WorkOutcome::Backup { run, status }) => {
            (run_id, run_status) = (Some(run.to_string()), Some(status.into()));
        }
        Some(WorkOutcome::Check(found)) => checked = Some(check_result(found)),
        Some(WorkOutcome::Compaction(done)) => compaction = Some(compaction_result(&done)),
        None => {}
    }
    WorkItem {
        id: work.id.to_string(),
        org_id: work.org.map(|org| org.to_string()),
        kind: work.kind.into(),
        state: work.state.into(),
        asked_by: work.asked_by,
        asked_at: work.asked_at,
        started_at: work.started_at,
        ended_at: work.ended_at,
        cut_off: work.cut_off,
        run_id,
        run_status,
        check_progress,
        check: checked,
        compaction,
        failure: work.failure.map(|told| failure(told, None)),
    }
}

fn check_result(found: CheckOutcome) -> CheckResult {
    let finding = |found: work_items::CheckedFinding| Finding {
        path: found.path,
        invariant: found.invariant,
        number: u64::from(found.number),
        detail: found.detail,
    };
    let counts = found.counts;
    CheckResult {
        is_whole: found.is_whole,
        read_data: found.read_data,
        orgs: counts.orgs,
        manifests: counts.manifests,
        tables: counts.tables,
        data_files: counts.data_files,
        rows: counts.rows,
        describes: counts.describes,
        blobs: counts.blobs,
        bytes: counts.bytes,
        damaged: found.damaged,
        damage: found.damage.into_iter().map(finding).collect(),
        left_over: found.left_over,
    }
}

fn compaction_result(done: &CompactionOutcome) -> CompactionResult {
    let CompactionOutcome { tables, merged_tables, files_before, files_after, bytes_written } = *done;
    CompactionResult { tables, merged_tables, files_before, files_after, bytes_written }
}
