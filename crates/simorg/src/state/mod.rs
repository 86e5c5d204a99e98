//! What the org holds: rows, users, clock, limits, and the transactions that change them.
//!
//! Committed state is an immutable `Snapshot`; a `View` is one snapshot seen by one user. A reader keeps its snapshot as
//! long as it likes and never blocks a writer. One writer at a time works on a cheap copy and then replaces it.

pub mod blobs;
pub mod clock;
pub mod formula;
mod index;
pub(crate) mod joint;
pub mod limits;
pub mod lookup;
pub mod open_transactions;
pub mod org;
pub(crate) mod roll_up;
pub mod row;
pub mod schema_changes;
pub mod table;
pub mod transaction;
pub mod users;
pub mod validation;
pub mod view;

pub use blobs::Body;
pub use org::{DeletedRecord, Org};
pub use row::Row;
pub use transaction::{Operation, Transaction};
pub use users::{Permissions, User};
pub use view::{Scan, StampRange, View};
