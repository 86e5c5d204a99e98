//! A record for insert from a request body: plain JSON, or multipart with the record in one part and a body in another.

use axum::RequestExt;
use axum::body::{Body, Bytes};
use axum::extract::{Multipart, Request};
use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json};

use crate::errors::ApiError;
use crate::model::{FieldType, ObjectDef};
use crate::rows;

/// The record that a request wants inserted.
pub(crate) async fn record(
    def: &ObjectDef,
    headers: &HeaderMap,
    body: Bytes,
) -> Result<Map<String, Json>, ApiError> {
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !content_type.starts_with("multipart/") {
        return rows::parse(&body);
    }
    let mut request = Request::new(Body::from(body));
    request.headers_mut().insert(header::CONTENT_TYPE, headers[header::CONTENT_TYPE].clone());
    let multipart: Multipart = request.extract().await.map_err(|_| malformed())?;
    read_parts(def, multipart).await
}

async fn read_parts(def: &ObjectDef, mut multipart: Multipart) -> Result<Map<String, Json>, ApiError> {
    let mut record = None;
    let mut bodies = Vec::new();
    while let Some(part) = multipart.next_field().await.map_err(|_| malformed())? {
        let name = part.name().unwrap_or_default().to_owned();
        let has_file = part.file_name().is_some();
        let bytes = part.bytes().await.map_err(|_| malformed())?;
        let blob = def.field(&name).filter(|field| field.kind == FieldType::Base64);
        match blob {
            Some(field) if has_file => bodies.push((field.name.clone(), bytes)),
            None if record.is_none() => record = Some(rows::parse(&bytes)?),
            _ => return Err(malformed()),
        }
    }
    let mut record = record.ok_or_else(malformed)?;
    for (field, bytes) in bodies {
        record.insert(field, Json::String(STANDARD.encode(bytes)));
    }
    Ok(record)
}

fn malformed() -> ApiError {
    ApiError::bad_request("INVALID_MULTIPART_REQUEST", "Could not parse the multipart request")
}
