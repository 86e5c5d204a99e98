//! The SOAP binding: `/services/Soap/m/NN.0`, and below it what clients append (an org id, `deployRequest/{id}`).

use axum::Router;
use axum::extract::{Path, Request, State as Shared};
use axum::response::Response;
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use crate::server::AppState;
use crate::soap::{Call, Contents, METADATA, SoapFault, nil, serve};
use crate::xml::Element;

use super::deploy::Options;
use super::retrieve;
use super::{NOT_ALLOWED, crud, describe, list, may_use};

pub fn router() -> Router<AppState> {
    Router::new()
        .route("/services/Soap/m/{version}", post(answer))
        .route("/services/Soap/m/{version}/{*rest}", post(answer_below))
}

async fn answer(Shared(state): Shared<AppState>, Path(version): Path<String>, request: Request) -> Response {
    serve(state, &METADATA, &version, request, dispatch).await
}

async fn answer_below(
    Shared(state): Shared<AppState>,
    Path((version, _)): Path<(String, String)>,
    request: Request,
) -> Response {
    serve(state, &METADATA, &version, request, dispatch).await
}

fn dispatch(call: &Call) -> Contents {
    if !may_use(call.user()?) {
        return Err(SoapFault::new("INSUFFICIENT_ACCESS", NOT_ALLOWED));
    }
    match call.name() {
        "describeMetadata" => Ok(vec![describe::describe_metadata()]),
        "describeValueType" => describe::describe_value_type(call),
        "listMetadata" => list::list_metadata(call),
        "retrieve" => retrieve_call(call),
        "checkRetrieveStatus" => check_retrieve_status(call),
        "deploy" => deploy(call),
        "checkDeployStatus" => check_deploy_status(call),
        "cancelDeploy" => cancel_deploy(call),
        "deployRecentValidation" => deploy_recent_validation(call),
        "checkStatus" => check_status(call),
        "readMetadata" => crud::read(call),
        "createMetadata" => crud::create(call),
        "updateMetadata" => crud::update(call),
        "upsertMetadata" => crud::upsert(call),
        "deleteMetadata" => crud::delete(call),
        "renameMetadata" => crud::rename(call),
        name => Err(SoapFault::client(format!("No operation available for request {name}"))),
    }
}

fn argument<'a>(call: &'a Call, name: &str) -> &'a str {
    call.arguments().text_of(name).map(str::trim).unwrap_or_default()
}

/// `AsyncResult`.
fn async_result(id: &str, is_done: bool, state: &str) -> Element {
    Element::new("result")
        .with(Element::leaf("done", is_done))
        .with(Element::leaf("id", id))
        .with(Element::leaf("state", state))
}

fn unknown_id(id: &str) -> SoapFault {
    SoapFault::new("INVALID_CROSS_REFERENCE_KEY", format!("invalid cross reference id: {id}"))
}

fn retrieve_call(call: &Call) -> Contents {
    let empty = Element::new("retrieveRequest");
    // The WSDL says `retrieveRequest`, jsforce and all that builds on it `request`: Salesforce takes the only argument.
    let request = call.arguments().children.first().unwrap_or(&empty);
    let request = retrieve::Request::of_xml(request, &call.version.text());
    let id = call.state.metadata.retrieve(&call.state.org, request, call.user()?);
    Ok(vec![async_result(&id, false, "Queued")])
}

fn check_retrieve_status(call: &Call) -> Contents {
    let id = argument(call, "asyncProcessId");
    // Without the argument the zip comes along, as before version 34.0.
    let with_zip =
        call.arguments().text_of("includeZip").is_none_or(|text| !text.trim().eq_ignore_ascii_case("false"));
    let deletes = call.state.metadata.settings().deletes_fetched;
    let org = &call.state.org;
    let polled = call.state.metadata.poll_retrieve(org, id, |job| {
        if job.is_fetched && deletes {
            return Err(SoapFault::new("INVALID_LOCATOR", "Retrieve result has been deleted."));
        }
        job.is_fetched |= with_zip && job.outcome.is_some();
        let mut children = vec![
            Element::leaf("done", job.outcome.is_some()),
            Element::leaf("id", id),
            Element::leaf("status", job.status()),
            Element::leaf("success", matches!(job.outcome, Some(Ok(_)))),
        ];
        match &job.outcome {
            None => {}
            Some(Err(failure)) => {
                children.push(Element::leaf("errorMessage", &failure.message));
                children.push(Element::leaf("errorStatusCode", &failure.code));
                children.push(nil("zipFile"));
            }
            Some(Ok(retrieved)) => {
                children.extend(retrieved.properties.iter().map(|p| p.element(org, "fileProperties")));
                children.extend(retrieved.messages.iter().map(|(file_name, problem)| {
                    Element::new("messages")
                        .with(Element::leaf("fileName", file_name))
                        .with(Element::leaf("problem", problem))
                }));
                children.push(if with_zip {
                    Element::leaf("zipFile", STANDARD.encode(&retrieved.zip))
                } else {
                    nil("zipFile")
                });
            }
        }
        children.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Element::new("result").with_all(children))
    });
    Ok(vec![polled.ok_or_else(|| unknown_id(id))??])
}

/// Base64 with whatever white space a client puts into it.
fn decoded(text: &str) -> Result<Vec<u8>, SoapFault> {
    let packed: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    STANDARD.decode(packed).map_err(|error| SoapFault::client(format!("ZipFile is no base64: {error}")))
}

fn deploy(call: &Call) -> Contents {
    let zip = decoded(argument(call, "ZipFile"))?;
    let options = call.arguments().child("DeployOptions").map(Options::of_xml).unwrap_or_default();
    let id = call.state.metadata.deploy(&call.state.org, call.user()?, Bytes::from(zip), options, None);
    Ok(vec![async_result(&id, false, "Queued")])
}

fn check_deploy_status(call: &Call) -> Contents {
    let id = argument(call, "asyncProcessId");
    let report = call.state.metadata.poll_deploy(&call.state.org, id).ok_or_else(|| unknown_id(id))?;
    Ok(vec![report.element(&call.state.org, call.arguments().is_true("includeDetails"))])
}

fn cancel_deploy(call: &Call) -> Contents {
    let id = argument(call, "String");
    let id = if id.is_empty() { argument(call, "asyncProcessId") } else { id };
    match call.state.metadata.cancel(&call.state.org, call.user()?, id) {
        None => Err(unknown_id(id)),
        Some(false) => Err(SoapFault::new("INVALID_ID_FIELD", "Deployment already completed")),
        Some(true) => {
            Ok(vec![Element::new("result").with(Element::leaf("done", true)).with(Element::leaf("id", id))])
        }
    }
}

fn deploy_recent_validation(call: &Call) -> Contents {
    let id = argument(call, "validationId");
    let deployed = call.state.metadata.deploy_validated(&call.state.org, call.user()?, id);
    let deployed = deployed.ok_or_else(|| unknown_id(id))?;
    Ok(vec![Element::leaf("result", deployed)])
}

/// The old way to poll, for retrieves and deploys alike; up to version 30.0 it took several ids.
fn check_status(call: &Call) -> Contents {
    let mut results = Vec::new();
    for id in call.arguments().all("asyncProcessId").map(|id| id.text.trim()) {
        let org = &call.state.org;
        let is_done = match call.state.metadata.poll_deploy(org, id) {
            Some(report) => Some(report.status.is_done()),
            None => call.state.metadata.poll_retrieve(org, id, |job| job.outcome.is_some()),
        };
        let is_done = is_done.ok_or_else(|| unknown_id(id))?;
        results.push(async_result(id, is_done, if is_done { "Completed" } else { "InProgress" }));
    }
    Ok(results)
}
