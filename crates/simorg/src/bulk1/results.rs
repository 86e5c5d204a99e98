//! The results of a batch: the list of a query's result files and what is in them, or what became of each row.

use std::sync::Arc;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Value as Json, json};

use crate::dml::Outcome;
use crate::errors::ApiError;
use crate::faults::{Effect, Endpoint};
use crate::ingest::{error_text, write_text};
use crate::pieces::{self, Pieces};
use crate::soql::visit_rows;
use crate::xml::Element;

use super::Call;
use super::batch::{Batch, BatchPhase, FoundRows, Yield};
use super::error::BulkError;
use super::info::{NAMESPACE, document};
use super::job::{ContentType, Job};
use super::store::batch_of;
use super::write::Writer;

/// The batch, if it is completed.
fn completed(call: &Call, id: &str, batch: &str) -> Result<(Arc<Job>, Arc<Batch>), BulkError> {
    let job = call.state.bulk1.find(id, &call.session, call.state.org.now())?;
    let batch = batch_of(&job, batch)?;
    batch.settle(call.state.bulk2.polls());
    let shown = batch.progress().shown;
    match shown {
        BatchPhase::Completed => {}
        BatchPhase::Failed | BatchPhase::NotProcessed => {
            return Err(BulkError::new("InvalidBatch", "Records not processed"));
        }
        BatchPhase::Queued | BatchPhase::InProgress => {
            return Err(BulkError::new("InvalidBatch", "Batch not completed"));
        }
    }
    if let Some(Effect::LocatorLost) =
        call.state.org.faults().semantic(Endpoint::AsyncResults, Some(&job.object))
    {
        return Err(BulkError::new("InvalidBatch", "Results are no longer available"));
    }
    Ok((job, batch))
}

pub(super) fn list(call: &Call, id: &str, batch: &str) -> Result<Response, BulkError> {
    let (job, batch) = completed(call, id, batch)?;
    let body = match batch.outcome.get() {
        Some(Yield::Saved(outcomes)) => saved(job.content_type, outcomes),
        Some(Yield::Found(_)) | None => {
            return Ok(result_list(&job, &batch));
        }
    };
    let content_type = match job.content_type {
        // Without a charset: clients compare the whole value (the Python package salesforce-bulk).
        ContentType::Csv => "text/csv",
        other => other.media_type(),
    };
    Ok(([(header::CONTENT_TYPE, content_type)], body).into_response())
}

fn result_list(job: &Job, batch: &Batch) -> Response {
    if job.content_type == ContentType::Json {
        let body = json!([batch.result_id]).to_string();
        return ([(header::CONTENT_TYPE, "application/json")], body).into_response();
    }
    let list = Element::new("result-list")
        .attribute("xmlns", NAMESPACE)
        .with(Element::leaf("result", &batch.result_id));
    ([(header::CONTENT_TYPE, "application/xml")], document(&list)).into_response()
}

/// What became of each row, in the order of the batch.
fn saved(content_type: ContentType, outcomes: &[Outcome]) -> String {
    match content_type {
        ContentType::Csv => {
            let mut out = "\"Id\",\"Success\",\"Created\",\"Error\"\n".to_owned();
            for outcome in outcomes {
                let (id, success, created, error) = match outcome {
                    Ok(saved) => (saved.id.as_str(), "true", flag(saved.created), String::new()),
                    Err(errors) => ("", "false", "false", error_text(errors)),
                };
                for (at, value) in [id, success, created, error.as_str()].into_iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    write_text(&mut out, value);
                }
                out.push('\n');
            }
            out
        }
        ContentType::Json => Json::Array(outcomes.iter().map(saved_json).collect()).to_string(),
        ContentType::Xml => {
            let list = outcomes.iter().map(saved_xml);
            document(&Element::new("results").attribute("xmlns", NAMESPACE).with_all(list))
        }
    }
}

fn flag(is_set: bool) -> &'static str {
    if is_set { "true" } else { "false" }
}

fn saved_json(outcome: &Outcome) -> Json {
    match outcome {
        Ok(saved) => json!({"success": true, "created": saved.created, "id": saved.id, "errors": []}),
        Err(errors) => {
            let errors: Vec<Json> = errors.iter().map(error_json).collect();
            json!({"success": false, "created": false, "id": null, "errors": errors})
        }
    }
}

fn error_json(error: &ApiError) -> Json {
    json!({
        "message": error.message,
        "fields": error.fields.clone().unwrap_or_default(),
        "statusCode": error.code,
        "extendedErrorDetails": null,
    })
}

fn saved_xml(outcome: &Outcome) -> Element {
    let result = Element::new("result");
    match outcome {
        Ok(saved) => result
            .with(Element::leaf("id", &saved.id))
            .with(Element::leaf("success", true))
            .with(Element::leaf("created", saved.created)),
        Err(errors) => result
            .with_all(errors.iter().map(|error| {
                Element::new("errors")
                    .with_all(error.fields.iter().flatten().map(|field| Element::leaf("fields", field)))
                    .with(Element::leaf("message", &error.message))
                    .with(Element::leaf("statusCode", &error.code))
            }))
            .with(Element::leaf("success", false))
            .with(Element::leaf("created", false)),
    }
}

/// The rows of a query.
pub(super) fn of_query(call: &Call, id: &str, batch: &str, result: &str) -> Result<Response, BulkError> {
    let (job, batch) = completed(call, id, batch)?;
    let is_result = batch.result_id.starts_with(result) && matches!(result.len(), 15 | 18);
    if !is_result || !matches!(batch.outcome.get(), Some(Yield::Found(_))) {
        return Err(BulkError::new("InvalidBatch", format!("Unable to find result for id: {result}")));
    }
    let content_type = job.content_type.media_type();
    let whole_numbers_have_point = call.state.bulk1.whole_numbers_have_point();
    let body = pieces::body(move |pieces| {
        if let Some(Yield::Found(found)) = batch.outcome.get() {
            write(&job, found, whole_numbers_have_point, pieces);
        }
    });
    Ok(([(header::CONTENT_TYPE, content_type)], body).into_response())
}

fn write(job: &Job, found: &FoundRows, whole_numbers_have_point: bool, pieces: &mut Pieces) {
    let (columns, version) = (found.plan.columns(), job.version.text());
    let mut writer = Writer::new(job.content_type, columns, version, &found.view, whole_numbers_have_point);
    writer.start(&mut pieces.text, found.rows.len());
    visit_rows(&found.plan, &found.view, &found.rows, &mut |row| {
        writer.row(&mut pieces.text, row);
        pieces.send_full()
    });
    writer.end(&mut pieces.text);
}
