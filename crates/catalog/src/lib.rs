//! The SQL database of Holdfast: who is connected, what was done, what is to be done next.
//!
//! SQLite (default) or PostgreSQL, with one schema and one SQL text for both. A module is a table,
//! a function is a verb: `runs::insert(db, …)`. `db` is [`Catalog::db`] or a transaction that the
//! caller owns ([`Catalog::begin`]). Nothing here reads a clock: `now` is an argument.
//!
//! The catalog holds no captured data. Losing it loses schedules and credentials; everything else
//! is read back from the lake.

mod catalog;
mod error;
mod fields;
mod location;
mod migrate;
mod row_id;
mod secret;

pub mod api_calls;
pub mod asked_work_items;
pub mod audit_entries;
pub mod blocks;
pub mod bulk_jobs;
pub mod connections;
pub mod errors;
pub mod invitations;
pub mod leases;
pub mod members;
pub mod object_lists;
pub mod objects;
pub mod orgs;
pub mod pending_sign_ins;
pub mod rights;
pub mod runs;
pub mod sessions;
pub mod settings;
pub mod sign_in_failures;
pub mod statistics;
pub mod tokens;
pub mod work_items;

pub use catalog::{Catalog, Db, Transaction, commit};
pub use error::Error;
pub use fields::Failure;
pub use location::Location;
pub use row_id::{BlockId, ErrorId, InvitationId, MemberId, SessionId, TokenId, WorkItemId};
pub use secret::SecretKey;
