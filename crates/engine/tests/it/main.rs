//! The engine against the simulated org, over HTTP.

mod auto;
mod capture;
mod checks;
mod coverage;
mod figures;
mod grants;
mod histories;
mod org;
mod rebuild;
mod refusals;

/// A number that widens a test, from the environment.
#[expect(clippy::disallowed_methods, reason = "a test has no other configuration")]
fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}
