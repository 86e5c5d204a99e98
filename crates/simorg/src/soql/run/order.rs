//! ORDER BY over any number of rows: only the sort keys are held, and with a LIMIT no more of them than needed.
//!
//! Rows that tie keep the order of their ids. Empty values come first unless NULLS LAST is said, whichever the direction.

use std::cmp::Ordering;
use std::ops::ControlFlow;

use crate::model::Value;
use crate::state::{Row, View};

use super::super::dates::day_number;
use super::super::decimal::Decimal;
use super::super::filter::decimal;
use super::super::plan::{OrderKey, Plan, Scalar};

/// A value as it is sorted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SortKey {
    Null,
    Int(i64),
    /// Boxed: it would double the size of all others.
    Number(Box<Decimal>),
    Text(Box<str>),
}

impl SortKey {
    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Null | Value::Compound(_) | Value::Blob => Self::Null,
            Value::Bool(held) => Self::Int(i64::from(*held)),
            Value::DateTime(ms) | Value::Time(ms) => Self::Int(*ms),
            Value::Date(date) => Self::Int(day_number(*date)),
            Value::Int(_) | Value::Number(_) => {
                decimal(value).map_or(Self::Null, |number| Self::Number(Box::new(number)))
            }
            Value::Text(text) => Self::Text(text.to_lowercase().into()),
            Value::Id(id) => Self::Text(id.as_str().into()),
        }
    }
}

/// Compares two sort keys in the direction that an ORDER BY item asks for.
pub(super) fn compare<S>(a: &SortKey, b: &SortKey, key: &OrderKey<S>) -> Ordering {
    match (a == &SortKey::Null, b == &SortKey::Null) {
        (true, true) => Ordering::Equal,
        (true, false) if key.nulls_last => Ordering::Greater,
        (true, false) => Ordering::Less,
        (false, true) if key.nulls_last => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) if key.descending => b.cmp(a),
        (false, false) => a.cmp(b),
    }
}

struct Entry {
    keys: Box<[SortKey]>,
    counter: u64,
}

/// Collects matching rows and gives them back in order.
pub(super) struct Sorter<'a> {
    order: &'a [OrderKey<Scalar>],
    /// Rows up to this many are of interest.
    wanted: Option<usize>,
    entries: Vec<Entry>,
}

impl<'a> Sorter<'a> {
    pub(super) fn new(plan: &'a Plan, wanted: Option<u64>) -> Self {
        // Rows are found in the order of their ids already.
        let in_order = plan.order.first().is_some_and(|key| key.by.is_own_field("Id") && !key.descending);
        let order = if in_order { &[] } else { plan.order.as_slice() };
        let wanted = wanted.map(|wanted| usize::try_from(wanted).unwrap_or(usize::MAX));
        Self { order, wanted, entries: Vec::new() }
    }

    pub(super) fn push(&mut self, view: &View, row: &Row) -> ControlFlow<()> {
        let keys = self.order.iter().map(|key| SortKey::of(&key.by.read(view, row))).collect();
        self.entries.push(Entry { keys, counter: row.counter() });
        let Some(wanted) = self.wanted else { return ControlFlow::Continue(()) };
        if self.order.is_empty() {
            return if self.entries.len() >= wanted {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            };
        }
        if self.entries.len() >= wanted.saturating_mul(4).max(4096) {
            self.sort();
            self.entries.truncate(wanted);
        }
        ControlFlow::Continue(())
    }

    fn sort(&mut self) {
        let order = self.order;
        if order.is_empty() {
            return;
        }
        self.entries.sort_unstable_by(|a, b| {
            let keys = order.iter().zip(a.keys.iter().zip(b.keys.iter()));
            keys.map(|(key, (a, b))| compare(a, b, key))
                .find(|o| o.is_ne())
                .unwrap_or_else(|| a.counter.cmp(&b.counter))
        });
    }

    /// The counters in order, after leaving out the first `offset`.
    pub(super) fn finish(mut self, offset: u64) -> Vec<u64> {
        self.sort();
        if let Some(wanted) = self.wanted {
            self.entries.truncate(wanted);
        }
        let skipped = usize::try_from(offset).unwrap_or(usize::MAX);
        self.entries.into_iter().skip(skipped).map(|entry| entry.counter).collect()
    }
}
