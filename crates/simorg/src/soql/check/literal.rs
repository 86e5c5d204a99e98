//! Which tests a field allows, and which literals.

use chrono::NaiveDate;

use crate::model::{FieldDef, FieldType, ids};
use crate::wildcard::Pattern;

use super::super::ast::{Literal, LiteralKind, Operand, Operator};
use super::super::dates::{day_number, range_of};
use super::super::decimal::Decimal;
use super::super::fault::Fault;
use super::super::filter::{Filter, Test, days_as_ms};
use super::super::function::Function;

/// What a literal is compared with.
pub(super) struct Target {
    name: String,
    kind: FieldType,
    fold: bool,
    at: usize,
}

impl Target {
    pub(super) fn of_field(field: &FieldDef, function: Option<Function>, at: usize) -> Self {
        let kind = function.map_or(field.kind, Function::kind);
        Self { name: field.name.clone(), kind, fold: !(field.case_sensitive && field.unique), at }
    }

    /// A count or sum in HAVING.
    pub(super) fn of_number(name: &str, at: usize) -> Self {
        Self { name: name.to_owned(), kind: FieldType::Double, fold: true, at }
    }

    fn is_id(&self) -> bool {
        matches!(self.kind, FieldType::Id | FieldType::Reference)
    }

    fn is_number(&self) -> bool {
        self.kind.is_decimal() || matches!(self.kind, FieldType::Int | FieldType::Long)
    }

    fn fold(&self, text: &str) -> String {
        // Only LIKE knows the escapes `\%` and `\_`; elsewhere they are the characters themselves.
        let text = text.replace("\\%", "%").replace("\\_", "_");
        if self.fold { text.to_lowercase() } else { text }
    }

    fn invalid_operator(&self) -> Fault {
        let kind = match self.kind {
            FieldType::Reference => "id".to_owned(),
            kind => format!("{kind:?}").to_lowercase(),
        };
        Fault::at(self.at, "INVALID_FIELD", format!("invalid operator on {kind} field"))
    }

    fn wrong_literal(&self) -> Fault {
        let (kind, quoted) = match self.kind {
            FieldType::Boolean => ("boolean", "should not"),
            FieldType::Int | FieldType::Long => ("int", "should not"),
            kind if kind.is_decimal() => ("double", "should not"),
            FieldType::Date => ("date", "should not"),
            FieldType::DateTime => ("dateTime", "should not"),
            FieldType::Time => ("time", "should not"),
            FieldType::Id | FieldType::Reference => ("id", "should"),
            _ => ("string", "should"),
        };
        let text = format!(
            "value of filter criterion for field '{}' must be of type {kind} and {quoted} be enclosed in quotes",
            self.name
        );
        Fault::at(self.at, "INVALID_FIELD", text)
    }
}

/// The filter `source operator operand`.
pub(super) fn filter<S: Clone>(
    source: S,
    target: &Target,
    operator: Operator,
    operand: &Operand,
    today: NaiveDate,
) -> Result<Filter<S>, Fault> {
    match operand {
        Operand::One(literal) => {
            let (negated, operator) = match operator {
                Operator::NotEqual => (true, Operator::Equal),
                other => (false, other),
            };
            Ok(wrapped(Filter::Test(source, single(target, operator, literal, today)?), negated))
        }
        Operand::Many(literals) if matches!(operator, Operator::Includes | Operator::Excludes) => {
            let test = includes(target, literals)?;
            Ok(wrapped(Filter::Test(source, test), operator == Operator::Excludes))
        }
        Operand::Many(literals) => {
            any_of(&source, target, literals, today).map(|f| wrapped(f, operator == Operator::NotIn))
        }
        Operand::Select(inner) => Err(Fault::malformed(inner.from.at, "unexpected token: 'SELECT'")),
    }
}

fn wrapped<S>(filter: Filter<S>, negated: bool) -> Filter<S> {
    if negated { Filter::Not(Box::new(filter)) } else { filter }
}

fn single(target: &Target, operator: Operator, literal: &Literal, today: NaiveDate) -> Result<Test, Fault> {
    let is_equal = operator == Operator::Equal;
    if operator == Operator::Like {
        return like(target, literal);
    }
    match (&literal.kind, target.kind) {
        (LiteralKind::Null, _) if is_equal => Ok(Test::IsNull),
        (LiteralKind::Bool(value), FieldType::Boolean) if is_equal => Ok(Test::Bool(*value)),
        (LiteralKind::Null, _) | (LiteralKind::Bool(_), FieldType::Boolean) => Err(target.invalid_operator()),
        (LiteralKind::Text(text), _)
            if text.is_empty() && is_equal && (target.is_id() || target.kind.is_text()) =>
        {
            Ok(Test::IsNull)
        }
        (LiteralKind::Text(text), _) if target.is_id() => Ok(Test::Id { operator, id: id(text, target)? }),
        (LiteralKind::Text(_), FieldType::MultiPicklist) if !is_equal => Err(target.invalid_operator()),
        (LiteralKind::Text(text), kind) if kind.is_text() => {
            Ok(Test::Text { operator, text: target.fold(text), fold: target.fold })
        }
        (LiteralKind::Number { whole: false, .. }, FieldType::Int | FieldType::Long) => {
            Err(target.wrong_literal())
        }
        (LiteralKind::Number { digits, .. }, _) if target.is_number() => {
            Ok(Test::Number { operator, number: number(digits, literal.at)? })
        }
        (_, FieldType::Date | FieldType::DateTime | FieldType::Time) => {
            Ok(Test::Moment { operator, range: moment(target, literal, today)? })
        }
        _ => Err(target.wrong_literal()),
    }
}

fn like(target: &Target, literal: &Literal) -> Result<Test, Fault> {
    if !target.kind.is_text() || target.kind == FieldType::MultiPicklist {
        return Err(target.invalid_operator());
    }
    match &literal.kind {
        LiteralKind::Text(text) => Ok(Test::Like(Pattern::like(text))),
        _ => Err(target.wrong_literal()),
    }
}

fn includes(target: &Target, literals: &[Literal]) -> Result<Test, Fault> {
    if target.kind != FieldType::MultiPicklist {
        let text = "INCLUDES or EXCLUDES operators only valid on multipicklist field";
        return Err(Fault::at(target.at, "INVALID_FIELD", text));
    }
    let set = |literal: &Literal| match &literal.kind {
        LiteralKind::Text(text) => Ok(text.split(';').map(str::to_lowercase).collect()),
        _ => Err(target.wrong_literal()),
    };
    literals.iter().map(set).collect::<Result<_, _>>().map(Test::Includes)
}

fn any_of<S: Clone>(
    source: &S,
    target: &Target,
    literals: &[Literal],
    today: NaiveDate,
) -> Result<Filter<S>, Fault> {
    let mut tests = Vec::with_capacity(literals.len());
    for literal in literals {
        tests.push(single(target, Operator::Equal, literal, today)?);
    }
    let mut merged: Vec<Test> = Vec::new();
    for test in tests {
        merge(&mut merged, test);
    }
    let mut filters: Vec<Filter<S>> =
        merged.into_iter().map(|test| Filter::Test(source.clone(), test)).collect();
    Ok(if filters.len() == 1 { filters.swap_remove(0) } else { Filter::Or(filters) })
}

/// Long IN lists become one look-up each.
fn merge(merged: &mut Vec<Test>, test: Test) {
    for held in merged.iter_mut() {
        match (held, &test) {
            (Test::IdIn(ids), Test::Id { id, .. }) => {
                ids.insert(id.clone());
                return;
            }
            (Test::TextIn { texts, .. }, Test::Text { text, .. }) => {
                texts.insert(text.clone());
                return;
            }
            (Test::NumberIn(numbers), Test::Number { number, .. }) => {
                numbers.push(*number);
                return;
            }
            (Test::MomentIn(ranges), Test::Moment { range, .. }) => {
                ranges.push(*range);
                return;
            }
            _ => {}
        }
    }
    merged.push(match test {
        Test::Id { id, .. } => Test::IdIn([id].into()),
        Test::Text { text, fold, .. } => Test::TextIn { texts: [text].into(), fold },
        Test::Number { number, .. } => Test::NumberIn(vec![number]),
        Test::Moment { range, .. } => Test::MomentIn(vec![range]),
        other => other,
    });
}

fn id(text: &str, target: &Target) -> Result<String, Fault> {
    ids::canonical(text).ok_or_else(|| {
        Fault::at(target.at, "INVALID_QUERY_FILTER_OPERATOR", format!("invalid ID field: {text}"))
    })
}

fn number(digits: &str, at: usize) -> Result<Decimal, Fault> {
    Decimal::parse(digits)
        .ok_or_else(|| Fault::at(at, "INVALID_FIELD", format!("For input string: \"{digits}\"")))
}

fn moment(target: &Target, literal: &Literal, today: NaiveDate) -> Result<(i64, i64), Fault> {
    let days = match (&literal.kind, target.kind) {
        (LiteralKind::DateTime(ms), FieldType::DateTime) | (LiteralKind::Time(ms), FieldType::Time) => {
            return Ok((*ms, ms.saturating_add(1)));
        }
        (LiteralKind::Date(date), FieldType::Date) => (day_number(*date), day_number(*date) + 1),
        (LiteralKind::DateWord { word, count }, FieldType::Date | FieldType::DateTime) => {
            let (first, end) = range_of(word, *count, today).ok_or_else(|| target.wrong_literal())?;
            (day_number(first), day_number(end))
        }
        _ => return Err(target.wrong_literal()),
    };
    Ok(if target.kind == FieldType::DateTime { days_as_ms(days) } else { days })
}
