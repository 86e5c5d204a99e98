//! The tables of one snapshot: in the order of their names, and found by name whatever its case.

use std::sync::Arc;

use crate::model::Names;

use super::table::Table;

/// Tables by the name of their object.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tables {
    /// In the order of the names in lower case.
    all: Vec<Arc<Table>>,
    names: Arc<Names>,
}

impl Tables {
    pub(super) fn get(&self, object: &str) -> Option<&Arc<Table>> {
        self.place(object).map(|at| &self.all[at])
    }

    pub(super) fn get_mut(&mut self, object: &str) -> Option<&mut Arc<Table>> {
        self.place(object).map(|at| &mut self.all[at])
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Table>> {
        self.all.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Arc<Table>> {
        self.all.iter_mut()
    }

    /// Puts a table in; one of the same name gives way.
    pub(super) fn insert(&mut self, table: Table) {
        self.remove(&table.def.name);
        let key = |table: &Table| table.def.name.to_ascii_lowercase();
        let at = self.all.partition_point(|known| key(known) < key(&table));
        self.all.insert(at, Arc::new(table));
        self.note_names();
    }

    pub(super) fn remove(&mut self, object: &str) {
        if let Some(at) = self.place(object) {
            self.all.remove(at);
            self.note_names();
        }
    }

    fn place(&self, object: &str) -> Option<usize> {
        self.names.find(object, |at| self.all[at].def.name.eq_ignore_ascii_case(object))
    }

    fn note_names(&mut self) {
        self.names = Arc::new(Names::of(self.all.iter().map(|table| table.def.name.as_str())));
    }
}
