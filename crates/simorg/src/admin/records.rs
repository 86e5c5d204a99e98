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
use crate::state::{Conversion, Operation, Org, Transaction, User};

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

async fn write(State(state): State<AppState>, Body(writes): Body<Writes>) -> Result<Response, ApiError> {
    let user = user(&state.org, writes.user.as_deref())?;
    let transaction = writes.transaction;
    let archives = writes.archive_old_activities;
    let operations = operations(writes)?;
    let done = match transaction {
        Some(_) if archives => {
            let message = "archive_old_activities is no operation of an open transaction";
            return Err(ApiError::bad_request("INVALID_INPUT", message));
        }
        Some(number) => state.org.save_all_in(number, operations, Done::of)?,
        None => state.org.write(&user, |transaction| {
            let mut done = Done::of(transaction, &operations)?;
            if archives {
                done.archived = Some(transaction.archive_old_activities());
            }
            Ok(done)
        })?,
    };
    Ok(answer(&done.told()))
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
    operations.extend(writes.empty_bin.into_iter().map(|id| Operation::EmptyBin { id }));
    for Merge { master, fields, losers } in writes.merge {
        operations.push(Operation::Merge { master, fields, losers });
    }
    operations.extend(writes.convert.into_iter().map(Operation::Convert));
    operations.extend(writes.archive.into_iter().map(|id| Operation::Archive { id }));
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
