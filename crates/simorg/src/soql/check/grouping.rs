//! Aggregate statements: `COUNT()`, aggregate functions, GROUP BY and HAVING.

use std::collections::HashSet;

use super::super::ast::{
    Condition, Expression, GroupBy, GroupMode, Name, Operand, Operator, Query, SelectItem,
};
use super::super::fault::Fault;
use super::super::filter::Filter;
use super::super::function::Form;
use super::super::plan::{
    Aggregate, AggregateFunction, GroupItem, GroupSource, Grouping, OrderKey, Scalar, Shape,
};
use super::columns::form_named;
use super::literal::{self, Target};
use super::{Checker, Scope};
use crate::model::{FieldDef, FieldType};

/// The most fields in ROLLUP and CUBE ("GROUP BY ROLLUP", SOQL and SOSL Reference).
const MAX_SUBTOTAL_KEYS: usize = 3;

/// A grouping under construction: HAVING and ORDER BY may add aggregates that SELECT does not show.
struct Builder<'a> {
    checker: &'a Checker<'a>,
    scope: &'a Scope,
    mode: GroupMode,
    keys: Vec<Scalar>,
    aggregates: Vec<Aggregate>,
}

impl Checker<'_> {
    pub(super) fn grouped_shape(&self, query: &Query, scope: &Scope) -> Result<Shape, Fault> {
        if let Some(SelectItem::CountAll { at, alias }) =
            query.select.iter().find(|i| matches!(i, SelectItem::CountAll { .. }))
        {
            let alone = query.select.len() == 1 && query.group_by.is_none() && alias.is_none();
            let plain = query.order_by.is_empty() && query.having.is_none();
            return if alone && plain {
                Ok(Shape::Count)
            } else {
                Err(Fault::malformed(*at, "unexpected token: 'COUNT'"))
            };
        }
        let (mode, keys) = match &query.group_by {
            Some(group_by) => (group_by.mode, self.group_keys(group_by, scope)?),
            None => (GroupMode::Plain, Vec::new()),
        };
        let sets = grouping_sets(mode, keys.len());
        let mut builder = Builder { checker: self, scope, mode, keys, aggregates: Vec::new() };
        let items = builder.items(&query.select)?;
        let having = match &query.having {
            Some(condition) if query.group_by.is_none() => return Err(having_without_groups(condition)),
            Some(condition) => builder.having(condition)?,
            None => Filter::Always,
        };
        let mut order = Vec::with_capacity(query.order_by.len());
        for ordering in &query.order_by {
            let by = builder.source(&ordering.by, "Ordered field must be grouped or aggregated")?;
            order.push(OrderKey { by, descending: ordering.descending, nulls_last: ordering.nulls_last });
        }
        if query.group_by.is_none() {
            refuse_pages(query)?;
        }
        let Builder { keys, aggregates, .. } = builder;
        Ok(Shape::Groups(Grouping { keys, sets, aggregates, items, having, order }))
    }

    fn group_keys(&self, group_by: &GroupBy, scope: &Scope) -> Result<Vec<Scalar>, Fault> {
        if group_by.mode != GroupMode::Plain && group_by.keys.len() > MAX_SUBTOTAL_KEYS {
            let mode = if group_by.mode == GroupMode::Rollup { "ROLLUP" } else { "CUBE" };
            let text = format!("GROUP BY {mode} must contain {MAX_SUBTOTAL_KEYS} fields or less");
            return Err(Fault::malformed(group_by.at, text));
        }
        let mut keys: Vec<Scalar> = Vec::with_capacity(group_by.keys.len());
        for by in &group_by.keys {
            let key = self.group_key(by, scope)?;
            if keys.iter().any(|known| known.is_same(&key)) {
                let text = format!("duplicate grouping expression: {}", key.path.label());
                return Err(Fault::malformed(by.at(), text));
            }
            keys.push(key);
        }
        Ok(keys)
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
    fn items(&mut self, select: &[SelectItem]) -> Result<Vec<GroupItem>, Fault> {
        let mut items = Vec::with_capacity(select.len());
        let mut unnamed = 0;
        let mut seen = HashSet::new();
        for item in select {
            let SelectItem::Value { expression, alias } = item else {
                return Err(unsupported_item(item));
            };
            let (form, shown) = match expression {
                Expression::Call { function, argument } => match form_named(function, argument)? {
                    Some(form) => (form, &**argument),
                    None => (Form::Plain, expression),
                },
                _ => (Form::Plain, expression),
            };
            let source = self.source(shown, "Field must be grouped or aggregated")?;
            let name = match (alias, shown) {
                (Some(alias), _) => alias.text.clone(),
                (None, Expression::Path(_)) => self.key_name(source),
                (None, Expression::Call { .. } | Expression::Distance { .. }) => {
                    unnamed += 1;
                    format!("expr{}", unnamed - 1)
                }
            };
            if !seen.insert(name.to_lowercase()) {
                return Err(Fault::malformed(expression.at(), format!("duplicate alias: {name}")));
            }
            items.push(GroupItem { name, source, form });
        }
        Ok(items)
    }

    fn key_name(&self, source: GroupSource) -> String {
        match source {
            GroupSource::Key(at) | GroupSource::IsSubtotal(at) => self.keys[at].path.def().name.clone(),
            GroupSource::Aggregate(at) => self.aggregates[at].of.path.def().name.clone(),
        }
    }

    /// The key or aggregate that an expression names.
    fn source(&mut self, expression: &Expression, refusal: &str) -> Result<GroupSource, Fault> {
        if let Expression::Call { function, argument } = expression
            && let Some(aggregate) = AggregateFunction::named(&function.text)
        {
            let of = self.checker.scalar(argument, self.scope)?;
            if self.mode == GroupMode::Plain && self.keys.iter().any(|key| key.is_same(&of)) {
                let text = format!("Grouped field should not be aggregated: {}", of.path.label());
                return Err(Fault::malformed(function.at, text));
            }
            check_aggregate(aggregate, function, of.path.def())?;
            self.aggregates.push(Aggregate { function: aggregate, of });
            return Ok(GroupSource::Aggregate(self.aggregates.len() - 1));
        }
        if let Expression::Call { function, argument } = expression
            && function.is("GROUPING")
        {
            return self.is_subtotal(function, argument);
        }
        let scalar = self.checker.scalar(expression, self.scope)?;
        match self.keys.iter().position(|key| key.is_same(&scalar)) {
            Some(key) => Ok(GroupSource::Key(key)),
            None => Err(Fault::malformed(expression.at(), format!("{refusal}: {}", scalar.path.label()))),
        }
    }

    fn is_subtotal(&self, function: &Name, argument: &Expression) -> Result<GroupSource, Fault> {
        let scalar = self.checker.scalar(argument, self.scope)?;
        if self.mode == GroupMode::Plain {
            let text = "GROUPING is only allowed with GROUP BY ROLLUP or GROUP BY CUBE";
            return Err(Fault::malformed(function.at, text));
        }
        let key = self.keys.iter().position(|key| key.is_same(&scalar)).ok_or_else(|| {
            let text = format!("Field must be grouped or aggregated: {}", scalar.path.label());
            Fault::malformed(function.at, text)
        })?;
        Ok(GroupSource::IsSubtotal(key))
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
            GroupSource::IsSubtotal(key) => Target::of_number(&self.keys[key].path.def().name, left.at()),
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

/// The sets of keys that rows are grouped by.
fn grouping_sets(mode: GroupMode, keys: usize) -> Vec<Vec<bool>> {
    match mode {
        GroupMode::Plain => vec![vec![true; keys]],
        GroupMode::Rollup => (0..=keys).map(|kept| (0..keys).map(|key| key < kept).collect()).collect(),
        GroupMode::Cube => {
            (0..1_usize << keys).map(|set| (0..keys).map(|key| set >> key & 1 == 1).collect()).collect()
        }
    }
}

/// A total has one row, so there is nothing to page through.
fn refuse_pages(query: &Query) -> Result<(), Fault> {
    let clause = match (query.limit, query.offset) {
        (Some(_), _) => "LIMIT",
        (None, Some(_)) => "OFFSET",
        (None, None) => return Ok(()),
    };
    let text = format!("Non-grouped query that uses overall aggregate functions cannot also use {clause}");
    Err(Fault::plain("MALFORMED_QUERY", text))
}

pub(super) fn having_without_groups(condition: &Condition) -> Fault {
    Fault::malformed(first_name(condition).at, "HAVING clause requires a GROUP BY clause")
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
