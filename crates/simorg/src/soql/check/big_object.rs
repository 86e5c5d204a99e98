//! What big objects answer: filters along their index, in its order, and nothing that is computed over rows.
//!
//! The index of a big object is made of required fields, in an order of its own ("SOQL with Big Objects", Big Objects
//! Implementation Guide).

use super::super::ast::Operator;
use super::super::fault::Fault;
use super::super::filter::{Filter, Test};
use super::super::plan::{Plan, Scalar, Shape};
use crate::model::ObjectDef;

const CODE: &str = "BIG_OBJECT_UNSUPPORTED_OPERATION";

pub(super) fn check(plan: &Plan) -> Result<(), Fault> {
    if !matches!(plan.shape, Shape::Rows(_)) {
        return Err(Fault::plain(CODE, "Aggregate functions not supported"));
    }
    let index = index_of(&plan.object);
    let mut by_field: Vec<Option<bool>> = vec![None; index.len()];
    for term in plan.filter.conjuncts() {
        let Filter::Test(scalar, test) = term else {
            if matches!(term, Filter::Always) {
                continue;
            }
            return Err(Fault::plain(CODE, "Only AND expressions of filters on index fields are supported"));
        };
        let Some(at) = position(&index, scalar) else {
            let label = scalar.path.label();
            return Err(Fault::plain(CODE, format!("Filtering on column {label} is not supported")));
        };
        let is_exact = exactness(test).ok_or_else(|| {
            Fault::plain(CODE, format!("Unsupported operator on filter column: {}", index[at].to_uppercase()))
        })?;
        by_field[at] = Some(by_field[at].unwrap_or(true) && is_exact);
    }
    refuse_gaps(&by_field)?;
    let sorted = plan.order.iter().find(|key| position(&index, &key.by).is_none());
    match sorted {
        Some(key) => {
            let text = format!("Unsupported order on column: {}", key.by.path.label().to_uppercase());
            Err(Fault::plain(CODE, text))
        }
        None => Ok(()),
    }
}

/// The index that was deployed. An object made from notation has none, and is found by its required fields as they stand.
fn index_of(object: &ObjectDef) -> Vec<&str> {
    let deployed: Vec<&str> = object
        .metadata
        .index
        .iter()
        .filter_map(|(name, _)| object.field(name))
        .map(|f| f.name.as_str())
        .collect();
    if !deployed.is_empty() {
        return deployed;
    }
    let required = object.fields.iter().filter(|field| field.custom && !field.nillable);
    required.map(|field| field.name.as_str()).collect()
}

fn position(index: &[&str], scalar: &Scalar) -> Option<usize> {
    index.iter().position(|name| scalar.is_own_field(name))
}

/// Whether the test picks single values; `None` for tests that no index answers.
fn exactness(test: &Test) -> Option<bool> {
    match test {
        Test::Text { operator, .. } | Test::Number { operator, .. } | Test::Moment { operator, .. } => {
            Some(*operator == Operator::Equal)
        }
        Test::TextIn { .. } | Test::NumberIn(_) | Test::MomentIn(_) => Some(false),
        Test::Id { operator: Operator::Equal, .. } | Test::Bool(_) => Some(true),
        _ => None,
    }
}

/// Fields are filtered from the first on without a gap, and only the last of them by a range.
fn refuse_gaps(by_field: &[Option<bool>]) -> Result<(), Fault> {
    let used = by_field.iter().take_while(|filter| filter.is_some()).count();
    if by_field[used..].iter().any(Option::is_some) {
        return Err(Fault::plain(CODE, "Filters may not have any gaps within the composite key"));
    }
    let ranged = by_field[..used].iter().position(|filter| *filter == Some(false));
    match ranged {
        Some(at) if at + 1 < used => {
            Err(Fault::plain(CODE, "Only the last filtered field of the index may be filtered by a range"))
        }
        _ => Ok(()),
    }
}
