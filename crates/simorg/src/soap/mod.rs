//! The SOAP APIs: what they share (`envelope`, `service`, `fault`), and the calls of the partner and enterprise API.
//!
//! Queries, describes and replication are answered by the rooms that answer REST, and dressed as the partner WSDL has it.
//! The Metadata API lives in a room of its own and is served by `serve(state, &METADATA, …)`.

mod describe;
mod envelope;
mod fault;
mod incoming;
mod lifecycle;
mod outgoing;
mod query;
mod replication;
mod rest;
mod save;
mod service;
mod session;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::post;

use crate::server::AppState;

pub use envelope::{Api, ENTERPRISE, Envelope, METADATA, PARTNER, leaf_or_nil, nil};
pub use fault::SoapFault;
pub use service::{Call, Contents, serve};

const XSD: &str = "http://www.w3.org/2001/XMLSchema";

/// Calls of the partner WSDL that simorg does not play.
const NOT_SIMULATED: [&str; 27] = [
    "deleteByExample",
    "describeAllTabs",
    "describeAppMenu",
    "describeApprovalLayout",
    "describeAvailableQuickActions",
    "describeCompactLayouts",
    "describeDataCategoryGroups",
    "describeDataCategoryGroupStructures",
    "describeDataCategoryMappings",
    "describeGlobalTheme",
    "describeKnowledge",
    "describeLayout",
    "describeNouns",
    "describePathAssistants",
    "describePrimaryCompactLayouts",
    "describeQuickActions",
    "describeSearchLayouts",
    "describeSoftphoneLayout",
    "describeTabs",
    "describeTheme",
    "describeVisualForce",
    "findDuplicates",
    "findDuplicatesByIds",
    "performQuickActions",
    "process",
    "sendEmail",
    "sendEmailMessage",
];

pub fn router() -> Router<AppState> {
    Router::new()
        .route("/services/Soap/u/{version}", post(partner))
        .route("/services/Soap/u/{version}/{org}", post(partner))
        .route("/services/Soap/c/{version}", post(enterprise))
        .route("/services/Soap/c/{version}/{org}", post(enterprise))
}

async fn partner(State(state): State<AppState>, Path(path): Path<Vec<String>>, request: Request) -> Response {
    serve(state, &PARTNER, path.first().map_or("", String::as_str), request, answer).await
}

async fn enterprise(
    State(state): State<AppState>,
    Path(path): Path<Vec<String>>,
    request: Request,
) -> Response {
    serve(state, &ENTERPRISE, path.first().map_or("", String::as_str), request, answer).await
}

/// The answer of a SOAP API that simorg does not play (Apex, Tooling), to a client that reads XML.
pub(crate) fn not_simulated(path: &str) -> Response {
    envelope::fault(&PARTNER, &SoapFault::not_simulated(&format!("the SOAP API {path}")))
}

fn answer(call: &Call) -> Contents {
    match call.name() {
        "login" => session::login(call),
        "logout" => Ok(session::logout(call)),
        "invalidateSessions" => Ok(session::invalidate(call)),
        "getUserInfo" => session::user_info(call),
        "getServerTimestamp" => Ok(session::server_timestamp(call)),
        "setPassword" => session::set_password(call),
        "resetPassword" => session::reset_password(call),
        "changeOwnPassword" => session::change_own_password(call),
        "describeGlobal" => describe::global(call),
        "describeSObject" => describe::one(call),
        "describeSObjects" => describe::several(call),
        "query" => query::first(call, false),
        "queryAll" => query::first(call, true),
        "queryMore" => query::more(call),
        "retrieve" => query::retrieve(call),
        "search" => query::search(call),
        "create" => save::create(call),
        "update" => save::update(call),
        "upsert" => save::upsert(call),
        "delete" => save::delete(call),
        "undelete" => save::undelete(call),
        "emptyRecycleBin" => lifecycle::empty_recycle_bin(call),
        "merge" => lifecycle::merge(call),
        "convertLead" => lifecycle::convert_lead(call),
        "getDeleted" => replication::deleted(call),
        "getUpdated" => replication::updated(call),
        name if NOT_SIMULATED.contains(&name) => {
            Err(SoapFault::not_simulated(&format!("the SOAP call {name}")))
        }
        name => Err(SoapFault::client(format!(
            "No operation available for request {{{}}}{name}, please check the WSDL for the service.",
            call.api.namespace
        ))),
    }
}
