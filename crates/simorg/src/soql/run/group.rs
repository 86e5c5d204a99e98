//! GROUP BY and the aggregate functions, in one pass over the matching rows.

use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;

use crate::model::Value;
use crate::state::View;

use super::super::decimal::Decimal;
use super::super::filter::decimal;
use super::super::plan::{AggregateFunction, GroupItem, GroupSource, Grouping, Plan};
use super::each_match;
use super::order::{SortKey, compare};

struct Group {
    keys: Vec<Value>,
    /// Which keys the group has; the others are summed over.
    has: Vec<bool>,
    sums: Vec<Accumulator>,
}

enum Accumulator {
    Count(i64),
    Distinct(HashSet<String>),
    Least(Option<Value>),
    Greatest(Option<Value>),
    Sum { sum: Decimal, count: u64, whole: bool },
    Average { sum: Decimal, count: u64 },
}

pub(super) fn groups(
    plan: &Plan,
    grouping: &Grouping,
    view: &View,
    with_deleted: bool,
) -> Vec<Vec<(String, Value)>> {
    // A subtotal, which lacks the key, comes after the groups that have it.
    let mut places: BTreeMap<Vec<(bool, SortKey)>, usize> = BTreeMap::new();
    let mut groups: Vec<Group> = Vec::new();
    if grouping.keys.is_empty() {
        places.insert(Vec::new(), 0);
        groups.push(Group::new(grouping, Vec::new(), Vec::new()));
    }
    // Rows of one group mostly come one after the other: the keys of the row before, and its groups.
    let mut before: (Vec<Value>, Vec<usize>) =
        (Vec::new(), if groups.is_empty() { Vec::new() } else { vec![0] });
    each_match(plan, view, with_deleted, &mut |row| {
        let is_same = !before.1.is_empty()
            && grouping.keys.iter().zip(&before.0).all(|(key, held)| key.read(view, row) == *held);
        if !is_same {
            let keys: Vec<Value> = grouping.keys.iter().map(|key| key.read(view, row)).collect();
            let of_set = |set: &Vec<bool>| {
                let kept = |(key, has): (&Value, &bool)| if *has { key.clone() } else { Value::Null };
                let keys: Vec<Value> = keys.iter().zip(set).map(kept).collect();
                let sorted = keys.iter().zip(set).map(|(key, has)| (!has, SortKey::of(key))).collect();
                *places.entry(sorted).or_insert_with(|| {
                    groups.push(Group::new(grouping, keys, set.clone()));
                    groups.len() - 1
                })
            };
            let at = grouping.sets.iter().map(of_set).collect();
            before = (keys, at);
        }
        for (number, aggregate) in grouping.aggregates.iter().enumerate() {
            // Every row has an Id, and nobody asks for its text here.
            let counts_rows =
                matches!(aggregate.function, AggregateFunction::Count) && aggregate.of.is_own_field("Id");
            let value = if counts_rows { Value::Bool(true) } else { aggregate.of.read(view, row) };
            for place in &before.1 {
                groups[*place].sums[number].add(&value);
            }
        }
        ControlFlow::Continue(())
    });
    let mut found: Vec<Option<Group>> = groups.into_iter().map(Some).collect();
    let groups = places.into_values().filter_map(|place| found[place].take());
    let mut groups: Vec<Group> =
        groups.filter(|group| grouping.having.matches(&|source| group.value(*source))).collect();
    groups.sort_by_cached_key(|group| Ranked {
        keys: grouping.order.iter().map(|key| SortKey::of(&group.value(key.by))).collect(),
        order: &grouping.order,
    });
    let skipped = usize::try_from(plan.offset).unwrap_or(usize::MAX);
    let taken = plan.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let shown = |group: Group| {
        grouping.items.iter().map(|item| (item.name.clone(), grouping.shown(item, &group))).collect()
    };
    groups.into_iter().skip(skipped).take(taken).map(shown).collect()
}

/// The sort keys of a group, compared as ORDER BY says.
struct Ranked<'a> {
    keys: Vec<SortKey>,
    order: &'a [super::super::plan::OrderKey<GroupSource>],
}

impl PartialEq for Ranked<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ranked<'_> {}

impl PartialOrd for Ranked<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ranked<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let pairs = self.order.iter().zip(self.keys.iter().zip(&other.keys));
        pairs
            .map(|(key, (a, b))| compare(a, b, key))
            .find(|order| order.is_ne())
            .unwrap_or(std::cmp::Ordering::Equal)
    }
}

impl Grouping {
    fn shown(&self, item: &GroupItem, group: &Group) -> Value {
        let field = match item.source {
            GroupSource::Key(at) | GroupSource::IsSubtotal(at) => self.keys[at].path.def(),
            GroupSource::Aggregate(at) => self.aggregates[at].of.path.def(),
        };
        item.form.of(group.value(item.source), field)
    }
}

impl Group {
    fn new(grouping: &Grouping, keys: Vec<Value>, has: Vec<bool>) -> Self {
        let sums = grouping.aggregates.iter().map(|aggregate| Accumulator::new(aggregate.function)).collect();
        Self { keys, has, sums }
    }

    fn value(&self, source: GroupSource) -> Value {
        match source {
            GroupSource::Key(at) => self.keys[at].clone(),
            GroupSource::Aggregate(at) => self.sums[at].value(),
            GroupSource::IsSubtotal(at) => Value::Int(i64::from(!self.has[at])),
        }
    }
}

impl Accumulator {
    fn new(function: AggregateFunction) -> Self {
        match function {
            AggregateFunction::Count => Self::Count(0),
            AggregateFunction::CountDistinct => Self::Distinct(HashSet::new()),
            AggregateFunction::Min => Self::Least(None),
            AggregateFunction::Max => Self::Greatest(None),
            AggregateFunction::Sum => Self::Sum { sum: Decimal::default(), count: 0, whole: true },
            AggregateFunction::Avg => Self::Average { sum: Decimal::default(), count: 0 },
        }
    }

    /// Empty values count for nothing.
    fn add(&mut self, value: &Value) {
        if value.is_null() {
            return;
        }
        match self {
            Self::Count(count) => *count += 1,
            Self::Distinct(seen) => {
                seen.insert(value.to_plain_text().to_lowercase());
            }
            Self::Least(least) => {
                if least
                    .as_ref()
                    .is_none_or(|held| value.compare(held).is_some_and(std::cmp::Ordering::is_lt))
                {
                    *least = Some(value.clone());
                }
            }
            Self::Greatest(greatest) => {
                if greatest
                    .as_ref()
                    .is_none_or(|held| value.compare(held).is_some_and(std::cmp::Ordering::is_gt))
                {
                    *greatest = Some(value.clone());
                }
            }
            Self::Sum { sum, count, whole } => {
                *whole &= matches!(value, Value::Int(_));
                *sum = sum.plus(decimal(value).unwrap_or_default());
                *count += 1;
            }
            Self::Average { sum, count } => {
                *sum = sum.plus(decimal(value).unwrap_or_default());
                *count += 1;
            }
        }
    }

    fn value(&self) -> Value {
        match self {
            Self::Count(count) => Value::Int(*count),
            Self::Distinct(seen) => Value::Int(i64::try_from(seen.len()).unwrap_or(i64::MAX)),
            Self::Least(held) | Self::Greatest(held) => held.clone().unwrap_or(Value::Null),
            Self::Sum { count: 0, .. } | Self::Average { count: 0, .. } => Value::Null,
            Self::Sum { sum, whole: true, .. } => Value::Int(sum.to_digits().parse().unwrap_or(i64::MAX)),
            Self::Sum { sum, .. } => Value::Number(sum.to_digits()),
            Self::Average { sum, count } => Value::Number(mean(*sum, *count)),
        }
    }
}

/// The mean as a double, whose digits the platform shows.
fn mean(sum: Decimal, count: u64) -> String {
    let sum: f64 = sum.to_digits().parse().unwrap_or(0.0);
    #[expect(clippy::cast_precision_loss, reason = "a count of rows is far below 2^53")]
    let mean = sum / count.max(1) as f64;
    mean.to_string()
}
