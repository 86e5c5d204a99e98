//! Bulk API 2.0: query jobs (create, poll, read results, abort, delete, list) and, in `ingest`, jobs that write.
//!
//! A query job holds the state of the org at its creation: its rows and their values never change, however often its pages
//! are read.

mod create;
mod csv;
mod ingest;
mod job;
mod list;
mod query_jobs;
pub(crate) mod refusals;
mod results;
mod store;

use axum::Router;
use axum::extract::Request;
use axum::routing::get;

use crate::errors::ApiError;
use crate::server::AppState;

pub(crate) use job::Polls;
pub use store::State;
pub(crate) use store::{Finished, LIFE, number_of, owns};

pub fn router() -> Router<AppState> {
    Router::new()
        .route("/jobs/query", get(list::queries).post(create::create).fallback(not_here))
        .route(
            "/jobs/query/{id}",
            get(query_jobs::status).patch(query_jobs::abort).delete(query_jobs::delete).fallback(not_here),
        )
        .route("/jobs/query/{id}/results", get(results::page).fallback(not_here))
        .route("/jobs/query/{id}/resultPages", get(results::pages).fallback(not_here))
        .merge(ingest::router())
}

async fn not_here(request: Request) -> ApiError {
    ApiError::method_not_allowed(request.method().as_str(), "GET,HEAD,POST,PATCH,DELETE")
}
