//! Checked conditions and whether a value meets them.
//!
//! A condition is either met or not; there is no third answer. `!=` and NOT IN are the plain opposite of `=` and IN, so
//! they hold for empty fields; `<`, `>` and LIKE never do. Text is compared without regard to case.

use std::cmp::Ordering;
use std::collections::HashSet;

use crate::model::Value;
use crate::state::StampRange;
use crate::wildcard::Pattern;

use super::ast::Operator;
use super::dates::{DAY_MS, day_number};
use super::decimal::Decimal;
use super::plan::{Path, Plan, Scalar};

#[derive(Debug, Clone)]
pub(crate) enum Filter<S> {
    Always,
    And(Vec<Filter<S>>),
    Or(Vec<Filter<S>>),
    Not(Box<Filter<S>>),
    Test(S, Test),
    /// A semi-join that has not been run yet.
    InSelect {
        left: S,
        plan: Box<Plan>,
        selected: Path,
    },
}

/// What one value must be. Every test is false for null, except `IsNull`.
#[derive(Debug, Clone)]
pub(crate) enum Test {
    IsNull,
    Bool(bool),
    Text {
        operator: Operator,
        text: String,
        fold: bool,
    },
    TextIn {
        texts: HashSet<String>,
        fold: bool,
    },
    Like(Pattern),
    /// Ids of 18 characters.
    Id {
        operator: Operator,
        id: String,
    },
    IdIn(HashSet<String>),
    Number {
        operator: Operator,
        number: Decimal,
    },
    NumberIn(Vec<Decimal>),
    /// Days, or milliseconds, against a half-open range.
    Moment {
        operator: Operator,
        range: (i64, i64),
    },
    MomentIn(Vec<(i64, i64)>),
    /// Any of these sets of picklist values is wholly selected.
    Includes(Vec<Vec<String>>),
}

impl<S> Filter<S> {
    pub(crate) fn matches(&self, read: &dyn Fn(&S) -> Value) -> bool {
        match self {
            Self::Always => true,
            Self::And(terms) => terms.iter().all(|term| term.matches(read)),
            Self::Or(terms) => terms.iter().any(|term| term.matches(read)),
            Self::Not(term) => !term.matches(read),
            Self::Test(source, test) => test.matches(&read(source)),
            Self::InSelect { .. } => false,
        }
    }

    /// The terms that must all hold.
    pub(crate) fn conjuncts(&self) -> Vec<&Filter<S>> {
        match self {
            Self::And(terms) => terms.iter().flat_map(Self::conjuncts).collect(),
            other => vec![other],
        }
    }
}

impl Filter<Scalar> {
    /// The window of SystemModstamp outside which no row can match.
    pub(crate) fn stamp_range(&self) -> Option<StampRange> {
        let mut range = StampRange { from_ms: i64::MIN, until_ms: i64::MAX };
        for term in self.conjuncts() {
            let Self::Test(scalar, Test::Moment { operator, range: (from, until) }) = term else { continue };
            if !scalar.is_own_field("SystemModstamp") {
                continue;
            }
            let (low, high) = match operator {
                Operator::Equal => (*from, *until),
                Operator::Less => (i64::MIN, *from),
                Operator::LessOrEqual => (i64::MIN, *until),
                Operator::Greater => (*until, i64::MAX),
                Operator::GreaterOrEqual => (*from, i64::MAX),
                _ => continue,
            };
            range.from_ms = range.from_ms.max(low);
            range.until_ms = range.until_ms.min(high);
        }
        (range.from_ms != i64::MIN || range.until_ms != i64::MAX).then_some(range)
    }

    /// The ids outside which no row can match.
    pub(crate) fn ids(&self) -> Option<Vec<&str>> {
        self.conjuncts().into_iter().find_map(|term| match term {
            Self::Test(scalar, Test::Id { operator: Operator::Equal, id }) if scalar.is_own_field("Id") => {
                Some(vec![id.as_str()])
            }
            Self::Test(scalar, Test::IdIn(ids)) if scalar.is_own_field("Id") => {
                Some(ids.iter().map(String::as_str).collect())
            }
            _ => None,
        })
    }

    /// Replaces each semi-join by the ids it selects.
    pub(crate) fn resolve(&self, run: &dyn Fn(&Plan, &Path) -> HashSet<String>) -> Filter<Scalar> {
        let all = |terms: &[Self]| terms.iter().map(|term| term.resolve(run)).collect();
        match self {
            Self::And(terms) => Self::And(all(terms)),
            Self::Or(terms) => Self::Or(all(terms)),
            Self::Not(term) => Self::Not(Box::new(term.resolve(run))),
            Self::InSelect { left, plan, selected } => {
                Self::Test(left.clone(), Test::IdIn(run(plan, selected)))
            }
            Self::Always | Self::Test(..) => self.clone(),
        }
    }
}

impl Test {
    /// True if and only if the test is `=` or IN over ids or text.
    pub(crate) fn is_equality(&self) -> bool {
        match self {
            Self::Id { operator, .. } | Self::Text { operator, .. } => *operator == Operator::Equal,
            Self::IdIn(_) | Self::TextIn { .. } => true,
            _ => false,
        }
    }

    fn matches(&self, value: &Value) -> bool {
        match self {
            Self::IsNull => value.is_null(),
            Self::Bool(wanted) => matches!(value, Value::Bool(held) if held == wanted),
            Self::Text { operator, text, fold } => {
                shown(value, *fold).is_some_and(|held| holds(*operator, held.as_str().cmp(text)))
            }
            Self::TextIn { texts, fold } => shown(value, *fold).is_some_and(|held| texts.contains(&held)),
            Self::Like(pattern) => value.as_str().is_some_and(|held| pattern.matches(held)),
            Self::Id { operator, id } => value.as_str().is_some_and(|held| holds(*operator, held.cmp(id))),
            Self::IdIn(ids) => value.as_str().is_some_and(|held| ids.contains(held)),
            Self::Number { operator, number } => {
                decimal(value).is_some_and(|held| holds(*operator, held.cmp(number)))
            }
            Self::NumberIn(numbers) => decimal(value).is_some_and(|held| numbers.contains(&held)),
            Self::Moment { operator, range } => {
                moment(value).is_some_and(|held| within(*operator, held, *range))
            }
            Self::MomentIn(ranges) => moment(value)
                .is_some_and(|held| ranges.iter().any(|range| within(Operator::Equal, held, *range))),
            Self::Includes(sets) => value.as_str().is_some_and(|held| includes(held, sets)),
        }
    }
}

fn shown(value: &Value, fold: bool) -> Option<String> {
    value.as_str().map(|held| if fold { held.to_lowercase() } else { held.to_owned() })
}

pub(crate) fn decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Int(number) => Some(Decimal::from_int(*number)),
        Value::Number(digits) => Decimal::parse(digits),
        _ => None,
    }
}

fn moment(value: &Value) -> Option<i64> {
    match value {
        Value::DateTime(ms) | Value::Time(ms) => Some(*ms),
        Value::Date(date) => Some(day_number(*date)),
        _ => None,
    }
}

fn holds(operator: Operator, order: Ordering) -> bool {
    match operator {
        Operator::Equal => order.is_eq(),
        Operator::NotEqual => order.is_ne(),
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Greater => order.is_gt(),
        Operator::GreaterOrEqual => order.is_ge(),
        Operator::Like | Operator::In | Operator::NotIn | Operator::Includes | Operator::Excludes => false,
    }
}

fn within(operator: Operator, held: i64, (from, until): (i64, i64)) -> bool {
    match operator {
        Operator::Equal => held >= from && held < until,
        Operator::Less => held < from,
        Operator::LessOrEqual => held < until,
        Operator::Greater => held >= until,
        Operator::GreaterOrEqual => held >= from,
        _ => false,
    }
}

fn includes(held: &str, sets: &[Vec<String>]) -> bool {
    let selected: Vec<String> = held.split(';').map(str::to_lowercase).collect();
    sets.iter().any(|set| set.iter().all(|wanted| selected.contains(wanted)))
}

/// The range of days or milliseconds as the kind of field counts them.
pub(crate) fn days_as_ms((from, until): (i64, i64)) -> (i64, i64) {
    (from * DAY_MS, until * DAY_MS)
}
