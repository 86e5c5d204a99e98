//! The org's metadata: which types there are, which components the org has.

pub mod registry;
pub mod store;

pub use store::{Component, Components};
