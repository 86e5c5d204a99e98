//! Writing records: several at once as one transaction, in any user's name, also in a transaction held open.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::post;
use axum::{Json as Body, Router};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use crate::errors::ApiError;
use crate::server::AppState;
use crate::state::{Operation, Org, User};

use super::answer;

/// Writes in the order of the keys below.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Writes {
    /// Records with `attributes.type`.
    #[serde(default)]
    create: Vec<Map<String, Json>>,
    /// Records with `attributes.type` and `Id`.
    #[serde(default)]
    update: Vec<Map<String, Json>>,
    #[serde(default)]
    delete: Vec<String>,
    #[serde(default)]
    undelete: Vec<String>,
    #[serde(default)]
    purge: Vec<String>,
    /// Username; without it the integration user.
    user: Option<String>,
    /// Number of a transaction held open.
    transaction: Option<u64>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Opening {
    user: Option<String>,
}

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/simorg/records", post(write))
        .route("/simorg/transactions", post(open).get(list))
        .route("/simorg/transactions/{number}/commit", post(commit))
        .route("/simorg/transactions/{number}/rollback", post(roll_back))
}

async fn write(State(state): State<AppState>, Body(writes): Body<Writes>) -> Result<Response, ApiError> {
    let user = user(&state.org, writes.user.as_deref())?;
    let transaction = writes.transaction;
    let operations = operations(writes)?;
    let mut ids = Vec::new();
    if let Some(number) = transaction {
        for operation in operations {
            ids.extend(state.org.save_in(number, operation)?);
        }
    } else {
        ids = state.org.write(&user, |transaction| {
            let mut ids = Vec::new();
            for operation in &operations {
                ids.extend(transaction.run(operation)?);
            }
            Ok(ids)
        })?;
    }
    Ok(answer(&json!({"ids": ids})))
}

fn operations(writes: Writes) -> Result<Vec<Operation>, ApiError> {
    let mut operations = Vec::new();
    for record in writes.create {
        operations.push(Operation::Insert { object: object(&record)?, record });
    }
    for mut record in writes.update {
        let object = object(&record)?;
        let Some(Json::String(id)) = record.remove("Id") else {
            return Err(ApiError::json_parser("a record to update needs its Id"));
        };
        operations.push(Operation::Update { object, id, record });
    }
    operations.extend(writes.delete.into_iter().map(|id| Operation::Delete { id }));
    operations.extend(writes.undelete.into_iter().map(|id| Operation::Undelete { id }));
    operations.extend(writes.purge.into_iter().map(|id| Operation::Purge { id }));
    Ok(operations)
}

fn object(record: &Map<String, Json>) -> Result<String, ApiError> {
    let object =
        record.get("attributes").and_then(|attributes| attributes.get("type")).and_then(Json::as_str);
    object
        .map(str::to_owned)
        .ok_or_else(|| ApiError::json_parser("a record needs `attributes` with its `type`"))
}

fn user(org: &Org, username: Option<&str>) -> Result<Arc<User>, ApiError> {
    match username {
        Some(username) => org.user_by_name(username).ok_or_else(ApiError::not_found),
        None => Ok(org.admin()),
    }
}

async fn open(State(state): State<AppState>, opening: Option<Body<Opening>>) -> Result<Response, ApiError> {
    let opening = opening.map(|Body(opening)| opening).unwrap_or_default();
    let user = user(&state.org, opening.user.as_deref())?;
    Ok(answer(&json!({"transaction": state.org.open_transaction(&user)})))
}

async fn list(State(state): State<AppState>) -> Response {
    answer(&json!({"transactions": state.org.open_transactions()}))
}

async fn commit(State(state): State<AppState>, Path(number): Path<u64>) -> Result<Response, ApiError> {
    state.org.commit(number)?;
    Ok(answer(&json!({"committed": number})))
}

async fn roll_back(State(state): State<AppState>, Path(number): Path<u64>) -> Result<Response, ApiError> {
    state.org.roll_back(number)?;
    Ok(answer(&json!({"rolled_back": number})))
}
