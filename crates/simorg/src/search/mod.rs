//! SOSL over REST: `search` and `parameterizedSearch`.
//!
//! Every record is searched as it is at the moment of the call: there is no index that runs behind. The clauses that SOSL
//! shares with SOQL are handed to `soql`.

mod find;
mod parameterized;
mod statement;
mod term;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::Uri;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};

use crate::errors::ApiError;
use crate::query;
use crate::server::{ApiVersion, AppState, Session};
use crate::soql::Context;
use statement::Statement;

/// Since this version the records lie under `searchRecords`; before, the answer was the bare list.
const NAMED_SINCE: ApiVersion = ApiVersion(37);

pub fn router() -> Router<AppState> {
    Router::new()
        .route("/search", get(search).fallback(only_get))
        .route("/parameterizedSearch", get(by_parameters).post(by_body).fallback(get_and_post))
}

async fn only_get(request: Request) -> ApiError {
    ApiError::method_not_allowed(request.method().as_str(), "GET,HEAD")
}

async fn get_and_post(request: Request) -> ApiError {
    ApiError::method_not_allowed(request.method().as_str(), "GET,HEAD,POST")
}

fn malformed(text: impl Into<String>) -> ApiError {
    ApiError::bad_request("MALFORMED_SEARCH", text)
}

async fn search(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Extension(version): Extension<ApiVersion>,
    uri: Uri,
) -> Response {
    let asked = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let text = asked.filter(|(key, _)| key == "q").map(|(_, value)| value.into_owned()).next();
    answer(state, session, version, move || statement::parse(&text.unwrap_or_default())).await
}

async fn by_parameters(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Extension(version): Extension<ApiVersion>,
    uri: Uri,
) -> Response {
    answer(state, session, version, move || parameterized::from_uri(&uri)).await
}

async fn by_body(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Extension(version): Extension<ApiVersion>,
    body: Bytes,
) -> Response {
    answer(state, session, version, move || parameterized::from_body(&body)).await
}

async fn answer(
    state: AppState,
    session: Session,
    version: ApiVersion,
    read: impl FnOnce() -> Result<Statement, ApiError> + Send + 'static,
) -> Response {
    query::blocking(move || found(&state, &session, version, &read()?)).await
}

fn found(
    state: &AppState,
    session: &Session,
    version: ApiVersion,
    statement: &Statement,
) -> Result<String, ApiError> {
    let view = state.org.view(&session.user);
    let context = Context { view: &view, version: u32::from(version.0), today: state.org.now().date_naive() };
    let mut records = Vec::new();
    for found in find::find(statement, context)? {
        if !found.counters.is_empty() {
            records.push(query::records(state, session, version, &view, found.plan, &found.counters)?);
        }
    }
    let list = records.join(",");
    Ok(if version >= NAMED_SINCE { format!("{{\"searchRecords\":[{list}]}}") } else { format!("[{list}]") })
}
