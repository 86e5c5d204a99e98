//! Runs a plan on a view: finds the rows that match, puts them in order, counts or groups them.
//!
//! A row of the answer is known by its counter, the number inside its id, so that an answer of millions of rows costs
//! eight bytes each; values are read when a page is written.

mod children;
mod group;
mod order;
mod scan;

use std::collections::HashSet;
use std::ops::ControlFlow;

use crate::model::{ObjectDef, Value, ids};
use crate::state::{Row, View};

use super::filter::Filter;
use super::plan::{Path, Plan, Scalar, Shape};

pub(crate) use children::children;
pub(crate) use scan::{Way, is_shown};

/// What a plan answers.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// `COUNT()`.
    Count(u64),
    /// The rows in their order, by counter.
    Rows(Vec<u64>),
    /// Groups: names and values in the order of the SELECT list.
    Groups(Vec<Vec<(String, Value)>>),
}

/// Runs a plan. `with_deleted` also finds what lies in the recycle bin or is archived.
pub fn run(plan: &Plan, view: &View, with_deleted: bool) -> Outcome {
    let with_deleted = reaches_bin(&plan.object, view, with_deleted);
    match &plan.shape {
        Shape::Count => Outcome::Count(cut(count(plan, view, with_deleted), plan)),
        Shape::Rows(_) => Outcome::Rows(rows(plan, view, with_deleted)),
        Shape::Groups(grouping) => Outcome::Groups(group::groups(plan, grouping, view, with_deleted)),
    }
}

/// The row of the plan's object with this counter.
pub fn row_at(plan: &Plan, view: &View, counter: u64) -> Option<Row> {
    view.row(&plan.object, &ids::record_id(&plan.object.id_prefix, counter))
}

/// Visits the rows of the plan's object with these counters, without asking again whether the user may see them.
pub(crate) fn visit_rows(
    plan: &Plan,
    view: &View,
    counters: &[u64],
    visit: &mut dyn FnMut(&Row) -> ControlFlow<()>,
) {
    let Some(table) = view.snapshot().table(&plan.object.name) else { return };
    let mut row: Option<Row> = None;
    for counter in counters {
        let Some(found) = table.find(*counter) else { continue };
        let row = match &mut row {
            Some(row) => {
                row.move_to(*counter, found);
                row
            }
            None => row.insert(Row::new(view.snapshot().clone(), table.clone(), *counter, found)),
        };
        if visit(row).is_break() {
            return;
        }
    }
}

/// Whether a query shows the recycle bin: attachments are an exception both ways (Object Reference, "Attachment").
pub(crate) fn reaches_bin(object: &ObjectDef, view: &View, asked: bool) -> bool {
    if object.name == "Attachment" { view.user().permissions.view_all_data } else { asked }
}

fn cut(count: u64, plan: &Plan) -> u64 {
    count.saturating_sub(plan.offset).min(plan.limit.unwrap_or(u64::MAX))
}

fn count(plan: &Plan, view: &View, with_deleted: bool) -> u64 {
    if matches!(plan.filter, Filter::Always) && plan.owner.is_none() {
        return view.count(&plan.object, with_deleted);
    }
    let mut count = 0;
    each_match(plan, view, with_deleted, &mut |_| {
        count += 1;
        ControlFlow::Continue(())
    });
    count
}

fn rows(plan: &Plan, view: &View, with_deleted: bool) -> Vec<u64> {
    let wanted = plan.limit.map(|limit| plan.offset.saturating_add(limit));
    let mut sorter = order::Sorter::new(plan, wanted);
    if wanted == Some(0) {
        return Vec::new();
    }
    if is_everything(plan)
        && let Some(counters) = view.all_counters(&plan.object, with_deleted)
    {
        return counters;
    }
    each_match(plan, view, with_deleted, &mut |row| sorter.push(view, row));
    sorter.finish(plan.offset)
}

/// True if and only if the plan answers every row in the order of ids.
fn is_everything(plan: &Plan) -> bool {
    let in_order = plan.order.first().is_none_or(|key| key.by.is_own_field("Id") && !key.descending);
    let whole = plan.limit.is_none() && plan.offset == 0 && plan.owner.is_none();
    whole && in_order && matches!(plan.filter, Filter::Always)
}

/// How the rows of a plan are found, for those who want to know.
pub(crate) fn way_to(plan: &Plan, view: &View, with_deleted: bool) -> Way {
    scan::way(&plan.object, &resolved(plan, view, with_deleted), view, with_deleted)
}

/// Visits the rows that are read to find those that match.
pub(crate) fn each_candidate(
    plan: &Plan,
    view: &View,
    with_deleted: bool,
    visit: &mut dyn FnMut(&Row) -> ControlFlow<()>,
) {
    let filter = resolved(plan, view, with_deleted);
    scan::candidates(&plan.object, &filter, view, with_deleted, visit);
}

fn resolved(plan: &Plan, view: &View, with_deleted: bool) -> Filter<Scalar> {
    plan.filter.resolve(&|inner, selected| selected_ids(inner, selected, view, with_deleted))
}

/// Visits the rows that match, in the order of their ids.
pub(crate) fn each_match(
    plan: &Plan,
    view: &View,
    with_deleted: bool,
    visit: &mut dyn FnMut(&Row) -> ControlFlow<()>,
) {
    let filter = resolved(plan, view, with_deleted);
    let mut offer = |row: &Row| {
        let is_own =
            plan.owner.as_deref().is_none_or(|owner| row.value_of("OwnerId").as_str() == Some(owner));
        if is_own && filter.matches(&|scalar: &Scalar| scalar.read(view, row)) {
            return visit(row);
        }
        ControlFlow::Continue(())
    };
    scan::candidates(&plan.object, &filter, view, with_deleted, &mut offer);
}

/// The ids that a semi-join selects; empty references select nothing.
fn selected_ids(inner: &Plan, selected: &Path, view: &View, with_deleted: bool) -> HashSet<String> {
    let mut found = HashSet::new();
    let mut take = |row: &Row| {
        if let Value::Id(id) = selected.read(view, row) {
            found.insert(id);
        }
    };
    each_match(inner, view, with_deleted, &mut |row| {
        take(row);
        ControlFlow::Continue(())
    });
    found
}
