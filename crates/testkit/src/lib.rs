//! What tests of several crates need: a fast clock, an engine connected to a simulated org, a grant of it,
//! and the comparison of a lake with an org.

mod app;
mod clock;
mod contents;
mod faulty_store;
mod grant;

pub use app::{TestApp, quick, wait_for};
pub use clock::FastClock;
pub use contents::{Contents, VisibleObject, VisibleRecord, lake_contents, org_contents, visible};
pub use faulty_store::{FaultyStore, Requests, StorageFault};
pub use grant::web_grant;
