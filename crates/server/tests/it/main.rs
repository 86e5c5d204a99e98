//! The HTTP API from outside: a browser or a program, a real listener, a simulated org.

#![expect(clippy::unwrap_used, reason = "what a test stumbles over fails it")]

mod access;
mod audit;
mod browser;
mod connect;
mod contract;
mod guard;
mod metrics;
mod records;
mod secrets;
mod sign_in;
mod single_sign_on;
mod site;
mod team;
mod tokens;
mod work_items;
