//! What every API that writes shares: rows in, one outcome per row out, in one transaction.
//!
//! Collections, composite trees, Bulk ingest and SOAP differ in how they spell rows and outcomes, and in how they cut their
//! input into calls; what a write means is the same for all of them and lies here.

mod save;
mod upsert;

#[cfg(test)]
mod tests;

use serde_json::{Map, Value as Json};

use crate::errors::ApiError;
use crate::state::Body;

pub use save::save;
pub use upsert::key_field;

pub(crate) use save::{rolled_back, save_in};

/// The most rows of one call (REST API Developer Guide, "sObject Collections"; SOAP API Developer Guide, "`create()`").
pub const MOST_ROWS: usize = 200;

/// What is to be done with each row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verb {
    Insert,
    Update,
    /// Update where a row with the same value of this field exists, insert where none does. `Id` is allowed.
    Upsert {
        by: String,
    },
    Delete,
    /// Past the recycle bin.
    HardDelete,
    Undelete,
}

/// One row to be written. Verbs other than insert and upsert find it by its `Id`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row {
    /// May be empty where an id is enough.
    pub object: String,
    pub record: Map<String, Json>,
    /// Contents of base64 fields that came beside the record, for an insert or update.
    pub bodies: Vec<(String, Body)>,
}

impl Row {
    pub fn new(object: &str, record: Map<String, Json>) -> Row {
        Row { object: object.to_owned(), record, bodies: Vec::new() }
    }

    /// A row that is known by its id alone.
    pub fn by_id(id: &str) -> Row {
        Row::new("", Map::from_iter([("Id".to_owned(), Json::from(id))]))
    }
}

/// What a request says about the whole of a call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// One refused row undoes the others.
    pub all_or_none: bool,
    /// Assignment rules: `None` leaves it to the platform, which runs them.
    pub auto_assign: Option<bool>,
    /// Save although a duplicate rule warns.
    pub allow_duplicates: bool,
}

/// A row that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// 18 characters.
    pub id: String,
    pub created: bool,
}

/// What became of one row.
pub type Outcome = Result<Saved, Vec<ApiError>>;
