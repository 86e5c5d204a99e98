//! The outer routes: the list of versions, and the way from `/services/data/vNN.0/…` to the routes of each API.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Extension, Router};
use serde_json::{Map, Value as Json, json};

use crate::errors::{ApiError, JSON};
use crate::faults::Endpoint;
use crate::{oauth, soap};

use super::answer::{self, Outcome};
use super::negotiation;
use super::{ApiVersion, AppState, NEWEST_VERSION, OLDEST_VERSION, Session, dispatch};

pub(super) fn outer_router() -> Router<AppState> {
    Router::new()
        .route("/services/data", get(versions))
        .route("/services/data/", get(versions))
        .route("/services/data/{*rest}", any(versioned))
        .fallback(unknown)
}

/// The resource list of a version.
pub(super) fn router() -> Router<AppState> {
    Router::new().route("/", get(resources))
}

/// What is not played, told by its route.
pub(crate) async fn not_simulated(Extension(version): Extension<ApiVersion>, request: Request) -> Response {
    ApiError::not_simulated(&format!(
        "{} /services/data/v{}{}",
        request.method(),
        version.text(),
        request.uri().path()
    ))
    .into_response()
}

async fn unknown(request: Request) -> Response {
    if request.uri().path().starts_with("/services/Soap/") {
        return soap::not_simulated(request.uri().path());
    }
    ApiError::not_simulated(&format!("{} {}", request.method(), request.uri().path())).into_response()
}

pub(super) fn without_trailing_slash(path: &str) -> String {
    let (path, query) = path.split_once('?').map_or((path, None), |(p, q)| (p, Some(q)));
    let trimmed = path.trim_end_matches('/');
    let trimmed = if trimmed.is_empty() { "/" } else { trimmed };
    match query {
        Some(query) => format!("{trimmed}?{query}"),
        None => trimmed.to_owned(),
    }
}

/// The season that a version came out in, as its label says it.
fn label(version: u16) -> String {
    // Version 30.0 is Spring '14, and three versions come out each year.
    let season = ["Spring", "Summer", "Winter"][usize::from((version - 30) % 3)];
    let year = 14 + (version - 30) / 3 + u16::from(season == "Winter");
    format!("{season} '{year}")
}

async fn versions() -> Response {
    let list: Vec<Json> = (OLDEST_VERSION..=NEWEST_VERSION)
        .map(|v| json!({"label": label(v), "url": format!("/services/data/v{v}.0"), "version": format!("{v}.0")}))
        .collect();
    ([(header::CONTENT_TYPE, JSON)], Json::Array(list).to_string()).into_response()
}

async fn resources(
    State(state): State<AppState>,
    Extension(version): Extension<ApiVersion>,
    Extension(session): Extension<Session>,
    headers: HeaderMap,
) -> Response {
    const NAMES: [&str; 15] = [
        "tooling",
        "metadata",
        "sobjects",
        "query",
        "queryAll",
        "composite",
        "jobs",
        "limits",
        "search",
        "parameterizedSearch",
        "recent",
        "tabs",
        "theme",
        "analytics",
        "support",
    ];
    let base = format!("/services/data/v{}", version.text());
    let mut list: Map<String, Json> =
        NAMES.iter().map(|n| ((*n).to_owned(), Json::String(format!("{base}/{n}")))).collect();
    // Salesforce names a login host here; clients follow it, so it has to lead back to this org.
    let host = oauth::instance_url(&state, &headers);
    let identity = format!("{host}/id/{}/{}", state.org.id(), session.user.id);
    list.insert("identity".to_owned(), Json::String(identity));
    ([(header::CONTENT_TYPE, JSON)], Json::Object(list).to_string()).into_response()
}

async fn versioned(State(state): State<AppState>, request: Request) -> Response {
    let request = negotiation::with_asked_method(request);
    let path = request.uri().path_and_query().map_or("/", |p| p.as_str()).to_owned();
    let rest = path.trim_start_matches("/services/data/");
    let (version, rest) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let rest = if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") };
    let rest = negotiation::without_json(&rest);
    let point = endpoint(request.method(), &rest);
    let object = object_of(&rest);
    let fault = state.org.faults().http(point, &path, object.as_deref());
    let mut answer = match answer::refusal(fault.as_ref()) {
        Some(refused) => refused,
        None => authenticated(&state, version, &rest, point, request).await,
    };
    if let Some(effect) = fault {
        answer.extensions_mut().insert(Outcome(effect));
    }
    answer
}

/// The refusal of a part of a composite request, if a fault asks for one.
pub(crate) fn refused_part(state: &AppState, request: &Request, path: &str) -> Option<Response> {
    let point = endpoint(request.method(), path);
    answer::refusal(state.org.faults().part(point, path, object_of(path).as_deref()).as_ref())
}

async fn authenticated(
    state: &AppState,
    version: &str,
    path: &str,
    point: Endpoint,
    request: Request,
) -> Response {
    let session = match sign_in(state, request.headers()) {
        Ok(session) => session,
        Err(error) => return error.into_response(),
    };
    state.org.note_call(route_name(point));
    if let Err(error) = state.org.count_call() {
        return answer::with_usage(state, error.into_response());
    }
    let wants_layout = negotiation::wants_layout(request.headers());
    let version = api_version(version).and_then(|version| {
        negotiation::check(path, &request)?;
        Ok(version)
    });
    let mut answer = match version {
        Ok(version) => dispatch(state, session, version, path, request).await,
        Err(error) => error.into_response(),
    };
    if wants_layout {
        answer = negotiation::laid_out(answer).await;
    }
    answer::with_usage(state, answer)
}

fn sign_in(state: &AppState, headers: &HeaderMap) -> Result<Session, ApiError> {
    let session = oauth::authenticate(state, headers)?;
    if !session.user.permissions.api_enabled {
        let message = "API is disabled for this User";
        return Err(ApiError::new(axum::http::StatusCode::FORBIDDEN, "API_CURRENTLY_DISABLED", message));
    }
    Ok(session)
}

fn api_version(text: &str) -> Result<ApiVersion, ApiError> {
    let number =
        text.strip_prefix('v').and_then(|t| t.strip_suffix(".0")).and_then(|t| t.parse::<u16>().ok());
    match number {
        Some(version) if (OLDEST_VERSION..=NEWEST_VERSION).contains(&version) => Ok(ApiVersion(version)),
        Some(version) if (7..OLDEST_VERSION).contains(&version) => Err(ApiError::new(
            axum::http::StatusCode::GONE,
            "UNSUPPORTED_API_VERSION",
            format!("The requested API version {version}.0 is retired."),
        )),
        _ => Err(ApiError::not_found()),
    }
}

/// What kind of call a path is, for faults and statistics.
fn endpoint(method: &Method, rest: &str) -> Endpoint {
    let path = rest.split('?').next().unwrap_or(rest).trim_matches('/');
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        ["query"] => Endpoint::Query,
        ["queryAll"] => Endpoint::QueryAll,
        ["query" | "queryAll", _] => Endpoint::NextPage,
        ["jobs", "query"] if *method == Method::POST => Endpoint::BulkCreate,
        ["jobs", "query", _, "results" | "resultPages"] => Endpoint::BulkResults,
        ["jobs", "query", _] if *method != Method::GET => Endpoint::BulkClose,
        ["jobs", "query", ..] => Endpoint::BulkStatus,
        ["jobs", "ingest"] if *method == Method::POST => Endpoint::IngestCreate,
        ["jobs", "ingest", _, "batches"] => Endpoint::IngestUpload,
        ["jobs", "ingest", _, _] => Endpoint::IngestResults,
        ["jobs", "ingest", _] if *method != Method::GET => Endpoint::IngestClose,
        ["jobs", "ingest", ..] => Endpoint::IngestStatus,
        ["sobjects"] => Endpoint::DescribeGlobal,
        ["sobjects", _, "describe", ..] => Endpoint::Describe,
        ["sobjects", _, "deleted"] => Endpoint::Deleted,
        ["sobjects", _, "updated"] => Endpoint::Updated,
        ["sobjects", _, _, "VersionData" | "Body" | "Document" | "LogFile"] => Endpoint::Blob,
        ["sobjects", ..] => Endpoint::Row,
        ["composite", ..] => Endpoint::Composite,
        ["limits", ..] => Endpoint::Limits,
        ["metadata", ..] => Endpoint::Metadata,
        _ => Endpoint::Other,
    }
}

pub(crate) fn route_name(point: Endpoint) -> &'static str {
    match point {
        Endpoint::Any | Endpoint::Other => "other",
        Endpoint::Query => "query",
        Endpoint::QueryAll => "query_all",
        Endpoint::NextPage => "next_page",
        Endpoint::BulkCreate => "bulk_create",
        Endpoint::BulkStatus => "bulk_status",
        Endpoint::BulkResults => "bulk_results",
        Endpoint::BulkClose => "bulk_close",
        Endpoint::IngestCreate => "ingest_create",
        Endpoint::IngestUpload => "ingest_upload",
        Endpoint::IngestStatus => "ingest_status",
        Endpoint::IngestResults => "ingest_results",
        Endpoint::IngestClose => "ingest_close",
        Endpoint::IngestRows => "ingest_rows",
        Endpoint::AsyncJob => "async_job",
        Endpoint::AsyncBatch => "async_batch",
        Endpoint::AsyncResults => "async_results",
        Endpoint::Describe => "describe",
        Endpoint::DescribeGlobal => "describe_global",
        Endpoint::Composite => "composite",
        Endpoint::Token => "token",
        Endpoint::Blob => "blob",
        Endpoint::Row => "row",
        Endpoint::Deleted => "deleted",
        Endpoint::Updated => "updated",
        Endpoint::Limits => "limits",
        Endpoint::Soap => "soap",
        Endpoint::Metadata => "metadata",
    }
}

/// The object that a request is about, from its path or its query.
fn object_of(rest: &str) -> Option<String> {
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut parts = path.trim_matches('/').split('/');
    match parts.next()? {
        "sobjects" => parts.next().map(str::to_owned),
        "query" | "queryAll" => {
            let soql = url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "q")?.1;
            let mut words = soql.split_whitespace();
            words.find(|word| word.eq_ignore_ascii_case("from"))?;
            words.next().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric() && c != '_').to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_follow_the_seasons() {
        for (version, expected) in [
            (30, "Spring '14"),
            (31, "Summer '14"),
            (65, "Winter '26"),
            (66, "Spring '26"),
            (67, "Summer '26"),
            (68, "Winter '27"),
        ] {
            assert_eq!(label(version), expected);
        }
    }

    #[test]
    fn the_object_is_read_from_path_or_query() {
        assert_eq!(object_of("/sobjects/Account/describe").as_deref(), Some("Account"));
        assert_eq!(object_of("/query?q=SELECT+Id+FROM+Case+LIMIT+1").as_deref(), Some("Case"));
        assert_eq!(object_of("/limits"), None);
    }
}
