//! How RecordVersions lie in Parquet: the columns, the hash over a record's values, and the writer of one file.

mod blocking;
mod hash;
mod layout;
mod properties;
mod rows;
mod upload;
mod write;

pub(crate) use blocking::{blocking, start_blocking, wait_for};
pub use hash::RecordHasher;
pub use layout::{
    BOOKKEEPING, CAPTURED_AT, CHANGE, HASH, ID, IS_DELETED, Layout, MODSTAMP, RUN, SCHEMA, SEQ,
    is_bookkeeping,
};
pub(crate) use layout::{arrow_schema, file_schema};
pub(crate) use properties::{PAGE_ROWS, file_properties, writer_properties};
pub(crate) use rows::{BookColumns, KeyColumns, hexadecimal, id_at, longs, strings};
pub(crate) use upload::FileUpload;
pub(crate) use write::{DataFileWriter, DataTarget, not_encoded};
