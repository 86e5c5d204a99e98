//! Values as `FORMAT(…)` shows them to a user of the locale `en_US` in an org with US dollars, the locale of all users here.

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};

use crate::model::{FieldType, Value};

/// The text of a value; null stays null.
pub(crate) fn localized(value: &Value, kind: FieldType) -> Value {
    let text = match value {
        Value::Null => return Value::Null,
        Value::Int(number) => grouped(&number.to_string()),
        Value::Number(digits) if kind == FieldType::Currency => money(digits),
        Value::Number(digits) if kind == FieldType::Percent => format!("{}%", grouped(digits)),
        Value::Number(digits) => grouped(digits),
        Value::Date(date) => day(*date),
        Value::DateTime(ms) => {
            let at = DateTime::<Utc>::from_timestamp_millis(*ms).unwrap_or_default();
            format!("{} {}", day(at.date_naive()), clock(at.hour(), at.minute()))
        }
        Value::Time(ms) => {
            let minutes = u32::try_from(ms / 60_000).unwrap_or(0);
            clock(minutes / 60, minutes % 60)
        }
        other => other.to_plain_text(),
    };
    Value::text(text)
}

fn day(date: NaiveDate) -> String {
    format!("{}/{}/{}", date.month(), date.day(), date.year())
}

fn clock(hour: u32, minute: u32) -> String {
    let half = if hour < 12 { "AM" } else { "PM" };
    format!("{}:{minute:02} {half}", (hour + 11) % 12 + 1)
}

/// Two decimals, rounded half up.
fn money(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let thousandths: String = fraction.chars().chain("000".chars()).take(3).collect();
    let thousandths: u128 = thousandths.parse().unwrap_or(0);
    let cents = whole.parse::<u128>().unwrap_or(0) * 100 + (thousandths + 5) / 10;
    format!("{sign}${}.{:02}", grouped(&(cents / 100).to_string()), cents % 100)
}

/// Thousands parted by commas, no needless zeros at the end.
fn grouped(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in whole.char_indices() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{shown}{point}{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_are_shown_as_in_the_united_states() {
        let number = |digits: &str| Value::Number(digits.to_owned());
        let cases = [
            (Value::Int(1_234_567), FieldType::Int, "1,234,567"),
            (number("-1000.50"), FieldType::Double, "-1,000.5"),
            (number("1000.5"), FieldType::Currency, "$1,000.50"),
            (number("0.999"), FieldType::Currency, "$1.00"),
            (number("12.5"), FieldType::Percent, "12.5%"),
            (Value::DateTime(1_727_148_367_000), FieldType::DateTime, "9/24/2024 3:26 AM"),
            (Value::Time(37_800_000), FieldType::Time, "10:30 AM"),
            (Value::Time(0), FieldType::Time, "12:00 AM"),
        ];
        for (value, kind, shown) in cases {
            assert_eq!(localized(&value, kind), Value::Text(shown.to_owned()));
        }
        assert_eq!(localized(&Value::Null, FieldType::Date), Value::Null);
    }
}
