//! `Id IN (SELECT AccountId FROM Contact …)` and its rules ("Comparison Operators", SOQL and SOSL Reference).

use super::super::ast::{Expression, Query, SelectItem};
use super::super::fault::Fault;
use super::super::filter::Filter;
use super::super::plan::{Path, Plan, Scalar, Shape};
use super::{Checker, Scope};
use crate::model::FieldType;

/// The most semi-joins in one statement.
const MAX_SEMI_JOINS: usize = 2;

/// Objects that no semi-join selects from ("Comparison Operators", SOQL and SOSL Reference).
const NOT_INNER: [&str; 8] = [
    "ActivityHistory",
    "Attachment",
    "Event",
    "EventAttendee",
    "Note",
    "OpenActivity",
    "Task",
    "CombinedAttachment",
];

/// Where in the condition a comparison stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Place {
    #[default]
    Top,
    InOr,
    Nested,
}

/// What was met of semi-joins so far in one statement.
#[derive(Debug, Default)]
pub(super) struct SemiJoins {
    met: usize,
    nested: bool,
    pub place: Place,
    /// Nothing but this condition has been entered yet.
    pub is_top: bool,
}

impl SemiJoins {
    pub(super) fn at_top() -> Self {
        Self { is_top: true, ..Self::default() }
    }

    pub(super) fn none_allowed() -> Self {
        Self { nested: true, ..Self::at_top() }
    }

    /// Goes into an OR; answers the place to come back to.
    pub(super) fn enter_or(&mut self) -> Place {
        let inner = if self.is_top && self.place == Place::Top { Place::InOr } else { Place::Nested };
        self.is_top = false;
        std::mem::replace(&mut self.place, inner)
    }

    /// Goes into a NOT; answers the place to come back to.
    pub(super) fn enter_not(&mut self) -> Place {
        self.is_top = false;
        std::mem::replace(&mut self.place, Place::Nested)
    }

    fn meet(&mut self, at: usize) -> Result<(), Fault> {
        self.met += 1;
        if self.nested {
            return Err(Fault::malformed(at, "Nesting of semi join sub-selects is not supported"));
        }
        match self.place {
            Place::Top => {}
            Place::InOr => {
                let text = "Semi join sub-selects are not allowed with the 'OR' operator";
                return Err(Fault::malformed(at, text));
            }
            Place::Nested => {
                let text = "Semi join sub-selects are only allowed at the top level WHERE expressions";
                return Err(Fault::malformed(at, text));
            }
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
        if !is_id(&left.path) || !left.path.hops.is_empty() {
            let text = format!(
                "The left operand field in the where expression for outer query should be an id field, cannot use: '{}'",
                left.path.label()
            );
            return Err(Fault::malformed(at, text));
        }
        let object = self.object_of_from(&inner.from)?;
        if NOT_INNER.contains(&object.name.as_str()) {
            let text = format!("Entity '{}' is not supported for semi join inner selects", object.name);
            return Err(Fault::malformed(inner.from.at, text));
        }
        if object.name == outer.object.name {
            return Err(Fault::malformed(
                at,
                "The inner and outer selects should not be on the same object type",
            ));
        }
        refuse_clauses(inner)?;
        let scope = self.scope(inner, object)?;
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
            order: Vec::new(),
            limit: None,
            offset: 0,
            shape: Shape::Rows(Vec::new()),
            lists_fields: false,
        };
        Ok(Filter::InSelect { left, plan: Box::new(plan), selected })
    }

    fn selected_id(&self, inner: &Query, scope: &Scope) -> Result<Path, Fault> {
        let [SelectItem::Value { expression: Expression::Path(name), alias: None }] = inner.select.as_slice()
        else {
            let text = "semi join sub-selects can only query one id field";
            return Err(Fault::malformed(inner.from.at, text));
        };
        let path = self.path(name, scope)?;
        if is_id(&path) && path.hops.is_empty() {
            return Ok(path);
        }
        let text = format!("semi join sub-selects can only query id fields, cannot use: '{}'", path.label());
        Err(Fault::malformed(name.at, text))
    }
}

/// ORDER BY, LIMIT and their kin are no part of a semi-join.
fn refuse_clauses(inner: &Query) -> Result<(), Fault> {
    let refused = |at: usize, clause: &str| {
        Err(Fault::malformed(at, format!("{clause} is not supported in semi join sub-selects")))
    };
    if let Some(group_by) = &inner.group_by {
        return refused(group_by.at, "GROUP BY");
    }
    if let Some(ordering) = inner.order_by.first() {
        return refused(ordering.by.at(), "ORDER BY");
    }
    if inner.limit.is_some() || inner.offset.is_some() {
        return refused(inner.from.at, "LIMIT");
    }
    match inner.lock_at {
        Some(at) => refused(at, "FOR UPDATE"),
        None => Ok(()),
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
