//! A snapshot under change: objects are taken out, changed and put back, and problems are collected on the way.

use std::sync::Arc;

use crate::model::{FieldDef, FieldSource, ObjectDef};
use crate::schema;
use crate::state::table::Table;
use crate::state::view::Snapshot;

use super::{Author, Problem};

pub(super) struct Changes<'a> {
    pub snapshot: &'a mut Snapshot,
    pub author: &'a Author,
    pub problems: Vec<Problem>,
    /// Roll-ups that are new or changed what they sum up, by object and field.
    pub sums: Vec<(String, String)>,
}

impl Changes<'_> {
    pub(super) fn problem(&mut self, kind: &str, full_name: &str, message: impl Into<String>) {
        self.note(kind, full_name, message.into(), false);
    }

    pub(super) fn warning(&mut self, kind: &str, full_name: &str, message: impl Into<String>) {
        self.note(kind, full_name, message.into(), true);
    }

    fn note(&mut self, kind: &str, full_name: &str, message: String, is_warning: bool) {
        self.problems.push(Problem {
            kind: kind.to_owned(),
            full_name: full_name.to_owned(),
            message,
            is_warning,
        });
    }

    pub(super) fn def(&self, object: &str) -> Option<Arc<ObjectDef>> {
        self.snapshot.table(object).map(|table| table.def.clone())
    }

    /// Adds an object that the org has not.
    pub(super) fn add(&mut self, mut def: ObjectDef) {
        let others: Vec<Arc<ObjectDef>> = self.snapshot.tables().map(|table| table.def.clone()).collect();
        schema::settle(&mut def, &others);
        self.snapshot.insert_table(Table::new(Arc::new(def), self.author.at_ms));
    }

    /// Changes an object that the org has.
    pub(super) fn change(&mut self, object: &str, change: impl FnOnce(&mut ObjectDef)) {
        let at_ms = self.author.at_ms;
        let Some(table) = self.snapshot.table_mut(object) else { return };
        let mut def = (*table.def).clone();
        change(&mut def);
        def.reindex();
        table.def = Arc::new(def);
        table.changed_ms = at_ms;
        table.use_slots();
    }

    /// Adds or replaces fields; one that is replaced keeps its place in the rows.
    pub(super) fn put_fields(&mut self, object: &str, fields: Vec<FieldDef>) {
        let Some(mut next) = self.snapshot.table(object).map(|table| table.used_slots()) else { return };
        let mut sums = Vec::new();
        self.change(object, |def| {
            for mut field in fields {
                let known = def.field(&field.name).is_some_and(|old| old.source == field.source);
                if matches!(field.source, FieldSource::RollUp(_)) && !known {
                    sums.push((def.name.clone(), field.name.clone()));
                }
                if let Some(at) = def.fields.iter().position(|old| old.name.eq_ignore_ascii_case(&field.name))
                {
                    field.slot = def.fields[at].slot;
                    def.fields[at] = field;
                } else {
                    field.slot = next;
                    next += 1;
                    def.fields.push(field);
                }
            }
        });
        self.sums.extend(sums);
    }
}
