//! The answer to `GET /sobjects/X/<id>/<base64 field>`.

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::stream;

use crate::errors::ApiError;
use crate::model::FieldDef;
use crate::state::{Org, Row};

/// The body in a base64 field of a row.
///
/// That of a file in the recycle bin can still be fetched until it is purged.
pub(crate) fn body(org: &Org, row: &Row, field: &FieldDef) -> Result<Response, ApiError> {
    let body = org.body(row, &field.name).ok_or_else(ApiError::not_found)?;
    let content_type = row.value_of("ContentType").to_plain_text();
    let content_type = HeaderValue::from_str(&content_type)
        .ok()
        .filter(|value| !value.is_empty())
        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let length = HeaderValue::from(body.length());
    let pieces = stream::iter(body.chunks());
    Ok(([(header::CONTENT_TYPE, content_type), (header::CONTENT_LENGTH, length)], Body::from_stream(pieces))
        .into_response())
}
