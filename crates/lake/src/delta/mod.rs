//! The log of one Delta table: what it says now, and how one commit more is added to it.
//!
//! We write protocol reader 1, writer 2 and nothing that needs more (`PROTOCOL.md`, Delta Lake
//! project). A commit is one JSON file, created only if absent; every few commits a Parquet checkpoint
//! repeats the state, and older log entries are removed after a grace time.
//!
//! Reading the log ([`DeltaLog::load`], [`DeltaLog::refresh`]) lies in `replay`, writing to it
//! ([`DeltaLog::commit`]) in `commit`, and keeping it short ([`DeltaLog::write_checkpoint`],
//! [`DeltaLog::clean`], [`DeltaLog::vacuum`]) in `upkeep`.

mod actions;
mod checkpoint;
mod commit;
mod paths;
mod replay;
mod state;
mod upkeep;

use chrono::TimeDelta;
use object_store::path::Path;

pub(crate) use paths::LOG_FOLDER;
pub use state::{AddFile, Column, ColumnKind, Commit, CommitInfo, LogState, Marks};
pub use upkeep::Vacuumed;

use crate::StepHook;
use crate::store::Store;

/// How long what is no longer needed is kept, for those who may still be reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grace {
    /// Log entries that a newer checkpoint makes needless: another reader that listed the log just
    /// before must still find them. A day covers the slowest query engine's planning.
    pub log_entries: TimeDelta,
    /// Data files taken out of the table: a query that began on an older version still reads them.
    /// Two days cover a query of a day and a clock that is wrong by another.
    pub removed_files: TimeDelta,
    /// Data files that no log names: the writer that made them may be about to commit them.
    pub orphans: TimeDelta,
}

impl Default for Grace {
    fn default() -> Self {
        Self {
            log_entries: TimeDelta::days(1),
            removed_files: TimeDelta::days(2),
            orphans: TimeDelta::days(2),
        }
    }
}

impl Grace {
    /// Nothing is kept: for an erasure, which must be physical when it returns.
    pub const NONE: Self =
        Self { log_entries: TimeDelta::zero(), removed_files: TimeDelta::zero(), orphans: TimeDelta::zero() };
}

/// How a table's log is kept.
#[derive(Debug, Clone)]
pub struct LogOptions {
    /// Commits between two checkpoints.
    pub checkpoint_every: i64,
    pub grace: Grace,
    pub hook: StepHook,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self { checkpoint_every: 50, grace: Grace::default(), hook: StepHook::default() }
    }
}

/// The log of the table in the folder `path`.
#[derive(Debug, Clone)]
pub struct DeltaLog {
    store: Store,
    path: Path,
    options: LogOptions,
}

impl DeltaLog {
    /// No I/O; the table need not exist.
    pub fn open(store: Store, path: Path, options: LogOptions) -> Self {
        Self { store, path, options }
    }

    /// How long what is no longer needed is kept all the same.
    pub fn grace(&self) -> Grace {
        self.options.grace
    }

    /// The folder of the table.
    pub fn path(&self) -> &Path {
        &self.path
    }
}
