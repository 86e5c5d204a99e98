//! Which typed error a failed request to the store becomes.

use std::error::Error as StdError;
use std::io::{self, ErrorKind};

use object_store::Error as Failure;
use object_store::path::Path;
use parquet::errors::ParquetError;

use crate::Error;

impl Error {
    /// A read that failed.
    pub(crate) fn reading(path: &Path, source: Failure) -> Self {
        let path = path.to_string();
        match source {
            Failure::NotFound { .. } => Self::NotFound { path },
            source if is_forbidden(&source) => Self::NotPermitted { path, source },
            source => Self::NotRead { path, source },
        }
    }

    /// A Parquet file that could not be read: the storage does not answer, or the file is damaged.
    pub(crate) fn reading_parquet(path: &Path, source: ParquetError) -> Self {
        match source {
            ParquetError::External(cause) => match cause.downcast::<Failure>() {
                Ok(failure) => Self::reading(path, *failure),
                Err(cause) => {
                    Self::ParquetNotRead { path: path.to_string(), source: ParquetError::External(cause) }
                }
            },
            source => Self::ParquetNotRead { path: path.to_string(), source },
        }
    }

    /// A write that failed.
    pub(crate) fn writing(path: &Path, source: Failure) -> Self {
        let path = path.to_string();
        match io_kind(&source) {
            Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => Self::Full { path, source },
            Some(ErrorKind::ReadOnlyFilesystem) => Self::ReadOnly { path, source },
            _ if is_forbidden(&source) => Self::ReadOnly { path, source },
            _ => Self::NotWritten { path, source },
        }
    }

    /// A removal that failed.
    pub(crate) fn removing(path: &Path, source: Failure) -> Self {
        let path = path.to_string();
        let is_read_only = io_kind(&source) == Some(ErrorKind::ReadOnlyFilesystem) || is_forbidden(&source);
        if is_read_only { Self::ReadOnly { path, source } } else { Self::NotRemoved { path, source } }
    }

    /// A listing that failed.
    pub(crate) fn listing(path: &Path, source: Failure) -> Self {
        let path = path.to_string();
        if is_forbidden(&source) {
            Self::NotPermitted { path, source }
        } else {
            Self::NotListed { path, source }
        }
    }
}

fn is_forbidden(failure: &Failure) -> bool {
    matches!(failure, Failure::PermissionDenied { .. } | Failure::Unauthenticated { .. })
        || io_kind(failure) == Some(ErrorKind::PermissionDenied)
}

/// The kind of the I/O error that lies at the bottom, if there is one.
fn io_kind(failure: &Failure) -> Option<ErrorKind> {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(failure);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return Some(io.kind());
        }
        cause = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use holdfast_domain::ErrorCode;

    use super::*;

    fn failure(kind: ErrorKind) -> Failure {
        Failure::Generic { store: "test", source: Box::new(io::Error::from(kind)) }
    }

    /// Full, read-only and forbidden storage each have their own code, and so their own hint.
    #[test]
    fn a_failed_write_says_what_a_person_can_do() {
        let path = Path::from("orgs/x");
        for (kind, code) in [
            (ErrorKind::StorageFull, ErrorCode::LakeFull),
            (ErrorKind::QuotaExceeded, ErrorCode::LakeFull),
            (ErrorKind::ReadOnlyFilesystem, ErrorCode::LakeReadOnly),
            (ErrorKind::PermissionDenied, ErrorCode::LakeReadOnly),
            (ErrorKind::TimedOut, ErrorCode::LakeUnreachable),
        ] {
            assert_eq!(Error::writing(&path, failure(kind)).code(), code, "{kind}");
        }
        let forbidden = Failure::PermissionDenied { path: "x".into(), source: "403".into() };
        assert_eq!(Error::writing(&path, forbidden).code(), ErrorCode::LakeReadOnly);
    }

    #[test]
    fn the_message_never_repeats_its_cause() {
        let error = Error::writing(&Path::from("orgs/x"), failure(ErrorKind::StorageFull));

        assert_eq!(error.to_string(), "the storage is full: could not write `orgs/x`");
        assert!(error.source().is_some());
    }
}
