//! Runs, and what each captured.

use axum::Json;
use axum::extract::{Path, State};
use chrono::{DateTime, Utc};
use holdfast_domain::access::Right;
use holdfast_domain::{ObjectName, OrgId, RunId, manifest};
use holdfast_engine::Engine;
use holdfast_engine::runs::RunSummary;
use holdfast_engine::work_items::Work;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::work_items::{Accepted, accepted};
use crate::caller::Known;
use crate::extract::{Body, Params, object_name, run_id};
use crate::page::{Paging, cut, slice};
use crate::problem::{Refusal, Result};
use crate::state::AppState;
use crate::types::auto_backup::{Counts, Failure};
use crate::types::runs::{FileCounts, Run, RunError, RunErrorPage, RunObject, RunObjectPage, RunPage};
use crate::types::work_items::{NewRun, WorkItem};

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_runs, start_run))
        .routes(routes!(get_run))
        .routes(routes!(list_run_objects))
        .routes(routes!(list_run_errors))
}

/// The runs of an org, newest first.
#[utoipa::path(get, path = "/api/v1/orgs/{org_id}/runs", tag = "runs", params(("org_id" = String, Path), Paging),
    responses((status = 200, body = RunPage)), extensions(("x-permission" = json!("org:view"))))]
async fn list_runs(
    State(engine): State<Engine>,
    caller: Known,
    Path(org): Path<String>,
    Params(paging): Params<Paging>,
) -> Result<Json<RunPage>> {
    let id = caller.on(&org, Right::View)?;
    let (before, limit): (Option<RunId>, u32) = (paging.place()?, paging.limit()?);
    let listed = engine.runs_before(id.as_str(), before.as_ref(), limit + 1).await?;
    let (listed, next_page) = cut(listed, limit, |run| run.id.to_string());
    Ok(Json(RunPage { items: listed.into_iter().map(run).collect(), next_page }))
}

/// Asks for a run that captures the org now, up to date. It begins when no other run of the org is under way.
#[utoipa::path(post, path = "/api/v1/orgs/{org_id}/runs", tag = "runs", params(("org_id" = String, Path)),
    request_body = NewRun, responses((status = 202, body = WorkItem)),
    extensions(("x-permission" = json!("org:execute"))))]
async fn start_run(
    State(engine): State<Engine>,
    caller: Known,
    Path(org): Path<String>,
    Body(new): Body<NewRun>,
) -> Result<Accepted> {
    let id = caller.on(&org, Right::Execute)?;
    let objects = new.objects.unwrap_or_default();
    let objects = objects.iter().map(|object| object_name(object)).collect::<Result<_>>()?;
    let (accept_missing, refetch_files) =
        (new.accept_missing.unwrap_or(false), new.refetch_files.unwrap_or(false));
    let work = Work::Backup { objects, accept_missing, refetch_files };
    Ok(accepted(engine.ask(&caller.0, Some(&id), work).await?))
}

/// One run.
#[utoipa::path(get, path = "/api/v1/runs/{run_id}", tag = "runs", params(("run_id" = String, Path)),
    responses((status = 200, body = Run)), extensions(("x-permission" = json!("org:view"))))]
async fn get_run(State(engine): State<Engine>, caller: Known, Path(id): Path<String>) -> Result<Json<Run>> {
    let (id, _) = allowed_run(&engine, &caller, &id, Right::View).await?;
    let (summary, _) = engine.run(id.as_str()).await?;
    Ok(Json(run(summary)))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct RunObjectsWanted {
    only_changed: Option<bool>,
}

/// What a run captured, object by object.
#[utoipa::path(get, path = "/api/v1/runs/{run_id}/objects", tag = "runs",
    params(("run_id" = String, Path), Paging, RunObjectsWanted), responses((status = 200, body = RunObjectPage)),
    extensions(("x-permission" = json!("org:view"))))]
async fn list_run_objects(
    State(engine): State<Engine>,
    caller: Known,
    Path(id): Path<String>,
    Params(paging): Params<Paging>,
    Params(wanted): Params<RunObjectsWanted>,
) -> Result<Json<RunObjectPage>> {
    let (id, _) = allowed_run(&engine, &caller, &id, Right::View).await?;
    let (_, manifest) = engine.run(id.as_str()).await?;
    let mut objects: Vec<_> = manifest.map(|manifest| manifest.objects).into_iter().flatten().collect();
    if wanted.only_changed.unwrap_or(false) {
        objects.retain(|(_, entry)| entry.counts.versions() > 0 || entry.gap.is_some());
    }
    let (objects, next_page) = slice(objects, &paging, |(object, _)| object.to_string())?;
    Ok(Json(RunObjectPage { items: objects.into_iter().map(run_object).collect(), next_page }))
}

/// What a run could not capture, and why.
#[utoipa::path(get, path = "/api/v1/runs/{run_id}/errors", tag = "runs",
    params(("run_id" = String, Path), Paging), responses((status = 200, body = RunErrorPage)),
    extensions(("x-permission" = json!("org:view"))))]
async fn list_run_errors(
    State(engine): State<Engine>,
    caller: Known,
    Path(id): Path<String>,
    Params(paging): Params<Paging>,
) -> Result<Json<RunErrorPage>> {
    let (id, _) = allowed_run(&engine, &caller, &id, Right::View).await?;
    let errors = engine.run_errors(id.as_str()).await?;
    let errors: Vec<_> = errors.into_iter().enumerate().collect();
    let (errors, next_page) = slice(errors, &paging, |(number, _)| format!("{number:09}"))?;
    let items = errors.into_iter().map(|(_, error)| RunError {
        object: error.object.map(|object| object.to_string()),
        code: error.code.as_str().to_owned(),
        message: error.message,
        hint: error.hint.to_owned(),
        at: error.at,
    });
    Ok(Json(RunErrorPage { items: items.collect(), next_page }))
}

/// The run that a path names, and its org, if the caller may. A run of an org that the caller does not see is not there.
pub(super) async fn allowed_run(
    engine: &Engine,
    caller: &Known,
    id: &str,
    right: Right,
) -> Result<(RunId, OrgId)> {
    let id = run_id(id)?;
    let (summary, _) = engine.run(id.as_str()).await?;
    if caller.0.rights_on(&summary.org).is_empty() {
        return Err(Refusal::from(holdfast_engine::Error::UnknownRun { run: id.to_string() }));
    }
    caller.0.may_on(&summary.org, right)?;
    Ok((id, summary.org))
}

pub(super) fn run(summary: RunSummary) -> Run {
    let told = summary.error_code.zip(summary.error);
    Run {
        id: summary.id.to_string(),
        org_id: summary.org.to_string(),
        trigger: summary.trigger.into(),
        status: summary.status.into(),
        started_at: summary.started_at,
        finished_at: summary.finished_at,
        objects: summary.objects,
        counts: counts(summary.counts),
        files: files(summary.files),
        api_calls: summary.api_calls,
        failure: told.map(|(code, message)| failure(holdfast_catalog::Failure { code, message }, None)),
    }
}

fn run_object((object, entry): (ObjectName, manifest::ObjectEntry)) -> RunObject {
    RunObject {
        object: object.to_string(),
        live_records: entry.live_records,
        counts: counts(entry.counts),
        table_version: entry.table_version,
        is_verified: entry.is_verified,
        gap_is_expected: entry.gap.as_ref().map(|gap| gap.is_expected),
        gap: entry.gap.map(gap),
    }
}

pub(super) fn gap(gap: manifest::Gap) -> Failure {
    failure(holdfast_catalog::Failure { code: gap.code, message: gap.message }, None)
}

pub(super) fn failure(failure: holdfast_catalog::Failure, since: Option<DateTime<Utc>>) -> Failure {
    Failure {
        code: failure.code.as_str().to_owned(),
        message: failure.message,
        hint: failure.code.hint().to_owned(),
        since,
    }
}

pub(super) fn counts(counts: manifest::Counts) -> Counts {
    let manifest::Counts { new, changed, deleted, undeleted, unchanged, bytes } = counts;
    Counts { new, changed, deleted, undeleted, unchanged, bytes }
}

pub(super) fn files(files: manifest::FileCounts) -> FileCounts {
    let manifest::FileCounts { stored, bytes, pending, failed } = files;
    FileCounts { stored, bytes, pending, failed }
}
