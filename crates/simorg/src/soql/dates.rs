//! Date literals such as `LAST_N_DAYS:30` as half-open ranges of days, and the date functions.
//!
//! The users of the simulated org live in GMT, so that a day begins at midnight UTC. Weeks begin on Sunday and fiscal
//! years are calendar years, the defaults of a new org ("Date Formats and Date Literals", SOQL and SOSL Reference).

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Timelike, Utc};

use crate::model::Value;

pub(crate) const DAY_MS: i64 = 86_400_000;

/// Date literals that stand alone.
pub(crate) const DATE_WORDS: [&str; 23] = [
    "YESTERDAY",
    "TODAY",
    "TOMORROW",
    "LAST_WEEK",
    "THIS_WEEK",
    "NEXT_WEEK",
    "LAST_MONTH",
    "THIS_MONTH",
    "NEXT_MONTH",
    "LAST_90_DAYS",
    "NEXT_90_DAYS",
    "LAST_QUARTER",
    "THIS_QUARTER",
    "NEXT_QUARTER",
    "LAST_YEAR",
    "THIS_YEAR",
    "NEXT_YEAR",
    "LAST_FISCAL_QUARTER",
    "THIS_FISCAL_QUARTER",
    "NEXT_FISCAL_QUARTER",
    "LAST_FISCAL_YEAR",
    "THIS_FISCAL_YEAR",
    "NEXT_FISCAL_YEAR",
];

/// Date literals that want `:n`.
pub(crate) const COUNTED_DATE_WORDS: [&str; 21] = [
    "LAST_N_DAYS",
    "NEXT_N_DAYS",
    "N_DAYS_AGO",
    "LAST_N_WEEKS",
    "NEXT_N_WEEKS",
    "N_WEEKS_AGO",
    "LAST_N_MONTHS",
    "NEXT_N_MONTHS",
    "N_MONTHS_AGO",
    "LAST_N_QUARTERS",
    "NEXT_N_QUARTERS",
    "N_QUARTERS_AGO",
    "LAST_N_YEARS",
    "NEXT_N_YEARS",
    "N_YEARS_AGO",
    "LAST_N_FISCAL_QUARTERS",
    "NEXT_N_FISCAL_QUARTERS",
    "N_FISCAL_QUARTERS_AGO",
    "LAST_N_FISCAL_YEARS",
    "NEXT_N_FISCAL_YEARS",
    "N_FISCAL_YEARS_AGO",
];

/// The most days, weeks or years that a literal counts. No date lies farther away, and arithmetic cannot overflow.
pub(super) const MOST_UNITS: i64 = 1_000_000;

/// The days `[first, end)` that a date literal means.
pub(crate) fn range_of(word: &str, count: Option<i64>, today: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
    let n = count.unwrap_or(1);
    let word = word.replace("FISCAL_", "");
    if let Some(range) = range_of_days(&word, n, today) {
        return Some(range);
    }
    let (unit, start) = ["WEEK", "MONTH", "QUARTER", "YEAR"]
        .into_iter()
        .find(|unit| word.contains(unit))
        .map(|unit| (unit, unit_start(unit, today)))?;
    let from = |units: i64| moved(unit, start, units);
    if word.starts_with("THIS") {
        Some((start, from(1)?))
    } else if word.starts_with("LAST") {
        Some((from(-n)?, start))
    } else if word.starts_with("NEXT") {
        Some((from(1)?, from(1 + n)?))
    } else {
        Some((from(-n)?, from(1 - n)?))
    }
}

fn range_of_days(word: &str, n: i64, today: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
    let day = |days: i64| days_after(today, days);
    let (first, end) = match word {
        "YESTERDAY" => (day(-1)?, today),
        "TODAY" => (today, day(1)?),
        "TOMORROW" => (day(1)?, day(2)?),
        "LAST_90_DAYS" => (day(-90)?, day(1)?),
        "NEXT_90_DAYS" => (day(1)?, day(91)?),
        "LAST_N_DAYS" => (day(-n)?, day(1)?),
        "NEXT_N_DAYS" => (day(1)?, day(1 + n)?),
        "N_DAYS_AGO" => (day(-n)?, day(1 - n)?),
        _ => return None,
    };
    Some((first, end))
}

fn days_after(date: NaiveDate, days: i64) -> Option<NaiveDate> {
    let distance = Days::new(days.unsigned_abs());
    if days < 0 { date.checked_sub_days(distance) } else { date.checked_add_days(distance) }
}

fn unit_start(unit: &str, today: NaiveDate) -> NaiveDate {
    let first_of = |month| NaiveDate::from_ymd_opt(today.year(), month, 1).unwrap_or(today);
    match unit {
        "WEEK" => days_after(today, -i64::from(today.weekday().num_days_from_sunday())).unwrap_or(today),
        "MONTH" => first_of(today.month()),
        "QUARTER" => first_of(today.month0() / 3 * 3 + 1),
        _ => first_of(1),
    }
}

fn moved(unit: &str, start: NaiveDate, units: i64) -> Option<NaiveDate> {
    let per_unit = match unit {
        "WEEK" => return days_after(start, units.checked_mul(7)?),
        "MONTH" => 1,
        "QUARTER" => 3,
        _ => 12,
    };
    let months = Months::new(u32::try_from(units.unsigned_abs().checked_mul(per_unit)?).ok()?);
    if units < 0 { start.checked_sub_months(months) } else { start.checked_add_months(months) }
}

/// Days since 1970.
pub(crate) fn day_number(date: NaiveDate) -> i64 {
    i64::from(date.num_days_from_ce()) - 719_163
}

/// A date function of SOQL, as GROUP BY, SELECT and WHERE use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DateFunction {
    CalendarYear,
    CalendarQuarter,
    CalendarMonth,
    DayInMonth,
    DayInWeek,
    DayInYear,
    DayOnly,
    HourInDay,
    WeekInMonth,
    WeekInYear,
}

impl DateFunction {
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_uppercase().as_str() {
            "CALENDAR_YEAR" | "FISCAL_YEAR" => Self::CalendarYear,
            "CALENDAR_QUARTER" | "FISCAL_QUARTER" => Self::CalendarQuarter,
            "CALENDAR_MONTH" | "FISCAL_MONTH" => Self::CalendarMonth,
            "DAY_IN_MONTH" => Self::DayInMonth,
            "DAY_IN_WEEK" => Self::DayInWeek,
            "DAY_IN_YEAR" => Self::DayInYear,
            "DAY_ONLY" => Self::DayOnly,
            "HOUR_IN_DAY" => Self::HourInDay,
            "WEEK_IN_MONTH" => Self::WeekInMonth,
            "WEEK_IN_YEAR" => Self::WeekInYear,
            _ => return None,
        })
    }

    /// Works on dateTime fields only.
    pub(crate) fn needs_time(self) -> bool {
        matches!(self, Self::DayOnly | Self::HourInDay)
    }

    pub(crate) fn apply(self, value: &Value) -> Value {
        let (date, hour) = match value {
            Value::Date(date) => (*date, 0),
            Value::DateTime(ms) => match DateTime::<Utc>::from_timestamp_millis(*ms) {
                Some(moment) => (moment.date_naive(), moment.hour()),
                None => return Value::Null,
            },
            _ => return Value::Null,
        };
        let number = match self {
            Self::DayOnly => return Value::Date(date),
            Self::CalendarYear => return Value::Int(date.year().into()),
            Self::CalendarQuarter => date.month0() / 3 + 1,
            Self::CalendarMonth => date.month(),
            Self::DayInMonth => date.day(),
            Self::DayInWeek => date.weekday().number_from_sunday(),
            Self::DayInYear => date.ordinal(),
            Self::HourInDay => hour,
            Self::WeekInMonth => date.day0() / 7 + 1,
            Self::WeekInYear => date.ordinal0() / 7 + 1,
        };
        Value::Int(number.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(word: &str, count: Option<i64>) -> String {
        let today = NaiveDate::from_ymd_opt(2026, 3, 11).unwrap();
        let (first, end) = range_of(word, count, today).unwrap();
        format!("{first}..{end}")
    }

    #[test]
    fn date_literals_cover_the_documented_days() {
        let cases = [
            ("TODAY", None, "2026-03-11..2026-03-12"),
            ("YESTERDAY", None, "2026-03-10..2026-03-11"),
            ("LAST_N_DAYS", Some(30), "2026-02-09..2026-03-12"),
            ("NEXT_N_DAYS", Some(2), "2026-03-12..2026-03-14"),
            ("N_DAYS_AGO", Some(3), "2026-03-08..2026-03-09"),
            ("THIS_WEEK", None, "2026-03-08..2026-03-15"),
            ("LAST_WEEK", None, "2026-03-01..2026-03-08"),
            ("NEXT_MONTH", None, "2026-04-01..2026-05-01"),
            ("LAST_N_MONTHS", Some(3), "2025-12-01..2026-03-01"),
            ("N_MONTHS_AGO", Some(2), "2026-01-01..2026-02-01"),
            ("THIS_QUARTER", None, "2026-01-01..2026-04-01"),
            ("LAST_FISCAL_QUARTER", None, "2025-10-01..2026-01-01"),
            ("NEXT_N_YEARS", Some(2), "2027-01-01..2029-01-01"),
            ("THIS_FISCAL_YEAR", None, "2026-01-01..2027-01-01"),
            ("TOMORROW", None, "2026-03-12..2026-03-13"),
            ("LAST_90_DAYS", None, "2025-12-11..2026-03-12"),
            ("NEXT_90_DAYS", None, "2026-03-12..2026-06-10"),
            ("NEXT_WEEK", None, "2026-03-15..2026-03-22"),
            ("LAST_N_WEEKS", Some(2), "2026-02-22..2026-03-08"),
            ("NEXT_N_WEEKS", Some(2), "2026-03-15..2026-03-29"),
            ("N_WEEKS_AGO", Some(1), "2026-03-01..2026-03-08"),
            ("NEXT_N_MONTHS", Some(2), "2026-04-01..2026-06-01"),
            ("LAST_N_QUARTERS", Some(2), "2025-07-01..2026-01-01"),
            ("N_QUARTERS_AGO", Some(1), "2025-10-01..2026-01-01"),
            ("N_YEARS_AGO", Some(3), "2023-01-01..2024-01-01"),
            ("N_FISCAL_YEARS_AGO", Some(1), "2025-01-01..2026-01-01"),
            ("NEXT_N_FISCAL_QUARTERS", Some(1), "2026-04-01..2026-07-01"),
            ("LAST_FISCAL_YEAR", None, "2025-01-01..2026-01-01"),
        ];
        for (word, count, expected) in cases {
            assert_eq!(shown(word, count), expected, "{word}");
        }
    }

    #[test]
    fn days_are_numbered_from_1970() {
        assert_eq!(day_number(NaiveDate::from_ymd_opt(1970, 1, 1).unwrap()), 0);
        assert_eq!(day_number(NaiveDate::from_ymd_opt(2024, 5, 31).unwrap()) * DAY_MS, 1_717_113_600_000);
    }
}
