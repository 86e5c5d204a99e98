//! `Id IN (SELECT AccountId FROM Contact …)` and its rules ("Comparison Operators", SOQL and SOSL Reference).

use super::super::ast::{Expression, Query, SelectItem};
use super::super::fault::Fault;
use super::super::filter::Filter;
use super::super::plan::{Path, Plan, Scalar, Shape};
use super::{Checker, Scope};
use crate::model::FieldType;

/// The most semi-joins in one statement.
const MAX_SEMI_JOINS: usize = 2;

/// What was met of semi-joins so far in one statement.
#[derive(Debug, Default)]
pub(super) struct SemiJoins {
    met: usize,
    nested: bool,
    pub in_or: bool,
}

impl SemiJoins {
    pub(super) fn none_allowed() -> Self {
        Self { nested: true, ..Self::default() }
    }

    fn meet(&mut self, at: usize) -> Result<(), Fault> {
        self.met += 1;
        if self.nested {
            return Err(Fault::malformed(at, "Nesting of semi join sub-selects is not supported"));
        }
        if self.in_or {
            return Err(Fault::malformed(at, "Semi join sub-selects are not allowed with the 'OR' operator"));
        }
        if self.met > MAX_SEMI_JOINS {
            let text = format!("Maximum {MAX_SEMI_JOINS} semi join sub-selects are allowed");
            return Err(Fault::malformed(at, text));
        }
        Ok(())
    }
}

impl Checker<'_> {
    pub(super) fn semi_join(
        &self,
        left: Scalar,
        expression: &Expression,
        inner: &Query,
        outer: &Scope,
        joins: &mut SemiJoins,
    ) -> Result<Filter<Scalar>, Fault> {
        let at = expression.at();
        joins.meet(at)?;
        if !is_id(&left.path) {
            let text = format!(
                "The left operand field in the where expression for outer query should be an id field, cannot use: '{}'",
                left.path.def().name
            );
            return Err(Fault::malformed(at, text));
        }
        let object = self.object_of_from(&inner.from)?;
        if object.name == outer.object.name && left.is_own_field("Id") {
            return Err(Fault::malformed(
                at,
                "The inner and outer selects should not be on the same object type",
            ));
        }
        let scope = Scope { object, alias: inner.alias.as_ref().map(|alias| alias.text.clone()) };
        let selected = self.selected_id(inner, &scope)?;
        if !targets(&left.path).iter().any(|target| targets(&selected).contains(target)) {
            let text = format!(
                "The selected field '{}' in the subquery and the left operand field in the where expression in the outer query \
                 '{}' should point to the same object type",
                selected.def().name,
                left.path.def().name
            );
            return Err(Fault::malformed(at, text));
        }
        let filter = match &inner.filter {
            Some(condition) => self.inner_filter(condition, &scope)?,
            None => Filter::Always,
        };
        let plan = Plan {
            object: scope.object.clone(),
            filter,
            owner: None,
            order: self.row_order(&inner.order_by, &scope)?,
            limit: inner.limit,
            offset: inner.offset.unwrap_or(0),
            shape: Shape::Rows(Vec::new()),
        };
        Ok(Filter::InSelect { left, plan: Box::new(plan), selected })
    }

    fn selected_id(&self, inner: &Query, scope: &Scope) -> Result<Path, Fault> {
        let [SelectItem::Value { expression: Expression::Path(name), alias: None }] = inner.select.as_slice()
        else {
            let text = "The inner select in a semi join sub-select must have exactly one id field";
            return Err(Fault::malformed(inner.from.at, text));
        };
        let path = self.path(name, scope)?;
        if is_id(&path) {
            return Ok(path);
        }
        let text = format!(
            "The inner select field in a semi join sub-select should be an id field, cannot use: '{}'",
            path.def().name
        );
        Err(Fault::malformed(name.at, text))
    }
}

fn is_id(path: &Path) -> bool {
    matches!(path.def().kind, FieldType::Id | FieldType::Reference)
}

/// The objects that the ids of this field belong to.
fn targets(path: &Path) -> Vec<String> {
    match path.def().kind {
        FieldType::Id => vec![path.object.name.clone()],
        _ => path.def().reference_to.clone(),
    }
}
