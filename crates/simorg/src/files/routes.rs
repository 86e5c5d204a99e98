//! `GET /sobjects/X/<id>/<base64 field>`.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use futures::stream;

use crate::errors::ApiError;
use crate::model::FieldType;
use crate::server::{AppState, Session};

pub fn router() -> Router<AppState> {
    Router::new().route("/sobjects/{object}/{id}/{field}", get(body))
}

async fn body(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Path((object, id, field)): Path<(String, String, String)>,
) -> Result<Response, ApiError> {
    let view = state.org.view(&session.user);
    let def = view.object(&object).ok_or_else(ApiError::not_found)?;
    let field =
        def.field(&field).filter(|field| field.kind == FieldType::Base64).ok_or_else(ApiError::not_found)?;
    let row = view.row(&def, &id).ok_or_else(ApiError::not_found)?;
    // The body of a file in the recycle bin can still be fetched until it is purged.
    let body = state.org.body(&row, &field.name).ok_or_else(ApiError::not_found)?;
    let content_type = row.value_of("ContentType").to_plain_text();
    let content_type = HeaderValue::from_str(&content_type)
        .ok()
        .filter(|value| !value.is_empty())
        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let length = HeaderValue::from(body.length());
    let pieces = stream::iter(body.chunks().map(Ok::<_, std::convert::Infallible>));
    Ok(([(header::CONTENT_TYPE, content_type), (header::CONTENT_LENGTH, length)], Body::from_stream(pieces))
        .into_response())
}
