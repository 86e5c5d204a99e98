//! Auto backup of one org, or of all.

use axum::Json;
use axum::extract::{Path, State};
use holdfast_catalog::orgs;
use holdfast_domain::access::Right;
use holdfast_engine::Engine;
use holdfast_engine::auto::{self, AutoOverview};
use holdfast_engine::completeness;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::runs::{failure, run};
use crate::caller::Known;
use crate::extract::Body;
use crate::problem::{Refusal, Result};
use crate::state::AppState;
use crate::types::auto_backup::{
    AutoBackup, AutoBackupChange, Completeness, FileProgress, FirstBackup, MovedOrgs, ObjectCounts,
};
use crate::types::orgs::AutoState;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_auto_backup, update_auto_backup))
        .routes(routes!(update_all_auto_backups))
}

/// Where auto backup stands.
#[utoipa::path(get, path = "/api/v1/orgs/{org_id}/auto_backup", tag = "auto backup",
    params(("org_id" = String, Path)), responses((status = 200, body = AutoBackup)),
    extensions(("x-permission" = json!("org:view"))))]
async fn get_auto_backup(
    State(engine): State<Engine>,
    caller: Known,
    Path(org): Path<String>,
) -> Result<Json<AutoBackup>> {
    let id = caller.on(&org, Right::View)?;
    Ok(Json(shown(engine.auto_overview(id.as_str()).await?)))
}

/// Switches on, pauses, resumes, pauses files.
#[utoipa::path(put, path = "/api/v1/orgs/{org_id}/auto_backup", tag = "auto backup",
    params(("org_id" = String, Path)), request_body = AutoBackupChange,
    responses((status = 200, body = AutoBackup)), extensions(("x-permission" = json!("org:execute"))))]
async fn update_auto_backup(
    State(engine): State<Engine>,
    caller: Known,
    Path(org): Path<String>,
    Body(AutoBackupChange { state }): Body<AutoBackupChange>,
) -> Result<Json<AutoBackup>> {
    let id = caller.on(&org, Right::Execute)?;
    engine.switch_auto(&caller.0, Some(&id), reachable(state)?).await?;
    Ok(Json(shown(engine.auto_overview(id.as_str()).await?)))
}

/// Pauses or resumes all orgs on which the caller may execute.
#[utoipa::path(put, path = "/api/v1/auto_backup", tag = "auto backup", request_body = AutoBackupChange,
    responses((status = 200, body = MovedOrgs)), extensions(("x-permission" = json!("member"))))]
async fn update_all_auto_backups(
    State(engine): State<Engine>,
    Known(caller): Known,
    Body(AutoBackupChange { state }): Body<AutoBackupChange>,
) -> Result<Json<MovedOrgs>> {
    let moved = engine.switch_auto(&caller, None, reachable(state)?).await?;
    Ok(Json(MovedOrgs { org_ids: moved.iter().map(ToString::to_string).collect() }))
}

fn reachable(state: AutoState) -> Result<orgs::AutoState> {
    match state {
        AutoState::Off => {
            Err(Refusal::bad_input("auto backup is paused, not switched off").in_field("state"))
        }
        state => Ok(state.into()),
    }
}

fn shown(overview: AutoOverview) -> AutoBackup {
    let state = overview.org.auto_backup;
    let words = overview.words;
    AutoBackup {
        org_id: overview.org.id.to_string(),
        state: state.into(),
        phase: overview.phase.into(),
        light: overview.light.into(),
        reason: overview.reason,
        is_served: overview.is_served,
        problem: overview.problem.map(|problem| failure(problem.failure, Some(problem.since))),
        objects: ObjectCounts {
            running: words.running,
            warning: words.warning,
            stopped: words.stopped,
            paused: words.paused,
            waiting: words.waiting,
        },
        live_records: overview.live_records,
        completeness: overview.completeness.map(completeness),
        first_backup: overview.first_backup.as_ref().map(progress),
        files: FileProgress {
            is_paused: state != orgs::AutoState::Running,
            stored: overview.files.stored,
            bytes: overview.files.bytes,
            pending: overview.files.pending,
            failed: overview.files.failed,
        },
        last_run: overview.last_run.map(run),
        last_captured_at: overview.last_captured_at,
        last_verified_at: overview.last_verified_at,
        next_round_at: overview.next_round_at,
    }
}

fn completeness(found: completeness::Completeness) -> Completeness {
    Completeness {
        objects_captured: found.objects_captured,
        objects_verified: found.objects_verified,
        objects_to_come: found.objects_to_come,
        objects_not_captured: found.objects_not_captured,
        fields_not_captured: found.fields_not_captured,
        words: found.words,
    }
}

fn progress(first: &auto::FirstBackup) -> FirstBackup {
    FirstBackup {
        objects_total: first.objects_total,
        objects_done: first.objects_done,
        records_done: first.records_done,
        records_remaining: Some(first.records_remaining),
        records_per_second: first.records_per_second,
        started_at: first.started_at,
        estimated_end_at: first.estimated_end_at,
    }
}
