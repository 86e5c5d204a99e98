//! What the integration user of an org can and cannot see.

use axum::Json;
use axum::extract::{Path, State};
use holdfast_domain::access::Right;
use holdfast_engine::Engine;
use holdfast_engine::coverage::{self, Visibility};
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::caller::Known;
use crate::problem::Result;
use crate::state::AppState;
use crate::types::orgs::{Coverage, CoveredObject, PermissionFinding};

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_coverage))
}

/// What the integration user can and cannot see.
#[utoipa::path(get, path = "/api/v1/orgs/{org_id}/coverage", tag = "orgs", params(("org_id" = String, Path)),
    responses((status = 200, body = Coverage)), extensions(("x-permission" = json!("org:view"))))]
async fn get_coverage(
    State(engine): State<Engine>,
    caller: Known,
    Path(org): Path<String>,
) -> Result<Json<Coverage>> {
    let id = caller.on(&org, Right::View)?;
    Ok(Json(shown(engine.coverage(id.as_str()).await?)))
}

fn shown(found: coverage::Coverage) -> Coverage {
    let count = |visibility: Visibility| {
        found.objects.iter().filter(|object| object.visibility == visibility).count() as u64
    };
    let hidden_fields =
        found.objects.iter().filter_map(|object| object.hidden_fields.as_ref()).map(|fields| fields.len() as u64);
    let knows_fields = found.objects.iter().any(|object| object.hidden_fields.is_some());
    let knows_hidden = !found.could_not_tell.iter().any(|text| text.starts_with("which objects"));
    let permissions = found.permissions.iter().map(|permission| PermissionFinding {
        name: permission.name.to_owned(),
        is_granted: permission.is_granted,
        matters_because: permission.matters_because.to_owned(),
    });
    Coverage {
        asked_at: found.asked_at,
        permissions: permissions.collect(),
        objects_visible: count(Visibility::Captured),
        objects_hidden: knows_hidden.then(|| count(Visibility::Hidden)),
        objects_not_queryable: count(Visibility::NotQueryable),
        fields_hidden: knows_fields.then(|| hidden_fields.sum()),
        objects: found.objects.into_iter().map(covered).collect(),
        could_not_tell: found.could_not_tell,
    }
}

fn covered(object: coverage::CoveredObject) -> CoveredObject {
    CoveredObject {
        object: object.object,
        label: object.label,
        visibility: object.visibility.into(),
        restorability: object.restorability.into(),
        reason: object.reason,
        fields_visible: object.fields_visible,
        hidden_fields: object.hidden_fields,
    }
}
