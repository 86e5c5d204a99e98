//! What the integration user of an org can and cannot see.

use axum::Json;
use axum::extract::{Path, State};
use chrono::{DateTime, Utc};
use holdfast_domain::access::Right;
use holdfast_engine::Engine;
use holdfast_engine::coverage;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::caller::Known;
use crate::problem::Result;
use crate::state::AppState;
use crate::types::orgs::{Coverage, CoveredObject, PermissionFinding, Restorability, Visibility};

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
    let found = engine.coverage(id.as_str()).await?;
    Ok(Json(shown(&found, engine.clock().now())))
}

fn shown(found: &coverage::Coverage, asked_at: DateTime<Utc>) -> Coverage {
    let hidden = found.hidden.as_ref();
    let doubts =
        hidden.iter().flat_map(|hidden| &hidden.in_doubt).map(|object| format!("the fields of `{object}`"));
    let unknown =
        hidden.is_none().then(|| "what is hidden: the integration user may not view the setup".to_owned());
    let more = hidden.filter(|hidden| hidden.has_more_objects);
    let more = more.map(|_| "all hidden objects: there are too many for the org's answers".to_owned());
    let could_not_tell = unknown.into_iter().chain(more).chain(doubts).collect();
    let hidden_objects = hidden.iter().flat_map(|hidden| &hidden.objects).map(|object| CoveredObject {
        object: object.to_string(),
        visibility: Visibility::Hidden,
        restorability: Restorability::Never,
        reason: Some("the integration user does not see it".to_owned()),
        hidden_fields: None,
    });
    let mut objects: Vec<CoveredObject> = hidden_objects.collect();
    objects.extend(found.objects.iter().map(|(object, covered)| CoveredObject {
        object: object.to_string(),
        visibility: if covered.not_captured.is_none() {
            Visibility::Captured
        } else {
            Visibility::NotQueryable
        },
        restorability: covered.restorability.into(),
        reason: covered.not_captured.clone(),
        hidden_fields: hidden.map(|hidden| hidden.fields.get(object).cloned().unwrap_or_default()),
    }));
    objects.sort_by(|a, b| a.object.cmp(&b.object));
    let count = |visibility: Visibility| {
        objects.iter().filter(|object| object.visibility == visibility).count() as u64
    };
    Coverage {
        asked_at,
        permissions: found.permissions.iter().map(permission).collect(),
        objects_visible: count(Visibility::Captured),
        objects_hidden: hidden.map(|hidden| hidden.objects.len() as u64),
        objects_not_queryable: count(Visibility::NotQueryable),
        fields_hidden: hidden.map(|hidden| hidden.fields.values().map(|fields| fields.len() as u64).sum()),
        objects,
        could_not_tell,
    }
}

fn permission(state: &coverage::PermissionState) -> PermissionFinding {
    PermissionFinding {
        name: state.label.to_owned(),
        is_granted: state.is_held,
        matters_because: state.without.to_owned(),
        is_for_restore: state.is_for_restore,
    }
}
