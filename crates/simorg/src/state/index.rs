//! Where rows with a certain value may be found: an index that may tell too many rows, never too few.
//!
//! All versions of a table share one index. A row that is written is noted, and nothing is ever taken out, so the index is
//! right for every snapshot without being part of one; whoever asks looks at the row itself in the snapshot at hand.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::generate::hash_text;
use crate::model::{FieldDef, FieldSource, ObjectDef, Value};

use super::table::StoredRow;

/// The index of one table, by slot and hash of the value.
#[derive(Debug, Default)]
pub(super) struct Index {
    slots: Vec<usize>,
    noted: Mutex<HashMap<(usize, u64), Counters>>,
}

#[derive(Debug)]
enum Counters {
    One(u64),
    Many(BTreeSet<u64>),
}

impl Index {
    pub(super) fn of(def: &ObjectDef) -> Index {
        let slots = def.fields.iter().filter(|field| is_indexed(field)).map(|field| field.slot).collect();
        Index { slots, noted: Mutex::default() }
    }

    pub(super) fn covers(&self, slot: usize) -> bool {
        self.slots.contains(&slot)
    }

    /// Whether an object's present fields want another index than this one.
    pub(super) fn fits(&self, def: &ObjectDef) -> bool {
        def.fields.iter().filter(|field| is_indexed(field)).all(|field| self.covers(field.slot))
    }

    pub(super) fn note(&self, counter: u64, row: &StoredRow) {
        let held = self.slots.iter().filter_map(|slot| Some((*slot, key(row.values.get(*slot)?)?)));
        let held: Vec<(usize, u64)> = held.collect();
        let mut noted = self.noted();
        for place in held {
            noted.entry(place).or_insert(Counters::One(counter)).add(counter);
        }
    }

    /// Rows that hold or once held this value; `None` if the slot is not indexed.
    pub(super) fn candidates(&self, slot: usize, value: &Value) -> Option<Vec<u64>> {
        if !self.covers(slot) {
            return None;
        }
        let Some(key) = key(value) else { return Some(Vec::new()) };
        Some(match self.noted().get(&(slot, key)) {
            None => Vec::new(),
            Some(Counters::One(counter)) => vec![*counter],
            Some(Counters::Many(counters)) => counters.iter().copied().collect(),
        })
    }

    fn noted(&self) -> MutexGuard<'_, HashMap<(usize, u64), Counters>> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counters {
    fn add(&mut self, counter: u64) {
        match self {
            Counters::One(known) if *known == counter => {}
            Counters::One(known) => *self = Counters::Many(BTreeSet::from([*known, counter])),
            Counters::Many(counters) => {
                counters.insert(counter);
            }
        }
    }
}

/// Fields by which rows are looked up: keys, and references other than those that nearly all rows share.
fn is_indexed(field: &FieldDef) -> bool {
    const SHARED: [&str; 4] = ["OwnerId", "CreatedById", "LastModifiedById", "RecordTypeId"];
    let is_key = field.unique || field.external_id || field.id_lookup;
    let refers = !field.reference_to.is_empty() && !SHARED.contains(&field.name.as_str());
    (is_key || refers) && !matches!(field.source, FieldSource::Id | FieldSource::Formula(_))
}

/// Values that any type of field may hold for equal share a key: texts that differ in case only, numbers however written.
fn key(value: &Value) -> Option<u64> {
    let text = match value {
        Value::Null => return None,
        Value::Id(id) => return Some(hash_text(id)),
        other => other.to_plain_text(),
    };
    Some(text.trim().parse::<f64>().map_or_else(|_| hash_text(&text.to_lowercase()), f64::to_bits))
}
