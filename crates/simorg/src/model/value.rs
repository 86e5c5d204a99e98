//! One cell of a record, typed as Salesforce types it.

use std::cmp::Ordering;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
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
            FieldType::Int | FieldType::Long => text.parse::<f64>().map_or(Value::Null, |n| {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "a change of type cuts the fraction, as Salesforce does"
                )]
                Value::Int(n as i64)
            }),
            FieldType::Double | FieldType::Currency | FieldType::Percent => {
                if text.parse::<f64>().is_ok() {
                    Value::Number(text)
                } else {
                    Value::Null
                }
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
    let at = DateTime::<Utc>::from_timestamp_millis(ms).unwrap_or_default();
    write_date(out, at.date_naive());
    out.push('T');
    write_clock(out, at.timestamp_millis().rem_euclid(86_400_000));
    out.push_str(zone);
}

pub(crate) fn write_time(out: &mut String, ms: i64) {
    write_clock(out, ms);
    out.push('Z');
}

pub(crate) fn write_date(out: &mut String, date: NaiveDate) {
    match u64::try_from(date.year()).ok().filter(|year| *year <= 9999) {
        Some(year) => write_padded(out, year, 4),
        None => out.push_str(&date.format("%Y").to_string()),
    }
    out.push('-');
    write_padded(out, date.month().into(), 2);
    out.push('-');
    write_padded(out, date.day().into(), 2);
}

fn write_clock(out: &mut String, ms: i64) {
    let ms = ms.unsigned_abs();
    for (part, width, end) in
        [(ms / 3_600_000, 2, ":"), (ms / 60_000 % 60, 2, ":"), (ms / 1000 % 60, 2, "."), (ms % 1000, 3, "")]
    {
        write_padded(out, part, width);
        out.push_str(end);
    }
}

/// A whole number with zeros before it up to this width.
pub(crate) fn write_padded(out: &mut String, number: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut first = digits.len();
    let mut rest = number;
    while rest > 0 || first == digits.len() {
        first -= 1;
        digits[first] = b'0' + u8::try_from(rest % 10).expect("a digit");
        rest /= 10;
    }
    for _ in digits.len() - first..width {
        out.push('0');
    }
    out.push_str(std::str::from_utf8(&digits[first..]).expect("digits are ASCII"));
}

pub(crate) fn write_java_double(out: &mut String, digits: &str) {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
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
    fn datetimes_and_times_have_milliseconds() {
        assert_eq!(datetime_text(1_727_148_367_000, "+0000"), "2024-09-24T03:26:07.000+0000");
        assert_eq!(time_text(37_800_000), "10:30:00.000Z");
    }
}
