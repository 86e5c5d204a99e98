//! The HTTP API of Holdfast and its console: it translates between HTTP and the engine, and decides nothing.
//!
//! - `routes`: one file per noun, handlers that read: extract, one call of the engine, answer
//! - `types`: what goes over the wire; the OpenAPI document is made from them
//! - `api`: all operations together, and the document
//! - `guard`: what every request passes: its id, limits, the refusal of foreign requests, headers
//! - `caller`, `cookie`: who asks
//! - `problem`: how anything that went wrong is told
//! - `provider`: the identity provider of single sign-on
//! - `console`: the files of the console, embedded

mod api;
mod caller;
mod console;
mod cookie;
mod docs;
mod extract;
mod guard;
mod own_address;
mod page;
mod problem;
mod provider;
mod rate;
mod routes;
mod serve;
mod state;
mod types;

pub use api::document;
pub use serve::{first_owner_address, invitation_address, serve};
pub use state::ServerOptions;
