//! One value while a formula is evaluated.

use std::cmp::Ordering;

use chrono::NaiveDate;
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

use crate::model::value::time_text;
use crate::model::{FieldDef, FieldType, Value};

use super::EvaluationError;

/// A value. Empty text is `Blank`, as it is in a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Datum {
    Blank,
    Number(Decimal),
    Text(String),
    Bool(bool),
    Date(NaiveDate),
    /// Milliseconds since 1970 UTC.
    DateTime(i64),
    /// Milliseconds since midnight.
    Time(i64),
}

/// The number of a field's value; `None` for anything else.
pub(crate) fn decimal_of(value: &Value) -> Option<Decimal> {
    match value {
        Value::Int(number) => Some(Decimal::from(*number)),
        Value::Number(digits) => digits.parse().ok(),
        _ => None,
    }
}

impl Datum {
    pub(super) fn text(text: String) -> Datum {
        if text.is_empty() { Datum::Blank } else { Datum::Text(text) }
    }

    /// What a field holds. Formulas see ids with 15 characters (Salesforce: "CASESAFEID").
    pub(super) fn of(value: Value) -> Datum {
        match value {
            Value::Null | Value::Blob | Value::Compound(_) => Datum::Blank,
            Value::Bool(value) => Datum::Bool(value),
            Value::Int(_) | Value::Number(_) => decimal_of(&value).map_or(Datum::Blank, Datum::Number),
            Value::Text(text) => Datum::text(text),
            Value::Id(mut id) => {
                id.truncate(15);
                Datum::Text(id)
            }
            Value::Date(date) => Datum::Date(date),
            Value::DateTime(ms) => Datum::DateTime(ms),
            Value::Time(ms) => Datum::Time(ms),
        }
    }

    pub(super) fn is_blank(&self) -> bool {
        matches!(self, Datum::Blank)
    }

    /// What `TEXT()` makes of it.
    pub(super) fn shown(&self) -> String {
        match self {
            Datum::Blank => String::new(),
            Datum::Number(number) => plain(*number),
            Datum::Text(text) => text.clone(),
            Datum::Bool(value) => value.to_string(),
            Datum::Date(date) => date.format("%Y-%m-%d").to_string(),
            Datum::DateTime(ms) => chrono::DateTime::from_timestamp_millis(*ms)
                .map_or_else(String::new, |at| at.format("%Y-%m-%d %H:%M:%SZ").to_string()),
            Datum::Time(ms) => time_text(*ms).trim_end_matches('Z').to_owned(),
        }
    }

    /// The order of two values of one type; `None` when one is blank. Text goes by its characters, capitals first.
    pub(super) fn order(&self, other: &Datum) -> Option<Ordering> {
        match (self, other) {
            (Datum::Number(a), Datum::Number(b)) => Some(a.cmp(b)),
            (Datum::Text(a), Datum::Text(b)) => Some(a.cmp(b)),
            (Datum::Bool(a), Datum::Bool(b)) => Some(a.cmp(b)),
            (Datum::Date(a), Datum::Date(b)) => Some(a.cmp(b)),
            (Datum::DateTime(a), Datum::DateTime(b)) | (Datum::Time(a), Datum::Time(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }

    /// The value as the field holds it.
    pub(super) fn into_value(self, field: &FieldDef) -> Result<Value, EvaluationError> {
        use FieldType as T;
        let unfit = || EvaluationError(format!("{} cannot hold the result", field.name));
        Ok(match (field.kind, self) {
            (T::Boolean, Datum::Blank) => Value::Bool(false),
            (T::Boolean, Datum::Bool(value)) => Value::Bool(value),
            (_, Datum::Blank) => Value::Null,
            (T::Int | T::Long, Datum::Number(number)) => {
                Value::Int(rounded(number, 0).to_i64().ok_or_else(unfit)?)
            }
            (T::Percent, Datum::Number(number)) => {
                let hundredths = number.checked_mul(Decimal::ONE_HUNDRED).ok_or_else(too_big)?;
                Value::Number(fixed(hundredths, field.scale)?)
            }
            (T::Double | T::Currency, Datum::Number(number)) => Value::Number(fixed(number, field.scale)?),
            (T::Date, Datum::Date(date)) => Value::Date(date),
            (T::DateTime, Datum::DateTime(ms)) => Value::DateTime(ms - ms.rem_euclid(1000)),
            (T::Time, Datum::Time(ms)) => Value::Time(ms),
            (kind, Datum::Text(text)) if kind.is_text() => Value::Text(text),
            _ => return Err(unfit()),
        })
    }
}

pub(super) fn too_big() -> EvaluationError {
    EvaluationError("#Too Big!".to_owned())
}

/// Half up, away from zero.
pub(super) fn rounded(number: Decimal, scale: u32) -> Decimal {
    number.round_dp_with_strategy(scale, RoundingStrategy::MidpointAwayFromZero)
}

/// Digits without needless zeros.
pub(super) fn plain(number: Decimal) -> String {
    let normal = number.normalize();
    if normal.is_zero() { "0".to_owned() } else { normal.to_string() }
}

/// A number of at most 18 digits, this many of them after the point.
fn fixed(number: Decimal, scale: u32) -> Result<String, EvaluationError> {
    let mut number = rounded(number, scale);
    let whole = number.trunc().abs().to_string();
    if whole.len() > 18_usize.saturating_sub(scale as usize).max(1) {
        return Err(too_big());
    }
    number.rescale(scale);
    Ok(number.to_string())
}
