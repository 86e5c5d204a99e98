//! Where rows with a certain value may be found: an index that may tell too many rows, never too few.
//!
//! All versions of a table share one index. A row that is written is noted, and nothing is ever taken out, so the index is
//! right for every snapshot without being part of one; whoever asks looks at the row itself in the snapshot at hand.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::generate::{hash_text, mix};
use crate::model::{FieldDef, FieldSource, ObjectDef, Value};

use super::table::StoredRow;

/// The index of one table.
#[derive(Debug, Default)]
pub(super) struct Index {
    slots: Vec<usize>,
    noted: Mutex<Noted>,
}

/// Counters by a hash of slot and value. Most values are held by one row.
#[derive(Debug, Default)]
struct Noted {
    one: HashMap<u64, u64>,
    more: HashMap<u64, BTreeSet<u64>>,
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
        let mut noted = self.noted();
        for slot in &self.slots {
            if let Some(key) = key(&row.get(*slot)) {
                noted.add(place(*slot, key), counter);
            }
        }
    }

    /// Rows that hold or once held this value; `None` if the slot is not indexed.
    pub(super) fn candidates(&self, slot: usize, value: &Value) -> Option<Vec<u64>> {
        if !self.covers(slot) {
            return None;
        }
        let Some(key) = key(value) else { return Some(Vec::new()) };
        let (noted, place) = (self.noted(), place(slot, key));
        let more = noted.more.get(&place).into_iter().flatten();
        Some(noted.one.get(&place).into_iter().chain(more).copied().collect())
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Noted {
    fn add(&mut self, place: u64, counter: u64) {
        let first = *self.one.entry(place).or_insert(counter);
        if first != counter {
            self.more.entry(place).or_default().insert(counter);
        }
    }
}

fn place(slot: usize, key: u64) -> u64 {
    mix(key ^ mix(slot as u64))
}

/// Fields by which rows are looked up: keys, and references other than those that nearly all rows share.
fn is_indexed(field: &FieldDef) -> bool {
    const SHARED: [&str; 4] = ["OwnerId", "CreatedById", "LastModifiedById", "RecordTypeId"];
    let is_key = field.unique || field.external_id || field.id_lookup;
    let refers = !field.reference_to.is_empty() && !SHARED.contains(&field.name.as_str());
    (is_key || refers)
        && !matches!(field.source, FieldSource::Id | FieldSource::Formula(_) | FieldSource::OfParent(..))
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
