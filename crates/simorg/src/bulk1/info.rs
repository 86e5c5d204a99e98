//! How jobs and batches read on the wire: `jobInfo` and `batchInfo` as XML or JSON.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value as Json, json};

use crate::model::value::datetime_text;
use crate::xml::Element;

use super::batch::Batch;
use super::job::{ContentType, Counts, Job};

pub(super) const NAMESPACE: &str = "http://www.force.com/2009/06/asyncapi/dataload";

/// What an answer about jobs and batches is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Xml,
    Json,
}

impl Form {
    /// What the headers ask for: JSON if either of them says so.
    pub(super) fn asked(headers: &HeaderMap) -> Form {
        if names(headers, "json") { Form::Json } else { Form::Xml }
    }

    /// The same for requests about a job, where silence means the job's own form.
    pub(super) fn of(headers: &HeaderMap, job: &Job) -> Form {
        if names(headers, "json") || (job.content_type == ContentType::Json && !names(headers, "xml")) {
            Form::Json
        } else {
            Form::Xml
        }
    }

    /// The same for requests about batches: the type of the request does not count. Clients that read the batches of CSV jobs
    /// as XML while they ask with `Content-Type: application/json` (singer's tap-salesforce) have always worked.
    pub(super) fn of_batches(headers: &HeaderMap, job: &Job) -> Form {
        let accepted = header_text(headers, &header::ACCEPT);
        match job.content_type {
            ContentType::Json if !accepted.contains("xml") => Form::Json,
            _ if accepted.contains("json") => Form::Json,
            _ => Form::Xml,
        }
    }

    pub(super) fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Form::Xml => "application/xml",
            Form::Json => "application/json",
        })
    }
}

fn names(headers: &HeaderMap, kind: &str) -> bool {
    [header::CONTENT_TYPE, header::ACCEPT].iter().any(|name| header_text(headers, name).contains(kind))
}

fn header_text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

pub(super) fn document(root: &Element) -> String {
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{}", root.to_text())
}

/// Names and values in the order of the XML schema; what is null is missing in XML.
type Parts = Vec<(&'static str, Json)>;

fn xml(name: &str, parts: &Parts) -> Element {
    let shown = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let given = parts.iter().filter(|(_, value)| !value.is_null());
    Element::new(name).with_all(given.map(|(name, value)| Element::leaf(*name, shown(value))))
}

/// JSON has its keys in the order of the alphabet.
fn object(parts: Parts) -> Json {
    let mut map: Map<String, Json> =
        parts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    map.sort_keys();
    Json::Object(map)
}

fn time(at: DateTime<Utc>, form: Form) -> Json {
    let zone = if form == Form::Xml { "Z" } else { "+0000" };
    json!(datetime_text(at.timestamp() * 1000, zone))
}

fn job_parts(job: &Job, form: Form) -> Parts {
    let counts = Counts::of(job);
    let (phase, changed) = job.phase();
    let mut parts = vec![
        ("id", json!(job.id)),
        ("operation", json!(job.work.name())),
        ("object", json!(job.object)),
        ("createdById", json!(job.user.id)),
        ("createdDate", time(job.created, form)),
        ("systemModstamp", time(changed, form)),
        ("state", json!(phase.text())),
        ("externalIdFieldName", json!(job.work.key())),
        ("concurrencyMode", json!(if job.is_serial { "Serial" } else { "Parallel" })),
        ("contentType", json!(job.content_type.text())),
        ("numberBatchesQueued", json!(counts.queued)),
        ("numberBatchesInProgress", json!(counts.running)),
        ("numberBatchesCompleted", json!(counts.completed)),
        ("numberBatchesFailed", json!(counts.failed)),
        ("numberBatchesTotal", json!(counts.total)),
        ("numberRecordsProcessed", json!(counts.rows_processed)),
        ("numberRetries", json!(0)),
        ("apiVersion", json!(f64::from(job.version.0))),
        ("assignmentRuleId", json!(job.assignment_rule)),
        ("numberRecordsFailed", json!(counts.rows_failed)),
        ("totalProcessingTime", json!(counts.spent_ms)),
        ("apiActiveProcessingTime", json!(counts.spent_ms)),
        ("apexProcessingTime", json!(0)),
    ];
    if form == Form::Json {
        parts.push(("fastPathEnabled", json!(false)));
    }
    parts
}

fn batch_parts(job: &Job, batch: &Batch, form: Form) -> Parts {
    let progress = batch.progress();
    let spent = batch.spent_ms(&progress);
    vec![
        ("id", json!(batch.id)),
        ("jobId", json!(job.id)),
        ("state", json!(progress.shown.text())),
        ("stateMessage", json!(progress.message)),
        ("createdDate", time(batch.created, form)),
        ("systemModstamp", time(progress.changed, form)),
        ("numberRecordsProcessed", json!(progress.processed)),
        ("numberRecordsFailed", json!(progress.failed)),
        ("totalProcessingTime", json!(spent)),
        ("apiActiveProcessingTime", json!(spent)),
        ("apexProcessingTime", json!(0)),
    ]
}

pub(super) fn job_answer(status: StatusCode, job: &Job, form: Form) -> Response {
    let body = match form {
        Form::Xml => document(&xml("jobInfo", &job_parts(job, form)).attribute("xmlns", NAMESPACE)),
        Form::Json => object(job_parts(job, form)).to_string(),
    };
    (status, [(header::CONTENT_TYPE, form.content_type())], body).into_response()
}

pub(super) fn batch_answer(status: StatusCode, job: &Job, batch: &Batch, form: Form) -> Response {
    let parts = batch_parts(job, batch, form);
    let body = match form {
        Form::Xml => document(&xml("batchInfo", &parts).attribute("xmlns", NAMESPACE)),
        Form::Json => object(parts).to_string(),
    };
    (status, [(header::CONTENT_TYPE, form.content_type())], body).into_response()
}

pub(super) fn batches_answer<'a>(
    job: &Job,
    batches: impl Iterator<Item = &'a Batch>,
    form: Form,
) -> Response {
    let body = match form {
        Form::Xml => {
            let list = batches.map(|batch| xml("batchInfo", &batch_parts(job, batch, form)));
            document(&Element::new("batchInfoList").attribute("xmlns", NAMESPACE).with_all(list))
        }
        Form::Json => {
            let list: Vec<Json> = batches.map(|batch| object(batch_parts(job, batch, form))).collect();
            json!({"batchInfo": list}).to_string()
        }
    };
    (StatusCode::OK, [(header::CONTENT_TYPE, form.content_type())], body).into_response()
}

impl Job {
    /// The job in the list of Bulk 2.0.
    pub(crate) fn to_list_json(&self) -> Json {
        let (phase, changed) = self.phase();
        json!({
            "id": self.id,
            "operation": self.work.name(),
            "object": self.object,
            "createdById": self.user.id,
            "createdDate": time(self.created, Form::Json),
            "systemModstamp": time(changed, Form::Json),
            "state": phase.text(),
            "concurrencyMode": if self.is_serial { "Serial" } else { "Parallel" },
            "contentType": self.content_type.text(),
            "apiVersion": f64::from(self.version.0),
            "jobType": "Classic",
        })
    }
}
