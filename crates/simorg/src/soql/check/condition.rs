//! Conditions of WHERE: names looked up, operators and literals checked against the field.

use super::super::ast::{Condition, Expression, Operand, Operator};
use super::super::fault::Fault;
use super::super::filter::Filter;
use super::super::function::Function;
use super::super::plan::Scalar;
use super::literal::{self, Target};
use super::semi_join::SemiJoins;
use super::{Checker, Scope};

impl Checker<'_> {
    pub(super) fn row_filter(&self, condition: &Condition, scope: &Scope) -> Result<Filter<Scalar>, Fault> {
        let mut joins = SemiJoins::at_top();
        self.row_condition(condition, scope, &mut joins)
    }

    /// The filter of a semi-join's own select, which may hold no further one.
    pub(super) fn inner_filter(&self, condition: &Condition, scope: &Scope) -> Result<Filter<Scalar>, Fault> {
        let mut joins = SemiJoins::none_allowed();
        self.row_condition(condition, scope, &mut joins)
    }

    fn row_condition(
        &self,
        condition: &Condition,
        scope: &Scope,
        joins: &mut SemiJoins,
    ) -> Result<Filter<Scalar>, Fault> {
        match condition {
            Condition::And(terms) => {
                joins.is_top = false;
                self.row_conditions(terms, scope, joins).map(Filter::And)
            }
            Condition::Or(terms) => {
                let outer = joins.enter_or();
                let filter = self.row_conditions(terms, scope, joins).map(Filter::Or);
                joins.place = outer;
                filter
            }
            Condition::Not(term) => {
                let outer = joins.enter_not();
                let filter = self.row_condition(term, scope, joins)?;
                joins.place = outer;
                Ok(Filter::Not(Box::new(filter)))
            }
            Condition::Compare { left, operator, right } => {
                self.comparison(left, *operator, right, scope, joins)
            }
        }
    }

    fn row_conditions(
        &self,
        terms: &[Condition],
        scope: &Scope,
        joins: &mut SemiJoins,
    ) -> Result<Vec<Filter<Scalar>>, Fault> {
        terms.iter().map(|term| self.row_condition(term, scope, joins)).collect()
    }

    fn comparison(
        &self,
        left: &Expression,
        operator: Operator,
        right: &Operand,
        scope: &Scope,
        joins: &mut SemiJoins,
    ) -> Result<Filter<Scalar>, Fault> {
        let scalar = self.scalar(left, scope)?;
        let field = scalar.path.def();
        let is_distance = matches!(scalar.function, Some(Function::Distance(_)));
        if is_distance && !matches!(operator, Operator::Less | Operator::Greater) {
            let text = "DISTANCE can only be compared by the operators < and >";
            return Err(Fault::malformed(left.at(), text));
        }
        if !field.filterable {
            let text = format!("field '{}' can not be filtered in a query call", field.name);
            return Err(Fault::at(left.at(), "INVALID_FIELD", text));
        }
        if let Operand::Select(inner) = right {
            let filter = self.semi_join(scalar, left, inner, scope, joins)?;
            return Ok(if operator == Operator::NotIn { Filter::Not(Box::new(filter)) } else { filter });
        }
        let target = Target::of_field(field, scalar.function, left.at());
        literal::filter(scalar.clone(), &target, operator, right, self.context.today)
    }
}
