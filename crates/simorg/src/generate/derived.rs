//! Values that follow from others: from another field of the same row, or from the generated row that it refers to.

use chrono::{DateTime, Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::model::value::write_padded;
use crate::model::{Cell, Value};

use super::plan::Plan;
use super::{GeneratedRow, Stamps};

/// How a value follows from others.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Derived {
    /// What `then` says where `when` is true; null elsewhere.
    When { when: Plan, then: Plan },
    /// Whether another field holds this text.
    Is { plan: Plan, text: String },
    /// The day of a time.
    DayOf(Plan),
    /// A time so many minutes after another.
    After { start: Plan, minutes: i64 },
    /// So many percent of an amount, with as many decimals as the amount has.
    Percent { amount: Plan, percent: Plan },
    /// A part of the fiscal period that a day lies in.
    Fiscal { day: Plan, part: FiscalPart },
    /// What the row that a reference leads to says; `otherwise` where it leads to none of the targets.
    Via { reference: Plan, targets: Vec<Target>, otherwise: Plan },
}

/// Generated rows of another object, and how the value is read from one of them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Target {
    pub prefix: String,
    pub first: u64,
    pub seed: u64,
    pub stamps: Stamps,
    pub plan: Plan,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FiscalPart {
    /// `2026 4`.
    Period,
    Quarter,
    Year,
}

impl Derived {
    pub(super) fn cell(&self, row: &GeneratedRow<'_>, out: &mut String) -> Cell<'_> {
        match self {
            Derived::When { when, then } => {
                if when.cell(row, out) == Cell::Bool(true) {
                    then.cell(row, out)
                } else {
                    Cell::Null
                }
            }
            Derived::Is { plan, text } => Cell::Bool(holds(plan, row, out, text)),
            Derived::DayOf(plan) => match plan.cell(row, out) {
                Cell::DateTime(ms) => Cell::Date(day_of(ms)),
                _ => Cell::Null,
            },
            Derived::After { start, minutes } => match start.cell(row, out) {
                Cell::DateTime(ms) => Cell::DateTime(ms + minutes * 60_000),
                _ => Cell::Null,
            },
            Derived::Percent { amount, percent } => percent_of(amount, percent, row, out),
            Derived::Fiscal { day, part } => match day.cell(row, out) {
                Cell::Date(day) => fiscal(day, *part, out),
                _ => Cell::Null,
            },
            Derived::Via { reference, targets, otherwise } => match follow(reference, targets, row) {
                Some((plan, target)) => plan.cell(&target, out),
                None => otherwise.cell(row, out),
            },
        }
    }

    pub(super) fn reference(&self, row: &GeneratedRow<'_>) -> Option<(&str, u64)> {
        match self {
            Derived::When { when, then } => {
                let holds = when.cell(row, &mut String::new()) == Cell::Bool(true);
                if holds { then.reference(row) } else { None }
            }
            Derived::Via { reference, targets, otherwise } => match follow(reference, targets, row) {
                Some((plan, target)) => plan.reference(&target),
                None => otherwise.reference(row),
            },
            _ => None,
        }
    }

    pub(super) fn is_reference(&self) -> bool {
        match self {
            Derived::When { then, .. } => then.is_reference(),
            Derived::Via { targets, otherwise, .. } => {
                otherwise.is_reference() && targets.iter().all(|target| target.plan.is_reference())
            }
            _ => false,
        }
    }

    /// The plans that a reference may come from, each with the number of rows that it is for.
    pub(super) fn sources(&self, own: u64) -> Vec<(&Plan, u64)> {
        match self {
            Derived::When { then, .. } => vec![(then, own)],
            Derived::Via { targets, otherwise, .. } => {
                let through = targets.iter().map(|target| (&target.plan, target.stamps.count()));
                through.chain([(otherwise, own)]).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// The row that the reference leads to, if it is one of the targets, and how the value is read from it.
fn follow<'a>(
    reference: &Plan,
    targets: &'a [Target],
    row: &GeneratedRow<'_>,
) -> Option<(&'a Plan, GeneratedRow<'a>)> {
    let (prefix, counter) = reference.reference(row)?;
    targets.iter().filter(|target| target.prefix == prefix).find_map(|target| {
        let index = counter.checked_sub(target.first).filter(|index| *index < target.stamps.count())?;
        Some((&target.plan, GeneratedRow { seed: target.seed, index, stamps: &target.stamps }))
    })
}

fn holds(plan: &Plan, row: &GeneratedRow<'_>, out: &mut String, text: &str) -> bool {
    let start = out.len();
    let holds = match plan.cell(row, out) {
        Cell::Held(Value::Text(held)) => held == text,
        Cell::Text => &out[start..] == text,
        _ => false,
    };
    out.truncate(start);
    holds
}

fn day_of(ms: i64) -> NaiveDate {
    DateTime::from_timestamp_millis(ms).unwrap_or_default().date_naive()
}

/// Rounded half up.
fn percent_of(amount: &Plan, percent: &Plan, row: &GeneratedRow<'_>, out: &mut String) -> Cell<'static> {
    let start = out.len();
    let digits = |plan: &Plan, out: &mut String| {
        let read = match plan.cell(row, out) {
            Cell::Number => Some(unscaled(&out[start..])),
            Cell::Held(Value::Number(digits)) => Some(unscaled(digits)),
            _ => None,
        };
        out.truncate(start);
        read
    };
    let (Some((is_negative, amount, scale)), Some((_, percent, _))) =
        (digits(amount, out), digits(percent, out))
    else {
        return Cell::Null;
    };
    let share = (amount * percent + 50) / 100;
    let share = u64::try_from(share).expect("a part of eighteen digits");
    let unit = 10_u64.pow(u32::try_from(scale).expect("a field has few decimals"));
    if is_negative && share > 0 {
        out.push('-');
    }
    write_padded(out, share / unit, 1);
    if scale > 0 {
        out.push('.');
        write_padded(out, share % unit, scale);
    }
    Cell::Number
}

/// Sign, digits without the point, and how many of them stand after it.
fn unscaled(text: &str) -> (bool, u128, usize) {
    let (is_negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let scale = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let digits = text.bytes().filter(u8::is_ascii_digit);
    (is_negative, digits.fold(0, |value, digit| value * 10 + u128::from(digit - b'0')), scale)
}

fn fiscal(day: NaiveDate, part: FiscalPart, out: &mut String) -> Cell<'static> {
    let quarter = day.month0() / 3 + 1;
    match part {
        FiscalPart::Quarter => Cell::Int(quarter.into()),
        FiscalPart::Year => Cell::Int(day.year().into()),
        FiscalPart::Period => {
            write_padded(out, day.year().unsigned_abs().into(), 4);
            out.push(' ');
            write_padded(out, quarter.into(), 1);
            Cell::Text
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_keeps_the_decimals_of_the_amount_and_rounds_half_up() {
        let stamps = Stamps::new(1, 0);
        let row = GeneratedRow { seed: 1, index: 0, stamps: &stamps };
        for (amount, percent, share) in [
            ("100.00", "10", "10.00"),
            ("0.05", "10", "0.01"),
            ("-12.34", "75", "-9.26"),
            ("-0.01", "10", "0.00"),
            ("7", "50", "4"),
            ("9999999999999999.99", "100", "9999999999999999.99"),
        ] {
            let number = |digits: &str| Plan::Fixed(Value::Number(digits.to_owned()));
            let share_of = Derived::Percent { amount: number(amount), percent: number(percent) };
            let mut out = String::from("before");
            assert_eq!(share_of.cell(&row, &mut out), Cell::Number);
            assert_eq!(out, format!("before{share}"), "{percent} % of {amount}");
        }
    }
}
