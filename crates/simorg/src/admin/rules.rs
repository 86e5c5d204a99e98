//! Automations, sharing defaults, lookup filters, refusals of records, and switches of the org's set-up.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{get, put};
use axum::{Json as Body, Router};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::errors::ApiError;
use crate::server::AppState;
use crate::state::{Access, Automation, AutomationKind, LookupFilter, RowFault};

use super::answer;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Switch {
    active: bool,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Setup {
    maintenance: Option<bool>,
    audit_fields: Option<bool>,
    versions_a_day: Option<u64>,
}

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/simorg/automations", get(automations).post(put_automation))
        .route("/simorg/automations/{kind}/{name}", put(switch).delete(remove))
        .route("/simorg/row-faults", get(row_faults).post(add_row_fault).delete(clear_row_faults))
        .route("/simorg/lookup-filters", get(filters).post(set_filter))
        .route("/simorg/sharing", get(sharing).put(set_sharing))
        .route("/simorg/setup", put(set_up))
}

async fn automations(State(state): State<AppState>) -> Response {
    let all: Vec<Json> = state
        .org
        .automations()
        .iter()
        .map(|automation| serde_json::to_value(&**automation).expect("an automation serialises"))
        .collect();
    answer(&json!({"automations": all, "sent_mails": state.org.sent_mails()}))
}

async fn put_automation(
    State(state): State<AppState>,
    Body(automation): Body<Automation>,
) -> Result<Response, ApiError> {
    let object = &automation.object;
    let def = state.org.object(&state.org.admin(), object).ok_or_else(|| ApiError::invalid_type(object))?;
    let name = automation.full_name.clone();
    state.org.put_automation(Automation { object: def.name.clone(), ..automation });
    Ok(answer(&json!({"automation": name})))
}

async fn switch(
    State(state): State<AppState>,
    Path((kind, name)): Path<(String, String)>,
    Body(to): Body<Switch>,
) -> Result<Response, ApiError> {
    if state.org.set_automation_active(&kind, &name, to.active) {
        Ok(answer(&json!({"active": to.active})))
    } else {
        Err(ApiError::not_found())
    }
}

async fn remove(
    State(state): State<AppState>,
    Path((kind, name)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let kind = AutomationKind::named(&kind).ok_or_else(ApiError::not_found)?;
    if state.org.remove_automation(kind, &name) {
        Ok(answer(&json!({"removed": name})))
    } else {
        Err(ApiError::not_found())
    }
}

async fn row_faults(State(state): State<AppState>) -> Response {
    answer(&json!({"row_faults": state.org.row_faults()}))
}

async fn add_row_fault(State(state): State<AppState>, Body(fault): Body<RowFault>) -> Response {
    state.org.add_row_fault(fault);
    row_faults(State(state)).await
}

async fn clear_row_faults(State(state): State<AppState>) -> Response {
    state.org.clear_row_faults();
    row_faults(State(state)).await
}

async fn filters(State(state): State<AppState>) -> Response {
    let all: Vec<Json> = state
        .org
        .lookup_filters()
        .iter()
        .map(|filter| serde_json::to_value(&**filter).expect("a filter serialises"))
        .collect();
    answer(&json!({"lookup_filters": all}))
}

async fn set_filter(
    State(state): State<AppState>,
    Body(filter): Body<LookupFilter>,
) -> Result<Response, ApiError> {
    let def = state.org.object(&state.org.admin(), &filter.object);
    let def = def.ok_or_else(|| ApiError::invalid_type(&filter.object))?;
    if def.field(&filter.field).is_none_or(|field| field.reference_to.is_empty()) {
        return Err(ApiError::invalid_field(format!("{}.{} is no lookup", def.name, filter.field)));
    }
    state.org.set_lookup_filter(filter);
    Ok(filters(State(state)).await)
}

async fn sharing(State(state): State<AppState>) -> Response {
    answer(&json!({"defaults": state.org.default_access()}))
}

async fn set_sharing(
    State(state): State<AppState>,
    Body(defaults): Body<BTreeMap<String, Access>>,
) -> Result<Response, ApiError> {
    for (object, access) in defaults {
        let def = state.org.object(&state.org.admin(), &object);
        let def = def.ok_or_else(|| ApiError::invalid_type(&object))?;
        state.org.set_default_access(&def.name, access);
    }
    Ok(sharing(State(state)).await)
}

async fn set_up(State(state): State<AppState>, Body(setup): Body<Setup>) -> Response {
    if let Some(in_maintenance) = setup.maintenance {
        state.org.set_maintenance(in_maintenance);
    }
    if let Some(allowed) = setup.audit_fields {
        state.org.allow_audit_fields(allowed);
    }
    if let Some(most) = setup.versions_a_day {
        state.org.set_versions_a_day(most);
    }
    answer(&json!({"set": true}))
}
