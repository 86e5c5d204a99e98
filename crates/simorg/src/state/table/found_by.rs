//! Rows found by what one of their fields holds, without reading every row.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use crate::generate::Generator;
use crate::model::{Value, ids};

use super::{Found, Over, StoredRow, Table};

impl Table {
    /// Rows whose field in this slot holds one of these ids (of 18 characters), in the order of their ids.
    pub fn rows_referring(&self, slot: usize, wanted: &HashSet<String>) -> Vec<(u64, Found)> {
        let mut by_prefix: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
        for id in wanted {
            if let Some(counter) = ids::counter_of(id) {
                by_prefix.entry(&id[..3]).or_default().insert(counter);
            }
        }
        let mut indexes = Vec::new();
        if let Some(generator) = &self.generator {
            for (prefix, counters) in &by_prefix {
                let found = generator
                    .pointing_to(slot, prefix, counters)
                    .unwrap_or_else(|| pointing_by_reading(generator, slot, prefix, counters));
                indexes.extend(found);
            }
        }
        let holds = |row: &StoredRow| holds_one(row, slot, wanted);
        let values = wanted.iter().map(|id| Value::Id(id.clone()));
        match self.written_with_any(slot, values) {
            Some(counters) => self.generated_and_these(indexes, counters, &holds),
            None => self.generated_and_written(indexes, &holds),
        }
    }

    /// Written rows, live or in the bin, whose field in this slot holds one of these ids, in the order of their ids.
    pub fn written_referring(&self, slot: usize, wanted: &HashSet<String>) -> Vec<(u64, Arc<StoredRow>)> {
        let values = wanted.iter().map(|id| Value::Id(id.clone()));
        let mut counters = self
            .written_with_any(slot, values)
            .unwrap_or_else(|| self.written_rows().map(|(counter, _)| counter).collect());
        counters.sort_unstable();
        counters.dedup();
        let row = |counter: u64| match self.over(counter) {
            Some(Over::Row(row)) if holds_one(row, slot, wanted) => Some((counter, row.clone())),
            _ => None,
        };
        counters.into_iter().filter_map(row).collect()
    }

    /// Rows whose field in this slot may hold one of these texts in any case of letters, in the order of their ids;
    /// `None` when only reading every row would tell.
    pub fn rows_holding(&self, slot: usize, texts: &[&str]) -> Option<Vec<(u64, Found)>> {
        let values = || texts.iter().map(|text| Value::Text((*text).to_owned()));
        let mut indexes = Vec::new();
        if let Some(generator) = &self.generator {
            for value in values() {
                indexes.extend(generator.indexes_with(slot, &value)?);
            }
        }
        if let Some(counters) = self.written_with_any(slot, values()) {
            return Some(self.generated_and_these(indexes, counters, &|_| true));
        }
        let may_hold = |value: Value| match value.as_str() {
            Some(held) => !held.is_ascii() || texts.iter().any(|text| held.eq_ignore_ascii_case(text)),
            None => !value.is_null(),
        };
        Some(self.generated_and_written(indexes, &|row| may_hold(row.get(slot))))
    }

    /// Written rows that may hold any of these values; `None` if the field is not indexed.
    fn written_with_any(&self, slot: usize, values: impl Iterator<Item = Value>) -> Option<Vec<u64>> {
        let found: Option<Vec<Vec<u64>>> = values.map(|value| self.written_with(slot, &value)).collect();
        Some(found?.concat())
    }

    fn generated_and_these(
        &self,
        indexes: Vec<u64>,
        counters: Vec<u64>,
        wanted: &dyn Fn(&StoredRow) -> bool,
    ) -> Vec<(u64, Found)> {
        let mut rows = self.untouched(indexes);
        rows.extend(counters.into_iter().filter_map(|counter| match self.over(counter) {
            Some(Over::Row(row)) if wanted(row) => Some((counter, Found::Stored(row.clone()))),
            _ => None,
        }));
        in_order(rows)
    }

    /// Rows whose `CreatedDate` in this slot may be this late or later, in the order of their ids; `None` as above.
    pub fn rows_created_since(&self, slot: usize, from_ms: i64) -> Option<Vec<(u64, Found)>> {
        let indexes = match &self.generator {
            Some(generator) => generator.first_created(slot, from_ms)?..generator.count(),
            None => 0..0,
        };
        let is_late = |row: &StoredRow| row.get(slot).as_ms().is_some_and(|created_ms| created_ms >= from_ms);
        Some(self.generated_and_written(indexes, &is_late))
    }

    pub(super) fn generated_and_written(
        &self,
        indexes: impl IntoIterator<Item = u64>,
        wanted: &dyn Fn(&StoredRow) -> bool,
    ) -> Vec<(u64, Found)> {
        let mut rows = self.untouched(indexes);
        for (counter, over) in self.written() {
            if let Over::Row(row) = over
                && wanted(row)
            {
                rows.push((counter, Found::Stored(row.clone())));
            }
        }
        in_order(rows)
    }

    /// The generated rows with these indexes over which nothing was written.
    fn untouched(&self, indexes: impl IntoIterator<Item = u64>) -> Vec<(u64, Found)> {
        let first = self.def.first_counter;
        let untouched = indexes.into_iter().filter(|index| self.over(first + index).is_none());
        untouched.map(|index| (first + index, Found::Generated(index))).collect()
    }
}

fn holds_one(row: &StoredRow, slot: usize, wanted: &HashSet<String>) -> bool {
    matches!(row.get(slot), Value::Id(id) if wanted.contains(&id))
}

fn in_order(mut rows: Vec<(u64, Found)>) -> Vec<(u64, Found)> {
    rows.sort_unstable_by_key(|(counter, _)| *counter);
    rows.dedup_by_key(|(counter, _)| *counter);
    rows
}

fn pointing_by_reading(
    generator: &Generator,
    slot: usize,
    prefix: &str,
    counters: &BTreeSet<u64>,
) -> Vec<u64> {
    let tells_all = generator.tells_references(slot);
    let points = |index: &u64| match generator.reference(*index, slot) {
        Some((target, counter)) => target == prefix && counters.contains(&counter),
        None if tells_all => false,
        None => match generator.value(*index, slot) {
            Value::Id(id) => {
                id.starts_with(prefix) && ids::counter_of(&id).is_some_and(|c| counters.contains(&c))
            }
            _ => false,
        },
    };
    (0..generator.count()).filter(points).collect()
}
