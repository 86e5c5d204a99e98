//! Reference fields of generated rows, turned round: from a row to those that point to it.

use super::plan::Plan;
use super::{GeneratedRow, Generator};

/// For each row that a plan can point to, the indexes of the rows that do.
#[derive(Debug)]
pub(super) struct Inverse {
    /// Prefix, first counter, count and place in `starts` of the rows that can be pointed to.
    targets: Vec<(String, u64, u64, usize)>,
    /// Where in `indexes` the rows pointing to a target begin; one entry more than there are targets.
    starts: Vec<u32>,
    indexes: Vec<u32>,
}

impl Inverse {
    /// `None` for plans that point by arithmetic or not at all, and beyond four billion rows.
    pub(super) fn of(plan: &Plan, generator: &Generator) -> Option<Inverse> {
        let count = u32::try_from(generator.count()).ok()?;
        let mut targets = Vec::new();
        let mut places = 0;
        for (prefix, first, rows) in reachable(plan, generator.count())? {
            targets.push((prefix, first, rows, places));
            places += usize::try_from(rows).ok()?;
        }
        let mut inverse = Inverse { targets, starts: vec![0; places + 1], indexes: Vec::new() };
        let mut pointing = 0_u32;
        for index in 0..count {
            if let Some(place) = inverse.place_of(plan, &generator.row(index.into())) {
                inverse.starts[place + 1] += 1;
                pointing += 1;
            }
        }
        for place in 0..places {
            inverse.starts[place + 1] += inverse.starts[place];
        }
        let mut next = inverse.starts.clone();
        inverse.indexes = vec![0; pointing as usize];
        for index in 0..count {
            if let Some(place) = inverse.place_of(plan, &generator.row(index.into())) {
                inverse.indexes[next[place] as usize] = index;
                next[place] += 1;
            }
        }
        Some(inverse)
    }

    fn place_of(&self, plan: &Plan, row: &GeneratedRow<'_>) -> Option<usize> {
        let (prefix, counter) = plan.reference(row)?;
        self.place(prefix, counter)
    }

    fn place(&self, prefix: &str, counter: u64) -> Option<usize> {
        self.targets.iter().filter(|(known, ..)| known == prefix).find_map(|(_, first, rows, place)| {
            let offset = counter.checked_sub(*first).filter(|offset| offset < rows)?;
            Some(place + usize::try_from(offset).ok()?)
        })
    }

    /// The indexes of the rows that point to this one, in their order.
    pub(super) fn pointing_to(&self, prefix: &str, counter: u64) -> &[u32] {
        let Some(place) = self.place(prefix, counter) else { return &[] };
        &self.indexes[self.starts[place] as usize..self.starts[place + 1] as usize]
    }
}

/// Prefix, first counter and count of the rows that a plan points to by chance, or by what another plan tells.
fn reachable(plan: &Plan, own: u64) -> Option<Vec<(String, u64, u64)>> {
    match plan {
        Plan::Reference { prefix, first, count, .. } => Some(vec![(prefix.clone(), *first, *count)]),
        Plan::AnyOf { targets, .. } => Some(targets.clone()),
        Plan::Earlier { prefix, first, .. } => Some(vec![(prefix.clone(), *first, own)]),
        Plan::Derived(derived) => {
            let mut all = Vec::new();
            for (source, rows) in derived.sources(own) {
                let more = match source {
                    Plan::Null => Vec::new(),
                    Plan::Aligned { prefix, first, count, .. } => vec![(prefix.clone(), *first, *count)],
                    other => reachable(other, rows)?,
                };
                all.extend(more);
            }
            all.sort();
            all.dedup();
            Some(all)
        }
        _ => None,
    }
}
