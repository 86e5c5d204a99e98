//! Roll-up summaries: a saved detail moves what its master holds, and the master's `SystemModstamp`.
//!
//! Only what a detail counted for before and counts for now is looked at, so that a save costs the same however many details
//! a master has. All details are read again when the least or greatest of them goes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::errors::ApiError;
use crate::model::{FieldDef, FieldSource, ObjectDef, RollUp, Value, ids};
use crate::state::roll_up;
use crate::state::table::{Found, StoredRow};
use crate::state::view::Snapshot;

use super::Transaction;
use super::cascade::referring;

/// A master by object name and counter.
pub(super) type Master = (String, u64);

/// What one detail counts for in one roll-up of one master.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Share {
    pub(super) master: Master,
    slot: usize,
    part: Value,
}

/// For one roll-up: the parts that went, and those that came.
type Change = (Vec<Value>, Vec<Value>);

impl Transaction<'_> {
    /// What a live row counts for in its masters.
    pub(super) fn shares_of(&self, def: &ObjectDef, counter: u64) -> Vec<Share> {
        let mut shares = Vec::new();
        let mut row = None;
        for field in def.references() {
            for target in &field.reference_to {
                let Some(table) = self.work.table(target) else { continue };
                for (held_by, sum) in roll_up::over(&table.def, &def.name, &field.name) {
                    let id = || ids::record_id(&def.id_prefix, counter);
                    let row = row.get_or_insert_with(|| Snapshot::find(&self.work, &id()));
                    let Some(row) = row.as_ref().filter(|row| !row.is_deleted()) else { return shares };
                    let Value::Id(master) = row.value(field) else { continue };
                    let belongs = self.work.table_of(&master).is_some_and(|of| of.def.name == table.def.name);
                    if let (true, Some(counter)) = (belongs, ids::counter_of(&master))
                        && let Some(part) = roll_up::part(sum, row)
                    {
                        let master = (table.def.name.clone(), counter);
                        shares.push(Share { master, slot: held_by.slot, part });
                    }
                }
            }
        }
        shares
    }

    /// Brings masters up to date after details changed from the first shares to the second.
    pub(super) fn roll_up(&mut self, gone: Vec<Share>, come: Vec<Share>) -> Result<(), ApiError> {
        let mut masters: BTreeMap<Master, BTreeMap<usize, Change>> = BTreeMap::new();
        for share in gone {
            masters.entry(share.master).or_default().entry(share.slot).or_default().0.push(share.part);
        }
        for share in come {
            masters.entry(share.master).or_default().entry(share.slot).or_default().1.push(share.part);
        }
        for (master, mut changes) in masters {
            changes.retain(|_, (gone, come)| gone != come);
            if !changes.is_empty() {
                self.move_master(&master, &changes)?;
            }
        }
        Ok(())
    }

    fn move_master(&mut self, master: &Master, changes: &BTreeMap<usize, Change>) -> Result<(), ApiError> {
        let (object, counter) = (&master.0, master.1);
        let def = self.work.table(object).expect("found in this snapshot").def.clone();
        let id = ids::record_id(&def.id_prefix, counter);
        if Snapshot::find(&self.work, &id).is_none_or(|row| row.is_deleted()) {
            return Ok(());
        }
        let before = self.lies_at(&def, counter);
        let shares = self.shares_of(&def, counter);
        let mut row = self.table_row(&def, counter);
        for (slot, (gone, come)) in changes {
            let Some((field, sum)) = roll_up_at(&def, *slot) else { continue };
            let held = row.get(*slot);
            let value = roll_up::moved(sum, field, &held, gone, come);
            let value = value.unwrap_or_else(|| self.all_details(&def, counter, field, sum));
            row.set(*slot, &value);
        }
        self.stamp_system(&def, &mut row);
        self.put(&def, counter, row);
        self.check_rules(&def, counter, before)?;
        // A master may be a detail itself.
        let now = self.shares_of(&def, counter);
        self.roll_up(shares, now)
    }

    fn all_details(&self, master: &ObjectDef, counter: u64, field: &FieldDef, sum: &RollUp) -> Value {
        let mut parts = Vec::new();
        if let Some(table) = self.work.table(&sum.child)
            && let Some(via) = table.def.field(&sum.via)
        {
            let counters = BTreeSet::from([counter]);
            for detail in referring(&self.work, table, via.slot, &master.id_prefix, &counters) {
                let detail = Snapshot::find(&self.work, &ids::record_id(&table.def.id_prefix, detail));
                parts.extend(detail.and_then(|detail| roll_up::part(sum, &detail)));
            }
        }
        roll_up::total(sum, field, &parts)
    }

    /// A generated row that is about to be written takes along what its roll-ups showed.
    pub(super) fn keep_roll_ups(&self, def: &Arc<ObjectDef>, counter: u64, row: &mut StoredRow) {
        if def.roll_ups().next().is_none() {
            return;
        }
        let Some(Found::Generated(index)) = self.lies_at(def, counter) else { return };
        let table = self.work.table(&def.name).expect("objects are removed by schema changes only").clone();
        for field in def.roll_ups() {
            if let FieldSource::RollUp(sum) = &field.source {
                let value = roll_up::generated(&self.work, &table, index, sum, field);
                row.set(field.slot, &value);
            }
        }
    }

    /// Where the row lies now, to be looked at after it was changed.
    pub(super) fn lies_at(&self, def: &ObjectDef, counter: u64) -> Option<Found> {
        self.work.table(&def.name)?.find(counter)
    }
}

fn roll_up_at(def: &ObjectDef, slot: usize) -> Option<(&FieldDef, &RollUp)> {
    def.fields.iter().filter(|field| field.slot == slot).find_map(|field| match &field.source {
        FieldSource::RollUp(sum) => Some((field, sum)),
        _ => None,
    })
}
