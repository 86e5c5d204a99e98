//! The handlers of single rows.

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{Extension, Router};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use crate::describe::global_entry;
use crate::errors::{ApiError, JSON};
use crate::files;
use crate::model::ids;
use crate::server::{ApiVersion, AppState, Session};
use crate::state::View;

use super::model;

#[derive(Deserialize)]
struct Selection {
    fields: Option<String>,
}

pub fn router() -> Router<AppState> {
    Router::new().route("/sobjects/{object}", any(object)).route("/sobjects/{object}/{id}", any(row))
}

async fn object(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Extension(version): Extension<ApiVersion>,
    Path(object): Path<String>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let view = state.org.view(&session.user);
    let def = view.object(&object).ok_or_else(ApiError::not_found)?;
    match method {
        Method::GET | Method::HEAD => {
            let answer = json!({"objectDescribe": global_entry(&def, &version.text()), "recentItems": []});
            Ok(([(header::CONTENT_TYPE, JSON)], answer.to_string()).into_response())
        }
        Method::POST => {
            drop(view);
            let record = files::record(&def, &headers, body).await?;
            let id = state.org.write(&session.user, |transaction| transaction.insert(&def.name, &record))?;
            let location = format!("/services/data/v{}/sobjects/{}/{id}", version.text(), def.name);
            let answer = json!({"id": id, "success": true, "errors": []});
            let headers = [
                (header::CONTENT_TYPE, JSON.to_str().unwrap_or_default().to_owned()),
                (header::LOCATION, location),
            ];
            Ok((StatusCode::CREATED, headers, answer.to_string()).into_response())
        }
        other => Err(ApiError::method_not_allowed(other.as_str(), "HEAD,GET,POST")),
    }
}

#[expect(clippy::too_many_arguments, reason = "each is a part of the request")]
async fn row(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Extension(version): Extension<ApiVersion>,
    Path((object, id)): Path<(String, String)>,
    Query(selection): Query<Selection>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let view = state.org.view(&session.user);
    let def = view.object(&object).ok_or_else(ApiError::not_found)?;
    if !model::has_rows(&def) {
        return Err(ApiError::not_found());
    }
    match method {
        Method::GET | Method::HEAD => read(&view, &def, &id, &selection, version, &headers),
        Method::PATCH => {
            drop(view);
            let record = parse(&body)?;
            state.org.write(&session.user, |transaction| transaction.update(&def.name, &id, &record))?;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        Method::DELETE => {
            let id = ids::canonical(&id).ok_or_else(ApiError::not_found)?;
            view.row(&def, &id).ok_or_else(ApiError::not_found)?;
            drop(view);
            state.org.write(&session.user, |transaction| transaction.delete(&id))?;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        other => Err(ApiError::method_not_allowed(other.as_str(), "HEAD,GET,PATCH,DELETE")),
    }
}

fn read(
    view: &View,
    def: &crate::model::ObjectDef,
    id: &str,
    selection: &Selection,
    version: ApiVersion,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let row = view.row(def, id).ok_or_else(ApiError::not_found)?;
    if row.is_deleted() {
        return Err(ApiError::entity_is_deleted());
    }
    let fields = model::fields(def, selection.fields.as_deref())?;
    let answer = || model::record(def, &row, &fields, &version.text());
    Ok(crate::describe::unless_known(headers, row.stamp_ms(), answer))
}

/// A record in the body of a request.
pub(crate) fn parse(body: &[u8]) -> Result<Map<String, Json>, ApiError> {
    match serde_json::from_slice(body) {
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
