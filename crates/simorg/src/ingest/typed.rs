//! Whether a value of an upload is of its field's type, which Bulk asks of each row, in its own words.
//!
//! REST refuses such a value while it reads the request (`JSON_PARSER_ERROR`). Bulk refuses the row, takes more spellings of
//! a checkbox, and neither `250.0` for a whole number nor a day for a time.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, NaiveTime};
use serde_json::Value as Json;

use crate::errors::ApiError;
use crate::model::{FieldDef, FieldType};

/// A value that is not empty, in a form that every API reads.
pub(super) fn text<'a>(
    name: &str,
    label: &str,
    kind: FieldType,
    value: &'a str,
) -> Result<Cow<'a, str>, ApiError> {
    let trimmed = value.trim();
    let is_readable = match kind {
        FieldType::Boolean => return boolean(value).ok_or_else(|| refused(name, label, value)),
        FieldType::Int | FieldType::Long => trimmed.parse::<i64>().is_ok(),
        FieldType::Double | FieldType::Currency | FieldType::Percent => {
            trimmed.parse::<f64>().is_ok_and(f64::is_finite)
        }
        FieldType::Date => value.get(..10).unwrap_or(value).parse::<NaiveDate>().is_ok(),
        FieldType::DateTime => {
            DateTime::parse_from_str(value, "%Y-%m-%dT%H:%M:%S%.f%z").is_ok()
                || value.contains('T') && DateTime::parse_from_rfc3339(value).is_ok()
        }
        FieldType::Time => value.trim_end_matches('Z').parse::<NaiveTime>().is_ok(),
        _ => true,
    };
    if is_readable { Ok(Cow::Borrowed(value)) } else { Err(refused(name, label, value)) }
}

/// The same for a value of JSON or XML, where null empties a field and an empty text leaves it alone.
pub(crate) fn json(field: &FieldDef, value: Json) -> Result<Json, ApiError> {
    let shown = match &value {
        Json::Bool(_) | Json::Number(_) => value.to_string(),
        Json::String(text) if !text.is_empty() => text.clone(),
        _ => return Ok(value),
    };
    let read = text(&field.name, &field.label, field.kind, &shown)?;
    Ok(if value.is_string() { Json::String(read.into_owned()) } else { value })
}

fn boolean(value: &str) -> Option<Cow<'_, str>> {
    match value.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "y" | "t" => Some(Cow::Borrowed("true")),
        "false" | "0" | "no" | "n" | "f" => Some(Cow::Borrowed("false")),
        _ => None,
    }
}

fn refused(name: &str, label: &str, value: &str) -> ApiError {
    let message = format!("{label}: value not of required type: {value}");
    ApiError::record("INVALID_TYPE_ON_FIELD_IN_RECORD", message, [name])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_of_their_type_or_refused_with_their_label() {
        use FieldType as T;
        for (kind, good, bad) in [
            (T::Boolean, "Yes", "maybe"),
            (T::Int, "250", "250.0"),
            (T::Currency, "1.5E3", "1,500"),
            (T::Double, "-0.5", "NaN"),
            (T::Date, "2024-02-29", "2023-02-29"),
            (T::DateTime, "2024-01-01T00:00:00.000+0000", "2024-01-01"),
            (T::Time, "07:00:00.000Z", "seven"),
            (T::String, "anything", ""),
        ] {
            assert!(text("F__c", "F", kind, good).is_ok(), "{good}");
            if !bad.is_empty() {
                let error = text("F__c", "F", kind, bad).unwrap_err();
                assert_eq!(error.code, "INVALID_TYPE_ON_FIELD_IN_RECORD");
                assert_eq!(error.message, format!("F: value not of required type: {bad}"));
            }
        }
    }
}
