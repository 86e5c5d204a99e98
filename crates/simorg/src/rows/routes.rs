//! The handlers of single rows.

use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Extension, Router};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use crate::describe::global_entry;
use crate::dml::{self, Verb};
use crate::errors::{ApiError, ApiErrors, JSON};
use crate::files;
use crate::model::ObjectDef;
use crate::model::json::exact_numbers;
use crate::server::{ApiVersion, AppState, Session};
use crate::state::{Row, View};

use super::{model, options};

#[derive(Debug, Default, Deserialize)]
pub(super) struct Selection {
    pub(super) fields: Option<String>,
}

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/sobjects/{object}", any(object))
        .route("/sobjects/{object}/{id}", any(row))
        .route("/recent", get(recent))
}

/// Nobody opens pages of this org, so nothing was viewed; calls of the API do not count as views.
async fn recent() -> Response {
    ([(header::CONTENT_TYPE, JSON)], "[]").into_response()
}

async fn object(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Extension(version): Extension<ApiVersion>,
    Path(object): Path<String>,
    request: Request,
) -> Result<Response, ApiErrors> {
    let def = state.org.object(&session.user, &object).ok_or_else(ApiError::not_found)?;
    match *request.method() {
        Method::GET | Method::HEAD => {
            let answer = json!({"objectDescribe": global_entry(&def, &version.text()), "recentItems": []});
            Ok(([(header::CONTENT_TYPE, JSON)], answer.to_string()).into_response())
        }
        Method::POST => create(&state, &session, version, &def, request).await,
        ref other => Err(ApiError::method_not_allowed(other.as_str(), "HEAD,GET,POST").into()),
    }
}

async fn create(
    state: &AppState,
    session: &Session,
    version: ApiVersion,
    def: &ObjectDef,
    request: Request,
) -> Result<Response, ApiErrors> {
    let headers = request.headers().clone();
    let row = files::row(def, request).await?;
    let id = save(state, session, &Verb::Insert, row, &headers)?.id;
    let location = format!("/services/data/v{}/sobjects/{}/{id}", version.text(), def.name);
    let answer = json!({"id": id, "success": true, "errors": []});
    let headers =
        [(header::CONTENT_TYPE, JSON.to_str().unwrap_or_default().to_owned()), (header::LOCATION, location)];
    Ok((StatusCode::CREATED, headers, answer.to_string()).into_response())
}

/// Saves one row, and refuses with all that is wrong with it.
fn save(
    state: &AppState,
    session: &Session,
    verb: &Verb,
    row: dml::Row,
    headers: &HeaderMap,
) -> Result<dml::Saved, ApiErrors> {
    let mut outcomes = dml::save(&state.org, &session.user, verb, &[row], &options(headers));
    outcomes.remove(0).map_err(ApiErrors)
}

async fn row(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Extension(version): Extension<ApiVersion>,
    Path((object, id)): Path<(String, String)>,
    Query(selection): Query<Selection>,
    request: Request,
) -> Result<Response, ApiErrors> {
    let def = state.org.object(&session.user, &object).ok_or_else(ApiError::not_found)?;
    if !model::has_rows(&def) {
        return Err(ApiError::not_found().into());
    }
    let view = || state.org.view(&session.user);
    match *request.method() {
        Method::GET | Method::HEAD => Ok(read(&view(), &def, &id, &selection, version, request.headers())?),
        Method::PATCH => update(&state, &session, &def, &id, request).await,
        Method::DELETE => {
            let id = view().row(&def, &id).ok_or_else(|| model::no_row(&id))?.id().to_owned();
            state.org.write(&session.user, |transaction| transaction.delete(&id))?;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        // `POST /sobjects/X/Id` is a plain insert.
        Method::POST if id.eq_ignore_ascii_case("Id") => {
            create(&state, &session, version, &def, request).await
        }
        ref other => Err(ApiError::method_not_allowed(other.as_str(), "HEAD,GET,PATCH,DELETE").into()),
    }
}

async fn update(
    state: &AppState,
    session: &Session,
    def: &ObjectDef,
    id: &str,
    request: Request,
) -> Result<Response, ApiErrors> {
    let id = live_row(&state.org.view(&session.user), def, id)?.id().to_owned();
    let headers = request.headers().clone();
    let mut row = files::row(def, request).await?;
    if row.record.keys().any(|name| name.eq_ignore_ascii_case("Id")) {
        let message = "The Id field should not be specified in the sobject data.";
        return Err(ApiError::invalid_field(message).into());
    }
    row.record.insert("Id".to_owned(), Json::from(id));
    save(state, session, &Verb::Update, row, &headers)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn live_row(view: &View, def: &ObjectDef, id: &str) -> Result<Row, ApiError> {
    let row = view.row(def, id).ok_or_else(|| model::no_row(id))?;
    if row.is_deleted() { Err(ApiError::entity_is_deleted()) } else { Ok(row) }
}

pub(super) fn read(
    view: &View,
    def: &ObjectDef,
    id: &str,
    selection: &Selection,
    version: ApiVersion,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let row = live_row(view, def, id)?;
    let fields = model::fields(def, selection.fields.as_deref())?;
    let answer = || model::record(def, &row, &fields, &version.text());
    Ok(crate::describe::unless_known(headers, row.stamp_ms(), answer))
}

/// A record in the body of a request.
pub(crate) fn parse(body: &[u8]) -> Result<Map<String, Json>, ApiError> {
    match serde_json::from_slice(&exact_numbers(body)) {
        Ok(Json::Object(record)) => Ok(record),
        Ok(_) => {
            Err(ApiError::json_parser("The HTTP entity body must be a JSON object, but was something else"))
        }
        Err(error) => Err(ApiError::json_parser(format!(
            "Unexpected character or end of input at [line:{}, column:{}]",
            error.line(),
            error.column()
        ))),
    }
}
