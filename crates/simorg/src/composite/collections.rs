//! `/composite/sobjects`: up to 200 rows written, or 2,000 read, in one call.

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post};
use axum::{Extension, Router};
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use crate::dml::{self, MOST_ROWS, Options, Verb};
use crate::errors::{ApiError, JSON};
use crate::model::json::exact_numbers;
use crate::rows::{self, model};
use crate::server::{ApiVersion, AppState, Session};

use super::outcomes;

/// The most rows of one retrieve, and the most changes of type among rows to be written (REST API Developer Guide, "sObject
/// Collections").
const MOST_READ: usize = 2000;
const MOST_CHUNKS: usize = 10;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Writes {
    #[serde(default, deserialize_with = "super::null_is_default")]
    all_or_none: bool,
    records: Vec<Map<String, Json>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Deletes {
    #[serde(default)]
    ids: String,
    #[serde(default)]
    all_or_none: Option<String>,
}

/// Ids and fields: lists in a body, texts with commas in an address.
#[derive(Debug, Deserialize)]
struct Wanted<T> {
    ids: T,
    fields: T,
}

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/composite/sobjects", post(insert).patch(update).delete(delete))
        .route("/composite/sobjects/{object}", get(read_by_address).post(read_by_body))
        .route("/composite/sobjects/{object}/{field}", patch(upsert))
}

async fn insert(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    write(&state, &session, &Verb::Insert, &headers, &body)
}

async fn update(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    write(&state, &session, &Verb::Update, &headers, &body)
}

async fn upsert(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Path((object, field)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let view = state.org.view(&session.user);
    let def = view.object(&object).ok_or_else(ApiError::not_found)?;
    if !field.eq_ignore_ascii_case("Id") {
        dml::key_field(&def, &field)?;
    }
    let writes: Writes = parsed(&body)?;
    if let Some(other) = writes
        .records
        .iter()
        .map(type_of)
        .find(|other| other.as_ref().is_ok_and(|other| !other.eq_ignore_ascii_case(&def.name)))
    {
        let message = format!("The record type {} does not match the type of the address, {object}.", other?);
        return Err(ApiError::bad_request("INVALID_INPUT", message));
    }
    drop(view);
    write(&state, &session, &Verb::Upsert { by: field }, &headers, &body)
}

fn write(
    state: &AppState,
    session: &Session,
    verb: &Verb,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Response, ApiError> {
    let writes: Writes = parsed(body)?;
    let rows = rows_of(writes.records)?;
    let view = state.org.view(&session.user);
    rows::readable(&view, rows.iter().map(|row| (row.object.as_str(), &row.record)))?;
    drop(view);
    let options = Options { all_or_none: writes.all_or_none, ..rows::options(headers) };
    let outcomes = dml::save(&state.org, &session.user, verb, &rows, &options);
    Ok(outcomes::answer(verb, &rows, &outcomes))
}

async fn delete(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Query(deletes): Query<Deletes>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let rows: Vec<dml::Row> = listed(&deletes.ids).map(dml::Row::by_id).collect();
    if rows.is_empty() {
        return Err(ApiError::bad_request("MISSING_ARGUMENT", "The 'ids' parameter is required."));
    }
    not_too_many(rows.len(), MOST_ROWS)?;
    let all_or_none = deletes.all_or_none.is_some_and(|text| text.eq_ignore_ascii_case("true"));
    let options = Options { all_or_none, ..rows::options(&headers) };
    let outcomes = dml::save(&state.org, &session.user, &Verb::Delete, &rows, &options);
    Ok(outcomes::answer(&Verb::Delete, &rows, &outcomes))
}

async fn read_by_address(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Extension(version): Extension<ApiVersion>,
    Path(object): Path<String>,
    Query(wanted): Query<Wanted<String>>,
) -> Result<Response, ApiError> {
    let split = |text: &str| listed(text).map(str::to_owned).collect();
    let wanted = Wanted { ids: split(&wanted.ids), fields: split(&wanted.fields) };
    read(&state, &session, version, &object, &wanted)
}

async fn read_by_body(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Extension(version): Extension<ApiVersion>,
    Path(object): Path<String>,
    body: Bytes,
) -> Result<Response, ApiError> {
    read(&state, &session, version, &object, &parsed(&body)?)
}

/// The rows in the order of the ids; null for those that are not there.
fn read(
    state: &AppState,
    session: &Session,
    version: ApiVersion,
    object: &str,
    wanted: &Wanted<Vec<String>>,
) -> Result<Response, ApiError> {
    not_too_many(wanted.ids.len(), MOST_READ)?;
    let view = state.org.view(&session.user);
    let def = view.object(object).ok_or_else(ApiError::not_found)?;
    let fields = model::fields(&def, Some(&wanted.fields.join(",")))?;
    let record = |id: &String| match view.row(&def, id).filter(|row| !row.is_deleted()) {
        Some(row) => model::record(&def, &row, &fields, &version.text()),
        None => "null".to_owned(),
    };
    let records: Vec<String> = wanted.ids.iter().map(record).collect();
    Ok(([(header::CONTENT_TYPE, JSON)], format!("[{}]", records.join(","))).into_response())
}

fn rows_of(records: Vec<Map<String, Json>>) -> Result<Vec<dml::Row>, ApiError> {
    not_too_many(records.len(), MOST_ROWS)?;
    let mut chunks = 0;
    let mut rows: Vec<dml::Row> = Vec::with_capacity(records.len());
    for mut record in records {
        let object = type_of(&record)?;
        record.shift_remove("attributes");
        if rows.last().is_none_or(|last| !last.object.eq_ignore_ascii_case(&object)) {
            chunks += 1;
        }
        rows.push(dml::Row::new(&object, record));
    }
    if chunks > MOST_CHUNKS {
        let message = format!(
            "Cannot have more than {MOST_CHUNKS} chunks in a single operation. Please rearrange the data to reduce chunking."
        );
        return Err(ApiError::bad_request("EXCEEDED_MAX_TYPES_LIMIT", message));
    }
    Ok(rows)
}

fn type_of(record: &Map<String, Json>) -> Result<String, ApiError> {
    let named = record.get("attributes").and_then(|attributes| attributes.get("type")).and_then(Json::as_str);
    named.map(str::to_owned).ok_or_else(|| {
        ApiError::bad_request("INVALID_INPUT", "Include an entity type in the \"attributes\" of each record.")
    })
}

fn not_too_many(count: usize, most: usize) -> Result<(), ApiError> {
    if count > most {
        let message = format!("record limit reached. cannot submit more than {most} records into this call");
        return Err(ApiError::bad_request("EXCEEDED_ID_LIMIT", message));
    }
    Ok(())
}

fn listed(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}

fn parsed<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(&exact_numbers(body)).map_err(|error| ApiError::json_parser(error.to_string()))
}
