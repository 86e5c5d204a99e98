//! Dates, times and what is computed with them. Days and times are those of UTC, whatever the user's time zone.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::formula::EvaluationError;
use crate::formula::datum::{Datum, rounded, too_big};
use crate::formula::functions::Function;
use crate::formula::program::Arithmetic;

use super::{Evaluated, number};

pub(super) const DAY_MS: i64 = 86_400_000;

/// `+` and `-` with a date or time; neither side is blank.
pub(super) fn moved(operation: Arithmetic, left: &Datum, right: &Datum) -> Evaluated {
    let sign = if operation == Arithmetic::Subtract { Decimal::NEGATIVE_ONE } else { Decimal::ONE };
    match (left, right) {
        (Datum::Number(days), moment @ (Datum::Date(_) | Datum::DateTime(_))) => shifted(moment, *days),
        (moment @ (Datum::Date(_) | Datum::DateTime(_)), Datum::Number(days)) => {
            shifted(moment, sign * *days)
        }
        (Datum::Time(time), Datum::Number(ms)) => {
            let ms = (sign * *ms).trunc().to_i64().ok_or_else(too_big)?;
            Ok(Datum::Time((time + ms % DAY_MS).rem_euclid(DAY_MS)))
        }
        (Datum::Date(a), Datum::Date(b)) => Ok(whole((*a - *b).num_days())),
        (Datum::DateTime(a), Datum::DateTime(b)) => {
            Ok(Datum::Number(Decimal::from(a - b) / Decimal::from(DAY_MS)))
        }
        (Datum::Time(a), Datum::Time(b)) => Ok(whole((a - b).rem_euclid(DAY_MS))),
        _ => Err(EvaluationError("Incorrect argument type for operator".to_owned())),
    }
}

fn whole(number: i64) -> Datum {
    Datum::Number(Decimal::from(number))
}

/// A date moves by whole days, a datetime to the nearest second.
fn shifted(moment: &Datum, days: Decimal) -> Evaluated {
    match moment {
        Datum::Date(date) => {
            let days = days.trunc().to_i64().ok_or_else(too_big)?;
            let by = Days::new(days.unsigned_abs());
            let date = if days < 0 { date.checked_sub_days(by) } else { date.checked_add_days(by) };
            date.map(Datum::Date).ok_or_else(too_big)
        }
        Datum::DateTime(ms) => {
            let seconds = days.checked_mul(Decimal::from(86_400)).ok_or_else(too_big)?;
            let seconds = rounded(seconds, 0).to_i64().ok_or_else(too_big)?;
            let by = seconds.checked_mul(1000).ok_or_else(too_big)?;
            ms.checked_add(by).map(Datum::DateTime).ok_or_else(too_big)
        }
        _ => Ok(Datum::Blank),
    }
}

pub(super) fn call(function: Function, values: &[Datum]) -> Evaluated {
    use Function as F;
    match (function, &values[0]) {
        (_, Datum::Blank) => Ok(Datum::Blank),
        (F::Date, _) => date(values),
        (F::AddMonths, moment) => add_months(moment, values),
        (F::DateValue, Datum::Text(text)) => {
            let (date, rest) = read_date(text).ok_or_else(|| unreadable("DATEVALUE"))?;
            if rest.is_empty() { Ok(Datum::Date(date)) } else { Err(unreadable("DATEVALUE")) }
        }
        (F::DateValue, Datum::DateTime(ms)) => Ok(Datum::Date(day_of(*ms).ok_or_else(too_big)?)),
        (F::DateTimeValue, Datum::Text(text)) => {
            read_datetime(text.trim_end()).map(Datum::DateTime).ok_or_else(|| unreadable("DATETIMEVALUE"))
        }
        (F::DateTimeValue, Datum::Date(date)) => Ok(Datum::DateTime(midnight(*date))),
        (F::TimeValue, Datum::Text(text)) => {
            let invalid = || EvaluationError(format!("Invalid time format: {text}"));
            read_time(text).map(Datum::Time).ok_or_else(invalid)
        }
        (F::TimeValue, Datum::DateTime(ms)) => Ok(Datum::Time(ms.rem_euclid(DAY_MS))),
        (F::DateValue | F::DateTimeValue | F::TimeValue, same) => Ok(same.clone()),
        (F::UnixTimestamp, Datum::DateTime(ms)) => Ok(whole(ms.div_euclid(1000))),
        (F::UnixTimestamp, Datum::Date(date)) => Ok(whole(midnight(*date) / 1000)),
        (F::FromUnixTime, Datum::Number(seconds)) => {
            let ms = seconds.trunc().to_i64().and_then(|seconds| seconds.checked_mul(1000));
            ms.map(Datum::DateTime).ok_or_else(too_big)
        }
        (_, Datum::Date(date)) => Ok(part_of_date(function, *date)),
        (_, Datum::Time(ms)) => Ok(part_of_time(function, *ms)),
        _ => Ok(Datum::Blank),
    }
}

fn part_of_date(function: Function, date: NaiveDate) -> Datum {
    whole(match function {
        Function::Year => i64::from(date.year()),
        Function::Month => i64::from(date.month()),
        Function::Day => i64::from(date.day()),
        Function::DayOfYear => i64::from(date.ordinal()),
        Function::IsoWeek => i64::from(date.iso_week().week()),
        Function::IsoYear => i64::from(date.iso_week().year()),
        // Sunday is 1.
        _ => i64::from(date.weekday().num_days_from_sunday()) + 1,
    })
}

fn part_of_time(function: Function, ms: i64) -> Datum {
    whole(match function {
        Function::Hour => ms / 3_600_000,
        Function::Minute => ms / 60_000 % 60,
        Function::Second => ms / 1000 % 60,
        _ => ms % 1000,
    })
}

fn date(values: &[Datum]) -> Evaluated {
    let part = |at: usize| number(values, at).map(|number| number.trunc().to_i32().unwrap_or(-1));
    let (Some(year), Some(month), Some(day)) = (part(0), part(1), part(2)) else { return Ok(Datum::Blank) };
    if !(1..=9999).contains(&year) {
        return Err(EvaluationError("Year out of range in DATE() function".to_owned()));
    }
    let (month, day) = (u32::try_from(month).unwrap_or(0), u32::try_from(day).unwrap_or(0));
    NaiveDate::from_ymd_opt(year, month, day)
        .map(Datum::Date)
        .ok_or_else(|| EvaluationError("Month or Day out of range in DATE() function".to_owned()))
}

/// The last day of a month stays the last day.
fn add_months(moment: &Datum, values: &[Datum]) -> Evaluated {
    let Some(months) = number(values, 1) else { return Ok(Datum::Blank) };
    let months = months.trunc().to_i32().ok_or_else(too_big)?;
    let by = Months::new(months.unsigned_abs());
    let move_month = |date: NaiveDate| {
        if months < 0 { date.checked_sub_months(by) } else { date.checked_add_months(by) }
    };
    let move_date = |date: NaiveDate| {
        let next = date.succ_opt()?;
        if next.day() == 1 { move_month(next)?.pred_opt() } else { move_month(date) }
    };
    match moment {
        Datum::Date(date) => move_date(*date).map(Datum::Date).ok_or_else(too_big),
        Datum::DateTime(ms) => {
            let date = day_of(*ms).and_then(move_date).ok_or_else(too_big)?;
            Ok(Datum::DateTime(midnight(date) + ms.rem_euclid(DAY_MS)))
        }
        _ => Ok(Datum::Blank),
    }
}

fn midnight(date: NaiveDate) -> i64 {
    date.signed_duration_since(NaiveDate::default()).num_days() * DAY_MS
}

fn day_of(ms: i64) -> Option<NaiveDate> {
    DateTime::from_timestamp_millis(ms).map(|at| at.date_naive())
}

fn unreadable(function: &str) -> EvaluationError {
    EvaluationError(format!("Invalid argument for function {function}"))
}

/// Digits at the start, this many at most.
fn digits(text: &str, least: usize, most: usize) -> Option<(u32, &str)> {
    let end = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let read = (end >= least).then(|| text[..end].parse().ok()).flatten()?;
    Some((read, &text[end..]))
}

/// `2004-12-31`, and what follows it.
fn read_date(text: &str) -> Option<(NaiveDate, &str)> {
    let (year, rest) = digits(text, 4, 4)?;
    let (month, rest) = digits(rest.strip_prefix('-')?, 1, 2)?;
    let (day, rest) = digits(rest.strip_prefix('-')?, 1, 2)?;
    Some((NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?, rest))
}

/// `2004-12-31 11:32:10`, in UTC.
fn read_datetime(text: &str) -> Option<i64> {
    let (date, rest) = read_date(text)?;
    let (time_ms, rest) = read_clock(rest.strip_prefix(' ')?)?;
    rest.is_empty().then(|| midnight(date) + time_ms)
}

/// `11:32:10.250`.
fn read_time(text: &str) -> Option<i64> {
    let (ms, rest) = read_clock(text)?;
    let (fraction, rest) = digits(rest.strip_prefix('.')?, 1, 3)?;
    rest.is_empty().then(|| ms + i64::from(fraction))
}

fn read_clock(text: &str) -> Option<(i64, &str)> {
    let (hour, rest) = digits(text, 1, 2)?;
    let (minute, rest) = digits(rest.strip_prefix(':')?, 1, 2)?;
    let (second, rest) = digits(rest.strip_prefix(':')?, 1, 2)?;
    let seconds = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
    (hour < 24 && minute < 60 && second < 60).then_some((seconds * 1000, rest))
}
