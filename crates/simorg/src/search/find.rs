//! Finds the records that a search means, object by object.

use std::ops::ControlFlow;

use crate::errors::ApiError;
use crate::model::{FieldDef, FieldType, ObjectDef};
use crate::soql::{self, Context, Outcome, Plan};
use crate::state::{Row, View};

use super::statement::{Group, Returning, Statement, as_search};
use super::term::{Term, words_of};

/// The rows found of one object, by counter.
pub(super) struct Found {
    pub plan: Plan,
    pub counters: Vec<u64>,
}

pub(super) fn find(statement: &Statement, context: Context<'_>) -> Result<Vec<Found>, ApiError> {
    let view = context.view;
    let everything: Vec<Returning>;
    let returning = if statement.returning.is_empty() {
        let searchable = view.objects().into_iter().filter(|object| is_searchable(object));
        everything = searchable.map(|object| Returning::new(&object.name, "", "")).collect();
        &everything
    } else {
        &statement.returning
    };
    let mut plans = Vec::with_capacity(returning.len());
    for item in returning {
        let plan = soql::plan(&item.soql, context).map_err(as_search)?;
        if !is_searchable(plan.object()) || !plan.answers_rows() {
            let text = format!("entity type {} does not support search", plan.object().name);
            return Err(ApiError::bad_request("INVALID_TYPE_FOR_OPERATION", text));
        }
        plans.push(plan);
    }
    let mut left = statement.limit;
    let mut found = Vec::with_capacity(plans.len());
    for plan in plans {
        let counters = of_object(&plan, statement, view, left);
        left -= counters.len() as u64;
        found.push(Found { plan, counters });
    }
    Ok(found)
}

fn is_searchable(object: &ObjectDef) -> bool {
    object.flags.searchable && object.flags.queryable
}

fn of_object(plan: &Plan, statement: &Statement, view: &View, left: u64) -> Vec<u64> {
    let limit = plan.limit().map_or(left, |limit| limit.min(left));
    let offset = plan.offset();
    let fields: Vec<&FieldDef> = plan
        .object()
        .fields
        .iter()
        .filter(|field| is_searched(statement.group, plan.object(), field))
        .collect();
    let (skipped, wanted) = (as_len(offset), as_len(offset.saturating_add(limit)));
    let mut counters = Vec::new();
    if limit == 0 {
        return counters;
    }
    let mut offer = |row: &Row| {
        if matches(&statement.term, row, &fields) {
            counters.push(row.counter());
        }
        if counters.len() >= wanted { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let whole = plan.without_limit();
    if plan.is_ordered() {
        if let Outcome::Rows(rows) = soql::run(&whole, view, false) {
            soql::visit_rows(&whole, view, &rows, &mut offer);
        }
    } else {
        soql::each_match(&whole, view, false, &mut offer);
    }
    counters.split_off(skipped.min(counters.len()))
}

fn as_len(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn matches(term: &Term, row: &Row, fields: &[&FieldDef]) -> bool {
    let texts = fields.iter().filter_map(|field| row.value(field).as_str().map(words_of));
    term.matches(&texts.collect::<Vec<_>>())
}

/// Whether a search of this group looks into a field ("IN `SearchGroup`", SOQL and SOSL Reference).
fn is_searched(group: Group, object: &ObjectDef, field: &FieldDef) -> bool {
    let is_name = field.name_field
        || matches!(field.name.as_str(), "FirstName" | "LastName")
        || (object.name == "Case" && field.name == "Subject");
    let (is_email, is_phone) = (field.kind == FieldType::Email, field.kind == FieldType::Phone);
    match group {
        Group::All => field.kind.is_text() && field.kind != FieldType::EncryptedString,
        Group::Name => is_name,
        Group::Email => is_email,
        Group::Phone => is_phone,
        Group::Sidebar => is_name || is_email || is_phone || field.external_id || field.auto_number,
    }
}
