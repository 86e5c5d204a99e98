//! What a new row holds where nothing was given.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::formula::Subject;
use crate::model::{FieldDef, FieldSource, FieldType, ObjectDef, RollUpKind, Value};
use crate::state::Row;
use crate::state::table::StoredRow;

use super::Transaction;

impl Transaction<'_> {
    /// Fills what is null. A null that was `given` goes before a default that could be left out.
    pub(super) fn fill_defaults(&mut self, def: &ObjectDef, row: &mut StoredRow, given: &BTreeSet<usize>) {
        for field in def.defaulted() {
            if row.is_filled(field.slot) {
                continue;
            }
            let value = match &field.source {
                FieldSource::AutoNumber(format) => {
                    Value::Text(self.next_number(&def.name, &field.name, format))
                }
                FieldSource::RollUp(sum) if matches!(sum.kind, RollUpKind::Count | RollUpKind::Sum) => {
                    Value::Number("0".to_owned())
                }
                FieldSource::Stored if field.name == "OwnerId" => Value::Id(self.user.id.clone()),
                FieldSource::Stored if field.name == "RecordTypeId" && !given.contains(&field.slot) => {
                    self.default_record_type(&def.name)
                }
                FieldSource::Stored if field.kind == FieldType::Boolean || !given.contains(&field.slot) => {
                    self.default_of(def, field)
                }
                _ => Value::Null,
            };
            row.set(field.slot, &value);
        }
    }

    /// The record type that the describe calls the default: the first active one.
    fn default_record_type(&self, object: &str) -> Value {
        let Some(table) = self.work.table("RecordType") else { return Value::Null };
        table
            .rows()
            .map(|(counter, found)| Row::new(self.work.clone(), table.clone(), counter, found))
            .find(|row| {
                !row.is_deleted()
                    && row.value_of("IsActive") == Value::Bool(true)
                    && row.value_of("SobjectType").as_str() == Some(object)
            })
            .map_or(Value::Null, |row| Value::Id(row.id().to_owned()))
    }

    fn default_of(&self, def: &ObjectDef, field: &FieldDef) -> Value {
        if let Some(text) = &field.default_value_formula {
            let value = self.computed_default(def, field, text);
            if !value.is_null() {
                return value;
            }
        }
        match &field.default_value {
            Json::Bool(value) => Value::Bool(*value),
            Json::String(text) if field.kind.is_text() => Value::Text(text.clone()),
            Json::Number(number) if field.kind.is_decimal() => Value::Number(number.to_string()),
            Json::Number(number) if matches!(field.kind, FieldType::Int | FieldType::Long) => {
                number.as_i64().map_or(Value::Null, Value::Int)
            }
            Json::Null => field
                .picklist_values
                .iter()
                .find(|choice| choice.default_value && choice.active)
                .map_or(Value::Null, |choice| Value::Text(choice.value.clone())),
            _ => Value::Null,
        }
    }

    fn computed_default(&self, def: &ObjectDef, field: &FieldDef, text: &str) -> Value {
        let subject = Subject { user: Some(&self.user.id), ..Subject::new(&self.work) };
        let table = self.work.table(&def.name).expect("objects are removed by schema changes only");
        let formula = table.formulas.of_default(def, field, text, &self.work);
        let value = formula.and_then(|read| read.as_ref().ok()?.value_for(field, &subject).ok());
        value.unwrap_or(Value::Null)
    }
}
