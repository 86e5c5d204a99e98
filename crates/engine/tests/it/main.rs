//! The engine against the simulated org, over HTTP.

mod auto;
mod capture;
mod checks;
mod coverage;
mod grants;
mod org;
mod rebuild;
mod refusals;
