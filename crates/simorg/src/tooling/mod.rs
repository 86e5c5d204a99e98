//! The Tooling API: queries, describes and single rows over what the schema and the metadata components say.
//!
//! There are no tables of its own: `catalog` makes a snapshot whose rows are objects, fields, classes and the like, and the
//! SOQL engine runs over it as over any other. Objects of it that the data API knows too are answered there from the same
//! snapshot. Writes, `executeAnonymous`, tests and coverage are not simulated.
//!
//! What is listed is what exists, also what the signed-in user may not see; `UserEntityAccess` and `UserFieldAccess` tell that.

mod access;
mod answer;
mod catalog;
mod code;
mod entities;
mod fields;
mod json;
mod routes;
mod setup;

pub use catalog::State;
pub use routes::router;

pub(crate) use answer::{data_query, is_in_data_api, view_for};
