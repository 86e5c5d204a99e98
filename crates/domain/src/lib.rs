//! The words of Holdfast and every decision that needs no outside world.
//!
//! Nothing here is async, does I/O, reads a clock or draws a random number: functions take values
//! and return values, so each decision can be tested with a table. The other crates meet here.

pub mod access;
pub mod budget;
pub mod capture;
pub mod change;
pub mod error_code;
pub mod ids;
pub mod manifest;
pub mod restorability;
pub mod retry;
pub mod schema;
pub mod throttle;
pub mod value;

pub use error_code::ErrorCode;
pub use ids::{BlobHash, ObjectName, OrgId, RecordId, RunId, SchemaHash};
