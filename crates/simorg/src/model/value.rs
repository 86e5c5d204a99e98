//! One cell of a record, typed as Salesforce types it.

use std::cmp::Ordering;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

use super::field::FieldType;

/// The value of one field of one record.
///
/// Empty text cannot exist: it is `Null`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    /// Exact decimal digits without exponent, e.g. `-12.50`; never `f64`, so that 18 digits stay exact.
    Number(String),
    Text(String),
    /// An id of 18 characters.
    Id(String),
    Date(NaiveDate),
    /// Milliseconds since 1970 UTC, always a whole second.
    DateTime(i64),
    /// Milliseconds since midnight.
    Time(i64),
    /// A body exists for this base64 field; REST shows the path to it.
    Blob,
    /// The parts of an address or location in the order that REST shows them. Never held, so never saved.
    #[serde(skip)]
    Compound(Vec<(&'static str, Value)>),
}

impl Value {
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// Text, with the empty string as null.
    pub fn text(text: impl Into<String>) -> Value {
        let text = text.into();
        if text.is_empty() { Value::Null } else { Value::Text(text) }
    }

    /// The text of `Text`, `Id` and `Number`.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Text(text) | Value::Id(text) | Value::Number(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    pub fn as_ms(&self) -> Option<i64> {
        match self {
            Value::DateTime(ms) => Some(*ms),
            _ => None,
        }
    }

    /// The value as a number for arithmetic and comparison, not for showing.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "comparison of counts far below 2^53")]
            Value::Int(value) => Some(*value as f64),
            Value::Number(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    /// Plain text, one form per value: what a formula or a re-typed field shows. Not a wire form.
    pub fn to_plain_text(&self) -> String {
        match self {
            Value::Null | Value::Blob | Value::Compound(_) => String::new(),
            Value::Bool(value) => value.to_string(),
            Value::Int(value) => value.to_string(),
            Value::Number(text) | Value::Text(text) | Value::Id(text) => text.clone(),
            Value::Date(date) => date_text(*date),
            Value::DateTime(ms) => datetime_text(*ms, "Z"),
            Value::Time(ms) => time_text(*ms),
        }
    }

    /// Orders two non-null values of one field; text without regard to case, as SOQL compares.
    pub fn compare(&self, other: &Value) -> Option<Ordering> {
        match (self, other) {
            (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
            (Value::Int(a), Value::Int(b))
            | (Value::DateTime(a), Value::DateTime(b))
            | (Value::Time(a), Value::Time(b)) => Some(a.cmp(b)),
            (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
            (Value::Id(a), Value::Id(b)) => Some(a.cmp(b)),
            (Value::Text(a), Value::Text(b)) => Some(a.to_lowercase().cmp(&b.to_lowercase())),
            (Value::Int(_) | Value::Number(_), Value::Int(_) | Value::Number(_)) => {
                self.as_f64()?.partial_cmp(&other.as_f64()?)
            }
            _ => None,
        }
    }

    /// The value as a field of another type would hold it after a change of type; what cannot be read is null.
    #[must_use]
    pub fn retyped(&self, kind: FieldType) -> Value {
        let text = self.to_plain_text();
        if text.is_empty() {
            return Value::Null;
        }
        match kind {
            FieldType::Boolean => Value::Bool(text == "true"),
            // A change of type cuts the fraction.
            FieldType::Int | FieldType::Long => {
                plain_number(&text).and_then(|number| number.trunc().to_i64()).map_or(Value::Null, Value::Int)
            }
            FieldType::Double | FieldType::Currency | FieldType::Percent => {
                plain_number(&text).map_or(Value::Null, |number| Value::Number(number.to_string()))
            }
            FieldType::Date => text.get(..10).and_then(|t| t.parse().ok()).map_or(Value::Null, Value::Date),
            FieldType::DateTime => {
                text.parse::<DateTime<Utc>>().map_or(Value::Null, |at| Value::DateTime(at.timestamp() * 1000))
            }
            FieldType::Reference | FieldType::Id => Value::Id(text),
            FieldType::Time | FieldType::Base64 | FieldType::Address | FieldType::Location => Value::Null,
            _ => Value::Text(text),
        }
    }
}

/// The number that a text writes; `None` for `nan` and the like, which have no digits.
fn plain_number(text: &str) -> Option<Decimal> {
    text.parse::<Decimal>().ok().map(|number| number.normalize())
}

/// `2024-09-24T03:26:07.000` followed by the given zone text (`+0000` in REST, `Z` in Bulk).
pub fn datetime_text(ms: i64, zone: &str) -> String {
    let mut text = String::with_capacity(28);
    write_datetime(&mut text, ms, zone);
    text
}

/// `10:30:00.000Z`.
pub fn time_text(ms: i64) -> String {
    let mut text = String::with_capacity(13);
    write_time(&mut text, ms);
    text
}

fn date_text(date: NaiveDate) -> String {
    let mut text = String::with_capacity(10);
    write_date(&mut text, date);
    text
}

/// A double as Java prints it: `100.0`, and from 10^7 up (or below 10^-3) with an exponent, `1.44120928E7`.
/// All digits that are held are kept.
pub fn java_double(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + 4);
    write_java_double(&mut text, digits);
    text
}

pub(crate) fn write_datetime(out: &mut String, ms: i64, zone: &str) {
    match calendar_day(ms.div_euclid(DAY_MS)) {
        Some((year, month, day)) => write_day(out, year, month, day),
        None => write_date(out, DateTime::<Utc>::from_timestamp_millis(ms).unwrap_or_default().date_naive()),
    }
    out.push('T');
    write_clock(out, ms.rem_euclid(DAY_MS));
    out.push_str(zone);
}

pub(crate) fn write_time(out: &mut String, ms: i64) {
    write_clock(out, ms);
    out.push('Z');
}

pub(crate) fn write_date(out: &mut String, date: NaiveDate) {
    match u64::try_from(date.year()).ok().filter(|year| *year <= 9999) {
        Some(year) => write_day(out, year, date.month().into(), date.day().into()),
        None => out.push_str(&date.format("%Y-%m-%d").to_string()),
    }
}

const DAY_MS: i64 = 86_400_000;

/// Year, month and day of a day since 1970, if its year has four digits ("`chrono`-Compatible Low-Level Date Algorithms",
/// Howard Hinnant, for days since the first of March of year 0).
fn calendar_day(day: i64) -> Option<(u64, u64, u64)> {
    let since = u64::try_from(day.checked_add(719_468)?).ok()?;
    let (era, of_era) = (since / 146_097, since % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year <= 9999).then_some((year, month, day))
}

/// A day of a year of four digits.
fn write_day(out: &mut String, year: u64, month: u64, day: u64) {
    out.push_str(two_digits(year / 100));
    out.push_str(two_digits(year));
    out.push('-');
    out.push_str(two_digits(month));
    out.push('-');
    out.push_str(two_digits(day));
}

fn write_clock(out: &mut String, ms: i64) {
    let ms = ms.unsigned_abs();
    out.push_str(two_digits(ms / 3_600_000));
    out.push(':');
    out.push_str(two_digits(ms / 60_000 % 60));
    out.push(':');
    out.push_str(two_digits(ms / 1000 % 60));
    out.push('.');
    write_padded(out, ms % 1000, 3);
}

/// The last two digits of a number.
#[inline]
fn two_digits(number: u64) -> &'static str {
    const DIGITS: &str = "00010203040506070809101112131415161718192021222324252627282930313233343536373839\
        40414243444546474849505152535455565758596061626364656667686970717273747576777879\
        8081828384858687888990919293949596979899";
    let first = 2 * usize::try_from(number % 100).expect("below 100");
    &DIGITS[first..first + 2]
}

/// A whole number with zeros before it up to this width.
pub(crate) fn write_padded(out: &mut String, number: u64, width: usize) {
    if number >= 100 {
        write_padded(out, number / 100, width.saturating_sub(2));
        return out.push_str(two_digits(number));
    }
    for _ in 2..width {
        out.push('0');
    }
    if number >= 10 || width >= 2 {
        out.push_str(two_digits(number));
    } else {
        out.push_str(&two_digits(number)[1..]);
    }
}

/// A whole number in hexadecimal digits, small letters.
pub(crate) fn write_hex(out: &mut String, number: u64) {
    let digits = (16 - number.leading_zeros() / 4).clamp(1, 16);
    for place in (0..digits).rev() {
        let digit = u32::try_from(number >> (4 * place) & 15).expect("below 16");
        out.push(char::from_digit(digit, 16).expect("a digit of base 16"));
    }
}

pub(crate) fn write_java_double(out: &mut String, digits: &str) {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
    let point = digits.bytes().position(|byte| byte == b'.').unwrap_or(digits.len());
    let (whole, fraction) = (&digits[..point], digits.get(point + 1..).unwrap_or_default());
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    let or_zero = |text| if str::is_empty(text) { "0" } else { text };
    out.push_str(sign);
    let zeros = fraction.len() - fraction.trim_start_matches('0').len();
    if whole.len() >= 8 {
        let rest = if fraction.is_empty() { whole[1..].trim_end_matches('0') } else { &whole[1..] };
        out.push_str(&whole[..1]);
        out.push('.');
        out.push_str(if fraction.is_empty() { or_zero(rest) } else { rest });
        out.push_str(fraction);
        out.push('E');
        write_padded(out, whole.len() as u64 - 1, 1);
    } else if whole.is_empty() && zeros >= 3 {
        let significant = &fraction[zeros..];
        out.push_str(&significant[..1]);
        out.push('.');
        out.push_str(or_zero(&significant[1..]));
        out.push_str("E-");
        write_padded(out, zeros as u64 + 1, 1);
    } else {
        out.push_str(or_zero(whole));
        out.push('.');
        out.push_str(or_zero(fraction));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_print_as_java_prints_them_and_keep_all_digits() {
        for (digits, shown) in [
            ("100", "100.0"),
            ("0", "0.0"),
            ("-0", "-0.0"),
            ("12.50", "12.5"),
            ("9999999", "9999999.0"),
            ("14412092.8", "1.44120928E7"),
            ("10000000", "1.0E7"),
            ("123456789012345678", "1.23456789012345678E17"),
            ("0.001", "0.001"),
            ("0.0005", "5.0E-4"),
            ("-3.25", "-3.25"),
        ] {
            assert_eq!(java_double(digits), shown, "{digits}");
        }
    }

    #[test]
    fn days_are_written_as_the_calendar_has_them() {
        for day in (-800_000..3_000_000).step_by(97).chain([-719_528, -719_469, 0, 59, 60, 2_932_896]) {
            let date = DateTime::<Utc>::from_timestamp(day * 86_400, 0).unwrap().date_naive();
            let text = date_text(date);
            assert_eq!(datetime_text(day * DAY_MS + 1, ""), format!("{text}T00:00:00.001"));
            assert!(text.len() > 10 || text == date.to_string(), "{date}");
        }
    }

    #[test]
    fn numbers_are_padded_to_their_width() {
        let cases = [
            (0, 1, "0"),
            (0, 3, "000"),
            (7, 1, "7"),
            (10, 1, "10"),
            (105, 2, "105"),
            (42, 25, "0000000000000000000000042"),
        ];
        for (number, width, expected) in cases {
            let mut out = String::new();
            write_padded(&mut out, number, width);
            assert_eq!(out, expected);
        }
        let mut out = String::new();
        write_padded(&mut out, u64::MAX, 1);
        assert_eq!(out, u64::MAX.to_string());
    }

    #[test]
    fn hexadecimal_digits_are_those_of_the_standard_library() {
        for number in [0, 1, 15, 16, 255, 256, 0xABC_DEF0, u64::MAX] {
            let mut out = String::new();
            write_hex(&mut out, number);
            assert_eq!(out, format!("{number:x}"));
        }
    }

    #[test]
    fn datetimes_and_times_have_milliseconds() {
        assert_eq!(datetime_text(1_727_148_367_000, "+0000"), "2024-09-24T03:26:07.000+0000");
        assert_eq!(time_text(37_800_000), "10:30:00.000Z");
    }

    #[test]
    fn only_plain_numbers_become_numbers_when_a_field_changes_its_type() {
        for (text, number, whole) in [
            ("12.50", Value::Number("12.5".to_owned()), Value::Int(12)),
            ("-3", Value::Number("-3".to_owned()), Value::Int(-3)),
            ("nan", Value::Null, Value::Null),
            ("inf", Value::Null, Value::Null),
            ("1e9", Value::Number("1000000000".to_owned()), Value::Int(1_000_000_000)),
            ("twelve", Value::Null, Value::Null),
        ] {
            let held = Value::Text(text.to_owned());
            assert_eq!(held.retyped(FieldType::Currency), number, "{text}");
            assert_eq!(held.retyped(FieldType::Int), whole, "{text}");
        }
    }
}
