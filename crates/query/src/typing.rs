//! Gives the lake's text columns the types of a describe.
//!
//! A cell that cannot be read as its type becomes NULL; the `raw` views keep its text. Numbers are
//! read from their digits, never through a float, so that sums of money are exact: a number field
//! whose describe gives a precision is a `Decimal128` with all its integer digits and at least
//! [`FRACTION_DIGITS`] fraction digits, because Salesforce stores (and answers with) more of them
//! than the field's scale when they came through its API. Only what lies beyond is rounded, half
//! away from zero. Where precision and fraction together need more than 38 digits, or the describe
//! gives none, the column is a `Float64`.

use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, PrimitiveBuilder};
use arrow_array::types::{Date32Type, Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, StringArray};
use arrow_schema::{DataType, TimeUnit};
use chrono::{DateTime, NaiveDate};
use holdfast_domain::schema::{FieldKind, FieldSchema};

/// The least number of fraction digits of a decimal column.
pub const FRACTION_DIGITS: u32 = 8;
const MOST_DIGITS: u32 = 38;

/// The type of a column in a typed view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    Text,
    Boolean,
    Integer,
    Float,
    Decimal { precision: u8, scale: i8 },
    Date,
    Timestamp,
}

impl ColumnType {
    /// What a field's describe makes of its column.
    pub fn of(field: &FieldSchema) -> Self {
        match field.kind {
            FieldKind::Boolean => Self::Boolean,
            FieldKind::Int | FieldKind::Long => Self::Integer,
            FieldKind::Double | FieldKind::Currency | FieldKind::Percent => {
                decimal_type(field.precision, field.scale).unwrap_or(Self::Float)
            }
            FieldKind::Date => Self::Date,
            FieldKind::DateTime => Self::Timestamp,
            _ => Self::Text,
        }
    }

    pub fn arrow(self) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::Boolean => DataType::Boolean,
            Self::Integer => DataType::Int64,
            Self::Float => DataType::Float64,
            Self::Decimal { precision, scale } => DataType::Decimal128(precision, scale),
            Self::Date => DataType::Date32,
            Self::Timestamp => timestamp_type(),
        }
    }

    /// Reads each cell as this type; NULL where it cannot be.
    pub fn cast(self, cells: &StringArray) -> ArrayRef {
        match self {
            Self::Text => Arc::new(cells.clone()),
            Self::Boolean => booleans(cells),
            Self::Integer => primitives::<Int64Type>(cells, DataType::Int64, |text| text.parse().ok()),
            Self::Float => primitives::<Float64Type>(cells, DataType::Float64, float),
            Self::Decimal { precision, scale } => {
                let (digits, fraction) = (u32::from(precision), u32::from(scale.unsigned_abs()));
                primitives::<Decimal128Type>(cells, self.arrow(), |text| decimal(text, digits, fraction))
            }
            Self::Date => primitives::<Date32Type>(cells, DataType::Date32, date),
            Self::Timestamp => primitives::<TimestampMicrosecondType>(cells, timestamp_type(), timestamp),
        }
    }
}

/// Instants are microseconds in UTC, in every view.
pub(crate) fn timestamp_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

fn decimal_type(precision: u32, scale: u32) -> Option<ColumnType> {
    if precision == 0 || scale > precision {
        return None;
    }
    let fraction = scale.max(FRACTION_DIGITS);
    let digits = precision - scale + fraction;
    let fits = digits <= MOST_DIGITS;
    fits.then_some(())?;
    Some(ColumnType::Decimal { precision: u8::try_from(digits).ok()?, scale: i8::try_from(fraction).ok()? })
}

fn primitives<T: ArrowPrimitiveType>(
    cells: &StringArray,
    data_type: DataType,
    read: impl Fn(&str) -> Option<T::Native>,
) -> ArrayRef {
    let mut column = PrimitiveBuilder::<T>::with_capacity(cells.len()).with_data_type(data_type);
    for cell in cells {
        column.append_option(cell.and_then(&read));
    }
    Arc::new(column.finish())
}

fn booleans(cells: &StringArray) -> ArrayRef {
    let mut column = BooleanBuilder::with_capacity(cells.len());
    for cell in cells {
        column.append_option(match cell {
            Some("true") => Some(true),
            Some("false") => Some(false),
            _ => None,
        });
    }
    Arc::new(column.finish())
}

fn float(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// `-12.5` as a count of units of ten to the minus `fraction`.
fn decimal(text: &str, digits: u32, fraction: u32) -> Option<i128> {
    let (is_negative, unsigned) = match text.strip_prefix('-') {
        Some(unsigned) => (true, unsigned),
        None => (false, text),
    };
    let (whole, decimals) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let is_number = !whole.is_empty() && whole.bytes().chain(decimals.bytes()).all(|b| b.is_ascii_digit());
    if !is_number {
        return None;
    }
    let kept = decimals.len().min(fraction as usize);
    let mut units: i128 = 0;
    for digit in whole.bytes().chain(decimals.bytes().take(kept)) {
        units = units.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
    }
    units = units.checked_mul(10i128.checked_pow(fraction - u32::try_from(kept).ok()?)?)?;
    let rounds_up = decimals.as_bytes().get(kept).is_some_and(|next| *next >= b'5');
    units = units.checked_add(i128::from(rounds_up))?;
    let fits = units < 10i128.checked_pow(digits)?;
    fits.then_some(if is_negative { -units } else { units })
}

fn date(text: &str) -> Option<i32> {
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some(Date32Type::from_naive_date(day))
}

fn timestamp(text: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(text).ok().map(|instant| instant.timestamp_micros())
}

#[cfg(test)]
mod tests {
    use arrow_array::cast::AsArray;

    use super::*;

    fn field(kind: &str, precision: u32, scale: u32) -> FieldSchema {
        let describe =
            serde_json::json!({"name": "F__c", "type": kind, "precision": precision, "scale": scale});
        serde_json::from_value(describe).unwrap()
    }

    fn cast(kind: ColumnType, cells: &[&str]) -> ArrayRef {
        let mut cells: Vec<_> = cells.iter().copied().map(Some).collect();
        cells.push(None);
        let column = kind.cast(&StringArray::from(cells));
        assert_eq!(column.data_type(), &kind.arrow());
        assert!(column.is_null(column.len() - 1), "an empty cell is NULL in every type");
        column
    }

    #[test]
    fn each_field_type_has_its_column_type() {
        for (kind, precision, scale, expected) in [
            ("boolean", 0, 0, ColumnType::Boolean),
            ("int", 0, 0, ColumnType::Integer),
            ("long", 0, 0, ColumnType::Integer),
            ("currency", 18, 2, ColumnType::Decimal { precision: 24, scale: 8 }),
            ("double", 18, 15, ColumnType::Decimal { precision: 18, scale: 15 }),
            ("percent", 3, 0, ColumnType::Decimal { precision: 11, scale: 8 }),
            ("double", 0, 0, ColumnType::Float),
            ("double", 2, 4, ColumnType::Float),
            ("currency", 38, 0, ColumnType::Float),
            ("date", 0, 0, ColumnType::Date),
            ("datetime", 0, 0, ColumnType::Timestamp),
            ("time", 0, 0, ColumnType::Text),
            ("picklist", 0, 0, ColumnType::Text),
            ("hologram", 0, 0, ColumnType::Text),
        ] {
            assert_eq!(
                ColumnType::of(&field(kind, precision, scale)),
                expected,
                "{kind}({precision}, {scale})"
            );
        }
    }

    #[test]
    fn decimals_are_exact_and_only_what_lies_beyond_is_rounded() {
        let money = ColumnType::Decimal { precision: 24, scale: 8 };
        let cells = [
            "0.1",
            "-1000.5",
            "9999999999999999.99",
            "0.123456785",
            "-0.123456785",
            "0.999999999",
            "99999999999999999",
            "NaN",
            "1E5",
            "",
            "-",
            ".5",
            "5.",
            "1,5",
            " 1",
        ];

        let column = cast(money, &cells);

        let units = column.as_primitive::<Decimal128Type>();
        let expected = [
            Some(10_000_000),
            Some(-100_050_000_000),
            Some(999_999_999_999_999_999_000_000),
            Some(12_345_679),
            Some(-12_345_679),
            Some(100_000_000),
            None,
            None,
            None,
            None,
            None,
            None,
            Some(500_000_000),
            None,
            None,
        ];
        for (row, expected) in expected.into_iter().enumerate() {
            let found = units.is_valid(row).then(|| units.value(row));
            assert_eq!(found, expected, "`{}`", cells[row]);
        }
    }

    #[test]
    fn what_is_not_of_the_type_is_null_and_nothing_is_guessed() {
        let booleans = cast(ColumnType::Boolean, &["true", "false", "1", "yes", "TRUE"]);
        let found: Vec<_> = booleans.as_boolean().iter().take(5).collect();
        assert_eq!(found, [Some(true), Some(false), None, None, None]);

        let integers =
            cast(ColumnType::Integer, &["-7", "9223372036854775807", "9223372036854775808", "1.5"]);
        let found: Vec<_> = integers.as_primitive::<Int64Type>().iter().take(4).collect();
        assert_eq!(found, [Some(-7), Some(i64::MAX), None, None]);

        let floats = cast(ColumnType::Float, &["0.1", "1e999", "NaN", "high"]);
        let found: Vec<_> = floats.as_primitive::<Float64Type>().iter().take(4).collect();
        assert_eq!(found, [Some(0.1), None, None, None]);

        let dates =
            cast(ColumnType::Date, &["1970-01-02", "1969-12-31", "2024-02-30", "2024-01-01T00:00:00.000Z"]);
        let found: Vec<_> = dates.as_primitive::<Date32Type>().iter().take(4).collect();
        assert_eq!(found, [Some(1), Some(-1), None, None]);

        let times = cast(
            ColumnType::Timestamp,
            &["1970-01-01T00:00:01.500Z", "1700-01-01T00:00:00.000Z", "2024-01-01", "later"],
        );
        let found: Vec<_> = times.as_primitive::<TimestampMicrosecondType>().iter().take(4).collect();
        assert_eq!(found, [Some(1_500_000), Some(-8_520_336_000_000_000), None, None]);
    }
}
