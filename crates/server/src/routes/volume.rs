//! How much is kept of an org, and what it costs of its API.

use axum::Json;
use axum::extract::{Path, State};
use holdfast_domain::access::Right;
use holdfast_engine::Engine;
use holdfast_engine::volume;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::caller::Known;
use crate::problem::Result;
use crate::state::AppState;
use crate::types::auto_backup::{ApiUse, ObjectVolume, Volume, VolumeDay};

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_volume)).routes(routes!(get_api_use))
}

/// How much is kept, and of which time.
#[utoipa::path(get, path = "/api/v1/orgs/{org_id}/volume", tag = "auto backup", params(("org_id" = String, Path)),
    responses((status = 200, body = Volume)), extensions(("x-permission" = json!("org:view"))))]
async fn get_volume(
    State(engine): State<Engine>,
    caller: Known,
    Path(org): Path<String>,
) -> Result<Json<Volume>> {
    let id = caller.on(&org, Right::View)?;
    Ok(Json(shown(engine.volume(id.as_str()).await?)))
}

/// Use of the daily API calls, and the budget.
#[utoipa::path(get, path = "/api/v1/orgs/{org_id}/api_use", tag = "auto backup", params(("org_id" = String, Path)),
    responses((status = 200, body = ApiUse)), extensions(("x-permission" = json!("org:view"))))]
async fn get_api_use(
    State(engine): State<Engine>,
    caller: Known,
    Path(org): Path<String>,
) -> Result<Json<ApiUse>> {
    let id = caller.on(&org, Right::View)?;
    let volume::ApiUse { usage, budget, own_calls } = engine.api_use(id.as_str()).await?;
    let held_free = |allowed: u64| allowed.saturating_mul(u64::from(100 - budget.percent.min(100))) / 100;
    Ok(Json(ApiUse {
        used: usage.map(|usage| usage.used),
        allowed: usage.map(|usage| usage.allowed),
        budget_percent: u64::from(budget.percent),
        is_budget_reached: !budget.permits(usage),
        held_free: usage.map(|usage| held_free(usage.allowed)),
        own_calls_today: own_calls,
    }))
}

fn shown(volume: volume::Volume) -> Volume {
    let days = volume.days.into_iter().map(|day| VolumeDay {
        day: day.begins_at.format("%Y-%m-%d").to_string(),
        new: day.new,
        changed: day.changed,
        deleted: day.deleted,
        bytes: day.bytes,
        api_calls: day.api_calls,
    });
    let largest = volume.largest.into_iter().map(|object| ObjectVolume {
        object: object.object.to_string(),
        live_records: object.live_records,
        versions: object.versions,
        bytes: object.bytes,
    });
    Volume {
        live_records: volume.kept.live_records,
        versions: volume.kept.versions,
        data_bytes: volume.kept.bytes,
        files: volume.files.files,
        file_bytes: volume.files.bytes,
        objects: volume.objects,
        oldest_record_at: volume.oldest_record_at,
        first_run_at: volume.span.first_started_at,
        newest_run_at: volume.span.last_started_at,
        days: days.collect(),
        largest: largest.collect(),
    }
}
