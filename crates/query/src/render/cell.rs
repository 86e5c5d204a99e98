//! The text of one cell, in the form in which the lake keeps values.

use std::borrow::Cow;

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{DataType, TimeUnit};
use chrono::DateTime;

use crate::{Error, Result};

/// The columns of one batch, ready to be read as text.
pub(super) struct Cells<'a>(Vec<Column<'a>>);

enum Column<'a> {
    Text(&'a arrow_array::StringArray),
    Decimal(&'a arrow_array::Decimal128Array),
    Timestamp(&'a arrow_array::TimestampMicrosecondArray),
    Other(&'a ArrayRef, ArrayFormatter<'a>),
}

impl<'a> Cells<'a> {
    pub(super) fn of(batch: &'a RecordBatch) -> Result<Self> {
        batch.columns().iter().map(Column::of).collect::<Result<_>>().map(Self)
    }

    /// The text of one cell; none for NULL.
    pub(super) fn text(&self, row: usize, column: usize) -> Option<Cow<'a, str>> {
        self.0[column].text(row)
    }
}

impl<'a> Column<'a> {
    fn of(array: &'a ArrayRef) -> Result<Self> {
        Ok(match array.data_type() {
            DataType::Utf8 => Self::Text(array.as_string()),
            DataType::Decimal128(_, scale) if *scale >= 0 => {
                Self::Decimal(array.as_primitive::<Decimal128Type>())
            }
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                Self::Timestamp(array.as_primitive::<TimestampMicrosecondType>())
            }
            _ => {
                let formatter = ArrayFormatter::try_new(array.as_ref(), &FormatOptions::default());
                let formatter =
                    formatter.map_err(|error| Error::Engine { source: Box::new(error.into()) })?;
                Self::Other(array, formatter)
            }
        })
    }

    fn text(&self, row: usize) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(array) => array.is_valid(row).then(|| Cow::Borrowed(array.value(row))),
            Self::Decimal(array) => {
                array.is_valid(row).then(|| Cow::Owned(plain(&array.value_as_string(row))))
            }
            Self::Timestamp(array) => array.is_valid(row).then(|| Cow::Owned(instant(array.value(row)))),
            Self::Other(array, formatter) => {
                array.is_valid(row).then(|| Cow::Owned(formatter.value(row).to_string()))
            }
        }
    }
}

/// `1000.50000000` as `1000.5`.
fn plain(decimal: &str) -> String {
    if !decimal.contains('.') {
        return decimal.to_owned();
    }
    decimal.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn instant(us: i64) -> String {
    let has_ms_only = us % 1_000 == 0;
    let format = if has_ms_only { "%Y-%m-%dT%H:%M:%S%.3fZ" } else { "%Y-%m-%dT%H:%M:%S%.6fZ" };
    DateTime::from_timestamp_micros(us).map_or_else(|| us.to_string(), |time| time.format(format).to_string())
}
