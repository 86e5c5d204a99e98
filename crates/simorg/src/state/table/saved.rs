//! A table as a saved org holds it: how its generated rows are made, and what was written over them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::generate::Generator;
use crate::model::ObjectDef;

use super::{Over, StoredRow, Table};

#[derive(Serialize)]
struct Saving<'a> {
    def: &'a ObjectDef,
    generator: Option<&'a Generator>,
    /// By counter; `None` where a generated row was purged.
    rows: Vec<(u64, Option<&'a StoredRow>)>,
    next: u64,
    changed_ms: i64,
    slots: usize,
}

#[derive(Deserialize)]
struct Saved {
    def: ObjectDef,
    generator: Option<Generator>,
    rows: Vec<(u64, Option<StoredRow>)>,
    next: u64,
    changed_ms: i64,
    slots: usize,
}

impl Serialize for Table {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Saving {
            def: &self.def,
            generator: self.generator.as_deref(),
            rows: self.written().map(|(counter, over)| (counter, row_of(over))).collect(),
            next: self.next,
            changed_ms: self.changed_ms,
            slots: self.slots,
        }
        .serialize(to)
    }
}

impl<'de> Deserialize<'de> for Table {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Table, D::Error> {
        let mut saved = Saved::deserialize(from)?;
        saved.def.reindex();
        let mut table = Table::new(Arc::new(saved.def), saved.changed_ms);
        if let Some(generator) = saved.generator {
            table.set_generator(Arc::new(generator));
        }
        for (counter, row) in saved.rows {
            match row {
                Some(row) => table.put(counter, row),
                None => table.purge(counter),
            }
        }
        table.next = saved.next;
        table.slots = saved.slots;
        Ok(table)
    }
}

fn row_of(over: &Over) -> Option<&StoredRow> {
    match over {
        Over::Row(row) => Some(row),
        Over::Purged => None,
    }
}
