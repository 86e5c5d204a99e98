//! Rows by the value of one field: what unique fields, external ids and upsert ask.

use std::sync::Arc;

use crate::model::{FieldDef, ObjectDef, Value, ids};

use super::row::Row;
use super::table::Table;
use super::view::Snapshot;

/// The live rows that hold this value, in the order of their ids, whoever may see them.
///
/// Texts are compared without regard to case unless the field says otherwise. Without an index all rows are looked at.
pub fn rows_with(snapshot: &Arc<Snapshot>, def: &ObjectDef, field: &FieldDef, wanted: &Value) -> Vec<Row> {
    let Some(table) = snapshot.table(&def.name) else { return Vec::new() };
    let wanted_text = wanted.to_plain_text();
    let holds = |row: &Row| {
        let held = row.value(field).to_plain_text();
        if field.case_sensitive { held == wanted_text } else { held.eq_ignore_ascii_case(&wanted_text) }
    };
    let row_at = |counter: u64| Snapshot::find(snapshot, &ids::record_id(&table.def.id_prefix, counter));
    let counters: Box<dyn Iterator<Item = u64>> = match candidates(table, field, wanted) {
        Some(counters) => Box::new(counters.into_iter()),
        None => Box::new(table.rows().map(|(counter, _)| counter)),
    };
    counters.filter_map(row_at).filter(|row| !row.is_deleted() && holds(row)).collect()
}

/// Counters of all rows that may hold the value; `None` if nothing tells them.
fn candidates(table: &Table, field: &FieldDef, wanted: &Value) -> Option<Vec<u64>> {
    let mut counters = table.written_with(field.slot, wanted)?;
    if let Some(generator) = &table.generator {
        let first = table.def.first_counter;
        counters.extend(generator.indexes_with(field.slot, wanted)?.into_iter().map(|index| first + index));
    }
    counters.sort_unstable();
    counters.dedup();
    Some(counters)
}
