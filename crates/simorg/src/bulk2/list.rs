//! `GET /jobs/query` and `GET /jobs/ingest`: jobs of all Bulk APIs, oldest first, a thousand a page.

use axum::Extension;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde_json::{Value as Json, json};

use super::store::{json_answer, owns};
use crate::errors::ApiError;
use crate::model::ids;
use crate::server::{ApiVersion, AppState, Session};

/// Jobs on one page (Bulk API 2.0, "Get Information About All Jobs").
const PAGE: usize = 1000;

/// Which jobs a list shows.
#[derive(Debug, Default)]
struct Asked {
    /// `Classic`, `V2Query`, `V2Ingest` or `BigObjectIngest`.
    job_type: Option<String>,
    concurrency: Option<String>,
    is_pk_chunking_enabled: Option<bool>,
    first: usize,
}

impl Asked {
    fn read(uri: &Uri) -> Result<Self, ApiError> {
        let mut asked = Self::default();
        for (key, value) in url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            match &*key {
                "jobType" if !value.is_empty() => asked.job_type = Some(value.into_owned()),
                "concurrencyMode" if !value.is_empty() => asked.concurrency = Some(value.into_owned()),
                "isPkChunkingEnabled" if !value.is_empty() => {
                    asked.is_pk_chunking_enabled = Some(value.eq_ignore_ascii_case("true"));
                }
                "queryLocator" if !value.is_empty() => {
                    let place = value.rsplit('-').next().and_then(|place| place.parse().ok());
                    let lost = || ApiError::bad_request("INVALID_QUERY_LOCATOR", "invalid query locator");
                    asked.first = place.ok_or_else(lost)?;
                }
                _ => {}
            }
        }
        Ok(asked)
    }

    /// The query of the next page: the locator counts jobs of this very list, so all that chose them goes with it.
    fn after(&self, end: usize) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("queryLocator", &format!("{}-{end}", ids::record_id("01g", 0)));
        if let Some(job_type) = &self.job_type {
            query.append_pair("jobType", job_type);
        }
        if let Some(concurrency) = &self.concurrency {
            query.append_pair("concurrencyMode", concurrency);
        }
        if let Some(is_enabled) = self.is_pk_chunking_enabled {
            query.append_pair("isPkChunkingEnabled", if is_enabled { "true" } else { "false" });
        }
        query.finish()
    }

    /// Without a wanted type, a list shows the jobs that its path is about.
    fn shows(&self, job: &Listed, for_queries: bool) -> bool {
        let body = &job.body;
        let holds = |key: &str, wanted: &str| {
            body[key].as_str().is_some_and(|held| held.eq_ignore_ascii_case(wanted))
        };
        let is_of_type = match &self.job_type {
            Some(wanted) => holds("jobType", wanted),
            None => body["operation"].as_str().is_some_and(|name| name.starts_with("query")) == for_queries,
        };
        is_of_type
            && self.concurrency.as_ref().is_none_or(|wanted| holds("concurrencyMode", wanted))
            && self.is_pk_chunking_enabled.is_none_or(|wanted| wanted == job.is_pk_chunked)
    }
}

/// A job in a list: as created, with its type.
struct Listed {
    number: u64,
    is_pk_chunked: bool,
    body: Json,
}

pub(super) async fn queries(
    state: State<AppState>,
    version: Extension<ApiVersion>,
    session: Extension<Session>,
    uri: Uri,
) -> Result<Response, ApiError> {
    list(&state, *version, &session, &uri, true)
}

pub(super) async fn ingests(
    state: State<AppState>,
    version: Extension<ApiVersion>,
    session: Extension<Session>,
    uri: Uri,
) -> Result<Response, ApiError> {
    list(&state, *version, &session, &uri, false)
}

fn list(
    state: &AppState,
    version: ApiVersion,
    session: &Session,
    uri: &Uri,
    for_queries: bool,
) -> Result<Response, ApiError> {
    let asked = Asked::read(uri)?;
    let mut jobs = all(state, session);
    jobs.retain(|job| asked.shows(job, for_queries));
    jobs.sort_by_key(|job| job.number);
    let total = jobs.len();
    let records: Vec<Json> = jobs.into_iter().skip(asked.first).take(PAGE).map(|job| job.body).collect();
    let end = asked.first + records.len();
    let is_done = end >= total;
    let kind = if for_queries { "query" } else { "ingest" };
    let next = format!("/services/data/v{}/jobs/{kind}?{}", version.text(), asked.after(end));
    Ok(json_answer(&json!({
        "done": is_done,
        "records": records,
        "nextRecordsUrl": if is_done { Json::Null } else { Json::String(next) },
    })))
}

fn all(state: &AppState, session: &Session) -> Vec<Listed> {
    let (now, polls) = (state.org.now(), state.bulk2.polls());
    let mut jobs = Vec::new();
    for (number, job) in state.bulk2.queries(now) {
        if owns(session, &job.created_by) {
            job.settle(polls, now);
            let mut body = job.to_json();
            body["jobType"] = json!("V2Query");
            jobs.push(Listed { number, is_pk_chunked: false, body });
        }
    }
    for (number, job) in state.bulk2.ingests(now) {
        if owns(session, &job.user.id) {
            job.settle(polls, now);
            let mut body = job.to_json();
            body["jobType"] = json!("V2Ingest");
            jobs.push(Listed { number, is_pk_chunked: false, body });
        }
    }
    for job in state.bulk1.jobs(now) {
        if owns(session, &job.user.id) {
            jobs.push(Listed {
                number: job.number,
                is_pk_chunked: job.is_pk_chunked(),
                body: job.to_list_json(),
            });
        }
    }
    jobs
}
