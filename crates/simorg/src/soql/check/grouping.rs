//! Aggregate statements: `COUNT()`, aggregate functions, GROUP BY and HAVING.

use std::collections::HashSet;

use super::super::ast::{Condition, Expression, Name, Operand, Operator, Query, SelectItem};
use super::super::fault::Fault;
use super::super::filter::Filter;
use super::super::plan::{Aggregate, AggregateFunction, GroupSource, Grouping, OrderKey, Scalar, Shape};
use super::literal::{self, Target};
use super::{Checker, Scope};
use crate::model::{FieldDef, FieldType};

/// A grouping under construction: HAVING and ORDER BY may add aggregates that SELECT does not show.
struct Builder<'a> {
    checker: &'a Checker<'a>,
    scope: &'a Scope,
    keys: Vec<Scalar>,
    aggregates: Vec<Aggregate>,
}

impl Checker<'_> {
    pub(super) fn grouped_shape(&self, query: &Query, scope: &Scope) -> Result<Shape, Fault> {
        if let Some(SelectItem::CountAll { at, alias }) =
            query.select.iter().find(|i| matches!(i, SelectItem::CountAll { .. }))
        {
            let alone = query.select.len() == 1 && query.group_by.is_empty() && alias.is_none();
            let plain = query.order_by.is_empty() && query.having.is_none();
            return if alone && plain {
                Ok(Shape::Count)
            } else {
                Err(Fault::malformed(*at, "unexpected token: 'COUNT'"))
            };
        }
        let keys = query.group_by.iter().map(|by| self.group_key(by, scope)).collect::<Result<_, _>>()?;
        let mut builder = Builder { checker: self, scope, keys, aggregates: Vec::new() };
        let items = builder.items(&query.select)?;
        let having = match &query.having {
            Some(condition) if query.group_by.is_empty() => {
                return Err(Fault::malformed(
                    first_name(condition).at,
                    "HAVING clause requires a GROUP BY clause",
                ));
            }
            Some(condition) => builder.having(condition)?,
            None => Filter::Always,
        };
        let mut order = Vec::with_capacity(query.order_by.len());
        for ordering in &query.order_by {
            let by = builder.source(&ordering.by, "Ordered field must be grouped or aggregated")?;
            order.push(OrderKey { by, descending: ordering.descending, nulls_last: ordering.nulls_last });
        }
        let Builder { keys, aggregates, .. } = builder;
        Ok(Shape::Groups(Grouping { keys, aggregates, items, having, order }))
    }

    fn group_key(&self, by: &Expression, scope: &Scope) -> Result<Scalar, Fault> {
        let scalar = self.scalar(by, scope)?;
        let field = scalar.path.def();
        if scalar.function.is_none() && !field.groupable {
            let text = format!("field '{}' can not be grouped in a query call", field.name);
            return Err(Fault::malformed(by.at(), text));
        }
        Ok(scalar)
    }
}

impl Builder<'_> {
    fn items(&mut self, select: &[SelectItem]) -> Result<Vec<(String, GroupSource)>, Fault> {
        let mut items = Vec::with_capacity(select.len());
        let mut unnamed = 0;
        let mut seen = HashSet::new();
        for item in select {
            let SelectItem::Value { expression, alias } = item else {
                return Err(unsupported_item(item));
            };
            let source = self.source(expression, "Field must be grouped or aggregated")?;
            let name = match (alias, expression) {
                (Some(alias), _) => alias.text.clone(),
                (None, Expression::Path(_)) => self.key_name(source),
                (None, Expression::Call { .. }) => {
                    unnamed += 1;
                    format!("expr{}", unnamed - 1)
                }
            };
            if !seen.insert(name.to_lowercase()) {
                return Err(Fault::malformed(expression.at(), format!("duplicate alias: {name}")));
            }
            items.push((name, source));
        }
        Ok(items)
    }

    fn key_name(&self, source: GroupSource) -> String {
        match source {
            GroupSource::Key(at) => self.keys[at].path.def().name.clone(),
            GroupSource::Aggregate(at) => self.aggregates[at].of.path.def().name.clone(),
        }
    }

    /// The key or aggregate that an expression names.
    fn source(&mut self, expression: &Expression, refusal: &str) -> Result<GroupSource, Fault> {
        if let Expression::Call { function, argument } = expression
            && let Some(aggregate) = AggregateFunction::named(&function.text)
        {
            let of = self.checker.scalar(argument, self.scope)?;
            check_aggregate(aggregate, function, of.path.def())?;
            self.aggregates.push(Aggregate { function: aggregate, of });
            return Ok(GroupSource::Aggregate(self.aggregates.len() - 1));
        }
        let scalar = self.checker.scalar(expression, self.scope)?;
        match self.keys.iter().position(|key| key.is_same(&scalar)) {
            Some(key) => Ok(GroupSource::Key(key)),
            None => Err(Fault::malformed(expression.at(), format!("{refusal}: {}", scalar.path.label()))),
        }
    }

    fn having(&mut self, condition: &Condition) -> Result<Filter<GroupSource>, Fault> {
        match condition {
            Condition::And(terms) => self.having_all(terms).map(Filter::And),
            Condition::Or(terms) => self.having_all(terms).map(Filter::Or),
            Condition::Not(term) => Ok(Filter::Not(Box::new(self.having(term)?))),
            Condition::Compare { left, operator, right } => self.having_test(left, *operator, right),
        }
    }

    fn having_all(&mut self, terms: &[Condition]) -> Result<Vec<Filter<GroupSource>>, Fault> {
        terms.iter().map(|term| self.having(term)).collect()
    }

    fn having_test(
        &mut self,
        left: &Expression,
        operator: Operator,
        right: &Operand,
    ) -> Result<Filter<GroupSource>, Fault> {
        let source = self.source(left, "Field must be grouped or aggregated")?;
        let target = match source {
            GroupSource::Key(key) => {
                Target::of_field(self.keys[key].path.def(), self.keys[key].function, left.at())
            }
            GroupSource::Aggregate(at) => {
                let Aggregate { function, of } = &self.aggregates[at];
                match function {
                    AggregateFunction::Min | AggregateFunction::Max => {
                        Target::of_field(of.path.def(), of.function, left.at())
                    }
                    _ => Target::of_number(&of.path.def().name, left.at()),
                }
            }
        };
        literal::filter(source, &target, operator, right, self.checker.context.today)
    }
}

fn check_aggregate(aggregate: AggregateFunction, function: &Name, field: &FieldDef) -> Result<(), Fault> {
    let is_number = field.kind.is_decimal() || matches!(field.kind, FieldType::Int | FieldType::Long);
    let fits = match aggregate {
        AggregateFunction::Sum | AggregateFunction::Avg => is_number,
        AggregateFunction::Min | AggregateFunction::Max => {
            field.aggregatable && field.kind != FieldType::MultiPicklist
        }
        AggregateFunction::Count | AggregateFunction::CountDistinct => field.aggregatable,
    };
    if fits {
        return Ok(());
    }
    let text =
        format!("field {} does not support aggregate operator {}", field.name, function.text.to_uppercase());
    Err(Fault::malformed(function.at, text))
}

fn unsupported_item(item: &SelectItem) -> Fault {
    match item {
        SelectItem::Fields { group } => {
            Fault::malformed(group.at, "Field must be grouped or aggregated: FIELDS")
        }
        SelectItem::Child(child) => {
            Fault::malformed(child.from.at, "Aggregate queries do not support sub-selects")
        }
        SelectItem::TypeOf(type_of) => {
            Fault::malformed(type_of.reference.at, "TYPEOF is not allowed with GROUP BY")
        }
        SelectItem::CountAll { at, .. } => Fault::malformed(*at, "unexpected token: 'COUNT'"),
        SelectItem::Value { expression, .. } => Fault::malformed(expression.at(), "unexpected token"),
    }
}

fn first_name(condition: &Condition) -> &Name {
    match condition {
        Condition::And(terms) | Condition::Or(terms) => first_name(&terms[0]),
        Condition::Not(term) => first_name(term),
        Condition::Compare { left, .. } => left.path(),
    }
}
