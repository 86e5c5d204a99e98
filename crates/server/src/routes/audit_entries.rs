//! The audit log.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use holdfast_catalog::audit_entries::{self, Filter};
use holdfast_domain::access::TeamPermission;
use holdfast_engine::Engine;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::caller::Known;
use crate::extract::Params;
use crate::page::{Paging, token};
use crate::problem::Result;
use crate::state::AppState;
use crate::types::audit::{AuditEntry, AuditEntryPage, AuditVerification};

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_audit_entries)).routes(routes!(verify_audit_entries))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Beginning of an action, such as `session`.
    action: Option<String>,
    actor_id: Option<String>,
    org_id: Option<String>,
    from: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
}

/// What was done, newest first.
#[utoipa::path(get, path = "/api/v1/audit_entries", tag = "team", params(Paging, Wanted),
    responses((status = 200, body = AuditEntryPage)), extensions(("x-permission" = json!("audit:read"))))]
async fn list_audit_entries(
    State(engine): State<Engine>,
    Known(caller): Known,
    Params(paging): Params<Paging>,
    Params(wanted): Params<Wanted>,
) -> Result<Json<AuditEntryPage>> {
    caller.may(TeamPermission::AuditRead)?;
    let Wanted { action, actor_id, org_id, from, until } = wanted;
    let filter = Filter { action, actor_id, org_id, from, until };
    let page = engine.audit_entries(&filter, paging.place()?, paging.limit()?).await?;
    let last = page.entries.last().filter(|_| page.has_more);
    let next_page = last.map(|entry| token(&entry.number));
    Ok(Json(AuditEntryPage { items: page.entries.into_iter().map(shown).collect(), next_page }))
}

/// Whether the log is whole.
#[utoipa::path(get, path = "/api/v1/audit_entries/verification", tag = "team",
    responses((status = 200, body = AuditVerification)), extensions(("x-permission" = json!("audit:read"))))]
async fn verify_audit_entries(
    State(engine): State<Engine>,
    Known(caller): Known,
) -> Result<Json<AuditVerification>> {
    caller.may(TeamPermission::AuditRead)?;
    let found = engine.verify_audit(None).await?;
    Ok(Json(AuditVerification {
        is_intact: found.broken.is_none(),
        checked: found.checked,
        first_broken: found.broken.map(|(number, _)| number),
        reason: found.broken.map(|(_, reason)| reason.to_owned()),
        head: found.head,
    }))
}

fn shown(entry: audit_entries::AuditEntry) -> AuditEntry {
    AuditEntry {
        number: entry.number,
        at: entry.at,
        actor: entry.actor,
        actor_id: entry.actor_id,
        through: entry.through,
        action: entry.action,
        target: entry.target,
        org_id: entry.org_id,
        ip: entry.ip,
        details: serde_json::from_str(&entry.details).unwrap_or_default(),
        hash: entry.hash,
    }
}
