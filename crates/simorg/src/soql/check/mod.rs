//! Checks a statement against the objects that the user sees and turns it into a [`Plan`].
//!
//! FROM is looked up first, then the SELECT list from left to right, then the clauses in their order, so that of several
//! faults the same one is reported as by the platform.

mod big_object;
mod columns;
mod condition;
mod grouping;
mod literal;
mod names;
mod restrictions;
mod semi_join;

pub(crate) use restrictions::WITH_DURABLE_IDS;

use std::sync::Arc;

use chrono::NaiveDate;

use crate::model::{ObjectDef, ObjectKind};
use crate::state::View;

use super::ast::{Expression, Name, Ordering, Query, SelectItem};
use super::fault::{Fault, SoqlError};
use super::filter::Filter;
use super::function::Function;
use super::parser;
use super::plan::{AggregateFunction, Hop, OrderKey, Path, Plan, Scalar, Shape};

/// The greatest OFFSET (SOQL and SOSL Reference, "OFFSET").
const MAX_OFFSET: u64 = 2000;
/// The most parent-to-child subqueries in one statement ("Understanding Relationship Query Limitations").
const MAX_CHILD_SELECTS: usize = 20;
/// The most nesting of parent-to-child subqueries, since version 58.
const MAX_CHILD_LEVELS: usize = 4;

/// What a statement is checked against.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    pub view: &'a View,
    /// The major version in the path of the request, for rules that changed over time.
    pub version: u32,
    /// The day in GMT that date literals count from.
    pub today: NaiveDate,
}

/// Parses and checks a statement.
pub fn plan(statement: &str, context: Context<'_>) -> Result<Plan, SoqlError> {
    let checked = parser::parse(statement).and_then(|query| Checker { context }.statement(&query));
    checked.map_err(|fault| fault.into_error(statement))
}

struct Checker<'a> {
    context: Context<'a>,
}

/// The object that names are looked up in.
struct Scope {
    object: Arc<ObjectDef>,
    alias: Option<String>,
    /// Names for paths to parents.
    joined: Vec<(String, Vec<Hop>)>,
}

impl Scope {
    fn of(object: Arc<ObjectDef>) -> Scope {
        Scope { object, alias: None, joined: Vec::new() }
    }

    /// True if and only if the first part of a dotted name means the object itself.
    fn is_named(&self, segment: &str) -> bool {
        let is_alias = self.alias.as_deref().is_some_and(|alias| alias.eq_ignore_ascii_case(segment));
        is_alias
            || (segment.eq_ignore_ascii_case(&self.object.name)
                && self.object.relationship(segment).is_none())
    }

    fn joined(&self, segment: &str) -> Option<&Vec<Hop>> {
        self.joined.iter().find(|(name, _)| name.eq_ignore_ascii_case(segment)).map(|(_, hops)| hops)
    }
}

impl Checker<'_> {
    fn statement(&self, query: &Query) -> Result<Plan, Fault> {
        let object = self.object_of_from(&query.from)?;
        let plan = self.query(query, object, 0)?;
        restrictions::check(&plan, self.context)?;
        Ok(plan)
    }

    fn object_of_from(&self, from: &Name) -> Result<Arc<ObjectDef>, Fault> {
        let Some(object) = self.context.view.object(&from.text) else {
            return Err(Fault::at(from.at, "INVALID_TYPE", unknown_object(&from.text)));
        };
        if !object.flags.queryable || object.kind == ObjectKind::ChangeEvent {
            let text = format!("entity type {} does not support query", object.name);
            return Err(Fault::plain("INVALID_TYPE_FOR_OPERATION", text));
        }
        Ok(object)
    }

    fn scope(&self, query: &Query, object: Arc<ObjectDef>) -> Result<Scope, Fault> {
        let alias = query.alias.as_ref().map(|alias| alias.text.clone());
        let mut scope = Scope { object, alias, joined: Vec::new() };
        for (path, alias) in &query.joined {
            let hops = names::joined_path(self, path, &scope)?;
            let name = alias.as_ref().map_or_else(
                || path.text.rsplit('.').next().unwrap_or_default().to_owned(),
                |alias| alias.text.clone(),
            );
            scope.joined.push((name, hops));
        }
        Ok(scope)
    }

    fn query(&self, query: &Query, object: Arc<ObjectDef>, level: usize) -> Result<Plan, Fault> {
        let scope = self.scope(query, object)?;
        let grouped = is_grouped(query);
        let rows = if grouped { Vec::new() } else { self.select_list(query, &scope, level)? };
        let owner = self.owner(query)?;
        let filter = match &query.filter {
            Some(condition) => self.row_filter(condition, &scope)?,
            None => Filter::Always,
        };
        if query.offset.is_some_and(|offset| offset > MAX_OFFSET) {
            let text = format!("Maximum SOQL offset allowed is {MAX_OFFSET}");
            return Err(Fault::plain("NUMBER_OUTSIDE_VALID_RANGE", text));
        }
        if let Some(condition) = query.having.as_ref().filter(|_| !grouped) {
            return Err(grouping::having_without_groups(condition));
        }
        let mut order = Vec::new();
        let shape = if grouped {
            self.grouped_shape(query, &scope)?
        } else {
            order = self.row_order(&query.order_by, &scope)?;
            Shape::Rows(rows)
        };
        check_statistics(query, &scope.object)?;
        let plan = Plan {
            object: scope.object,
            filter,
            owner,
            order,
            limit: query.limit,
            offset: query.offset.unwrap_or(0),
            shape,
            lists_fields: query.select.iter().any(is_unbounded_list),
        };
        columns::check_fields_limit(&plan)?;
        Ok(plan)
    }

    fn row_order(&self, orderings: &[Ordering], scope: &Scope) -> Result<Vec<OrderKey<Scalar>>, Fault> {
        orderings
            .iter()
            .map(|ordering| {
                let by = self.scalar(&ordering.by, scope)?;
                if by.function == Some(Function::Label) {
                    return Err(Fault::malformed(ordering.by.at(), "unexpected token: 'toLabel'"));
                }
                if by.function.is_none() && !by.path.def().sortable {
                    let text = format!("field '{}' can not be sorted in a query call", by.path.def().name);
                    return Err(Fault::malformed(ordering.by.at(), text));
                }
                Ok(OrderKey { by, descending: ordering.descending, nulls_last: ordering.nulls_last })
            })
            .collect()
    }

    fn owner(&self, query: &Query) -> Result<Option<String>, Fault> {
        match &query.scope {
            None => Ok(None),
            Some(scope) if scope.is("everything") => Ok(None),
            Some(scope) if scope.is("mine") => Ok(Some(self.context.view.user().id.clone())),
            Some(_) => Err(Fault::not_simulated("USING SCOPE other than everything and mine")),
        }
    }

    /// A field path, or a date function of one.
    fn scalar(&self, expression: &Expression, scope: &Scope) -> Result<Scalar, Fault> {
        names::scalar(self, expression, scope)
    }

    fn path(&self, name: &Name, scope: &Scope) -> Result<Path, Fault> {
        names::path(self, name, scope)
    }
}

fn is_grouped(query: &Query) -> bool {
    let aggregates = query.select.iter().any(|item| match item {
        SelectItem::CountAll { .. } => true,
        SelectItem::Value { expression, .. } => holds_aggregate(expression),
        _ => false,
    });
    aggregates || query.group_by.is_some()
}

/// True for an aggregate function, alone or inside `FORMAT(…)`.
fn holds_aggregate(expression: &Expression) -> bool {
    match expression {
        Expression::Call { function, argument } => {
            AggregateFunction::named(&function.text).is_some()
                || function.is("GROUPING")
                || holds_aggregate(argument)
        }
        Expression::Path(_) | Expression::Distance { .. } => false,
    }
}

/// `FIELDS(ALL)` or `FIELDS(CUSTOM)`.
fn is_unbounded_list(item: &SelectItem) -> bool {
    matches!(item, SelectItem::Fields { group } if !group.is("STANDARD"))
}

/// Only articles count how often they are viewed ("UPDATE VIEWSTAT", SOQL and SOSL Reference).
fn check_statistics(query: &Query, object: &ObjectDef) -> Result<(), Fault> {
    match &query.statistics {
        Some(kind) if !object.name.starts_with("KnowledgeArticle") && !object.name.ends_with("__kav") => {
            let text = format!(
                "Only KnowledgeArticle and KnowledgeArticleVersion support UPDATE {}.",
                kind.text.to_uppercase()
            );
            Err(Fault::malformed(kind.at, text))
        }
        _ => Ok(()),
    }
}

fn unknown_object(name: &str) -> String {
    format!(
        "sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to append the '__c' \
         after the entity name. Please reference your WSDL or the describe call for the appropriate names."
    )
}
