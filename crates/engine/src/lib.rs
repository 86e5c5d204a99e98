//! The use cases of Holdfast: connect an org, capture it, keep capturing, and read what was captured.
//!
//! Here the Salesforce client, the lake and the catalog meet; every decision that needs none of
//! them lies in `domain`.
//!
//! - [`engine`]: opening the data directory, the lake and the catalog together
//! - [`access`]: who may do what, how they sign in, and the log of what they did
//! - [`orgs`]: connecting an org, and the client that speaks to it
//! - [`capture`]: one Run, from describe to Manifest
//! - [`work_items`]: backups, checks and compactions that somebody asked for and does not wait for
//! - [`auto`]: Runs without end, for the orgs that are switched on
//! - [`coverage`]: what of an org no backup can hold
//! - [`runs`], [`changes`], [`history`]: what was captured
//! - [`object_list`], [`completeness`], [`volume`]: what is captured, whether all of it, and how much it is
//! - [`search`]: records found by Id, name or value
//! - [`rebuild`]: the catalog read back from the lake
//! - [`maintain`]: checking and compacting the lake
//! - [`erase`]: records taken out of every backup

pub mod access;
pub mod auto;
mod calls;
pub mod capture;
pub mod changes;
pub mod clock;
pub mod completeness;
pub mod coverage;
pub mod engine;
pub mod erase;
pub mod error;
pub mod events;
pub mod history;
pub mod integration_user;
mod lease;
pub mod maintain;
pub mod object_list;
pub mod orgs;
mod process;
mod public_address;
pub mod rebuild;
pub mod runs;
pub mod search;
pub mod volume;
pub mod work_items;

pub use capture::BackupOptions;
pub use clock::{Clock, SystemClock};
pub use coverage::Coverage;
pub use engine::{Engine, EngineOptions, Precautions, Settings};
pub use error::Error;
pub use events::{Event, EventSink, Live, LiveEvent};
pub use orgs::{NewOrg, OrgSummary};
