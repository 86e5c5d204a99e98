//! `/tooling/query`, its next pages, `/tooling/sobjects`, describes and single rows.

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use serde_json::{Value as Json, json};

use crate::describe;
use crate::errors::{ApiError, JSON};
use crate::model::ObjectDef;
use crate::oauth::instance_url;
use crate::query::blocking;
use crate::rows::model as rows;
use crate::server::{ApiVersion, AppState, Session};

use super::answer::{self, Finisher, PAGE};
use super::catalog::Catalog;

/// Cells that are JSON, not text.
const COMPLEX: [&str; 4] = ["Metadata", "ReferenceTo", "RecordTypesSupported", "SymbolTable"];

pub fn router() -> Router<AppState> {
    Router::new()
        .route("/tooling/query", get(query).fallback(not_simulated))
        .route("/tooling/queryAll", get(query).fallback(not_simulated))
        .route("/tooling/query/{locator}", get(next_page).fallback(not_simulated))
        .route("/tooling/sobjects", get(global).fallback(not_simulated))
        .route("/tooling/sobjects/{object}", get(basics).fallback(not_simulated))
        .route("/tooling/sobjects/{object}/describe", get(full).fallback(not_simulated))
        .route("/tooling/sobjects/{object}/{id}", get(row).fallback(not_simulated))
}

async fn not_simulated(Extension(version): Extension<ApiVersion>, request: Request) -> ApiError {
    ApiError::not_simulated(&format!(
        "{} /services/data/v{}{}",
        request.method(),
        version.text(),
        request.uri().path()
    ))
}

async fn query(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Extension(version): Extension<ApiVersion>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let given = |name: &str| {
        let mut pairs = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    };
    let Some(statement) = given("q") else {
        return Err(ApiError::malformed_query("A query string has to be specified"));
    };
    let wants_columns = given("columns").is_some_and(|value| value == "true");
    Ok(blocking(move || {
        if wants_columns {
            return Ok(answer::columns(&state, &session, version, &statement)?.to_string());
        }
        let found = answer::run(&state, &session, version, &statement, true)?;
        Ok(page(&state, &session, version, &found.object, found.records, found.total).to_string())
    })
    .await)
}

/// The first page of an answer; what does not fit is kept.
fn page(
    state: &AppState,
    session: &Session,
    version: ApiVersion,
    object: &str,
    records: Vec<Json>,
    total: usize,
) -> Json {
    let kept = if records.len() > PAGE {
        Some(state.tooling.keep(&session.user.id, object, records.clone()))
    } else {
        None
    };
    let shown: Vec<Json> = records.into_iter().take(PAGE).collect();
    written(version, object, &shown, total, kept.map(|locator| format!("{locator}-{PAGE}")))
}

fn written(version: ApiVersion, object: &str, records: &[Json], total: usize, next: Option<String>) -> Json {
    let mut body = json!({
        "size": records.len(),
        "totalSize": total,
        "done": next.is_none(),
        "queryLocator": next,
        "entityTypeName": object,
        "records": records,
    });
    if let Some(next) = next {
        body["nextRecordsUrl"] = json!(format!("/services/data/v{}/tooling/query/{next}", version.text()));
    }
    body
}

async fn next_page(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Extension(version): Extension<ApiVersion>,
    Path(locator): Path<String>,
) -> Result<Response, ApiError> {
    let lost = || ApiError::bad_request("INVALID_QUERY_LOCATOR", "invalid query locator");
    let (id, offset) = locator.split_once('-').ok_or_else(lost)?;
    let offset: usize = offset.parse().map_err(|_| lost())?;
    let kept = state
        .tooling
        .kept(id, &session.user.id)
        .filter(|kept| offset <= kept.records.len())
        .ok_or_else(lost)?;
    let end = kept.records.len().min(offset + PAGE);
    let next = (end < kept.records.len()).then(|| format!("{id}-{end}"));
    let body = written(version, &kept.object, &kept.records[offset..end], kept.records.len(), next);
    Ok(([(header::CONTENT_TYPE, JSON)], body.to_string()).into_response())
}

fn with_tooling_paths(text: &str, version: ApiVersion) -> String {
    let version = version.text();
    text.replace(
        &format!("/services/data/v{version}/sobjects/"),
        &format!("/services/data/v{version}/tooling/sobjects/"),
    )
}

async fn global(State(state): State<AppState>, Extension(version): Extension<ApiVersion>) -> Response {
    blocking(move || {
        let catalog = state.tooling.catalog(&state.org, false);
        let mut objects: Vec<Json> = catalog
            .snapshot
            .tables()
            .map(|table| Json::Object(describe::global_entry(&table.def, &version.text())))
            .collect();
        objects.sort_by(|a, b| a["name"].as_str().cmp(&b["name"].as_str()));
        let body = json!({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": objects}).to_string();
        Ok(with_tooling_paths(&body, version))
    })
    .await
}

fn shown(catalog: &Catalog, object: &str) -> Result<ObjectDef, ApiError> {
    catalog.shown(object).ok_or_else(ApiError::not_found)
}

async fn basics(
    State(state): State<AppState>,
    Extension(version): Extension<ApiVersion>,
    Path(object): Path<String>,
) -> Response {
    blocking(move || {
        let catalog = state.tooling.catalog(&state.org, false);
        let def = shown(&catalog, &object)?;
        let entry = Json::Object(describe::global_entry(&def, &version.text()));
        let body = json!({"objectDescribe": entry, "recentItems": []}).to_string();
        Ok(with_tooling_paths(&body, version))
    })
    .await
}

async fn full(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Extension(version): Extension<ApiVersion>,
    Path(object): Path<String>,
    headers: HeaderMap,
) -> Response {
    let instance = instance_url(&state, &headers);
    blocking(move || {
        let catalog = state.tooling.catalog(&state.org, false);
        let def = shown(&catalog, &object)?;
        let view = catalog.view(&session.user);
        let mut answer = Json::Object(describe::describe(&view, &def, &version.text(), &instance));
        if let Some(Json::Array(fields)) = answer.get_mut("fields") {
            for field in fields
                .iter_mut()
                .filter(|field| COMPLEX.contains(&field["name"].as_str().unwrap_or_default()))
            {
                field["type"] = json!("complexvalue");
                field["extraTypeInfo"] = Json::Null;
                field["length"] = json!(0);
                field["byteLength"] = json!(0);
            }
        }
        Ok(with_tooling_paths(&answer.to_string(), version))
    })
    .await
}

async fn row(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Extension(version): Extension<ApiVersion>,
    Path((object, id)): Path<(String, String)>,
    uri: Uri,
) -> Response {
    let given = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
        .find(|(key, _)| key == "fields");
    let fields = given.map(|(_, names)| names.into_owned());
    blocking(move || {
        let catalog = state.tooling.catalog(&state.org, false);
        let def = shown(&catalog, &object)?;
        let view = catalog.view(&session.user);
        let whole = view.object(&def.name).ok_or_else(ApiError::not_found)?;
        let by_durable =
            catalog.durable.iter().find(|(own, durable)| **durable == id && view.row(&whole, own).is_some());
        let id = by_durable.map_or(id.as_str(), |(own, _)| own.as_str());
        let row = view.row(&whole, id).ok_or_else(ApiError::not_found)?;
        let shown = rows::fields(&def, fields.as_deref())?;
        let text = rows::record(&def, &row, &shown, &version.text());
        let mut record: Json =
            serde_json::from_str(&text).map_err(|error| ApiError::json_parser(error.to_string()))?;
        let snapshot = state.org.snapshot();
        Finisher { catalog: &catalog, snapshot: &snapshot, tooling: true }.finish(&mut record);
        Ok(record.to_string())
    })
    .await
}
