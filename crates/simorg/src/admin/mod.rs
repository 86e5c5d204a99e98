//! The org's own remote control, below `/simorg`: no sign-in, JSON in and out, for tests and demos.

mod components;
mod operations;
mod page;
mod records;
mod rules;
mod schema;
mod security;
mod validation_rules;

use axum::Router;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::Value as Json;

use crate::errors::JSON;
use crate::server::AppState;

pub fn router() -> Router<AppState> {
    Router::new()
        .merge(records::router())
        .merge(schema::router())
        .merge(validation_rules::router())
        .merge(security::router())
        .merge(rules::router())
        .merge(operations::router())
        .merge(components::router())
        .merge(page::router())
}

fn answer(body: &Json) -> Response {
    ([(header::CONTENT_TYPE, JSON)], body.to_string()).into_response()
}
