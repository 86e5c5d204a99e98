//! `POST /jobs/ingest`: the job alone, or as multipart with its rows, which closes it at once.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::super::csv::Format;
use super::super::refusals;
use super::super::store::json_answer;
use super::job::{Job, Order};
use super::requests;
use crate::errors::ApiError;
use crate::faults::{Effect, Endpoint};
use crate::files;
use crate::ingest::{Operation, Refused, checked_object};
use crate::server::{ApiVersion, AppState, Session};

/// The most characters that a multipart request may bring (Bulk API 2.0, "Create a Job").
const MOST_INLINE: usize = 100_000;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wanted {
    object: Option<String>,
    operation: Option<String>,
    external_id_field_name: Option<String>,
    content_type: Option<String>,
    column_delimiter: Option<String>,
    line_ending: Option<String>,
    assignment_rule_id: Option<String>,
}

pub(super) async fn create(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Extension(version): Extension<ApiVersion>,
    request: Request,
) -> Result<Response, ApiError> {
    let (order, rows) = if files::is_multipart(request.headers()) {
        let (order, rows) = parts(request).await?;
        (order, Some(rows))
    } else {
        let unreadable = |_| ApiError::json_parser("The body cannot be read");
        (Bytes::from_request(request, &()).await.map_err(unreadable)?, None)
    };
    let order = checked(&state, &session, version, &order)?;
    let now = state.org.now();
    let job = state.bulk2.add_ingest(now, |id| Job::new(id, order, now));
    if let Some(rows) = rows {
        requests::keep(&job, rows)?;
        requests::close(&state, &job)?;
    }
    Ok(json_answer(&job.to_json()))
}

async fn parts(request: Request) -> Result<(Bytes, Bytes), ApiError> {
    let malformed =
        || ApiError::bad_request("INVALID_MULTIPART_REQUEST", "Could not parse the multipart request");
    let mut parts = Multipart::from_request(request, &()).await.map_err(|_| malformed())?;
    let (mut job, mut content) = (None, None);
    while let Some(part) = parts.next_field().await.map_err(|_| malformed())? {
        let place = match part.name() {
            Some("job") => &mut job,
            Some("content") => &mut content,
            _ => continue,
        };
        *place = Some(part.bytes().await.map_err(|_| malformed())?);
    }
    let (job, content) = (job.ok_or_else(malformed)?, content.ok_or_else(malformed)?);
    if String::from_utf8_lossy(&content).chars().count() > MOST_INLINE {
        let text = format!("The content part is larger than {MOST_INLINE} characters");
        return Err(ApiError::bad_request("INVALID_MULTIPART_REQUEST", text));
    }
    Ok((job, content))
}

fn checked(state: &AppState, session: &Session, version: ApiVersion, body: &[u8]) -> Result<Order, ApiError> {
    let wanted: Wanted =
        serde_json::from_slice(body).map_err(|error| ApiError::json_parser(error.to_string()))?;
    let invalid = |text: String| ApiError::bad_request("INVALIDJOB", text);
    let name = wanted.operation.unwrap_or_default();
    let operation = Operation::named(&name, wanted.external_id_field_name.as_deref())
        .ok_or_else(|| invalid(format!("Invalid operation: {name}")))?;
    if let Some(kind) = wanted.content_type.as_deref().filter(|kind| *kind != "CSV") {
        return Err(invalid(format!("Content type {kind} is not supported for ingest jobs")));
    }
    let format = Format::named(wanted.column_delimiter.as_deref(), wanted.line_ending.as_deref())
        .ok_or_else(|| invalid("Invalid columnDelimiter or lineEnding".to_owned()))?;
    let view = state.org.view(&session.user);
    let object = wanted.object.unwrap_or_default();
    let object = checked_object(&view, &session.user, &object, &operation)?;
    let refused = state.org.faults().semantic(Endpoint::IngestCreate, Some(&object.name));
    if matches!(refused, Some(Effect::RefuseBulk)) || !refusals::takes(&object.name) {
        return Err(refusals::not_supported(&object.name));
    }
    if state.bulk2.batches_left(state.org.now()) == 0 {
        return Err(ApiError::bad_request("EXCEEDEDQUOTA", "ApiBatchItems Limit exceeded."));
    }
    Ok(Order {
        object: object.name.clone(),
        prefix: object.id_prefix.clone(),
        operation,
        assignment_rule: wanted.assignment_rule_id.filter(|id| !id.is_empty()),
        format,
        version,
        user: session.user.clone(),
    })
}

impl From<Refused> for ApiError {
    /// Bulk 2.0 spells the codes of Bulk 1.0 in upper case.
    fn from(refused: Refused) -> ApiError {
        ApiError::new(StatusCode::BAD_REQUEST, refused.code.to_ascii_uppercase(), refused.message)
    }
}
