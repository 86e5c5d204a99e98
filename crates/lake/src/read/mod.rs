//! Reads a table: its state at a moment, the versions between two, the history of one record.
//!
//! Every data file is sorted by (`Id`, `_seq`), so each answer is a merge of sorted streams in bounded memory.

mod fields;
mod file;
mod gauge;
mod merge;
mod output;
mod source;
mod state;
mod stream;
mod wanted;

pub use fields::{FieldSet, FieldSets};
pub(crate) use file::{BATCH_ROWS, FileCursor, ReadBudget, batch_rows};
pub use gauge::Gauge;
pub(crate) use source::DataSource;
pub use stream::RowStream;
pub(crate) use stream::{Plan, Selection};
pub use wanted::IdRange;
pub(crate) use wanted::{Ids, Wanted, within};
