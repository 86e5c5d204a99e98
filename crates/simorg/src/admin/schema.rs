//! Changing the schema while the org runs.

use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{delete, post};
use axum::{Json as Body, Router};
use serde::Deserialize;
use serde_json::json;

use crate::errors::ApiError;
use crate::formula::{FormulaError, Purpose};
use crate::model::{FieldSource, FieldType};
use crate::schema::notation::{self, NotationError};
use crate::server::AppState;

use super::answer;

/// A field or object in the notation of `schema/notation.rs`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Notation {
    notation: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Retype {
    #[serde(rename = "type")]
    kind: FieldType,
}

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/simorg/objects", post(add_object))
        .route("/simorg/objects/{object}", delete(remove_object))
        .route("/simorg/objects/{object}/fields", post(add_field))
        .route("/simorg/objects/{object}/fields/{field}", delete(remove_field).patch(retype_field))
}

fn unreadable(error: &NotationError) -> ApiError {
    ApiError::bad_request("INVALID_NOTATION", error.to_string())
}

async fn add_object(State(state): State<AppState>, Body(body): Body<Notation>) -> Result<Response, ApiError> {
    let objects = notation::objects(&body.notation).map_err(|error| unreadable(&error))?;
    let names: Vec<String> = objects.iter().map(|def| def.name.clone()).collect();
    for def in objects {
        state.org.add_object(def)?;
    }
    Ok(answer(&json!({"objects": names})))
}

async fn remove_object(
    State(state): State<AppState>,
    Path(object): Path<String>,
) -> Result<Response, ApiError> {
    state.org.remove_object(&object)?;
    Ok(answer(&json!({"removed": object})))
}

async fn add_field(
    State(state): State<AppState>,
    Path(object): Path<String>,
    Body(body): Body<Notation>,
) -> Result<Response, ApiError> {
    let field = notation::field(&body.notation).map_err(|error| unreadable(&error))?;
    let name = field.name.clone();
    if let FieldSource::Formula(text) = &field.source
        && let Err(FormulaError::Invalid(message)) =
            state.org.check_formula(&object, text, Purpose::Field(&field))
    {
        return Err(ApiError::record("FIELD_INTEGRITY_EXCEPTION", message, [name]));
    }
    state.org.add_field(&object, field)?;
    Ok(answer(&json!({"field": name})))
}

async fn remove_field(
    State(state): State<AppState>,
    Path((object, field)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    state.org.remove_field(&object, &field)?;
    Ok(answer(&json!({"removed": field})))
}

async fn retype_field(
    State(state): State<AppState>,
    Path((object, field)): Path<(String, String)>,
    Body(body): Body<Retype>,
) -> Result<Response, ApiError> {
    state.org.retype_field(&object, &field, body.kind)?;
    Ok(answer(&json!({"field": field})))
}
