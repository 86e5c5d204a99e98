//! What the org holds: rows, users, clock, limits, and the transactions that change them.
//!
//! Committed state is an immutable `Snapshot`; a `View` is one snapshot seen by one user. A reader keeps its snapshot as
//! long as it likes and never blocks a writer. One writer at a time works on a cheap copy and then replaces it.

pub mod automation;
pub mod blobs;
pub mod clock;
pub mod formula;
mod index;
pub(crate) mod joint;
pub mod limits;
pub mod lookup;
pub mod open_transactions;
pub mod org;
pub(crate) mod permission_rows;
mod recycle_bin;
pub(crate) mod roll_up;
pub mod row;
pub mod rules;
pub mod schema_changes;
pub mod sharing;
pub(crate) mod spool;
pub mod table;
mod tables;
pub mod transaction;
mod user_rows;
pub mod users;
pub mod validation;
pub mod view;

pub use automation::{Automation, AutomationKind, Effect, Event};
pub use blobs::Body;
pub use org::{DeletedRecord, Org};
pub use row::Row;
pub use rules::{LookupFilter, RowFault};
pub use sharing::Access;
pub use transaction::{Conversion, Converted, Merged, Operation, Transaction, WriteOptions};
pub use users::{ObjectRights, Permissions, User};
pub use view::{Scan, StampRange, View};
