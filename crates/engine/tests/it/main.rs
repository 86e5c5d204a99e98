//! The engine against the simulated org, over HTTP.

mod auto;
mod capture;
mod org;
mod rebuild;
mod refusals;
