//! The results of a finished job: pages of CSV, written as they are read, never held as one text.

use std::ops::Range;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::{Value as Json, json};

use super::csv::Lines;
use super::job::{Job, Phase};
use super::store::json_answer;
use crate::errors::ApiError;
use crate::faults::{Effect, Endpoint};
use crate::pieces::{self, Pieces};
use crate::server::{ApiVersion, AppState, Session};
use crate::soql::visit_rows;

/// Rows on a page when the request does not say.
const DEFAULT_PAGE: usize = 250_000;
/// Pages that `resultPages` names at once.
const NAMED_PAGES: usize = 5;

/// What the query of a request asks for.
struct Asked {
    first: usize,
    max_records: usize,
    /// `&maxRecords=…` as it was asked for, to go into the urls of pages: each of them is read on its own.
    of_pages: String,
}

impl Asked {
    fn read(uri: &Uri, total: usize) -> Result<Self, ApiError> {
        let mut asked = Self { first: 0, max_records: DEFAULT_PAGE, of_pages: String::new() };
        for (key, value) in url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            match &*key {
                "maxRecords" => {
                    let wrong =
                        || ApiError::bad_request("INVALIDJOB", format!("Invalid maxRecords: {value}"));
                    asked.max_records = value.parse().ok().filter(|max| *max > 0).ok_or_else(wrong)?;
                    asked.of_pages = format!("&maxRecords={}", asked.max_records);
                }
                "locator" => {
                    asked.first = place_of(&value).filter(|first| *first < total.max(1)).ok_or_else(lost)?;
                }
                _ => {}
            }
        }
        Ok(asked)
    }
}

fn lost() -> ApiError {
    ApiError::bad_request("INVALID_QUERY_LOCATOR", "invalid query locator")
}

/// Locators are opaque to the client: base64 of the place, such as `MTAwMDA`.
fn locator_of(place: usize) -> String {
    STANDARD_NO_PAD.encode(place.to_string())
}

fn place_of(locator: &str) -> Option<usize> {
    let bytes = STANDARD_NO_PAD.decode(locator.trim_end_matches('=')).ok()?;
    String::from_utf8(bytes).ok()?.parse().ok()
}

fn finished(
    state: &AppState,
    session: &Session,
    id: &str,
    version: ApiVersion,
) -> Result<Arc<Job>, ApiError> {
    let job = state.bulk2.find(id, session, state.org.now())?;
    job.settle(state.bulk2.polls(), state.org.now());
    if job.version != version {
        let text =
            format!("The job was created with API version {} and must be read with it", job.version.text());
        return Err(ApiError::new(StatusCode::CONFLICT, "INVALIDJOB", text));
    }
    if job.phase() != Phase::JobComplete {
        let text = format!("Results are not available: the job is {}", job.phase().text());
        return Err(ApiError::bad_request("JOB_NOT_COMPLETE", text));
    }
    if let Some(Effect::LocatorLost) =
        state.org.faults().semantic(Endpoint::BulkResults, Some(&job.plan.object().name))
    {
        return Err(lost());
    }
    Ok(job)
}

pub(super) async fn page(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Extension(version): Extension<ApiVersion>,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let job = finished(&state, &session, &id, version)?;
    let total = job.rows.get().map_or(0, Vec::len);
    let asked = Asked::read(&uri, total)?;
    let end = total.min(asked.first.saturating_add(asked.max_records));
    let next = if end < total { locator_of(end) } else { "null".to_owned() };
    let header_value =
        |text: String| HeaderValue::from_str(&text).expect("digits and base64 are valid headers");
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=UTF-8")),
        (HeaderName::from_static("sforce-locator"), header_value(next)),
        (HeaderName::from_static("sforce-numberofrecords"), header_value((end - asked.first).to_string())),
    ];
    Ok((headers, pieces::body(move |pieces| write(&job, asked.first..end, pieces))).into_response())
}

fn write(job: &Job, places: Range<usize>, pieces: &mut Pieces) {
    let columns = job.plan.columns();
    job.format.header(&mut pieces.text, columns);
    let counters = job.rows.get().and_then(|rows| rows.get(places)).unwrap_or_default();
    let mut lines = Lines::new(job.format, columns, &job.view);
    // The view of the job never changes, so a row that was found in it is there.
    visit_rows(&job.plan, &job.view, counters, &mut |row| {
        lines.write(&mut pieces.text, row);
        pieces.send_full()
    });
}

pub(super) async fn pages(
    State(state): State<AppState>,
    Extension(session): Extension<Session>,
    Extension(version): Extension<ApiVersion>,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let job = finished(&state, &session, &id, version)?;
    let total = job.rows.get().map_or(0, Vec::len);
    let asked = Asked::read(&uri, total)?;
    let base = format!("/services/data/v{}/jobs/query/{}", version.text(), job.id);
    let place = |start: usize| format!("locator={}{}", locator_of(start), asked.of_pages);
    let starts: Vec<usize> =
        (asked.first..total.max(1)).step_by(asked.max_records).take(NAMED_PAGES + 1).collect();
    let named: Vec<Json> = starts
        .iter()
        .take(NAMED_PAGES)
        .map(|start| json!({"resultUrl": format!("{base}/results?{}", place(*start))}))
        .collect();
    let mut answer = json!({"resultPages": named, "done": starts.len() <= NAMED_PAGES});
    if let Some(start) = starts.get(NAMED_PAGES) {
        answer["nextRecordsUrl"] = json!(format!("{base}/resultPages?{}", place(*start)));
    }
    Ok(json_answer(&answer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locators_lead_back_to_their_place() {
        assert_eq!(locator_of(10_000), "MTAwMDA");
        assert_eq!(place_of("MTAwMDA"), Some(10_000));
        assert_eq!(place_of("null"), None);
        assert_eq!(place_of("!!"), None);
    }
}
