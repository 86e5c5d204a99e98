//! Ingest jobs: create, upload once, close, poll, and read what became of each row.
//!
//! A job keeps its upload and, for each row that was processed, one small mark; the three results are written from both
//! as they are read. Rows are saved in the background, 200 in a transaction.

mod create;
mod job;
mod ledger;
mod requests;
mod results;
mod run;

use axum::Router;
use axum::extract::Request;
use axum::routing::{get, put};

use super::list;
use crate::errors::ApiError;
use crate::server::AppState;

pub(super) use job::Job;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/jobs/ingest", get(list::ingests).post(create::create).fallback(not_here))
        .route(
            "/jobs/ingest/{id}",
            get(requests::status).patch(requests::change_state).delete(requests::delete).fallback(not_here),
        )
        .route("/jobs/ingest/{id}/batches", put(requests::upload).fallback(not_here))
        .route("/jobs/ingest/{id}/successfulResults", get(results::successful).fallback(not_here))
        .route("/jobs/ingest/{id}/failedResults", get(results::failed).fallback(not_here))
        // The guide spells it in lower case, and clients in both.
        .route("/jobs/ingest/{id}/unprocessedrecords", get(results::unprocessed).fallback(not_here))
        .route("/jobs/ingest/{id}/unprocessedRecords", get(results::unprocessed).fallback(not_here))
}

async fn not_here(request: Request) -> ApiError {
    ApiError::method_not_allowed(request.method().as_str(), "GET,HEAD,POST,PUT,PATCH,DELETE")
}
