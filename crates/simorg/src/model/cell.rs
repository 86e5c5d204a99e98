//! One cell on its way out: what a value is, without the text of it being held anywhere but in the writer's buffer.

use chrono::NaiveDate;

use super::field::FieldType;
use super::ids;
use super::value::Value;

/// A value whose text, if it has one, was added to a buffer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cell<'a> {
    Null,
    /// Held somewhere as a whole; nothing was added to the buffer.
    Held(&'a Value),
    Bool(bool),
    Int(i64),
    /// The digits are in the buffer.
    Number,
    /// The text is in the buffer; none there means null.
    Text,
    /// The id of this prefix and counter.
    Id(&'a str, u64),
    Date(NaiveDate),
    DateTime(i64),
    Time(i64),
    Blob,
}

impl Cell<'_> {
    /// The value, with what was added to the buffer for it.
    pub(crate) fn into_value(self, text: String) -> Value {
        match self {
            Cell::Null => Value::Null,
            Cell::Held(value) => value.clone(),
            Cell::Bool(held) => Value::Bool(held),
            Cell::Int(held) => Value::Int(held),
            Cell::Number => Value::Number(text),
            Cell::Text => Value::text(text),
            Cell::Id(prefix, counter) => Value::Id(ids::record_id(prefix, counter)),
            Cell::Date(date) => Value::Date(date),
            Cell::DateTime(ms) => Value::DateTime(ms),
            Cell::Time(ms) => Value::Time(ms),
            Cell::Blob => Value::Blob,
        }
    }

    /// Whether a field of this type shows the value as it is.
    pub(crate) fn fits(&self, kind: FieldType) -> bool {
        match self {
            Cell::Null | Cell::Held(Value::Null) => kind != FieldType::Boolean,
            _ if kind == FieldType::AnyType => true,
            Cell::Bool(_) | Cell::Held(Value::Bool(_)) => kind == FieldType::Boolean,
            Cell::Int(_) | Cell::Held(Value::Int(_)) => matches!(kind, FieldType::Int | FieldType::Long),
            Cell::Number | Cell::Held(Value::Number(_)) => kind.is_decimal(),
            Cell::Text | Cell::Held(Value::Text(_)) => kind.is_text(),
            Cell::Id(..) | Cell::Held(Value::Id(_)) => matches!(kind, FieldType::Id | FieldType::Reference),
            Cell::Date(_) | Cell::Held(Value::Date(_)) => kind == FieldType::Date,
            Cell::DateTime(_) | Cell::Held(Value::DateTime(_)) => kind == FieldType::DateTime,
            Cell::Time(_) | Cell::Held(Value::Time(_)) => kind == FieldType::Time,
            Cell::Blob | Cell::Held(Value::Blob) => kind == FieldType::Base64,
            Cell::Held(Value::Compound(_)) => kind.is_compound(),
        }
    }
}
