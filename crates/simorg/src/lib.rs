//! A simulated Salesforce org: a real HTTP server with real semantics, limits and faults, for tests, demos and benchmarks.
//!
//! `model` holds the words, `schema` the built-in objects, `state` the org's data and transactions, `components` its metadata,
//! `generate` and `data_dir` its first rows; one folder per Salesforce API; `server` puts them behind one address. Nothing here
//! knows Holdfast: it is a second reading of the same API.

pub mod admin;
pub mod bulk1;
pub mod bulk2;
pub mod components;
pub mod composite;
pub mod data_dir;
pub mod describe;
pub mod dml;
pub mod errors;
pub mod faults;
pub mod files;
pub mod formula;
pub mod generate;
mod ingest;
pub mod limits;
pub mod metadata;
pub mod model;
pub mod oauth;
mod pieces;
pub mod project;
pub mod query;
pub mod replication;
pub mod rows;
pub mod saved;
pub mod schema;
pub mod search;
pub mod server;
pub mod simorg;
pub mod soap;
pub mod soql;
pub mod state;
pub mod tooling;
mod wildcard;
pub mod xml;

pub use errors::ApiError;
pub use faults::{Effect, Endpoint, Fault};
pub use server::{AppState, Identity, RunningOrg, Session};
pub use simorg::SimOrg;
pub use state::Org;
