//! Single rows: `/sobjects/X[/id]`, by external id, upsert, and what hangs on a row.

mod by_key;
pub mod model;
mod options;
mod password;
mod readable;
mod related;
mod routes;

use axum::Router;

use crate::server::AppState;

pub(crate) use options::options;
pub(crate) use readable::readable;
pub(crate) use routes::parse;

pub fn router() -> Router<AppState> {
    routes::router().merge(by_key::router())
}
