//! Delete, undelete and purge: what goes along, what is cleared, and what forbids it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use crate::errors::ApiError;
use crate::model::{ChildRelationship, FieldDef, ObjectDef, OnDelete, Value, ids};
use crate::state::automation::Event;
use crate::state::org::{ClearedLookup, DeletedRecord};
use crate::state::row::Row;
use crate::state::table::{Binned, Found, Table};
use crate::state::validation;
use crate::state::view::Snapshot;

use super::Transaction;
use super::draft::Draft;
use super::rollups::Master;

/// Rows by object name.
type Rows = BTreeMap<String, BTreeSet<u64>>;

impl Transaction<'_> {
    /// Puts a row into the recycle bin with all that hangs on it.
    pub fn delete(&mut self, id: &str) -> Result<(), ApiError> {
        let view = self.view();
        let full = ids::canonical(id).ok_or_else(ApiError::not_found)?;
        let def = view.object_of_id(&full).ok_or_else(ApiError::not_found)?;
        let row = Self::live_row(&view, &def, &full)?;
        self.may_delete(&view, &def, &row)?;
        Self::is_no_person_contact(&row)?;
        self.run_before(Event::Delete, &mut Draft { def: &def, row: Some(&row), values: &mut Vec::new() })?;
        let (counter, root) = (row.counter(), def.name.clone());
        drop((row, view));
        let going = self.closure(&def, counter)?;
        let mut shares = Vec::new();
        for (object, counters) in &going {
            let def = self.work.table(object).expect("found in this snapshot").def.clone();
            for counter in counters {
                shares.extend(self.shares_of(&def, *counter));
                self.check_lock(&ids::record_id(&def.id_prefix, *counter))?;
            }
        }
        self.clear_references(&going);
        self.org.note_binned(self.stamp_ms);
        for (object, counters) in &going {
            let def = self.work.table(object).expect("found in this snapshot").def.clone();
            for counter in counters {
                self.bin(&def, *counter);
            }
            // Price lines deleted by themselves skip the bin; taken along by their parent they do not.
            if *object == root && matches!(object.as_str(), "OpportunityLineItem" | "PricebookEntry") {
                self.purge_row(&def, counter);
            }
        }
        shares.retain(|share| !holds(&going, &share.master));
        self.roll_up(shares, Vec::new())
    }

    /// Everything that a delete takes along, or the refusal of it.
    fn closure(&self, def: &ObjectDef, counter: u64) -> Result<Rows, ApiError> {
        let mut going = Rows::new();
        going.entry(def.name.clone()).or_default().insert(counter);
        let mut level = going.clone();
        while !level.is_empty() {
            let mut next = Rows::new();
            for (object, counters) in &level {
                let def = &self.work.table(object).expect("found in this snapshot").def;
                for relation in &def.children {
                    if relation.on_delete == OnDelete::Clear {
                        continue;
                    }
                    let children = self.children(def, counters, relation);
                    if children.is_empty() {
                        continue;
                    }
                    if relation.on_delete == OnDelete::Restrict {
                        return Err(self.restricted(def, counters, relation, &children));
                    }
                    let known = going.entry(relation.child.clone()).or_default();
                    let new = children.into_iter().filter(|child| known.insert(*child));
                    next.entry(relation.child.clone()).or_default().extend(new);
                }
            }
            next.retain(|_, counters| !counters.is_empty());
            level = next;
        }
        Ok(going)
    }

    fn restricted(
        &self,
        def: &ObjectDef,
        counters: &BTreeSet<u64>,
        relation: &ChildRelationship,
        children: &[u64],
    ) -> ApiError {
        let child = &self.work.table(&relation.child).expect("found in this snapshot").def;
        let refers = |parent: u64| {
            let id = Value::Id(ids::record_id(&def.id_prefix, parent));
            children.iter().any(|counter| self.current(child, *counter).value_of(&relation.field) == id)
        };
        let parent = counters.iter().copied().find(|parent| counters.len() == 1 || refers(*parent));
        let parent = parent.map_or_else(String::new, |counter| shown_name(&self.current(def, counter)));
        let names: Vec<String> = children
            .iter()
            .take(MOST_NAMED)
            .map(|counter| shown_name(&self.current(child, *counter)))
            .collect();
        let message = format!(
            "Your attempt to delete {parent} could not be completed because it is associated with the following {}.: {}\n",
            child.label_plural.to_lowercase(),
            names.join(", ")
        );
        ApiError::record("DELETE_FAILED", message, Vec::<String>::new())
    }

    /// The live rows of a child object that refer to any of these rows.
    pub(super) fn children(
        &self,
        parent: &ObjectDef,
        counters: &BTreeSet<u64>,
        relation: &ChildRelationship,
    ) -> Vec<u64> {
        let Some(table) = self.work.table(&relation.child).filter(|table| !table.is_empty()) else {
            return Vec::new();
        };
        let Some(field) = table.def.field(&relation.field) else { return Vec::new() };
        referring(&self.work, table, field.slot, &parent.id_prefix, counters)
    }

    /// Empties the lookups to rows that go, in rows that stay.
    fn clear_references(&mut self, going: &Rows) {
        let mut cleared: Vec<(Arc<ObjectDef>, u64, usize)> = Vec::new();
        let operation = self.operation;
        for (object, counters) in going {
            let def = self.work.table(object).expect("found in this snapshot").def.clone();
            for relation in def.children.iter().filter(|r| r.on_delete == OnDelete::Clear) {
                let table = self.work.table(&relation.child).filter(|table| !table.is_empty());
                let Some(table) = table else { continue };
                let child = table.def.clone();
                let Some(slot) = child.field(&relation.field).map(|f| f.slot) else { continue };
                for counter in self.children(&def, counters, relation) {
                    if !going.get(&relation.child).is_some_and(|set| set.contains(&counter)) {
                        cleared.push((child.clone(), counter, slot));
                        if let Value::Id(target) = self.table_row(&child, counter).get(slot) {
                            let object = child.name.clone();
                            self.cleared.push((target, ClearedLookup { operation, object, counter, slot }));
                        }
                    }
                }
            }
        }
        for (def, counter, slot) in cleared {
            let mut row = self.table_row(&def, counter);
            row.set(slot, &Value::Null);
            self.stamp_modified(&def, &mut row);
            self.put(&def, counter, row);
        }
    }

    pub(super) fn bin(&mut self, def: &Arc<ObjectDef>, counter: u64) {
        let id = ids::record_id(&def.id_prefix, counter);
        if def.flags.replicateable {
            self.deletes.push(DeletedRecord {
                object: def.name.clone(),
                id: id.clone(),
                deleted_ms: self.stamp_ms,
            });
        }
        if !def.has_bin() {
            self.purge_row(def, counter);
            return;
        }
        let mut row = self.table_row(def, counter);
        self.stamp_modified(def, &mut row);
        row.bin = Some(Binned { deleted_ms: self.stamp_ms, operation: self.operation });
        self.put(def, counter, row);
    }

    fn purge_row(&mut self, def: &ObjectDef, counter: u64) {
        let id = ids::record_id(&def.id_prefix, counter);
        self.touched.insert(id.clone());
        self.purged.push(id);
        let table = Arc::make_mut(&mut self.work).table_mut(&def.name).expect("the object exists");
        self.journal.push((def.name.clone(), table.present(counter)));
        table.purge(counter);
    }

    /// Brings a row back from the bin, with the children that went in the same delete.
    pub fn undelete(&mut self, id: &str) -> Result<(), ApiError> {
        let refused = |code: &str, text: &str| Err(ApiError::record(code, text, Vec::<String>::new()));
        let full = ids::canonical(id).ok_or_else(ApiError::not_found)?;
        let Some(row) = Snapshot::find(&self.work, &full) else {
            return refused("UNDELETE_FAILED", "Entity is not in the recycle bin");
        };
        let def = self.work.table(row.object_name()).expect("found in this snapshot").def.clone();
        let Some(bin) = row.stored().and_then(|stored| stored.bin) else {
            return refused("UNDELETE_FAILED", "Entity is not in the recycle bin");
        };
        if !def.flags.undeletable {
            return refused("UNDELETE_FAILED", "entity type does not support undelete");
        }
        let view = self.view();
        self.may_undelete(&view, &row)?;
        drop(view);
        for field in def.fields.iter().filter(|field| is_master(field)) {
            if row.value(field).as_str().is_some_and(|id| self.found(id).is_none_or(|row| row.is_deleted())) {
                return refused(
                    "UNDELETE_FAILED",
                    "Undelete failed: the record that this one belongs to is deleted",
                );
            }
        }
        let mut none = Vec::new();
        self.run_before(Event::Undelete, &mut Draft { def: &def, row: Some(&row), values: &mut none })?;
        let counter = row.counter();
        drop(row);
        let mut back = Rows::new();
        self.unbin(&def, counter, bin.operation, &mut back)?;
        let mut shares = Vec::new();
        for (object, counters) in &back {
            let def = self.work.table(object).expect("found in this snapshot").def.clone();
            shares.extend(counters.iter().flat_map(|counter| self.shares_of(&def, *counter)));
        }
        // A master that came back with its details still counts them.
        shares.retain(|share| !holds(&back, &share.master));
        self.roll_up(Vec::new(), shares)
    }

    fn unbin(
        &mut self,
        def: &Arc<ObjectDef>,
        counter: u64,
        operation: u64,
        back: &mut Rows,
    ) -> Result<(), ApiError> {
        let mut row = self.table_row(def, counter);
        // Another record may have taken a unique value in the meantime.
        if def.unique().next().is_some() {
            let values: Vec<(usize, Value)> = row.filled().collect();
            validation::unique(&self.view(), def, &values, None)?;
        }
        row.bin = None;
        // Only a loser that lies in the bin names its master.
        if let Some(field) = def.field("MasterRecordId") {
            row.set(field.slot, &Value::Null);
        }
        self.stamp_modified(def, &mut row);
        self.put(def, counter, row);
        let id = ids::record_id(&def.id_prefix, counter);
        self.fill_lookups_again(&id, operation);
        self.undeletes.insert(id);
        back.entry(def.name.clone()).or_default().insert(counter);
        let parent = BTreeSet::from([counter]);
        for relation in def.children.iter().filter(|r| r.on_delete == OnDelete::Cascade) {
            for (child, counter) in self.binned_children(def, &parent, relation, operation) {
                self.unbin(&child, counter, operation, back)?;
            }
        }
        Ok(())
    }

    /// Lookups that the delete emptied point to the row again, where nothing else was put there since.
    fn fill_lookups_again(&mut self, id: &str, operation: u64) {
        let of_row = self.ledger.cleared.get(id).into_iter().flatten();
        let own = self.cleared.iter().filter(|(target, _)| target == id).map(|(_, cleared)| cleared);
        let cleared: BTreeSet<(String, u64, usize)> = of_row
            .chain(own)
            .filter(|cleared| cleared.operation == operation)
            .map(|cleared| (cleared.object.clone(), cleared.counter, cleared.slot))
            .collect();
        for (object, counter, slot) in cleared {
            let Some(table) = self.work.table(&object) else { continue };
            let def = table.def.clone();
            let Some(mut row) = table.take(counter).filter(|row| row.bin.is_none()) else { continue };
            if !row.is_filled(slot) {
                row.set(slot, &Value::Id(id.to_owned()));
                self.stamp_modified(&def, &mut row);
                self.put(&def, counter, row);
            }
        }
    }

    fn binned_children(
        &self,
        parent: &ObjectDef,
        counters: &BTreeSet<u64>,
        relation: &ChildRelationship,
        operation: u64,
    ) -> Vec<(Arc<ObjectDef>, u64)> {
        let Some(table) = self.work.table(&relation.child) else { return Vec::new() };
        let Some(field) = table.def.field(&relation.field) else { return Vec::new() };
        let parents: HashSet<String> =
            counters.iter().map(|c| ids::record_id(&parent.id_prefix, *c)).collect();
        table
            .written_referring(field.slot, &parents)
            .into_iter()
            .filter(|(_, row)| row.bin.is_some_and(|bin| bin.operation == operation))
            .map(|(counter, _)| (table.def.clone(), counter))
            .collect()
    }

    /// Removes a row for good that lies in the bin, with what went in the same delete.
    pub fn empty_bin(&mut self, id: &str) -> Result<(), ApiError> {
        let full = ids::canonical(id).ok_or_else(ApiError::not_found)?;
        let row = self.found(&full).filter(crate::state::Row::is_deleted);
        let Some(row) = row else {
            let message = "record is not in the recycle bin";
            return Err(ApiError::record("INVALID_ID_FIELD", message, Vec::<String>::new()));
        };
        let view = self.view();
        self.may_undelete(&view, &row)?;
        drop((row, view));
        self.purge(&full)
    }

    /// Removes a row for good, from the bin or from life.
    pub fn purge(&mut self, id: &str) -> Result<(), ApiError> {
        let full = ids::canonical(id).ok_or_else(ApiError::not_found)?;
        let row = Snapshot::find(&self.work, &full).ok_or_else(ApiError::not_found)?;
        if !row.is_deleted() {
            drop(row);
            self.delete(&full)?;
        }
        let Some(row) = Snapshot::find(&self.work, &full) else { return Ok(()) };
        let def = self.work.table(row.object_name()).expect("found in this snapshot").def.clone();
        let operation = row.stored().and_then(|stored| stored.bin).map(|bin| bin.operation);
        let counter = row.counter();
        drop(row);
        self.purge_row(&def, counter);
        let parent = BTreeSet::from([counter]);
        let Some(operation) = operation else { return Ok(()) };
        let mut level = vec![(def, parent)];
        while let Some((def, parents)) = level.pop() {
            for relation in def.children.iter().filter(|r| r.on_delete == OnDelete::Cascade) {
                for (child, counter) in self.binned_children(&def, &parents, relation, operation) {
                    self.purge_row(&child, counter);
                    level.push((child, BTreeSet::from([counter])));
                }
            }
        }
        Ok(())
    }
}

/// How many of the records that hold up a delete are named.
const MOST_NAMED: usize = 10;

/// The name of a record as people read it, a person's with the salutation.
fn shown_name(row: &Row) -> String {
    let name = row.table().def.name_field().map_or(Value::Null, |field| row.value(field));
    let salutation = row.value_of("Salutation").to_plain_text();
    let name = if name.is_null() { row.id()[..15].to_owned() } else { name.to_plain_text() };
    if salutation.is_empty() { name } else { format!("{salutation} {name}") }
}

fn holds(rows: &Rows, (object, counter): &Master) -> bool {
    rows.get(object).is_some_and(|counters| counters.contains(counter))
}

/// A reference without which a row cannot come back: its master, or a parent that it cannot be without.
fn is_master(field: &FieldDef) -> bool {
    let goes_with = field.targets.iter().any(|(_, _, on_delete)| *on_delete == OnDelete::Cascade);
    !field.nillable && (field.cascade_delete || goes_with)
}

/// Live rows whose field in this slot holds the id of one of these rows.
pub(super) fn referring(
    work: &Arc<Snapshot>,
    table: &Arc<Table>,
    slot: usize,
    prefix: &str,
    counters: &BTreeSet<u64>,
) -> Vec<u64> {
    debug_assert!(work.table(&table.def.name).is_some());
    let wanted: HashSet<String> = counters.iter().map(|counter| ids::record_id(prefix, *counter)).collect();
    let is_live = |found: &Found| !matches!(found, Found::Stored(row) if row.bin.is_some());
    let rows = table.rows_referring(slot, &wanted).into_iter();
    rows.filter(|(_, found)| is_live(found)).map(|(counter, _)| counter).collect()
}
