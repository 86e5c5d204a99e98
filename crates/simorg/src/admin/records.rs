//! Writing records: several at once as one transaction, in any user's name, also in a transaction held open.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::post;
use axum::{Json as FromJson, Router};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use crate::errors::ApiError;
use crate::model::{FieldType, ObjectDef};
use crate::server::AppState;
use crate::state::{Body, Conversion, Operation, Org, Transaction, User};

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
    /// Ids of rows in the recycle bin.
    #[serde(default)]
    empty_bin: Vec<String>,
    #[serde(default)]
    merge: Vec<Merge>,
    #[serde(default)]
    convert: Vec<Conversion>,
    /// Ids of activities or documents.
    #[serde(default)]
    archive: Vec<String>,
    /// Archives all activities that are old enough.
    #[serde(default)]
    archive_old_activities: bool,
    /// Username; without it the integration user.
    user: Option<String>,
    /// Number of a transaction held open.
    transaction: Option<u64>,
}

/// The largest files of the platform ("Files and ContentVersion", Object Reference).
const MOST_GENERATED_BYTES: u64 = 10 << 30;

/// What stands in a base64 field for contents that follow from a seed and are never held.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Generated {
    #[serde(default)]
    seed: u64,
    length: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Merge {
    master: String,
    /// New values of the master.
    #[serde(default)]
    fields: Map<String, Json>,
    losers: Vec<String>,
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

async fn write(
    State(state): State<AppState>,
    FromJson(writes): FromJson<Writes>,
) -> Result<Response, ApiError> {
    // The checksum of a large generated body takes seconds.
    let written = tokio::task::spawn_blocking(move || write_all(&state.org, writes)).await;
    let done =
        written.map_err(|_| ApiError::bad_request("UNKNOWN_EXCEPTION", "the write was broken off"))??;
    Ok(answer(&done.told()))
}

fn write_all(org: &Org, writes: Writes) -> Result<Done, ApiError> {
    let user = user(org, writes.user.as_deref())?;
    let transaction = writes.transaction;
    let archives = writes.archive_old_activities;
    let operations = operations(org, writes)?;
    match transaction {
        Some(_) if archives => {
            let message = "archive_old_activities is no operation of an open transaction";
            Err(ApiError::bad_request("INVALID_INPUT", message))
        }
        Some(number) => org.save_all_in(number, operations, Done::of),
        None => org.write(&user, |transaction| {
            let mut done = Done::of(transaction, &operations)?;
            if archives {
                done.archived = Some(transaction.archive_old_activities());
            }
            Ok(done)
        }),
    }
}

/// What the writes made, beside the ids of new records.
#[derive(Default)]
struct Done {
    ids: Vec<String>,
    merged: Vec<Json>,
    converted: Vec<Json>,
    archived: Option<u64>,
}

impl Done {
    fn of(transaction: &mut Transaction<'_>, operations: &[Operation]) -> Result<Done, ApiError> {
        let mut done = Done::default();
        for operation in operations {
            done.run(transaction, operation)?;
        }
        Ok(done)
    }

    fn run(&mut self, transaction: &mut Transaction<'_>, operation: &Operation) -> Result<(), ApiError> {
        match operation {
            Operation::Merge { master, fields, losers } => {
                let merged = transaction.merge(master, fields, losers)?;
                self.merged
                    .push(json!({"master": merged.master, "losers": merged.losers, "moved": merged.moved}));
            }
            Operation::Convert(wanted) => {
                let made = transaction.convert_lead(wanted)?;
                self.converted.push(json!({
                    "lead": made.lead,
                    "account": made.account,
                    "contact": made.contact,
                    "opportunity": made.opportunity,
                }));
            }
            other => self.ids.extend(transaction.run(other)?),
        }
        Ok(())
    }

    fn told(self) -> Json {
        let mut told = json!({"ids": self.ids});
        if !self.merged.is_empty() {
            told["merged"] = Json::Array(self.merged);
        }
        if !self.converted.is_empty() {
            told["converted"] = Json::Array(self.converted);
        }
        if let Some(count) = self.archived {
            told["archived"] = json!(count);
        }
        told
    }
}

fn operations(org: &Org, writes: Writes) -> Result<Vec<Operation>, ApiError> {
    let mut operations = Vec::new();
    for mut record in writes.create {
        let object = object(&record)?;
        let def = org.admin_view().object(&object);
        let bodies = def.map_or(Ok(Vec::new()), |def| take_generated(&def, &mut record))?;
        operations.push(Operation::InsertWith { object, record, bodies });
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
    operations.extend(writes.empty_bin.into_iter().map(|id| Operation::EmptyBin { id }));
    for Merge { master, fields, losers } in writes.merge {
        operations.push(Operation::Merge { master, fields, losers });
    }
    operations.extend(writes.convert.into_iter().map(Operation::Convert));
    operations.extend(writes.archive.into_iter().map(|id| Operation::Archive { id }));
    Ok(operations)
}

/// Takes out of a record what it says of generated bodies.
fn take_generated(def: &ObjectDef, record: &mut Map<String, Json>) -> Result<Vec<(String, Body)>, ApiError> {
    let mut bodies = Vec::new();
    for field in def.fields.iter().filter(|field| field.kind == FieldType::Base64) {
        if !record.get(&field.name).is_some_and(Json::is_object) {
            continue;
        }
        let told = record.remove(&field.name).unwrap_or_default();
        let Generated { seed, length } =
            serde_json::from_value(told).map_err(|error| ApiError::json_parser(error.to_string()))?;
        if length > MOST_GENERATED_BYTES {
            let message = format!("a generated body has at most {MOST_GENERATED_BYTES} bytes");
            return Err(ApiError::bad_request("NUMBER_OUTSIDE_VALID_RANGE", message));
        }
        bodies.push((field.name.clone(), Body::Generated { seed, length }));
    }
    Ok(bodies)
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

async fn open(
    State(state): State<AppState>,
    opening: Option<FromJson<Opening>>,
) -> Result<Response, ApiError> {
    let opening = opening.map(|FromJson(opening)| opening).unwrap_or_default();
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
