//! What each data file knows of each record, by Id: told without reading the rows.
//!
//! A key index lies beside each data file in the local cache. It is only a cache: when one is missing or damaged
//! it is made again from the data file's `Id` and bookkeeping columns, and without a cache directory lookups read
//! those columns, page by page as the Ids asked for need. Finding a batch of Ids costs in proportion to the batch.

mod columns;
mod filter;
mod format;
mod id;
mod index;
mod lookup;

pub(crate) use format::KeyFileWriter;
pub(crate) use id::{IdKey, Key};
pub(crate) use lookup::{HeldKeys, remove};
