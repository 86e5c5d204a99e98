//! Picks the cheapest way to the rows that a filter can match: named ids, a range of ids, a window of stamps, or all.

use std::ops::{ControlFlow, Range};

use crate::model::{ObjectDef, ids};
use crate::state::{Row, Scan, View};

use super::super::ast::Operator;
use super::super::filter::{Filter, Test};
use super::super::plan::Scalar;

pub(super) fn candidates(
    object: &ObjectDef,
    filter: &Filter<Scalar>,
    view: &View,
    with_deleted: bool,
    visit: &mut dyn FnMut(&Row) -> ControlFlow<()>,
) {
    if let Some(named) = filter.ids() {
        let mut named = named;
        named.sort_unstable();
        visit_ids(object, named.into_iter().map(str::to_owned), view, with_deleted, visit);
        return;
    }
    let stamped = filter.stamp_range();
    if stamped.is_none()
        && let Some(range) = counter_range(object, filter, view)
    {
        let named = range.map(|counter| ids::record_id(&object.id_prefix, counter));
        visit_ids(object, named, view, with_deleted, visit);
        return;
    }
    view.scan(object, Scan { with_deleted, stamped }, visit);
}

fn visit_ids(
    object: &ObjectDef,
    named: impl Iterator<Item = String>,
    view: &View,
    with_deleted: bool,
    visit: &mut dyn FnMut(&Row) -> ControlFlow<()>,
) {
    for id in named {
        let Some(row) = view.row(object, &id) else { continue };
        if is_shown(&row, with_deleted) && visit(&row).is_break() {
            return;
        }
    }
}

/// True if and only if a query of this kind shows the row.
pub(crate) fn is_shown(row: &Row, with_deleted: bool) -> bool {
    with_deleted || !(row.is_deleted() || row.is_archived())
}

/// The counters that `Id > '…'` and its kin leave, when the filter has a lower end.
fn counter_range(object: &ObjectDef, filter: &Filter<Scalar>, view: &View) -> Option<Range<u64>> {
    let table_end = view.snapshot().table(&object.name)?.next_counter();
    let mut range = object.first_counter..table_end;
    let mut has_start = false;
    for term in filter.conjuncts() {
        let Filter::Test(scalar, Test::Id { operator, id }) = term else { continue };
        if !scalar.is_own_field("Id") || !id.starts_with(&object.id_prefix) {
            continue;
        }
        let Some(counter) = ids::counter_of(id) else { continue };
        match operator {
            Operator::Greater | Operator::GreaterOrEqual => {
                has_start = true;
                range.start = range.start.max(counter);
            }
            Operator::Less | Operator::LessOrEqual => range.end = range.end.min(counter + 1),
            _ => {}
        }
    }
    has_start.then_some(range)
}
