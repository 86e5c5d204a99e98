//! Picks the cheapest way to the rows that a filter can match: named ids, rows that point to named ones, a code that shows
//! its row, a range of ids, a window of stamps, or all.

use std::collections::HashSet;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use crate::model::{FieldSource, FieldType, ObjectDef, ids};
use crate::state::table::{Found, Table};
use crate::state::{Row, Scan, View};

use super::super::ast::Operator;
use super::super::filter::{Filter, Test};
use super::super::plan::Scalar;

/// Looking rows up one by one pays when this many times fewer are wanted than there are.
const SELECTIVE: u64 = 8;

/// How the rows that a filter can match are found.
pub(crate) enum Way {
    Ids(Vec<String>),
    /// Rows found by an index over the field of this name.
    Indexed(String, Vec<(u64, Found)>),
    Range(Range<u64>),
    Scan(Scan),
}

pub(crate) fn way(object: &ObjectDef, filter: &Filter<Scalar>, view: &View, with_deleted: bool) -> Way {
    if let Some(named) = filter.ids() {
        let mut named: Vec<String> = named.into_iter().map(str::to_owned).collect();
        named.sort_unstable();
        return Way::Ids(named);
    }
    let Some(table) = view.snapshot().table(&object.name) else {
        return Way::Scan(Scan { with_deleted, stamped: None });
    };
    if let Some((name, rows)) = filter.conjuncts().into_iter().find_map(|term| indexed(term, table)) {
        return Way::Indexed(name, rows);
    }
    let stamped = filter.stamp_range();
    if stamped.is_none() {
        if let Some(range) = counter_range(object, filter, table) {
            return Way::Range(range);
        }
        if let Some((name, rows)) = filter.conjuncts().into_iter().find_map(|term| created(term, table)) {
            return Way::Indexed(name, rows);
        }
    }
    Way::Scan(Scan { with_deleted, stamped })
}

pub(super) fn candidates(
    object: &ObjectDef,
    filter: &Filter<Scalar>,
    view: &View,
    with_deleted: bool,
    visit: &mut dyn FnMut(&Row) -> ControlFlow<()>,
) {
    match way(object, filter, view, with_deleted) {
        Way::Ids(named) => visit_ids(object, named.into_iter(), view, with_deleted, visit),
        Way::Indexed(_, rows) => {
            if let Some(table) = view.snapshot().table(&object.name) {
                view.offer(table, rows, with_deleted, visit);
            }
        }
        Way::Range(range) => {
            let named = range.map(|counter| ids::record_id(&object.id_prefix, counter));
            visit_ids(object, named, view, with_deleted, visit);
        }
        Way::Scan(scan) => view.scan(object, scan, visit),
    }
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

/// The rows that one term can match, if it is about a reference or about a code of which the row can be told.
fn indexed(term: &Filter<Scalar>, table: &Arc<Table>) -> Option<(String, Vec<(u64, Found)>)> {
    let Filter::Test(scalar, test) = term else { return None };
    let field = scalar.own_field()?;
    let name = || field.name.clone();
    match (test, &field.source) {
        (Test::Id { operator: Operator::Equal, id }, FieldSource::Stored)
            if field.kind == FieldType::Reference =>
        {
            Some((name(), table.rows_referring(field.slot, &HashSet::from([id.clone()]))))
        }
        (Test::IdIn(wanted), FieldSource::Stored) if field.kind == FieldType::Reference => {
            let is_selective = (wanted.len() as u64).saturating_mul(SELECTIVE) <= table.with_bin();
            is_selective.then(|| (name(), table.rows_referring(field.slot, wanted)))
        }
        (Test::Text { operator: Operator::Equal, text, .. }, source) if is_code(field, source) => {
            Some((name(), table.rows_holding(field.slot, &[text])?))
        }
        (Test::TextIn { texts, .. }, source) if is_code(field, source) => {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            Some((name(), table.rows_holding(field.slot, &texts)?))
        }
        _ => None,
    }
}

fn is_code(field: &crate::model::FieldDef, source: &FieldSource) -> bool {
    let is_kept = matches!(source, FieldSource::Stored | FieldSource::AutoNumber(_));
    is_kept && field.kind.is_text() && (field.external_id || field.unique || field.auto_number)
}

/// The rows that were created late enough for a term with a lower end.
fn created(term: &Filter<Scalar>, table: &Arc<Table>) -> Option<(String, Vec<(u64, Found)>)> {
    let Filter::Test(scalar, Test::Moment { operator, range: (from_ms, _) }) = term else { return None };
    let field = scalar.own_field().filter(|field| field.name == "CreatedDate")?;
    let has_start = matches!(operator, Operator::Equal | Operator::Greater | Operator::GreaterOrEqual);
    let rows = has_start.then(|| table.rows_created_since(field.slot, *from_ms))??;
    Some((field.name.clone(), rows))
}

/// The counters that `Id > '…'` and its kin leave, when the filter has a lower end.
fn counter_range(object: &ObjectDef, filter: &Filter<Scalar>, table: &Table) -> Option<Range<u64>> {
    let mut range = object.first_counter..table.next_counter();
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
