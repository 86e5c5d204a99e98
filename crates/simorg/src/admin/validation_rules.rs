//! Validation rules of an object, and which of them are enforced.

use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use axum::{Json as Body, Router};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::errors::ApiError;
use crate::model::ValidationRule;
use crate::server::AppState;
use crate::state::schema_changes::RuleState;

use super::answer;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    rules: Vec<ValidationRule>,
}

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/simorg/objects/{object}/rules", get(list).put(set))
}

async fn list(State(state): State<AppState>, Path(object): Path<String>) -> Result<Response, ApiError> {
    Ok(answer(&shown(&state.org.validation_rules(&object)?)))
}

/// Replaces the rules of the object.
async fn set(
    State(state): State<AppState>,
    Path(object): Path<String>,
    Body(body): Body<Rules>,
) -> Result<Response, ApiError> {
    state.org.set_validation_rules(&object, body.rules)?;
    Ok(answer(&shown(&state.org.validation_rules(&object)?)))
}

fn shown(states: &[RuleState]) -> Json {
    let rules: Vec<Json> = states
        .iter()
        .map(|state| {
            let mut shown = json!(state.rule);
            shown["enforced"] = json!(state.rule.active && state.problem.is_none());
            if let Some(problem) = &state.problem {
                shown["problem"] = json!(problem.to_string());
            }
            shown
        })
        .collect();
    json!({"rules": rules})
}
