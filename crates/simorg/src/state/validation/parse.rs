//! Reading one JSON value as the type of its field.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Timelike};
use serde_json::Value as Json;

use crate::errors::ApiError;
use crate::model::value::java_double;
use crate::model::{FieldDef, FieldType, Value, ids};
use crate::state::blobs::Body;

/// The value of this field as JSON gives it.
pub(super) fn value(field: &FieldDef, json: &Json) -> Result<Value, ApiError> {
    use FieldType as T;
    if json.is_null() || json.as_str() == Some("") {
        return if field.kind == T::Boolean { Err(no_boolean(field)) } else { Ok(Value::Null) };
    }
    match field.kind {
        T::Boolean => match json {
            Json::Bool(value) => Ok(Value::Bool(*value)),
            Json::String(text) => match text.to_ascii_lowercase().as_str() {
                "true" | "1" => Ok(Value::Bool(true)),
                "false" | "0" => Ok(Value::Bool(false)),
                _ => Err(unreadable(field, json)),
            },
            _ => Err(unreadable(field, json)),
        },
        T::Int | T::Long => whole(field, json),
        T::Double | T::Currency | T::Percent => decimal(field, json),
        T::Date => {
            let text = text_of(field, json)?;
            let day = text.get(..10).unwrap_or(&text);
            let date = day.parse::<NaiveDate>().map_err(|_| unreadable(field, json))?;
            in_calendar(field, date).map(|()| Value::Date(date))
        }
        T::DateTime => datetime(field, json),
        T::Time => {
            let text = text_of(field, json)?;
            let time =
                text.trim_end_matches('Z').parse::<NaiveTime>().map_err(|_| unreadable(field, json))?;
            let ms =
                i64::from(time.num_seconds_from_midnight()) * 1000 + i64::from(time.nanosecond() / 1_000_000);
            Ok(Value::Time(ms))
        }
        T::Reference | T::Id => {
            let text = text_of(field, json)?;
            let malformed = || {
                let message = format!("{}: id value of incorrect type: {text}", field.label);
                ApiError::record("MALFORMED_ID", message, [field.name.clone()])
            };
            ids::canonical(&text).map(Value::Id).ok_or_else(malformed)
        }
        T::Address | T::Location | T::Base64 => Err(unreadable(field, json)),
        _ => text(field, &scalar_text(field, json)?),
    }
}

/// The body in a base64 field; `None` when it is null.
pub(super) fn base64(field: &FieldDef, json: &Json) -> Result<Option<Body>, ApiError> {
    match json {
        Json::Null => Ok(None),
        Json::String(text) => {
            let bytes = STANDARD.decode(text.as_bytes()).map_err(|_| {
                ApiError::record(
                    "INVALID_BASE64_CONTENT",
                    format!("{}: invalid base64 content", field.label),
                    [field.name.clone()],
                )
            })?;
            Ok(Some(Body::Bytes(bytes.into())))
        }
        _ => Err(unreadable(field, json)),
    }
}

/// Text is never empty and has no white space at its ends ("Primitive Data Types", Apex Developer Guide, on what fields hold).
fn text(field: &FieldDef, text: &str) -> Result<Value, ApiError> {
    let text = text.trim_matches(|letter| letter <= ' ');
    if text.is_empty() {
        return Ok(Value::Null);
    }
    let refused = |code: &str, message: String| Err(ApiError::record(code, message, [field.name.clone()]));
    let length = text.chars().count();
    if field.length > 0 && length > field.length as usize {
        let start: String = text.chars().take(40).collect();
        let shown = if length > 40 { format!("{start}...") } else { start };
        return refused(
            "STRING_TOO_LONG",
            format!("{}: data value too large: {shown} (max length={})", field.label, field.length),
        );
    }
    if field.kind == FieldType::Email && !is_email(text) {
        return refused("INVALID_EMAIL_ADDRESS", format!("{}: invalid email address: {text}", field.label));
    }
    let chosen = if field.kind == FieldType::MultiPicklist { several(field, text) } else { vec![text] };
    let is_known = |part: &&str| field.picklist_values.iter().any(|held| held.active && held.value == **part);
    if field.restricted_picklist
        && let Some(unknown) = chosen.iter().find(|part| !is_known(part))
    {
        let message = format!("{}: bad value for restricted picklist field: {unknown}", field.label);
        return refused("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message);
    }
    Ok(Value::text(chosen.join(";")))
}

/// The values of a multi-select picklist, each once, in the order of its definition; those it does not know come last.
fn several<'a>(field: &FieldDef, text: &'a str) -> Vec<&'a str> {
    let mut parts: Vec<&str> = Vec::new();
    for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    let place = |part: &&str| {
        field.picklist_values.iter().position(|held| held.value == **part).unwrap_or(usize::MAX)
    };
    parts.sort_by_key(place);
    parts
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    !local.is_empty()
        && domain.contains('.')
        && !domain.starts_with('.')
        && !domain.ends_with('.')
        && !text.contains(char::is_whitespace)
}

fn datetime(field: &FieldDef, json: &Json) -> Result<Value, ApiError> {
    let text = text_of(field, json)?;
    // `+0000` without a colon is Salesforce's own form; RFC 3339 wants the colon.
    let at = DateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S%.f%z")
        .or_else(|_| DateTime::parse_from_rfc3339(&text));
    match at {
        Ok(at) => {
            in_calendar(field, at.date_naive())?;
            Ok(Value::DateTime(at.timestamp() * 1000))
        }
        Err(_) => text
            .parse::<NaiveDate>()
            .ok()
            .and_then(|day| day.and_hms_opt(0, 0, 0))
            .map(|at| Value::DateTime(at.and_utc().timestamp() * 1000))
            .ok_or_else(|| unreadable(field, json)),
    }
}

fn decimal(field: &FieldDef, json: &Json) -> Result<Value, ApiError> {
    let text = number_text(field, json)?;
    let plain = plain_digits(&text).ok_or_else(|| unreadable(field, json))?;
    let rounded = round(&plain, field.scale as usize);
    let degrees = if field.name.ends_with("Latitude") || field.name.ends_with("Latitude__s") {
        90.0
    } else if field.name.ends_with("Longitude") || field.name.ends_with("Longitude__s") {
        180.0
    } else {
        f64::INFINITY
    };
    if rounded.parse::<f64>().is_ok_and(|value| value.abs() > degrees) {
        return Err(out_of_range(field, &plain));
    }
    let whole = rounded.trim_start_matches('-').split('.').next().unwrap_or("").trim_start_matches('0').len();
    if field.precision > 0 && whole > (field.precision - field.scale.min(field.precision)) as usize {
        return Err(out_of_range(field, &plain));
    }
    Ok(Value::Number(canonical(rounded)))
}

/// The same digits however they were written: no zeros at the end of a fraction, no sign before zero.
fn canonical(digits: String) -> String {
    let Some((whole, fraction)) = digits.split_once('.') else {
        return if digits == "-0" { "0".to_owned() } else { digits };
    };
    match fraction.trim_end_matches('0') {
        "" if whole == "-0" => "0".to_owned(),
        "" => whole.to_owned(),
        kept => format!("{whole}.{kept}"),
    }
}

fn whole(field: &FieldDef, json: &Json) -> Result<Value, ApiError> {
    let text = number_text(field, json)?;
    let whole = text.split_once('.').map_or(text.as_str(), |(whole, fraction)| {
        if fraction.bytes().all(|digit| digit == b'0') { whole } else { text.as_str() }
    });
    let number: i64 = whole.parse().map_err(|_| unreadable(field, json))?;
    let digits = number.unsigned_abs().checked_ilog10().map_or(1, |digits| digits + 1);
    if field.digits > 0 && digits > field.digits {
        return Err(out_of_range(field, whole));
    }
    Ok(Value::Int(number))
}

fn out_of_range(field: &FieldDef, digits: &str) -> ApiError {
    let shown = java_double(digits);
    let message = format!("{}: value outside of valid range on numeric field: {shown}", field.label);
    ApiError::record("NUMBER_OUTSIDE_VALID_RANGE", message, [field.name.clone()])
}

fn no_boolean(field: &FieldDef) -> ApiError {
    let message = format!("{}: value not of required type: ", field.label);
    ApiError::record("INVALID_TYPE_ON_FIELD_IN_RECORD", message, [field.name.clone()])
}

/// Dates reach from 1700 to 4000 (Salesforce: "Valid Date Formats and Date Literals").
fn in_calendar(field: &FieldDef, date: NaiveDate) -> Result<(), ApiError> {
    if (1700..=4000).contains(&date.year()) {
        return Ok(());
    }
    let shown = date.format("%a %b %d 00:00:00 GMT %Y");
    let message = format!("{}: invalid date: {shown}", field.label);
    Err(ApiError::record("NUMBER_OUTSIDE_VALID_RANGE", message, [field.name.clone()]))
}

/// Digits without exponent, kept exactly.
fn plain_digits(text: &str) -> Option<String> {
    let (sign, unsigned) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) || exponent.abs() > 400 {
        return None;
    }
    let point = i32::try_from(whole.len()).ok()? + exponent;
    let point_at = usize::try_from(point.max(0)).ok()?;
    let zeros = usize::try_from((-point).max(0)).ok()?;
    let padded = format!("{}{digits}", "0".repeat(zeros));
    let padded = if padded.len() < point_at { format!("{padded:0<point_at$}") } else { padded };
    let (before, after) = padded.split_at(point_at);
    let before = before.trim_start_matches('0');
    let before = if before.is_empty() { "0" } else { before };
    Some(if after.is_empty() { format!("{sign}{before}") } else { format!("{sign}{before}.{after}") })
}

/// Half up to this many decimals.
fn round(digits: &str, scale: usize) -> String {
    let Some((whole, fraction)) = digits.split_once('.') else { return digits.to_owned() };
    if fraction.len() <= scale {
        return digits.to_owned();
    }
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |rest| ("-", rest));
    let up = fraction.as_bytes()[scale] >= b'5';
    let mut kept: Vec<u8> = whole.bytes().chain(fraction.bytes().take(scale)).collect();
    if up {
        for at in (0..kept.len()).rev() {
            if kept[at] == b'9' {
                kept[at] = b'0';
                if at == 0 {
                    kept.insert(0, b'1');
                    break;
                }
            } else {
                kept[at] += 1;
                break;
            }
        }
    }
    let text: String = kept.into_iter().map(char::from).collect();
    let (before, after) = text.split_at(text.len() - scale);
    if after.is_empty() { format!("{sign}{before}") } else { format!("{sign}{before}.{after}") }
}

fn number_text(field: &FieldDef, json: &Json) -> Result<String, ApiError> {
    match json {
        Json::Number(number) => Ok(number.to_string()),
        Json::String(text) if text.trim().parse::<f64>().is_ok_and(f64::is_finite) => {
            Ok(text.trim().trim_start_matches('+').to_owned())
        }
        _ => Err(unreadable(field, json)),
    }
}

fn text_of(field: &FieldDef, json: &Json) -> Result<String, ApiError> {
    json.as_str().map(str::to_owned).ok_or_else(|| unreadable(field, json))
}

fn scalar_text<'a>(field: &FieldDef, json: &'a Json) -> Result<Cow<'a, str>, ApiError> {
    match json {
        Json::String(text) => Ok(Cow::Borrowed(text)),
        Json::Number(number) => Ok(Cow::Owned(number.to_string())),
        Json::Bool(value) => Ok(Cow::Owned(value.to_string())),
        _ => Err(unreadable(field, json)),
    }
}

fn unreadable(field: &FieldDef, json: &Json) -> ApiError {
    let (kind, shown) = match json {
        Json::String(text) => ("VALUE_STRING", text.clone()),
        Json::Number(number) => ("VALUE_NUMBER_FLOAT", number.to_string()),
        Json::Bool(true) => ("VALUE_TRUE", "true".to_owned()),
        Json::Bool(false) => ("VALUE_FALSE", "false".to_owned()),
        Json::Object(_) => ("START_OBJECT", "{".to_owned()),
        Json::Array(_) => ("START_ARRAY", "[".to_owned()),
        Json::Null => ("VALUE_NULL", "null".to_owned()),
    };
    let wanted = field.soap_type.rsplit(':').next().unwrap_or("string");
    ApiError::json_parser(format!(
        "Cannot deserialize instance of {wanted} from {kind} value {shown} or request may be missing a required field at [line:1, column:1]"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits_and_round_half_up() {
        for (text, plain) in [
            ("1.5E3", "1500"),
            ("12e-3", "0.012"),
            ("-0.5", "-0.5"),
            ("123456789012345678", "123456789012345678"),
            ("1e2", "100"),
        ] {
            assert_eq!(plain_digits(text).as_deref(), Some(plain), "{text}");
        }
        assert_eq!(plain_digits("abc"), None);
        assert_eq!(round("9.995", 2), "10.00");
        assert_eq!(round("-1.234", 2), "-1.23");
        assert_eq!(round("0.5", 0), "1");
    }
}
