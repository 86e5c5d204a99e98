//! The few formulas that simorg computes: parts joined by `&`, each a quoted text, a field or `Parent.Field`;
//! `A * n` on numbers; `A > n` as a checkbox; `DATEVALUE(A)`.
//!
//! A formula is computed when read, so it never moves a stamp.

use crate::model::Value;

use super::row::Row;

/// The value of the formula for this row; null if a number is missing.
pub fn evaluate(formula: &str, row: &Row) -> Value {
    if let Some((left, right)) = formula.split_once(" * ") {
        return product(&operand(left, row), &operand(right, row));
    }
    if let Some((left, right)) = formula.split_once(" > ") {
        let (left, right) = (operand(left, row).as_f64(), operand(right, row).as_f64());
        return Value::Bool(left.unwrap_or(0.0) > right.unwrap_or(0.0));
    }
    if let Some(inner) = formula.strip_prefix("DATEVALUE(").and_then(|rest| rest.strip_suffix(')')) {
        return operand(inner, row)
            .as_ms()
            .and_then(chrono::DateTime::from_timestamp_millis)
            .map_or(Value::Null, |at| Value::Date(at.date_naive()));
    }
    let parts: Vec<String> = formula.split(" & ").map(|part| operand(part, row).to_plain_text()).collect();
    Value::text(parts.concat())
}

fn operand(text: &str, row: &Row) -> Value {
    let text = text.trim();
    if let Some(quoted) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        return Value::Text(quoted.to_owned());
    }
    if text.parse::<f64>().is_ok() {
        return Value::Number(text.to_owned());
    }
    match text.split_once('.') {
        None => row.value_of(text),
        Some((parent, field)) => row
            .reference_named(parent)
            .and_then(|reference| row.referenced(&reference))
            .map_or(Value::Null, |target| target.value_of(field)),
    }
}

fn product(left: &Value, right: &Value) -> Value {
    match (left.as_f64(), right.as_f64()) {
        (Some(left), Some(right)) => Value::Number(format!("{:.2}", left * right)),
        _ => Value::Null,
    }
}
