//! Runs the real binary against a simulated org, the way a person would.

#![expect(clippy::unwrap_used, reason = "what a test stumbles over fails it")]

mod bad_input;
mod connecting;
mod damaged;
mod demo;
mod erasing;
mod interrupted;
mod json;
mod killed;
mod memory;
mod reference;
mod shown_by;
mod stage;
mod team;
