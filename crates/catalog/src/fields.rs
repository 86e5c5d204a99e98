//! Reads columns as domain types, and writes domain types as columns.

use std::error::Error as StdError;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use holdfast_domain::ErrorCode;
use holdfast_domain::manifest::Counts;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::Error;

/// How a time is stored.
pub(crate) fn us(time: DateTime<Utc>) -> i64 {
    time.timestamp_micros()
}

/// How a count is stored.
pub(crate) fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A row with its columns read by name.
pub(crate) struct Fields<'r>(pub(crate) &'r AnyRow);

impl Fields<'_> {
    pub(crate) fn text(&self, column: &'static str) -> Result<String, Error> {
        self.0.try_get(column).map_err(unreadable(column))
    }

    pub(crate) fn optional_text(&self, column: &'static str) -> Result<Option<String>, Error> {
        self.0.try_get(column).map_err(unreadable(column))
    }

    pub(crate) fn number(&self, column: &'static str) -> Result<i64, Error> {
        self.0.try_get(column).map_err(unreadable(column))
    }

    pub(crate) fn optional_number(&self, column: &'static str) -> Result<Option<i64>, Error> {
        self.0.try_get(column).map_err(unreadable(column))
    }

    pub(crate) fn count(&self, column: &'static str) -> Result<u64, Error> {
        u64::try_from(self.number(column)?).map_err(unreadable(column))
    }

    pub(crate) fn optional_count(&self, column: &'static str) -> Result<Option<u64>, Error> {
        self.optional_number(column)?.map(u64::try_from).transpose().map_err(unreadable(column))
    }

    pub(crate) fn time(&self, column: &'static str) -> Result<DateTime<Utc>, Error> {
        let us = self.number(column)?;
        DateTime::from_timestamp_micros(us).ok_or_else(|| unreadable(column)("not a time"))
    }

    pub(crate) fn optional_time(&self, column: &'static str) -> Result<Option<DateTime<Utc>>, Error> {
        self.optional_number(column)?
            .map(|us| DateTime::from_timestamp_micros(us).ok_or_else(|| unreadable(column)("not a time")))
            .transpose()
    }

    /// A typed id, or anything else that is read from text.
    pub(crate) fn parsed<T>(&self, column: &'static str) -> Result<T, Error>
    where
        T: FromStr<Err: StdError + Send + Sync + 'static>,
    {
        self.text(column)?.parse().map_err(unreadable(column))
    }

    pub(crate) fn optional_parsed<T>(&self, column: &'static str) -> Result<Option<T>, Error>
    where
        T: FromStr<Err: StdError + Send + Sync + 'static>,
    {
        self.optional_text(column)?.map(|text| text.parse()).transpose().map_err(unreadable(column))
    }

    /// One of an enum's words, by the enum's own reader.
    pub(crate) fn word<T>(&self, column: &'static str, parse: fn(&str) -> Option<T>) -> Result<T, Error> {
        parse(&self.text(column)?).ok_or_else(|| unreadable(column)("an unknown word"))
    }

    /// The columns that runs and blocks count in.
    pub(crate) fn counts(&self) -> Result<Counts, Error> {
        Ok(Counts {
            new: self.count("new_versions")?,
            changed: self.count("changed_versions")?,
            deleted: self.count("deleted_versions")?,
            undeleted: self.count("undeleted_versions")?,
            unchanged: self.count("unchanged_records")?,
            bytes: self.count("bytes")?,
        })
    }

    /// The columns `error_code` and `error_message` together.
    pub(crate) fn failure(&self) -> Result<Option<Failure>, Error> {
        let Some(code) = self.optional_text("error_code")? else { return Ok(None) };
        let message = self.optional_text("error_message")?.unwrap_or_default();
        Ok(Some(Failure { code: error_code(&code), message }))
    }
}

/// Why something failed, as it is shown to the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub code: ErrorCode,
    pub message: String,
}

impl Failure {
    /// The two columns of `failure`, for binding.
    pub(crate) fn columns(failure: Option<&Self>) -> (Option<&'static str>, Option<&str>) {
        (failure.map(|failure| failure.code.as_str()), failure.map(|failure| failure.message.as_str()))
    }
}

/// A code that a later version may have written reads as `Internal`; its message still tells.
pub(crate) fn error_code(text: &str) -> ErrorCode {
    ErrorCode::ALL.iter().copied().find(|code| code.as_str() == text).unwrap_or(ErrorCode::Internal)
}

pub(crate) fn unreadable<E>(column: &'static str) -> impl FnOnce(E) -> Error
where
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    move |source| Error::Unreadable { column, source: source.into() }
}
