//! Everything that can go wrong with a lake, by what we were doing.
//!
//! A full disk, a read-only place and a missing right are told from other storage failures by the
//! I/O error at the bottom of the chain, because a person must act on them and waiting cannot help.

use std::error::Error as StdError;

use holdfast_domain::ErrorCode;
use holdfast_domain::retry::Retry;

use crate::step::Step;

/// A cause whose type is of no interest here.
pub type BoxError = Box<dyn StdError + Send + Sync + 'static>;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("`{text}` is not a lake's location: {reason}")]
    BadLocation { text: String, reason: String },
    #[error("could not open the storage at `{location}`")]
    StorageNotOpened {
        location: String,
        #[source]
        source: BoxError,
    },
    #[error("there is no lake at `{location}`")]
    NoLake { location: String },
    #[error("the lake at `{location}` has lost its `holdfast.json`, or it does not parse")]
    DocumentLost { location: String },
    #[error("`{location}` holds other things than a lake: `{found}`")]
    NotEmpty { location: String, found: String },
    #[error("`{path}` has format {found}, and this version reads up to {known}")]
    TooNew { path: String, found: u32, known: u32 },
    #[error("could not read `{path}`")]
    NotRead {
        path: String,
        #[source]
        source: object_store::Error,
    },
    #[error("could not list `{path}`")]
    NotListed {
        path: String,
        #[source]
        source: object_store::Error,
    },
    #[error("could not write `{path}`")]
    NotWritten {
        path: String,
        #[source]
        source: object_store::Error,
    },
    #[error("could not remove `{path}`")]
    NotRemoved {
        path: String,
        #[source]
        source: object_store::Error,
    },
    #[error("the storage is full: could not write `{path}`")]
    Full {
        path: String,
        #[source]
        source: object_store::Error,
    },
    #[error("the storage may not be written: could not write `{path}`")]
    ReadOnly {
        path: String,
        #[source]
        source: object_store::Error,
    },
    #[error("the storage refuses Holdfast: could not read `{path}`")]
    NotPermitted {
        path: String,
        #[source]
        source: object_store::Error,
    },
    /// Somebody else committed this version; what was prepared on the older state must be done again.
    #[error("another writer has already committed version {version} of `{table}`")]
    Conflict { table: String, version: i64 },
    /// A caller's mistake: what was to be committed contradicts the table or itself.
    #[error("refused to commit to `{table}`: {reason}")]
    CommitRefused { table: String, reason: String },
    #[error(
        "`{table}` needs version {version} of the Delta protocol, and this version of Holdfast knows reader 1 and writer 2"
    )]
    TableTooNew { table: String, version: i32 },
    #[error("`{path}` is damaged: {reason}")]
    Damaged { path: String, reason: String },
    #[error("`{path}` is damaged: it does not parse")]
    DamagedJson {
        path: String,
        #[source]
        source: serde_json::Error,
    },
    #[error("could not read the Parquet file `{path}`")]
    ParquetNotRead {
        path: String,
        #[source]
        source: parquet::errors::ParquetError,
    },
    #[error("could not write the Parquet file `{path}`")]
    ParquetNotWritten {
        path: String,
        #[source]
        source: parquet::errors::ParquetError,
    },
    #[error("could not work on rows of `{path}`")]
    Rows {
        path: String,
        #[source]
        source: arrow_schema::ArrowError,
    },
    #[error("`{path}` is not in the lake")]
    NotFound { path: String },
    /// The stream that brought a file's body failed; the cause is the caller's own error.
    #[error("the body of a file ended before its end")]
    BodyCutOff {
        #[source]
        source: BoxError,
    },
    #[error("a document could not be written as JSON")]
    NotEncoded {
        #[source]
        source: serde_json::Error,
    },
    #[error("a background task of the lake was stopped")]
    TaskStopped {
        #[source]
        source: tokio::task::JoinError,
    },
    /// Only with a [`crate::StepHook`]: a test ends the work here.
    #[error("stopped before the step `{}`", step.as_str())]
    StoppedAt { step: Step },
}

impl Error {
    /// Whether doing the same again can help.
    pub fn retry(&self) -> Retry {
        match self {
            Self::NotRead { .. }
            | Self::NotListed { .. }
            | Self::NotWritten { .. }
            | Self::NotRemoved { .. }
            | Self::StorageNotOpened { .. }
            // Space is freed and rights are given while we run, so these go on by themselves.
            | Self::Full { .. }
            | Self::ReadOnly { .. }
            | Self::NotPermitted { .. }
            | Self::Conflict { .. }
            | Self::BodyCutOff { .. }
            | Self::TaskStopped { .. } => Retry::BackOff,
            Self::BadLocation { .. }
            | Self::NoLake { .. }
            | Self::DocumentLost { .. }
            | Self::NotEmpty { .. }
            | Self::TooNew { .. }
            | Self::TableTooNew { .. }
            | Self::CommitRefused { .. }
            | Self::Damaged { .. }
            | Self::DamagedJson { .. }
            | Self::ParquetNotRead { .. }
            | Self::ParquetNotWritten { .. }
            | Self::Rows { .. }
            | Self::NotFound { .. }
            | Self::NotEncoded { .. }
            | Self::StoppedAt { .. } => Retry::Never,
        }
    }

    /// What the user is told.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::BadLocation { .. } | Self::NotEmpty { .. } => ErrorCode::BadInput,
            Self::NoLake { .. } | Self::NotFound { .. } => ErrorCode::NotFound,
            Self::DocumentLost { .. } => ErrorCode::LakeDocumentLost,
            Self::TooNew { .. } | Self::TableTooNew { .. } => ErrorCode::LakeTooNew,
            // The storage answers, and does not have what the lake says is there.
            Self::NotRead { source: object_store::Error::NotFound { .. }, .. } => ErrorCode::LakeDamaged,
            Self::StorageNotOpened { .. }
            | Self::NotRead { .. }
            | Self::NotListed { .. }
            | Self::NotWritten { .. }
            | Self::NotRemoved { .. }
            | Self::NotPermitted { .. } => ErrorCode::LakeUnreachable,
            Self::Full { .. } => ErrorCode::LakeFull,
            Self::ReadOnly { .. } => ErrorCode::LakeReadOnly,
            Self::Conflict { .. } => ErrorCode::LeaseLost,
            Self::Damaged { .. } | Self::DamagedJson { .. } | Self::ParquetNotRead { .. } => {
                ErrorCode::LakeDamaged
            }
            Self::BodyCutOff { .. } => ErrorCode::AnswerUnreadable,
            Self::CommitRefused { .. }
            | Self::ParquetNotWritten { .. }
            | Self::Rows { .. }
            | Self::NotEncoded { .. }
            | Self::TaskStopped { .. }
            | Self::StoppedAt { .. } => ErrorCode::Internal,
        }
    }
}
