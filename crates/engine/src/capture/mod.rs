//! One Run: describe, plan, capture each Object in turns, fetch file bodies, write the Manifest last.
//!
//! ```text
//! scope ─► plan (probe) ─► turns: windows | whole | by_parent | backfill | verify ─► files ─► manifest
//!                             └ fetch (REST or Bulk) ─► sink ─► lake::BlockWriter, durable with its marks
//! ```
//! A Run that is killed leaves whole Blocks with their Watermarks and no Manifest; the next one goes on from there.

mod backfill;
mod bulk_jobs;
mod by_parent;
mod computed;
mod context;
mod describes;
mod doubt;
mod fetch;
mod files;
mod forecast;
mod id_sorter;
pub(crate) mod lost;
mod object_run;
mod outcome;
mod plan;
mod probe;
mod run;
mod scope;
mod select;
mod sink;
mod sweep;
mod turn;
mod verify;
mod whole;
mod windows;

pub(crate) use describes::described;
pub(crate) use files::Fetching;
pub(crate) use lost::ACKNOWLEDGED;
pub(crate) use object_run::{CAUGHT_UP, WATERMARK, kept_in, newest_describe};
pub use run::BackupOptions;
pub(crate) use run::{RoundOptions, round};
pub(crate) use scope::Scope;
