//! What Holdfast stores and how: record versions, describes, file bodies and manifests, over any object store.
//!
//! The lake is the authority: everything here is proved from the storage alone ([`check`]), and
//! anyone can read it, because each Object's folder is a Delta Lake table. The layout, the terms
//! and the numbered invariants stand in `docs/storage-format.md`.
//!
//! - [`lake`]: the folder tree, its documents, and one Org within it
//! - [`location`], [`store`]: where a lake lies, and the local store that waits for the disk
//! - [`blobs`]: bodies of files, by content
//! - [`delta`]: the log of a table: replay, commit, checkpoint, cleaning
//! - [`Table`], [`TableWriter`], [`BlockWriter`]: the rows of one Object; [`data`]: how they lie in Parquet
//! - [`check`]: the proof that all of it is there
//! - [`step`]: the named durable steps at which a test can stop
//!
//! It knows neither Salesforce nor the catalog, reads no clock (times are passed in) and takes no
//! decision on retry; [`Error::retry`] says what can help.

pub mod blobs;
mod block;
pub mod check;
mod compact;
pub mod data;
pub mod delta;
mod erase;
mod error;
mod keys;
pub mod lake;
pub mod location;
mod manifests;
pub mod org;
mod read;
mod schemas;
pub mod step;
pub mod store;
mod table;

pub use blobs::{BlobBody, BlobWritten, Blobs};
pub use block::{BlockCommit, BlockContext, BlockWriter};
pub use compact::{CompactOptions, CompactReport};
pub use erase::EraseReport;
pub use error::{BoxError, Error, Result};
pub use lake::{Lake, LakeDocument, LakeOptions, OrgDocument};
pub use location::LakeLocation;
pub use org::OrgLake;
pub use read::{FieldSet, FieldSets, Gauge, IdRange, RowStream};
pub use step::{Step, StepHook};
pub use table::{StateQuery, Table, TableWriter};
