//! One canonical text per Salesforce value, whichever API it came through.
//!
//! REST says `1.44120928E7` where Bulk says `14412092.8`, `…+0000` where Bulk says `…Z`. What is
//! stored is one form: plain decimals without needless zeros, datetimes in UTC with milliseconds and
//! `Z`. A value that cannot be read as its type stays exactly as it came.

use std::borrow::Cow;

use crate::schema::FieldKind;

/// The canonical text of `raw`, which is a CSV cell or the content of a JSON scalar.
pub fn canonical<'a>(kind: &FieldKind, raw: &'a str) -> Cow<'a, str> {
    let changed = match kind {
        FieldKind::Int | FieldKind::Long | FieldKind::Double | FieldKind::Currency | FieldKind::Percent => {
            number(raw)
        }
        FieldKind::DateTime => datetime(raw),
        FieldKind::Boolean => boolean(raw),
        _ => None,
    };
    changed.map_or(Cow::Borrowed(raw), Cow::Owned)
}

/// True if and only if [`canonical`] never changes a value of this kind, so that whole columns pass unread.
pub fn is_always_canonical(kind: &FieldKind) -> bool {
    !(kind.is_number() || matches!(kind, FieldKind::DateTime | FieldKind::Boolean))
}

fn boolean(raw: &str) -> Option<String> {
    let lower = raw.to_ascii_lowercase();
    (lower != raw && matches!(lower.as_str(), "true" | "false")).then_some(lower)
}

/// Exact decimal arithmetic on the digits: an 18-digit number must not pass through a float.
fn number(raw: &str) -> Option<String> {
    let is_plain_integer = raw.strip_prefix('-').unwrap_or(raw).bytes().all(|b| b.is_ascii_digit())
        && !raw.trim_start_matches('-').starts_with('0');
    if is_plain_integer {
        return None;
    }
    let (negative, unsigned) = match raw.as_bytes().first()? {
        b'-' => (true, &raw[1..]),
        b'+' => (false, &raw[1..]),
        _ => (false, raw),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: String = [whole, fraction].concat();
    if digits.is_empty() || exponent.abs() > 400 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let point = i32::try_from(whole.len()).ok()? + exponent;
    let canonical = decimal(negative, &digits, point);
    (canonical != raw).then_some(canonical)
}

/// Writes `digits` with the decimal point before index `point`, which may lie outside the digits.
fn decimal(negative: bool, digits: &str, point: i32) -> String {
    let length = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let (whole, fraction) = if point <= 0 {
        (String::new(), "0".repeat(point.unsigned_abs() as usize) + digits)
    } else if point >= length {
        (digits.to_owned() + &"0".repeat((point - length).unsigned_abs() as usize), String::new())
    } else {
        let (whole, fraction) = digits.split_at(point.unsigned_abs() as usize);
        (whole.to_owned(), fraction.to_owned())
    };
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let is_zero = whole == "0" && fraction.is_empty();
    let sign = if negative && !is_zero { "-" } else { "" };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

fn datetime(raw: &str) -> Option<String> {
    if is_canonical_datetime(raw.as_bytes()) {
        return None;
    }
    let parsed = chrono::DateTime::parse_from_str(raw, "%Y-%m-%dT%H:%M:%S%.f%z").ok()?;
    let utc = parsed.with_timezone(&chrono::Utc);
    Some(utc.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

/// `2024-09-24T03:26:07.000Z`, told from the other forms by its shape alone.
fn is_canonical_datetime(raw: &[u8]) -> bool {
    raw.len() == 24 && raw[19] == b'.' && raw[23] == b'Z'
}

/// Microseconds since 1970 UTC of a canonical datetime, or of a date (its midnight).
pub fn timestamp_us(canonical: &str) -> Option<i64> {
    if let Ok(time) = chrono::DateTime::parse_from_rfc3339(canonical) {
        return Some(time.timestamp_micros());
    }
    let date: chrono::NaiveDate = canonical.parse().ok()?;
    Some(date.and_hms_opt(0, 0, 0)?.and_utc().timestamp_micros())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_have_one_form() {
        for (raw, expected) in [
            ("5", "5"),
            ("5.0", "5"),
            ("0.0", "0"),
            ("-0.0", "0"),
            ("100.50", "100.5"),
            ("1.44120928E7", "14412092.8"),
            ("9.9213206E7", "99213206"),
            ("1E-3", "0.001"),
            ("1.5E-7", "0.00000015"),
            ("123456789012345678", "123456789012345678"),
            ("007", "7"),
            (".5", "0.5"),
            ("NaN", "NaN"),
            ("Infinity", "Infinity"),
            ("1,5", "1,5"),
            ("", ""),
            ("-", "-"),
            ("1E999999999999", "1E999999999999"),
        ] {
            assert_eq!(canonical(&FieldKind::Double, raw), expected, "{raw}");
        }
    }

    #[test]
    fn datetimes_have_one_form_and_odd_ones_stay() {
        for (raw, expected) in [
            ("2024-09-24T03:26:07.000+0000", "2024-09-24T03:26:07.000Z"),
            ("2024-09-24T03:26:07.000Z", "2024-09-24T03:26:07.000Z"),
            ("2024-09-24T05:26:07+02:00", "2024-09-24T03:26:07.000Z"),
            ("12024-09-24", "12024-09-24"),
        ] {
            assert_eq!(canonical(&FieldKind::DateTime, raw), expected, "{raw}");
        }
        assert_eq!(timestamp_us("1970-01-01T00:00:01.000Z"), Some(1_000_000));
        assert_eq!(timestamp_us("1970-01-02"), Some(86_400_000_000));
    }

    #[test]
    fn text_that_looks_like_something_else_stays_text() {
        for raw in ["NA", "null", "#N/A", "1.0E7", "TRUE"] {
            assert_eq!(canonical(&FieldKind::String, raw), raw);
        }
        assert_eq!(canonical(&FieldKind::Boolean, "TRUE"), "true");
    }

    proptest! {
        #[test]
        fn a_canonical_number_stays_as_it_is(mantissa in -999_999_999i64..999_999_999, exponent in -30i32..30) {
            let raw = format!("{mantissa}E{exponent}");
            let once = canonical(&FieldKind::Double, &raw).into_owned();
            prop_assert_eq!(canonical(&FieldKind::Double, &once).into_owned(), once.clone());
        }

        #[test]
        fn no_text_breaks_the_reader(raw in ".*") {
            for kind in [FieldKind::Double, FieldKind::DateTime, FieldKind::Boolean] {
                let _ = canonical(&kind, &raw);
            }
        }
    }
}
