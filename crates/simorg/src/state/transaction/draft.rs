//! A record about to be saved: what is given, over what is there.

use serde_json::{Map, Value as Json};

use crate::model::{FieldDef, ObjectDef, Value};
use crate::state::row::Row;

/// The values given for a record, and the row that they are to change, if there is one.
pub(crate) struct Draft<'a> {
    pub(crate) def: &'a ObjectDef,
    pub(crate) row: Option<&'a Row>,
    pub(crate) values: &'a mut Vec<(usize, Value)>,
}

impl Draft<'_> {
    /// The value that the record will have.
    pub(crate) fn value(&self, name: &str) -> Value {
        self.def.field(name).map_or(Value::Null, |field| self.value_in(field))
    }

    pub(crate) fn value_in(&self, field: &FieldDef) -> Value {
        match self.given_in(field) {
            Some(value) => value.clone(),
            None => self.row.map_or(Value::Null, |row| row.value(field)),
        }
    }

    /// The value that the request gives.
    pub(crate) fn given(&self, name: &str) -> Option<&Value> {
        self.def.field(name).and_then(|field| self.given_in(field))
    }

    pub(crate) fn given_in(&self, field: &FieldDef) -> Option<&Value> {
        self.values.iter().rev().find(|(slot, _)| *slot == field.slot).map(|(_, value)| value)
    }

    /// Whether the record gets another value than it has.
    pub(crate) fn changes(&self, name: &str) -> bool {
        let before = self.row.map_or(Value::Null, |row| row.value_of(name));
        self.given(name).is_some_and(|value| *value != before)
    }

    pub(crate) fn is_new(&self) -> bool {
        self.row.is_none()
    }

    pub(crate) fn set(&mut self, field: &FieldDef, value: Value) {
        self.values.retain(|(slot, _)| *slot != field.slot);
        self.values.push((field.slot, value));
    }

    /// Whether the record will hold all these values.
    pub(crate) fn holds(&self, wanted: &Map<String, Json>) -> bool {
        wanted.iter().all(|(name, json)| self.value(name).to_plain_text() == plain(json))
    }
}

/// A JSON value as `Value::to_plain_text` shows it.
pub(super) fn plain(json: &Json) -> String {
    match json {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}
