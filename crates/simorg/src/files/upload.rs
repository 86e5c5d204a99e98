//! A row from a request: plain JSON, or multipart with the record in one part and a body in another.
//!
//! A body is read piece by piece and goes as bytes to where it is kept: as text in JSON it would take up several times its size.

use axum::body::Bytes;
use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{DefaultBodyLimit, FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};

use crate::dml;
use crate::errors::ApiError;
use crate::model::{FieldType, ObjectDef};
use crate::rows;
use crate::state::Body;
use crate::state::spool::Incoming;

/// The largest files ("Insert or Update Blob Data", REST API Developer Guide): versions of documents, and all others.
const MOST_BYTES_OF_VERSION: usize = 2 << 30;
const MOST_BYTES: usize = 500 << 20;
/// What record and boundaries may take beside the file.
const MOST_BYTES_BESIDE: usize = 1 << 20;

/// The row that a request wants written.
pub(crate) async fn row(def: &ObjectDef, mut request: Request) -> Result<dml::Row, ApiError> {
    if !is_multipart(request.headers()) {
        let body = Bytes::from_request(request, &())
            .await
            .map_err(|refused| ApiError::new(refused.status(), "INVALID_INPUT", refused.body_text()))?;
        return Ok(dml::Row::new(&def.name, rows::parse(&body)?));
    }
    let most = if def.name == "ContentVersion" { MOST_BYTES_OF_VERSION } else { MOST_BYTES };
    DefaultBodyLimit::max(most + MOST_BYTES_BESIDE).apply(&mut request);
    let parts = Multipart::from_request(request, &()).await.map_err(|_| malformed())?;
    read_parts(def, parts).await
}

pub(crate) fn is_multipart(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|kind| kind.starts_with("multipart/"))
}

async fn read_parts(def: &ObjectDef, mut parts: Multipart) -> Result<dml::Row, ApiError> {
    let mut record = None;
    let mut bodies = Vec::new();
    while let Some(part) = parts.next_field().await.map_err(|error| refused(&error))? {
        let name = part.name().unwrap_or_default().to_owned();
        let has_file = part.file_name().is_some();
        let blob = def.field(&name).filter(|field| field.kind == FieldType::Base64);
        match blob {
            Some(field) if has_file => {
                bodies.push((field.name.clone(), body_of(part).await?));
            }
            None if record.is_none() => {
                record = Some(rows::parse(&part.bytes().await.map_err(|error| refused(&error))?)?);
            }
            _ => return Err(malformed()),
        }
    }
    Ok(dml::Row { bodies, ..dml::Row::new(&def.name, record.ok_or_else(malformed)?) })
}

/// The file in a part.
async fn body_of(mut part: Field<'_>) -> Result<Body, ApiError> {
    let mut incoming = Incoming::default();
    while let Some(piece) = part.chunk().await.map_err(|error| refused(&error))? {
        incoming.write(&piece).map_err(|error| not_kept(&error))?;
    }
    incoming.finish().map_err(|error| not_kept(&error))
}

/// The machine has no room for the file.
fn not_kept(error: &std::io::Error) -> ApiError {
    ApiError::unknown_exception(error.to_string())
}

fn refused(error: &MultipartError) -> ApiError {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            ApiError::new(error.status(), "INVALID_MULTIPART_REQUEST", "The file is too large")
        }
        _ => malformed(),
    }
}

fn malformed() -> ApiError {
    ApiError::bad_request("INVALID_MULTIPART_REQUEST", "Could not parse the multipart request")
}
