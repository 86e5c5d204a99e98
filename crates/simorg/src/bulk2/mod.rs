//! Bulk API 2.0 query jobs: create, poll, read results, abort, delete, list.
//!
//! A job holds the state of the org at its creation: its rows and their values never change, however often its pages are
//! read. Ingest jobs are not played.

mod create;
mod csv;
mod job;
mod refusals;
mod results;
mod store;

use axum::Router;
use axum::extract::Request;
use axum::routing::{any, get};

use crate::errors::ApiError;
use crate::server::AppState;

pub use store::State;

pub fn router() -> Router<AppState> {
    Router::new()
        .route("/jobs/query", get(store::list).post(create::create).fallback(not_here))
        .route(
            "/jobs/query/{id}",
            get(store::status).patch(store::abort).delete(store::delete).fallback(not_here),
        )
        .route("/jobs/query/{id}/results", get(results::page).fallback(not_here))
        .route("/jobs/query/{id}/resultPages", get(results::pages).fallback(not_here))
        .route("/jobs/ingest", any(ingest))
        .route("/jobs/ingest/{*rest}", any(ingest))
}

async fn not_here(request: Request) -> ApiError {
    ApiError::method_not_allowed(request.method().as_str(), "GET,HEAD,POST,PATCH,DELETE")
}

async fn ingest(request: Request) -> ApiError {
    ApiError::not_simulated(&format!("{} {}", request.method(), request.uri().path()))
}
