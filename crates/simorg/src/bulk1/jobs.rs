//! Create, close, abort and look at a job.

use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::Value as Json;

use crate::bulk2::refusals;
use crate::errors::ApiError;
use crate::faults::{Effect, Endpoint};
use crate::ingest::{Operation, Refused, checked_object};
use crate::xml::Element;

use super::Call;
use super::batch::BatchPhase;
use super::chunking::Chunking;
use super::error::BulkError;
use super::info::{self, Form};
use super::job::{ContentType, Job, Phase, Work};

/// The parts of a `jobInfo` that a request may set.
struct Wanted(Vec<(String, String)>);

impl Wanted {
    fn read(body: &[u8]) -> Result<Wanted, BulkError> {
        let is_json = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
        if is_json {
            let parts: serde_json::Map<String, Json> = serde_json::from_slice(body).map_err(|error| {
                BulkError::new("ClientInputError", format!("Unable to parse Job: {error}"))
            })?;
            let shown = |value: Json| match value {
                Json::String(text) => text,
                other => other.to_string(),
            };
            let given = parts.into_iter().filter(|(_, value)| !value.is_null());
            return Ok(Wanted(given.map(|(name, value)| (name, shown(value))).collect()));
        }
        let root = Element::parse(body)
            .map_err(|error| BulkError::new("InvalidXML", format!("Unable to parse Job: {error}")))?;
        let parts = root.children.into_iter().map(|child| (child.name, child.text.trim().to_owned()));
        Ok(Wanted(parts.collect()))
    }

    fn get(&self, name: &str) -> Option<&str> {
        let part = self.0.iter().find(|(key, value)| key == name && !value.is_empty());
        part.map(|(_, value)| value.as_str())
    }
}

pub(super) fn create(call: &Call, body: &[u8]) -> Result<Response, BulkError> {
    let wanted = Wanted::read(body)?;
    let content_type = match wanted.get("contentType").unwrap_or("XML") {
        "CSV" => ContentType::Csv,
        "JSON" => ContentType::Json,
        "XML" => ContentType::Xml,
        zipped @ ("ZIP_CSV" | "ZIP_XML" | "ZIP_JSON") => {
            let what = format!("Bulk API 1.0 jobs with contentType {zipped}");
            return Ok(ApiError::not_simulated(&what).into_response());
        }
        other => return Err(Refused::job(format!("Invalid contentType: {other}")).into()),
    };
    let work = work(&wanted)?;
    let object = object(call, &work, wanted.get("object").unwrap_or_default())?;
    // Some clients write the number of the choice.
    let is_serial = match wanted.get("concurrencyMode").unwrap_or("Parallel") {
        "Parallel" | "0" => false,
        "Serial" | "1" => true,
        other => return Err(Refused::job(format!("Invalid concurrencyMode: {other}")).into()),
    };
    let chunking = match work {
        Work::Query { .. } => Chunking::read(&call.headers)?,
        Work::Load(_) => None,
    };
    let now = call.state.org.now();
    let (number, id) = call.state.bulk2.new_id();
    let job = Arc::new(Job {
        id,
        number,
        object,
        work,
        content_type,
        is_serial,
        assignment_rule: wanted.get("assignmentRuleId").map(str::to_owned),
        chunking,
        version: call.version,
        created: now,
        user: call.session.user.clone(),
        phase: Mutex::new((Phase::Open, now)),
        batches: Mutex::default(),
        turn: Mutex::default(),
    });
    call.state.bulk1.add(job.clone(), now);
    Ok(info::job_answer(StatusCode::CREATED, &job, Form::asked(&call.headers)))
}

fn work(wanted: &Wanted) -> Result<Work, BulkError> {
    match wanted.get("operation").unwrap_or_default() {
        "query" => Ok(Work::Query { with_deleted: false }),
        "queryAll" => Ok(Work::Query { with_deleted: true }),
        name => {
            // `harddelete` is how the enumeration of the older schema spells it.
            let name = if name == "harddelete" { "hardDelete" } else { name };
            let operation = Operation::named(name, wanted.get("externalIdFieldName"));
            let invalid = || Refused::job(format!("Invalid operation: {name}"));
            Ok(Work::Load(operation.ok_or_else(invalid)?))
        }
    }
}

/// The name of the job's object, if it may be had by Bulk.
fn object(call: &Call, work: &Work, name: &str) -> Result<String, BulkError> {
    let view = call.state.org.view(&call.session.user);
    let object = match work {
        Work::Query { .. } => {
            view.object(name).ok_or_else(|| Refused::job(format!("Unable to find object: {name}")))?
        }
        Work::Load(operation) => checked_object(&view, &call.session.user, name, operation)?,
    };
    let refused = call.state.org.faults().semantic(Endpoint::AsyncJob, Some(&object.name));
    if matches!(refused, Some(Effect::RefuseBulk)) || !refusals::takes(&object.name) {
        let text = format!("Entity '{}' is not supported by the Bulk API.", object.name);
        return Err(BulkError::new("InvalidEntity", text));
    }
    Ok(object.name.clone())
}

pub(super) async fn status(call: &Call, id: &str) -> Result<Response, BulkError> {
    let job = call.state.bulk1.find(id, &call.session, call.state.org.now())?;
    job.poll(call.state.bulk2.polls()).await;
    Ok(info::job_answer(StatusCode::OK, &job, Form::of(&call.headers, &job)))
}

pub(super) fn change_state(call: &Call, id: &str, body: &[u8]) -> Result<Response, BulkError> {
    let now = call.state.org.now();
    let job = call.state.bulk1.find(id, &call.session, now)?;
    let wanted = Wanted::read(body)?;
    let (held, _) = job.phase();
    match (wanted.get("state"), held) {
        (Some("Closed"), Phase::Open) => job.set_phase(Phase::Closed, now),
        (Some("Aborted"), Phase::Open | Phase::Closed) => {
            job.set_phase(Phase::Aborted, now);
            for batch in job.batches().iter().filter(|batch| !batch.progress().reached.is_final()) {
                batch.reach(BatchPhase::NotProcessed, None, now);
            }
        }
        (Some("Closed"), _) => return Err(already("Closing", held)),
        (Some("Aborted"), _) => return Err(already("Aborting", held)),
        (other, _) => {
            let text = format!("Invalid state: {}", other.unwrap_or("null"));
            return Err(BulkError::new("InvalidJobState", text));
        }
    }
    Ok(info::job_answer(StatusCode::OK, &job, Form::of(&call.headers, &job)))
}

pub(super) fn already(doing: &str, held: Phase) -> BulkError {
    BulkError::new("InvalidJobState", format!("{doing} already {} Job not allowed", held.text()))
}
