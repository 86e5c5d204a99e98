//! Faults that the org plays on request: each rule says where, how often, and what goes wrong.
//!
//! What happens to any HTTP answer (statuses, cut or slow bodies, expired sessions) is played by the server around the
//! routes; what only one API can play (a lost locator, a failed job) is asked for by that API with `Faults::semantic`.

pub mod body;
mod rules;

pub use rules::{BodyKind, Effect, Endpoint, Fault, FaultList, Faults};
