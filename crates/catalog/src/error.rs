//! What can go wrong with the catalog, as one table.

use std::path::PathBuf;
use std::time::Duration;

use holdfast_domain::ErrorCode;
use holdfast_domain::OrgId;
use holdfast_domain::retry::Retry;

/// A failure of the catalog. No message repeats its cause, and none shows a password.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("`{scheme}` is not a kind of database that Holdfast knows: give a path, or `postgres://…`")]
    UnknownDatabase { scheme: String },
    #[error("the database URL is malformed")]
    NotADatabaseUrl { source: url::ParseError },
    #[error("the path `{path}` cannot name a database")]
    DatabasePath { path: PathBuf, source: std::io::Error },
    #[error("could not open the catalog at `{location}`")]
    NotOpened { location: String, source: sqlx::Error },
    #[error("the catalog at `{location}` has schema version {found}, and this version knows up to {known}")]
    TooNew { location: String, found: i64, known: i64 },
    #[error("could not bring the catalog to schema version {version}")]
    NotMigrated { version: i64, source: sqlx::Error },
    #[error("could not {doing} in the catalog")]
    Statement { doing: &'static str, source: sqlx::Error },
    #[error("{what} `{name}` exists already")]
    AlreadyExists { what: &'static str, name: String },
    #[error("there is no {what} `{name}`")]
    NotFound { what: &'static str, name: String },
    #[error("the catalog's column `{column}` holds something that this version cannot read")]
    Unreadable { column: &'static str, source: Box<dyn std::error::Error + Send + Sync> },
    #[error("`{name}` is held by another process")]
    LeaseLost { name: String },
    #[error("could not read or create the secret key `{path}`")]
    SecretKeyFile { path: PathBuf, source: std::io::Error },
    #[error("`{path}` does not hold a secret key")]
    NotASecretKey { path: PathBuf },
    #[error("the credentials of org `{org}` cannot be opened with this secret key")]
    SecretKeyMismatch { org: OrgId },
}

impl Error {
    /// For `map_err` on a statement: `doing` completes "could not …".
    pub(crate) fn doing(doing: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| Self::Statement { doing, source }
    }

    pub fn code(&self) -> ErrorCode {
        match self {
            Self::UnknownDatabase { .. } | Self::NotADatabaseUrl { .. } | Self::DatabasePath { .. } => {
                ErrorCode::BadInput
            }
            Self::NotOpened { source, .. } if is_damage(source) => ErrorCode::CatalogDamaged,
            Self::NotOpened { .. } | Self::SecretKeyFile { .. } => ErrorCode::CatalogUnreachable,
            Self::TooNew { .. } => ErrorCode::CatalogTooNew,
            Self::NotMigrated { source, .. } | Self::Statement { source, .. } if is_damage(source) => {
                ErrorCode::CatalogDamaged
            }
            Self::NotMigrated { source, .. } | Self::Statement { source, .. } => match trouble(source) {
                Trouble::Passing | Trouble::Storage => ErrorCode::CatalogUnreachable,
                Trouble::Defect => ErrorCode::Internal,
            },
            Self::AlreadyExists { .. } => ErrorCode::AlreadyExists,
            Self::NotFound { .. } => ErrorCode::NotFound,
            Self::Unreadable { .. } => ErrorCode::Internal,
            Self::LeaseLost { .. } => ErrorCode::LeaseLost,
            Self::NotASecretKey { .. } | Self::SecretKeyMismatch { .. } => ErrorCode::SecretKeyMismatch,
        }
    }

    pub fn retry(&self) -> Retry {
        match self {
            Self::NotOpened { source, .. }
            | Self::NotMigrated { source, .. }
            | Self::Statement { source, .. } => match trouble(source) {
                Trouble::Passing => Retry::BackOff,
                Trouble::Storage => Retry::After(Duration::from_secs(30)),
                Trouble::Defect => Retry::Never,
            },
            Self::UnknownDatabase { .. }
            | Self::NotADatabaseUrl { .. }
            | Self::DatabasePath { .. }
            | Self::TooNew { .. }
            | Self::AlreadyExists { .. }
            | Self::NotFound { .. }
            | Self::Unreadable { .. }
            | Self::LeaseLost { .. }
            | Self::SecretKeyFile { .. }
            | Self::NotASecretKey { .. }
            | Self::SecretKeyMismatch { .. } => Retry::Never,
        }
    }
}

/// What kind of trouble the database is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// Busy, restarting or unreachable for the moment.
    Passing,
    /// Its disk is full, read-only or broken: a person will mend it, and trying again is free.
    Storage,
    /// The statement or what is stored is wrong.
    Defect,
}

pub(crate) fn is_passing(error: &sqlx::Error) -> bool {
    trouble(error) == Trouble::Passing
}

/// True if and only if a SQLite file is no database, or a broken one.
fn is_damage(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    // CORRUPT, NOTADB
    code.and_then(|code| primary_code(&code)).is_some_and(|code| matches!(code, 11 | 26))
}

fn trouble(error: &sqlx::Error) -> Trouble {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => Trouble::Passing,
        sqlx::Error::Database(refusal) => refusal.code().map_or(Trouble::Defect, |code| coded_trouble(&code)),
        _ => Trouble::Defect,
    }
}

/// PostgreSQL's codes have five characters (documented in "PostgreSQL Error Codes"); SQLite's are
/// numbers whose low byte is the primary code ("Result and Error Codes").
fn coded_trouble(code: &str) -> Trouble {
    if code.len() == 5 {
        return match &code[..2] {
            "08" | "40" | "53" | "55" | "57" if code != "53100" => Trouble::Passing,
            "53" | "58" => Trouble::Storage,
            _ => Trouble::Defect,
        };
    }
    match primary_code(code) {
        // BUSY, LOCKED
        Some(5 | 6) => Trouble::Passing,
        // READONLY, IOERR, CORRUPT, FULL, CANTOPEN, NOTADB
        Some(8 | 10 | 11 | 13 | 14 | 26) => Trouble::Storage,
        _ => Trouble::Defect,
    }
}

/// Of SQLite's codes; PostgreSQL's have letters, or five digits.
fn primary_code(code: &str) -> Option<u32> {
    if code.len() == 5 { None } else { code.parse::<u32>().ok().map(|code| code & 0xff) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_both_databases_say_whether_trying_again_can_help() {
        for (code, expected) in [
            ("5", Trouble::Passing),
            ("517", Trouble::Passing),
            ("13", Trouble::Storage),
            ("1032", Trouble::Storage),
            ("2067", Trouble::Defect),
            ("1", Trouble::Defect),
            ("57P01", Trouble::Passing),
            ("40001", Trouble::Passing),
            ("53300", Trouble::Passing),
            ("53100", Trouble::Storage),
            ("42601", Trouble::Defect),
        ] {
            assert_eq!(coded_trouble(code), expected, "{code}");
        }
    }
}
