//! Everything that can go wrong with a query, told by whose turn it is to act: the writer of the SQL, or the lake.

use std::io;
use std::sync::Arc;

use datafusion::common::{Column, SchemaError};
use datafusion::error::DataFusionError;
use datafusion::sql::sqlparser::parser::ParserError;
use holdfast_domain::retry::Retry;
use holdfast_domain::{ErrorCode, ObjectName, RunId, SchemaHash};

use crate::names::nearest;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the query is empty")]
    Empty,
    #[error(
        "`{statement}` is refused: a query only reads (SELECT, WITH, VALUES, SHOW TABLES, DESCRIBE, EXPLAIN)"
    )]
    OnlyReads { statement: String },
    #[error("there are {count} statements where one is expected")]
    ManyStatements { count: usize },
    #[error("could not read the SQL")]
    NotSql {
        #[source]
        source: ParserError,
    },
    #[error("there is no `{table}` at this moment{}", did_you_mean(nearest.as_deref()))]
    NoSuchTable { table: String, nearest: Option<String> },
    #[error("there is no column `{column}`{}", did_you_mean(nearest.as_deref()))]
    NoSuchColumn { column: String, nearest: Option<String> },
    #[error("the SQL does not fit the tables")]
    NotPlanned {
        #[source]
        source: Box<DataFusionError>,
    },
    #[error("could not evaluate the query")]
    NotEvaluated {
        #[source]
        source: Box<DataFusionError>,
    },
    #[error("the query needs more memory than the {limit_bytes} bytes that it may use")]
    TooLarge {
        limit_bytes: usize,
        #[source]
        source: Box<DataFusionError>,
    },
    #[error("`{text}` is not a moment: it must be `now`, a run id, or a time such as `2026-01-31T18:00:00Z`")]
    NotAMoment { text: String },
    #[error("there is no run `{run}`")]
    NoSuchRun { run: RunId },
    #[error("nothing had been captured by {time}")]
    NothingCapturedYet { time: String },
    #[error("could not read the describe `{hash}` of `{object}`")]
    DescribeNotRead {
        object: ObjectName,
        hash: SchemaHash,
        #[source]
        source: serde_json::Error,
    },
    #[error("the describe `{hash}` of `{object}` is not in the lake")]
    DescribeMissing { object: ObjectName, hash: SchemaHash },
    #[error("the table of `{object}` is lost: its log is not in the lake any more")]
    TableLost { object: ObjectName },
    #[error("could not read the lake")]
    Lake {
        #[source]
        source: Arc<holdfast_lake::Error>,
    },
    #[error("could not write the answer")]
    NotWritten {
        #[source]
        source: io::Error,
    },
    #[error("the query engine failed")]
    Engine {
        #[source]
        source: Box<DataFusionError>,
    },
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

impl Error {
    /// Whether doing the same again can help.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Lake { source } => source.retry(),
            Self::Empty
            | Self::OnlyReads { .. }
            | Self::ManyStatements { .. }
            | Self::NotSql { .. }
            | Self::NoSuchTable { .. }
            | Self::NoSuchColumn { .. }
            | Self::NotPlanned { .. }
            | Self::NotEvaluated { .. }
            | Self::TooLarge { .. }
            | Self::NotAMoment { .. }
            | Self::NoSuchRun { .. }
            | Self::NothingCapturedYet { .. }
            | Self::DescribeNotRead { .. }
            | Self::DescribeMissing { .. }
            | Self::TableLost { .. }
            | Self::NotWritten { .. }
            | Self::Engine { .. } => Retry::Never,
        }
    }

    /// What the user is told.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Empty
            | Self::OnlyReads { .. }
            | Self::ManyStatements { .. }
            | Self::NotSql { .. }
            | Self::NoSuchTable { .. }
            | Self::NoSuchColumn { .. }
            | Self::NotPlanned { .. }
            | Self::NotEvaluated { .. }
            | Self::TooLarge { .. } => ErrorCode::QueryRefused,
            Self::NotAMoment { .. } => ErrorCode::BadInput,
            Self::NoSuchRun { .. } | Self::NothingCapturedYet { .. } => ErrorCode::NotFound,
            Self::DescribeNotRead { .. } | Self::DescribeMissing { .. } | Self::TableLost { .. } => {
                ErrorCode::LakeDamaged
            }
            Self::Lake { source } => source.code(),
            Self::NotWritten { .. } | Self::Engine { .. } => ErrorCode::Internal,
        }
    }

    /// A failure while the query was planned: the SQL's, unless the lake could not be read.
    pub(crate) fn planning(source: DataFusionError) -> Self {
        Self::sort(source, |source| Self::NotPlanned { source })
    }

    /// A failure while the rows were computed.
    pub(crate) fn evaluating(source: DataFusionError, limit_bytes: usize) -> Self {
        if matches!(source.find_root(), DataFusionError::ResourcesExhausted(_)) {
            return Self::TooLarge { limit_bytes, source: Box::new(source) };
        }
        Self::sort(source, |source| Self::NotEvaluated { source })
    }

    /// Errors of ours come back out of the engine as they went in.
    fn sort(source: DataFusionError, otherwise: impl FnOnce(Box<DataFusionError>) -> Self) -> Self {
        match source {
            DataFusionError::External(inner) => match inner.downcast::<Self>() {
                Ok(ours) => *ours,
                Err(inner) => Self::Engine { source: Box::new(DataFusionError::External(inner)) },
            },
            DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => {
                Self::sort(*inner, otherwise)
            }
            DataFusionError::Shared(shared) => match of_lake(&shared) {
                Some(source) => Self::Lake { source },
                None => otherwise(Box::new(DataFusionError::Shared(shared))),
            },
            DataFusionError::SchemaError(cause, backtrace) => match *cause {
                SchemaError::FieldNotFound { field, valid_fields } => {
                    Self::no_such_column(&field, &valid_fields)
                }
                other => otherwise(Box::new(DataFusionError::SchemaError(Box::new(other), backtrace))),
            },
            internal @ (DataFusionError::Internal(_) | DataFusionError::ExecutionJoin(_)) => {
                Self::Engine { source: Box::new(internal) }
            }
            other => otherwise(Box::new(other)),
        }
    }
}

impl Error {
    fn no_such_column(column: &Column, known: &[Column]) -> Self {
        let nearest = nearest(&column.name, known.iter().map(|column| column.name.as_str()));
        let qualified = column.relation.iter().map(ToString::to_string).chain([column.name.clone()]);
        Self::NoSuchColumn { column: qualified.collect::<Vec<_>>().join("."), nearest }
    }
}

/// What several parts of a plan failed by belongs to none of them, and so is shared.
fn of_lake(error: &DataFusionError) -> Option<Arc<holdfast_lake::Error>> {
    let DataFusionError::External(inner) = error.find_root() else { return None };
    match inner.downcast_ref::<Error>() {
        Some(Error::Lake { source }) => Some(Arc::clone(source)),
        _ => None,
    }
}

impl From<Error> for DataFusionError {
    fn from(error: Error) -> Self {
        Self::External(Box::new(error))
    }
}

impl From<holdfast_lake::Error> for Error {
    fn from(source: holdfast_lake::Error) -> Self {
        Self::Lake { source: Arc::new(source) }
    }
}
