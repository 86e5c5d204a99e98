//! What tests of several crates need: a fast clock, an engine connected to a simulated org, and
//! the comparison of a lake with an org.

mod app;
mod clock;
mod contents;

pub use app::{TestApp, quick, wait_for};
pub use clock::FastClock;
pub use contents::{Contents, lake_contents, org_contents};
