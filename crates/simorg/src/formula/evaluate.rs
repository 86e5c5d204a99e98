//! Computes a formula for one record.

mod moments;
mod numbers;
mod texts;

use rust_decimal::Decimal;

use super::datum::{Datum, too_big};
use super::functions::Function;
use super::program::{Arithmetic, Equality, Expr, Order};
use super::{EvaluationError, Subject, pattern};

pub(super) type Evaluated = Result<Datum, EvaluationError>;

pub(super) fn evaluate(expr: &Expr, subject: &Subject<'_>) -> Evaluated {
    Ok(match expr {
        Expr::Constant(datum) => datum.clone(),
        Expr::Field(path) => path.read(subject),
        Expr::ZeroIfBlank(inner) => match evaluate(inner, subject)? {
            Datum::Blank => Datum::Number(Decimal::ZERO),
            datum => datum,
        },
        Expr::Negate(inner) => match evaluate(inner, subject)? {
            Datum::Number(number) => Datum::Number(-number),
            _ => Datum::Blank,
        },
        Expr::Arithmetic(operation, left, right) => {
            arithmetic(*operation, &evaluate(left, subject)?, &evaluate(right, subject)?)?
        }
        Expr::Concat(left, right) => concat(evaluate(left, subject)?, evaluate(right, subject)?)?,
        Expr::Equal(equality, left, right) => {
            equal(*equality, &evaluate(left, subject)?, &evaluate(right, subject)?)
        }
        Expr::Order(order, left, right) => {
            ordered(*order, &evaluate(left, subject)?, &evaluate(right, subject)?)
        }
        Expr::Call(function, arguments) => call(*function, arguments, subject)?,
        Expr::Matches(text, pattern) => Datum::Bool(pattern.matches(&evaluate(text, subject)?.shown())),
        Expr::IsChanged(path) => {
            let changed =
                subject.prior.is_some() && path.value(subject) != path.clone().before().value(subject);
            Datum::Bool(changed)
        }
        Expr::IsNew => Datum::Bool(subject.prior.is_none()),
    })
}

fn concat(left: Datum, right: Datum) -> Evaluated {
    Ok(match (left, right) {
        (Datum::Text(mut left), Datum::Text(right)) => {
            texts::within_bounds(left.len() + right.len())?;
            left.push_str(&right);
            Datum::Text(left)
        }
        (left, Datum::Blank) => left,
        (_, right) => right,
    })
}

/// Blank when one side is blank, unless the two are texts.
fn equal(equality: Equality, left: &Datum, right: &Datum) -> Datum {
    if !equality.text && (left.is_blank() || right.is_blank()) {
        return Datum::Blank;
    }
    Datum::Bool((left == right) != equality.negated)
}

fn ordered(order: Order, left: &Datum, right: &Datum) -> Datum {
    let Some(found) = left.order(right) else { return Datum::Blank };
    Datum::Bool(match order {
        Order::Less => found.is_lt(),
        Order::LessOrEqual => found.is_le(),
        Order::Greater => found.is_gt(),
        Order::GreaterOrEqual => found.is_ge(),
    })
}

fn arithmetic(operation: Arithmetic, left: &Datum, right: &Datum) -> Evaluated {
    if left.is_blank() || right.is_blank() {
        return Ok(Datum::Blank);
    }
    let (Datum::Number(a), Datum::Number(b)) = (left, right) else {
        return moments::moved(operation, left, right);
    };
    let result = match operation {
        Arithmetic::Add => a.checked_add(*b),
        Arithmetic::Subtract => a.checked_sub(*b),
        Arithmetic::Multiply => a.checked_mul(*b),
        Arithmetic::Divide if b.is_zero() => return Err(EvaluationError("Division by zero".to_owned())),
        Arithmetic::Divide => a.checked_div(*b),
        Arithmetic::Power => return numbers::power(*a, *b),
    };
    result.map(Datum::Number).ok_or_else(too_big)
}

/// Functions that do not look at all their arguments, or look at blanks in their own way.
fn call(function: Function, arguments: &[Expr], subject: &Subject<'_>) -> Evaluated {
    let value = |at: usize| evaluate(&arguments[at], subject);
    let holds = |at: usize| Ok(value(at)? == Datum::Bool(true));
    match function {
        Function::And => {
            for at in 0..arguments.len() {
                if !holds(at)? {
                    return Ok(Datum::Bool(false));
                }
            }
            Ok(Datum::Bool(true))
        }
        Function::Or => {
            for at in 0..arguments.len() {
                if holds(at)? {
                    return Ok(Datum::Bool(true));
                }
            }
            Ok(Datum::Bool(false))
        }
        Function::Not => Ok(match value(0)? {
            Datum::Bool(held) => Datum::Bool(!held),
            _ => Datum::Blank,
        }),
        Function::If => value(if holds(0)? { 1 } else { 2 }),
        Function::Case => case(arguments, subject),
        Function::IsBlank => Ok(Datum::Bool(value(0)?.is_blank())),
        Function::BlankValue => match value(0)? {
            Datum::Blank => value(1),
            given => Ok(given),
        },
        Function::IsPickVal => Ok(Datum::Bool(value(0)? == value(1)?)),
        Function::Now => Ok(Datum::DateTime(subject.now().timestamp() * 1000)),
        Function::Today => Ok(Datum::Date(subject.now().date_naive())),
        Function::TimeNow => Ok(Datum::Time(subject.now().timestamp_millis().rem_euclid(moments::DAY_MS))),
        Function::Regex => Ok(Datum::Bool(pattern::matches(&value(0)?.shown(), &value(1)?.shown())?)),
        _ => {
            let mut values = Vec::with_capacity(arguments.len());
            for argument in arguments {
                values.push(evaluate(argument, subject)?);
            }
            of_values(function, &values)
        }
    }
}

/// The value, then pairs of a case and its result, then the result for all others, then whether blanks are equal.
fn case(arguments: &[Expr], subject: &Subject<'_>) -> Evaluated {
    let [value, rest @ .., other, blanks_equal] = arguments else { return Ok(Datum::Blank) };
    let value = evaluate(value, subject)?;
    let blanks_equal = evaluate(blanks_equal, subject)? == Datum::Bool(true);
    if blanks_equal || !value.is_blank() {
        for pair in rest.chunks_exact(2) {
            if evaluate(&pair[0], subject)? == value {
                return evaluate(&pair[1], subject);
            }
        }
    }
    evaluate(other, subject)
}

fn of_values(function: Function, values: &[Datum]) -> Evaluated {
    use Function as F;
    match function {
        F::Abs
        | F::Ceiling
        | F::Exp
        | F::Floor
        | F::Ln
        | F::Log
        | F::Max
        | F::MCeiling
        | F::MFloor
        | F::Min
        | F::Mod
        | F::Pi
        | F::Round
        | F::Sqrt
        | F::Trunc => numbers::call(function, values),
        F::AddMonths
        | F::Date
        | F::DateTimeValue
        | F::DateValue
        | F::Day
        | F::DayOfYear
        | F::FromUnixTime
        | F::Hour
        | F::IsoWeek
        | F::IsoYear
        | F::Millisecond
        | F::Minute
        | F::Month
        | F::Second
        | F::TimeValue
        | F::UnixTimestamp
        | F::Weekday
        | F::Year => moments::call(function, values),
        _ => texts::call(function, values),
    }
}

/// An argument that may have been left out or blank.
fn number(values: &[Datum], at: usize) -> Option<Decimal> {
    match values.get(at) {
        Some(Datum::Number(number)) => Some(*number),
        _ => None,
    }
}
