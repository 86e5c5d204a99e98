//! The rows of a parent-to-child subquery, for all parents of a page in one pass over the children.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use crate::model::Value;
use crate::state::View;

use super::super::filter::{Filter, Test};
use super::super::plan::{Child, Path, Plan, Scalar};
use super::order::Sorter;
use super::{each_match, reaches_bin};

/// The counters of each parent's children, in the order and within the limit of the subquery.
pub(crate) fn children(
    child: &Child,
    parents: &HashSet<String>,
    view: &View,
    with_deleted: bool,
) -> HashMap<String, Vec<u64>> {
    let plan = &*child.plan;
    let with_deleted = reaches_bin(&plan.object, view, with_deleted);
    let reference = &plan.object.fields[child.reference];
    let wanted = plan.limit.map(|limit| plan.offset.saturating_add(limit));
    let mut sorters: HashMap<String, Sorter<'_>> = HashMap::new();
    let path = Path { hops: Vec::new(), object: plan.object.clone(), field: child.reference };
    let of_parents = Filter::Test(Scalar { path, function: None }, Test::IdIn(parents.clone()));
    let filter = Filter::And(vec![of_parents, plan.filter.clone()]);
    let narrowed = Plan { filter, ..plan.clone() };
    each_match(&narrowed, view, with_deleted, &mut |row| {
        if let Value::Id(parent) = row.value(reference) {
            // One parent's list being full says nothing of the others'.
            let _ = sorters.entry(parent).or_insert_with(|| Sorter::new(plan, wanted)).push(view, row);
        }
        ControlFlow::Continue(())
    });
    sorters.into_iter().map(|(parent, sorter)| (parent, sorter.finish(plan.offset))).collect()
}
