//! Single rows: `POST`, `GET`, `PATCH` and `DELETE` on `/sobjects/X[/id]`, and the basic answer of an object.

pub mod model;
mod routes;

pub(crate) use routes::parse;
pub use routes::router;
