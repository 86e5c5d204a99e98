//! describeGlobal, describe and the basic answer of an object, as the signed-in user sees them.

mod model;
mod routes;

#[cfg(test)]
mod tests;

pub use model::{describe, global_entry};
pub use routes::router;
pub(crate) use routes::unless_known;
