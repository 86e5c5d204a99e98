//! REST `query` and `queryAll`: pages of JSON, and cursors that lead from one to the next.
//!
//! A cursor is the list of rows that matched when the query ran; their values are read when a page is written, so a row
//! deleted in between is missing from its page while `totalSize` stands.

mod column_metadata;
mod cursors;
mod explain;
mod page;
mod record;

use axum::extract::{Path, Request, State as AppStateOf};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use serde_json::Value as Json;

use crate::composite::PART;
use crate::errors::{ApiError, JSON};
use crate::faults::{Effect, Endpoint};
use crate::server::{ApiVersion, AppState, Session};
use crate::soql::{self, Context, SoqlError};
use crate::state::joint;
use crate::tooling;

pub use cursors::State;
pub(crate) use page::MAX_PAGE;
use page::Reader;

/// The longest URI (the limit covers the whole path and query as sent).
const MAX_URI: usize = 16_384;
/// How long the prefix is that routing has taken off the path.
const PREFIX: usize = "/services/data/v67.0".len();

pub fn router() -> Router<AppState> {
    Router::new()
        .route("/query", get(query).fallback(method_not_allowed))
        .route("/queryAll", get(query_all).fallback(method_not_allowed))
        .route("/query/{locator}", get(next_page).fallback(method_not_allowed))
        .route("/queryAll/{locator}", get(next_page).fallback(method_not_allowed))
}

async fn method_not_allowed(request: Request) -> ApiError {
    ApiError::method_not_allowed(request.method().as_str(), "GET,HEAD")
}

/// What surrounds a query.
#[derive(Debug, Clone)]
struct Call {
    session: Session,
    version: ApiVersion,
    all: bool,
    page_size: usize,
}

async fn query(
    state: AppStateOf<AppState>,
    extensions: Extensions,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    answer(state.0, extensions, &uri, &headers, false).await
}

async fn query_all(
    state: AppStateOf<AppState>,
    extensions: Extensions,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    answer(state.0, extensions, &uri, &headers, true).await
}

type Extensions = (Extension<Session>, Extension<ApiVersion>);

async fn answer(
    state: AppState,
    extensions: Extensions,
    uri: &Uri,
    headers: &HeaderMap,
    all: bool,
) -> Response {
    let (Extension(session), Extension(version)) = extensions;
    let length = uri.path_and_query().map_or(0, |path| path.as_str().len());
    if !headers.contains_key(PART) && length + PREFIX > MAX_URI {
        return (StatusCode::URI_TOO_LONG, Html("<h1>Bad Message 414</h1><pre>reason: URI Too Long</pre>"))
            .into_response();
    }
    let mut statement = None;
    let mut explained = None;
    let mut wants_columns = false;
    for (key, value) in url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        match &*key {
            "q" => statement = Some(value.into_owned()),
            "columns" => wants_columns = value == "true",
            "explain" => explained = Some(value.into_owned()),
            _ => {}
        }
    }
    let wants_plan = explained.is_some();
    let Some(statement) = explained.or(statement) else {
        return ApiError::malformed_query("A query string has to be specified").into_response();
    };
    let call = Call { session, version, all, page_size: batch_size(headers) };
    let work = move || {
        if wants_plan {
            plan_of(&state, &call, &statement)
        } else if wants_columns {
            columns_of(&state, &call, &statement)
        } else {
            first_page(&state, &call, &statement)
        }
    };
    blocking(work).await
}

/// Runs a query away from the threads that serve connections, and within the transaction of the call that it is part of.
pub(crate) async fn blocking(work: impl FnOnce() -> Result<String, ApiError> + Send + 'static) -> Response {
    match tokio::task::spawn_blocking(joint::carried(work)).await {
        Ok(Ok(body)) => ([(header::CONTENT_TYPE, JSON)], body).into_response(),
        Ok(Err(error)) => error.into_response(),
        Err(_) => ApiError::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "UNKNOWN_EXCEPTION",
            "An unexpected error occurred.",
        )
        .into_response(),
    }
}

/// `Sforce-Query-Options: batchSize=…`, between 200 and 2,000.
fn batch_size(headers: &HeaderMap) -> usize {
    let options =
        headers.get("sforce-query-options").and_then(|value| value.to_str().ok()).unwrap_or_default();
    options
        .split(',')
        .filter_map(|option| option.trim().split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("batchSize"))
        .and_then(|(_, size)| size.trim().parse().ok())
        .map_or(page::MAX_PAGE, |size: usize| size.clamp(page::MIN_PAGE, page::MAX_PAGE))
}

fn first_page(state: &AppState, call: &Call, statement: &str) -> Result<String, ApiError> {
    if tooling::is_in_data_api(&state.org, statement) {
        return tooling::data_query(state, &call.session, call.version, statement);
    }
    let view = state.org.view(&call.session.user);
    let plan = plan(state, call, &view, statement)?;
    let outcome = soql::run(&plan, &view, call.all);
    Reader { state, call, view: &view }.first_page(plan, outcome)
}

fn columns_of(state: &AppState, call: &Call, statement: &str) -> Result<String, ApiError> {
    let view = if tooling::is_in_data_api(&state.org, statement) {
        tooling::view_for(state, &call.session, statement)
    } else {
        state.org.view(&call.session.user)
    };
    Ok(columns(&plan(state, call, &view, statement)?).to_string())
}

/// The answer to `columns=true`.
pub(crate) fn columns(plan: &soql::Plan) -> Json {
    column_metadata::describe(plan)
}

fn plan_of(state: &AppState, call: &Call, statement: &str) -> Result<String, ApiError> {
    let view = state.org.view(&call.session.user);
    let plan = plan(state, call, &view, statement)?;
    Ok(explain::describe(&plan, &view, call.all).to_string())
}

/// The records with these counters as JSON objects, for APIs that answer records in lists of their own.
pub(crate) fn records(
    state: &AppState,
    session: &Session,
    version: ApiVersion,
    view: &crate::state::View,
    plan: soql::Plan,
    counters: &[u64],
) -> Result<String, ApiError> {
    let call = Call { session: session.clone(), version, all: false, page_size: page::MAX_PAGE };
    let mut body = String::new();
    Reader { state, call: &call, view }.records(&mut body, &std::sync::Arc::new(plan), counters, false)?;
    Ok(body)
}

fn plan(
    state: &AppState,
    call: &Call,
    view: &crate::state::View,
    statement: &str,
) -> Result<soql::Plan, ApiError> {
    let context = Context { view, version: u32::from(call.version.0), today: state.org.now().date_naive() };
    soql::plan(statement, context).map_err(ApiError::from)
}

async fn next_page(
    AppStateOf(state): AppStateOf<AppState>,
    Extension(session): Extension<Session>,
    Extension(version): Extension<ApiVersion>,
    Path(locator): Path<String>,
) -> Response {
    if let Some(Effect::LocatorLost) = state.org.faults().semantic(Endpoint::NextPage, None) {
        state.query.forget(&locator);
    }
    blocking(move || {
        let found = state.query.find(&locator, &session.user.id, state.org.now())?;
        let view = state.org.view(&session.user);
        let call = Call { session, version, all: found.cursor.all, page_size: found.cursor.page_size };
        Reader { state: &state, call: &call, view: &view }.next_page(&found)
    })
    .await
}

/// What a caller of another API asks for.
pub(crate) struct Asked {
    pub session: Session,
    pub version: ApiVersion,
    pub all: bool,
    pub page_size: usize,
}

/// The first page of a query as REST answers it, for APIs that dress it anew.
pub(crate) fn page_of(state: &AppState, asked: &Asked, statement: &str) -> Result<String, ApiError> {
    let page_size = asked.page_size.clamp(page::MIN_PAGE, page::MAX_PAGE);
    let call = Call { session: asked.session.clone(), version: asked.version, all: asked.all, page_size };
    first_page(state, &call, statement)
}

/// The page that a locator leads to.
pub(crate) fn later_page(state: &AppState, asked: &Asked, locator: &str) -> Result<String, ApiError> {
    if let Some(Effect::LocatorLost) = state.org.faults().semantic(Endpoint::NextPage, None) {
        state.query.forget(locator);
    }
    let found = state.query.find(locator, &asked.session.user.id, state.org.now())?;
    let view = state.org.view(&asked.session.user);
    let (all, page_size) = (found.cursor.all, found.cursor.page_size);
    let call = Call { session: asked.session.clone(), version: asked.version, all, page_size };
    Reader { state, call: &call, view: &view }.next_page(&found)
}

impl From<SoqlError> for ApiError {
    fn from(error: SoqlError) -> ApiError {
        if error.not_simulated {
            return ApiError::not_simulated(&format!("SOQL: {}", error.message));
        }
        ApiError::bad_request(error.code, error.message)
    }
}
