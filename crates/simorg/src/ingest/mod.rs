//! What both Bulk APIs share when they write: reading CSV as strictly as Salesforce does, columns that become fields, and
//! rows saved in chunks.
//!
//! `bulk2::ingest` and `bulk1` put their protocols around it. Nothing here knows HTTP.

mod columns;
mod csv;
mod load;
pub(crate) mod typed;

pub(crate) use columns::Columns;
pub(crate) use csv::{CsvError, Dialect, LineEnd, Reader, write_text};
pub(crate) use load::{Loader, Operation, Refused, checked_object, error_text};

/// Rows that one transaction saves: what one run of triggers sees (Bulk API 2.0 Developer Guide, "How Requests Are
/// Processed").
pub(crate) const CHUNK: usize = 200;

/// Rows that Bulk 2.0 cuts an upload into, and the most that one batch of Bulk 1.0 holds.
pub(crate) const BATCH: usize = 10_000;
