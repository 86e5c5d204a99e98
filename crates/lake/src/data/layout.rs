//! The columns of a table: `Id`, the Object's fields as text, then the bookkeeping columns.
//!
//! In the Delta schema new fields come last, after the bookkeeping columns, because columns there are
//! only appended; in a data file the order is always `Id`, fields, bookkeeping. Readers go by name.
//! Field names are compared ignoring ASCII case, as Salesforce does, and a column keeps its first spelling.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use holdfast_domain::schema::ObjectSchema;

use crate::delta::{Column, ColumnKind};

pub const ID: &str = "Id";
/// The table version that brought the row; kept through compaction.
pub const SEQ: &str = "_seq";
pub const RUN: &str = "_run";
pub const CAPTURED_AT: &str = "_captured_at";
pub const CHANGE: &str = "_change";
pub const MODSTAMP: &str = "_modstamp";
pub const HASH: &str = "_hash";
/// The describe in force; empty on a bare Tombstone, which captured no field at all.
pub const SCHEMA: &str = "_schema";

/// The field by which Salesforce marks a record in the recycle bin.
pub const IS_DELETED: &str = "IsDeleted";

/// The bookkeeping columns in file order.
pub const BOOKKEEPING: [(&str, ColumnKind); 7] = [
    (SEQ, ColumnKind::Long),
    (RUN, ColumnKind::Text),
    (CAPTURED_AT, ColumnKind::Timestamp),
    (CHANGE, ColumnKind::Text),
    (MODSTAMP, ColumnKind::Timestamp),
    (HASH, ColumnKind::Text),
    (SCHEMA, ColumnKind::Text),
];

/// True if and only if `name` is a column of ours and not a field of the Object.
pub fn is_bookkeeping(name: &str) -> bool {
    BOOKKEEPING.iter().any(|(column, _)| *column == name)
}

/// The text columns of one table, `Id` first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    fields: Vec<String>,
    by_lower_name: HashMap<String, usize>,
}

impl Default for Layout {
    fn default() -> Self {
        Self { fields: vec![ID.to_owned()], by_lower_name: HashMap::from([("id".to_owned(), 0)]) }
    }
}

impl Layout {
    /// Reads the text columns out of the columns of a Delta schema.
    pub fn of_columns(columns: &[Column]) -> Self {
        let mut layout = Self::default();
        for column in columns.iter().filter(|column| !is_bookkeeping(&column.name)) {
            layout.column_for(&column.name);
        }
        layout
    }

    /// The text columns, `Id` first.
    pub fn fields(&self) -> &[String] {
        &self.fields
    }

    /// The column that holds `field`, whatever the case of its letters.
    pub fn find(&self, field: &str) -> Option<&str> {
        let index = *self.by_lower_name.get(&field.to_ascii_lowercase())?;
        Some(&self.fields[index])
    }

    /// Adds what `schema` captures and this table lacks; true if and only if something was added.
    pub fn widen(&mut self, schema: &ObjectSchema) -> bool {
        let before = self.fields.len();
        for field in schema.captured_fields() {
            self.column_for(&field.name);
        }
        self.fields.len() > before
    }

    fn column_for(&mut self, field: &str) {
        let lower = field.to_ascii_lowercase();
        if !self.by_lower_name.contains_key(&lower) {
            self.by_lower_name.insert(lower, self.fields.len());
            self.fields.push(field.to_owned());
        }
    }

    /// The Delta columns after widening `existing` (none: a new table) to this layout.
    pub fn delta_columns(&self, existing: Option<&[Column]>) -> Vec<Column> {
        let text = |name: &String| Column { name: name.clone(), kind: ColumnKind::Text };
        let Some(existing) = existing else {
            let own = BOOKKEEPING.iter().map(|(name, kind)| Column { name: (*name).to_owned(), kind: *kind });
            return self.fields.iter().map(text).chain(own).collect();
        };
        let known = Self::of_columns(existing);
        let added = self.fields.iter().filter(|name| known.find(name).is_none()).map(text);
        existing.iter().cloned().chain(added).collect()
    }
}

/// The Arrow type in which a column is held.
pub(crate) fn arrow_type(name: &str) -> DataType {
    match BOOKKEEPING.iter().find(|(column, _)| *column == name) {
        Some((_, ColumnKind::Long)) => DataType::Int64,
        Some((_, ColumnKind::Timestamp)) => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Some((_, ColumnKind::Text)) | None => DataType::Utf8,
    }
}

/// A schema of these columns, in this order. Everything is nullable, as it is in the Delta schema.
pub(crate) fn arrow_schema<'a>(names: impl IntoIterator<Item = &'a str>) -> SchemaRef {
    let fields: Vec<_> = names.into_iter().map(|name| Field::new(name, arrow_type(name), true)).collect();
    Arc::new(Schema::new(fields))
}

/// The schema of a data file that holds these text columns.
pub(crate) fn file_schema<'a>(fields: impl IntoIterator<Item = &'a str>) -> SchemaRef {
    arrow_schema(fields.into_iter().chain(BOOKKEEPING.iter().map(|(name, _)| *name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(fields: &[&str]) -> ObjectSchema {
        let fields: Vec<_> =
            fields.iter().map(|name| serde_json::json!({"name": name, "type": "string"})).collect();
        serde_json::from_value(serde_json::json!({"name": "Account", "fields": fields})).unwrap()
    }

    #[test]
    fn a_respelled_field_keeps_its_column_and_a_new_one_is_appended() {
        let mut layout = Layout::default();
        assert!(layout.widen(&schema(&["Id", "Name", "Rating__c"])));
        let first = layout.delta_columns(None);

        assert!(!layout.widen(&schema(&["Id", "NAME", "rating__C"])));
        assert!(layout.widen(&schema(&["Id", "Phone"])));

        assert_eq!(layout.fields(), ["Id", "Name", "Rating__c", "Phone"]);
        let widened = layout.delta_columns(Some(&first));
        assert_eq!(widened[..first.len()], first);
        assert_eq!(widened.last().map(|column| column.name.as_str()), Some("Phone"));
        assert_eq!(Layout::of_columns(&widened), layout);
    }
}
