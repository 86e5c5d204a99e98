//! Functions of numbers. A blank makes the result blank.

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

use crate::formula::EvaluationError;
use crate::formula::datum::{Datum, rounded, too_big};
use crate::formula::functions::Function;

use super::{Evaluated, number};

/// A quotient such as 6/11 is exact up to its last digits only; what is rounded up or down is cut to so many first.
const SURE_DIGITS: u32 = 24;

/// Times 10^28.
const PI: i128 = 31_415_926_535_897_932_384_626_433_833;

fn out_of_range(function: &str) -> EvaluationError {
    EvaluationError(format!("Out of range argument to {function}() function"))
}

pub(super) fn call(function: Function, values: &[Datum]) -> Evaluated {
    use Function as F;
    if function == F::Pi {
        return Ok(Datum::Number(Decimal::from_i128_with_scale(PI, 28)));
    }
    let Some(first) = number(values, 0) else { return Ok(Datum::Blank) };
    Ok(Datum::Number(match function {
        F::Abs => first.abs(),
        F::Ceiling => sure(first).round_dp_with_strategy(0, RoundingStrategy::AwayFromZero),
        F::Floor => sure(first).trunc(),
        F::MCeiling => sure(first).ceil(),
        F::MFloor => sure(first).floor(),
        F::Sqrt if first.is_sign_negative() && !first.is_zero() => return Err(out_of_range("SQRT")),
        F::Sqrt => through_double(first, f64::sqrt)?,
        F::Exp => through_double(first, f64::exp)?,
        F::Ln | F::Log if first <= Decimal::ZERO => return Err(out_of_range("LOG")),
        F::Ln => through_double(first, f64::ln)?,
        F::Log => through_double(first, f64::log10)?,
        F::Max | F::Min => return Ok(extreme(function == F::Max, values)),
        F::Mod => {
            let Some(divisor) = number(values, 1) else { return Ok(Datum::Blank) };
            first.checked_rem(divisor).ok_or_else(|| EvaluationError("Division by zero".to_owned()))?
        }
        _ => {
            let places = match values.get(1) {
                None => Decimal::ZERO,
                Some(Datum::Number(places)) => *places,
                Some(_) => return Ok(Datum::Blank),
            };
            to_places(first, places, function == F::Trunc)?
        }
    }))
}

fn sure(value: Decimal) -> Decimal {
    value.round_sf_with_strategy(SURE_DIGITS, RoundingStrategy::MidpointAwayFromZero).unwrap_or(value)
}

/// The platform computes these with doubles as well.
fn through_double(value: Decimal, function: impl Fn(f64) -> f64) -> Result<Decimal, EvaluationError> {
    let result = function(value.to_f64().ok_or_else(too_big)?);
    format!("{result}").parse().map_err(|_| too_big())
}

fn extreme(greatest: bool, values: &[Datum]) -> Datum {
    let mut found: Option<Decimal> = None;
    for at in 0..values.len() {
        let Some(value) = number(values, at) else { return Datum::Blank };
        let better = found.is_none_or(|best| if greatest { value > best } else { value < best });
        if better {
            found = Some(value);
        }
    }
    found.map_or(Datum::Blank, Datum::Number)
}

/// Places may be negative: `ROUND(1234, -2)` is 1200.
fn to_places(value: Decimal, places: Decimal, cut: bool) -> Result<Decimal, EvaluationError> {
    let places = places.trunc().to_i32().ok_or_else(too_big)?;
    let at = |value: Decimal, scale: u32| {
        if cut { value.trunc_with_scale(scale) } else { rounded(value, scale) }
    };
    if let Ok(scale) = u32::try_from(places) {
        return Ok(at(value, scale.min(28)));
    }
    let unit = 10_i128
        .checked_pow(places.unsigned_abs())
        .and_then(|unit| Decimal::try_from_i128_with_scale(unit, 0).ok());
    let Some(unit) = unit else { return Ok(Decimal::ZERO) };
    at(value / unit, 0).checked_mul(unit).ok_or_else(too_big)
}

/// The exponent is a whole number; 18 digits of the result are kept.
pub(super) fn power(base: Decimal, exponent: Decimal) -> Evaluated {
    let whole = exponent.fract().is_zero().then(|| exponent.to_i64()).flatten();
    let Some(exponent) = whole.filter(|exponent| exponent.abs() <= 10_000) else {
        return Err(out_of_range("POWER"));
    };
    let mut result = Decimal::ONE;
    for _ in 0..exponent.unsigned_abs() {
        result = result.checked_mul(base).ok_or_else(too_big)?;
        if result.is_zero() {
            break;
        }
    }
    if exponent < 0 {
        result = Decimal::ONE.checked_div(result).ok_or_else(|| out_of_range("POWER"))?;
    }
    let strategy = RoundingStrategy::MidpointAwayFromZero;
    Ok(Datum::Number(result.round_sf_with_strategy(18, strategy).unwrap_or(result)))
}
