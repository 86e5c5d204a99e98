//! Rows that follow from a seed: any value of any row is computed when read, so millions of rows cost no memory.
//!
//! The value of a field is a function of (seed, object, index, field). References point to rows that exist; the times of
//! last change are skewed as in real orgs, and do not follow the order of the ids.

mod agree;
mod assign;
mod choices;
mod derived;
pub mod files;
mod inverse;
mod plan;
mod stamps;
pub mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::model::{Cell, ObjectDef, Value};

use inverse::Inverse;

pub use assign::{Neighbour, Neighbours};
pub use plan::Plan;
pub use stamps::Stamps;

/// The generated rows of one object.
#[derive(Debug, Serialize, Deserialize)]
pub struct Generator {
    seed: u64,
    stamps: Stamps,
    /// By slot.
    plans: Vec<Plan>,
    /// By slot, of the references that were asked for first.
    #[serde(skip)]
    inverses: Mutex<BTreeMap<usize, Option<Arc<Inverse>>>>,
}

/// How many references of one object are held turned round: each costs four bytes a row.
const MAX_INVERSES: usize = 4;

impl Generator {
    /// `count` rows of the object, as of `epoch_ms`.
    pub fn new(seed: u64, def: &ObjectDef, count: u64, epoch_ms: i64, neighbours: &Neighbours) -> Generator {
        let seed = mix(seed ^ hash_text(&def.name));
        Generator {
            seed,
            stamps: Stamps::new(count, epoch_ms),
            plans: assign::plans(def, neighbours),
            inverses: Mutex::default(),
        }
    }

    pub fn count(&self) -> u64 {
        self.stamps.count()
    }

    pub fn value(&self, index: u64, slot: usize) -> Value {
        self.plans.get(slot).map_or(Value::Null, |plan| plan.value(&self.row(index)))
    }

    /// How the values of a slot are made; `None` where all are null.
    pub(crate) fn plan(&self, slot: usize) -> Option<&Plan> {
        self.plans.get(slot)
    }

    /// What `value` tells, with the text of it added to `text`.
    pub(crate) fn cell(&self, index: u64, slot: usize, text: &mut String) -> Cell<'_> {
        self.plans.get(slot).map_or(Cell::Null, |plan| plan.cell(&self.row(index), text))
    }

    pub fn all_values(&self, index: u64) -> Vec<Value> {
        let row = self.row(index);
        self.plans.iter().map(|plan| plan.value(&row)).collect()
    }

    /// The id that a reference field holds, told by its prefix and counter; cheaper than `value` when many are asked.
    pub fn reference(&self, index: u64, slot: usize) -> Option<(&str, u64)> {
        self.plans.get(slot)?.reference(&self.row(index))
    }

    /// Whether `reference` tells all that the field holds, so that `None` from it means null.
    pub fn tells_references(&self, slot: usize) -> bool {
        self.plans.get(slot).is_none_or(Plan::is_reference)
    }

    /// Indexes of the rows whose field in this slot points to one of these rows, in no order. `None` when only reading
    /// every row would tell.
    pub fn pointing_to(&self, slot: usize, prefix: &str, counters: &BTreeSet<u64>) -> Option<Vec<u64>> {
        let Some(plan) = self.plans.get(slot) else { return Some(Vec::new()) };
        if let Some(found) = plan.pointing_by_arithmetic(prefix, counters, self.count()) {
            return Some(found);
        }
        let inverse = self.inverse(slot, plan)?;
        let pointing = |counter: &u64| inverse.pointing_to(prefix, *counter).to_vec();
        Some(counters.iter().flat_map(pointing).map(u64::from).collect())
    }

    fn inverse(&self, slot: usize, plan: &Plan) -> Option<Arc<Inverse>> {
        let mut inverses = self.inverses.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = inverses.get(&slot) {
            return known.clone();
        }
        if inverses.values().flatten().count() >= MAX_INVERSES {
            return None;
        }
        let inverse = Inverse::of(plan, self).map(Arc::new);
        inverses.insert(slot, inverse.clone());
        inverse
    }

    /// Indexes of the rows that may hold this value, each to be looked at; `None` if only looking at all of them can tell.
    pub fn indexes_with(&self, slot: usize, value: &Value) -> Option<Vec<u64>> {
        let Some(plan) = self.plans.get(slot) else { return Some(Vec::new()) };
        let mut found = plan.indexes_with(value, self.count())?;
        found.retain(|index| *index < self.count());
        Some(found)
    }

    /// The first index whose `CreatedDate` in this slot may be this late or later.
    pub fn first_created(&self, slot: usize, from_ms: i64) -> Option<u64> {
        matches!(self.plans.get(slot)?, Plan::Created).then(|| self.stamps.first_created(from_ms))
    }

    /// Indexes of the rows last changed within the range, in no order.
    pub fn indexes_stamped(&self, from_ms: i64, until_ms: i64) -> Vec<u64> {
        self.stamps.indexes(from_ms, until_ms)
    }

    pub(crate) fn row(&self, index: u64) -> GeneratedRow<'_> {
        GeneratedRow { seed: self.seed, index, stamps: &self.stamps }
    }
}

/// What a plan knows of the row it makes a value for.
#[derive(Debug, Clone, Copy)]
pub struct GeneratedRow<'a> {
    pub seed: u64,
    pub index: u64,
    pub stamps: &'a Stamps,
}

impl GeneratedRow<'_> {
    /// A number that depends on the row and the topic only. Fields that belong together share a topic.
    #[inline]
    pub fn hash(&self, topic: u64) -> u64 {
        mix(self.seed ^ mix(self.index.wrapping_add(topic.wrapping_mul(0xD6E8_FEB8_6659_FD93))))
    }

    /// A number below `end`.
    #[inline]
    pub fn below(&self, topic: u64, end: u64) -> u64 {
        ((u128::from(self.hash(topic)) * u128::from(end)) >> 64).try_into().expect("below a u64")
    }
}

/// A well-spread function of 64 bits (the finaliser of splitmix64).
#[inline]
pub fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// A number for a name.
pub fn hash_text(text: &str) -> u64 {
    text.bytes()
        .fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}
