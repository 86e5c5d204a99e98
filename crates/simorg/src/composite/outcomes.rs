//! Outcomes of rows as collections and trees show them.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value as Json, json};

use crate::dml::{Outcome, Row, Verb};
use crate::errors::{ApiError, JSON};
use crate::model::ids;

/// The list of outcomes in the order of the rows.
pub(super) fn answer(verb: &Verb, rows: &[Row], outcomes: &[Outcome]) -> Response {
    let list: Vec<Json> = rows.iter().zip(outcomes).map(|(row, outcome)| entry(verb, row, outcome)).collect();
    ([(header::CONTENT_TYPE, JSON)], Json::Array(list).to_string()).into_response()
}

fn entry(verb: &Verb, row: &Row, outcome: &Outcome) -> Json {
    let mut entry = Map::new();
    match outcome {
        Ok(saved) => {
            entry.insert("id".to_owned(), Json::from(saved.id.as_str()));
            entry.insert("success".to_owned(), Json::Bool(true));
            entry.insert("errors".to_owned(), json!([]));
            if matches!(verb, Verb::Upsert { .. }) {
                entry.insert("created".to_owned(), Json::Bool(saved.created));
            }
        }
        Err(errors) => {
            // The id is shown where the row was found by one.
            if let Some(id) = row.record.iter().find(|(name, _)| name.eq_ignore_ascii_case("Id"))
                && let Some(id) = id.1.as_str().and_then(ids::canonical)
            {
                entry.insert("id".to_owned(), Json::from(id));
            }
            entry.insert("success".to_owned(), Json::Bool(false));
            entry.insert("errors".to_owned(), errors.iter().map(error).collect());
        }
    }
    Json::Object(entry)
}

/// One error with its status code and the fields at fault.
pub(super) fn error(error: &ApiError) -> Json {
    json!({
        "statusCode": error.code,
        "message": error.message,
        "fields": error.fields.clone().unwrap_or_default(),
    })
}
