//! What this service is.

use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::caller::Known;
use crate::own_address::OwnAddress;
use crate::problem::Result;
use crate::state::AppState;
use crate::types::live::System;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_system))
}

/// What this service is.
#[utoipa::path(get, path = "/api/v1/system", tag = "live", responses((status = 200, body = System)),
    extensions(("x-permission" = json!("member"))))]
async fn get_system(State(state): State<AppState>, own: OwnAddress, _: Known) -> Result<Json<System>> {
    let engine = &state.engine;
    Ok(Json(System {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        now: engine.clock().now(),
        started_at: state.started_at,
        is_auto_backup_served: engine.is_served().await?,
        org_callback_url: own.join(super::org_sign_ins::CALLBACK).into(),
        has_sql: cfg!(feature = "query"),
        patience_s: u64::try_from(engine.settings().patience.num_seconds()).unwrap_or(0),
    }))
}
