//! The times of an event, which several fields tell: they must agree, and what is not given follows from the others.
//!
//! An event that fills whole days runs from midnight to the midnight that its last day begins with ("Event", Object Reference).

use chrono::{DateTime, NaiveDate};

use crate::errors::ApiError;
use crate::model::Value;
use crate::state::transaction::draft::Draft;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 1440 * MINUTE_MS;

/// The longest event, of fourteen days ("Considerations for Using Multiday Events", Salesforce Help).
const MOST_MINUTES: i64 = 14 * 1440;

const TIMES: [&str; 6] = [
    "IsAllDayEvent",
    "StartDateTime",
    "ActivityDateTime",
    "ActivityDate",
    "EndDateTime",
    "DurationInMinutes",
];

/// Completes the times of an event that gives any of them.
pub(in crate::state::transaction) fn complete(draft: &mut Draft<'_>) -> Result<(), ApiError> {
    if !TIMES.iter().any(|name| draft.given(name).is_some()) {
        return Ok(());
    }
    let is_all_day = draft.value("IsAllDayEvent") == Value::Bool(true);
    let Some(start) = start(draft, is_all_day)? else { return Ok(()) };
    let minutes = minutes(draft, is_all_day, start)?;
    if !(0..=MOST_MINUTES).contains(&minutes) {
        let message = format!("Duration must be between 0 and {MOST_MINUTES} minutes: Duration");
        return Err(refused(&message, "DurationInMinutes"));
    }
    let end = end_after(start, minutes, is_all_day);
    let time = if is_all_day { Value::Null } else { Value::DateTime(start) };
    for (name, value) in [
        ("StartDateTime", Value::DateTime(start)),
        ("ActivityDateTime", time),
        ("ActivityDate", Value::Date(day_of(start))),
        ("DurationInMinutes", Value::Int(minutes)),
        ("EndDateTime", Value::DateTime(end)),
        ("EndDate", Value::Date(day_of(end))),
    ] {
        if let Some(field) = draft.def.field(name).cloned() {
            draft.set(&field, value);
        }
    }
    Ok(())
}

/// When the event begins: as it is given, under whatever names, or as it was.
fn start(draft: &Draft<'_>, is_all_day: bool) -> Result<Option<i64>, ApiError> {
    let mut given: Option<(i64, &str)> = None;
    for name in ["StartDateTime", "ActivityDateTime", "ActivityDate"] {
        let at = match draft.given(name) {
            Some(Value::DateTime(ms)) => *ms,
            Some(Value::Date(day)) => midnight(*day),
            _ => continue,
        };
        let at = if is_all_day { at - at.rem_euclid(DAY_MS) } else { at };
        match given {
            None => given = Some((at, name)),
            Some((known, _)) if known == at => {}
            // The day of an event with a time need only be the day of it.
            Some((known, _)) if name == "ActivityDate" && day_of(known) == day_of(at) => {}
            Some((_, other)) => return Err(refused(&format!("{name} must match {other}"), name)),
        }
    }
    let held = draft.row.and_then(|row| row.value_of("StartDateTime").as_ms());
    let start = given.map(|(at, _)| at).or(held);
    Ok(start.map(|at| if is_all_day { at - at.rem_euclid(DAY_MS) } else { at }))
}

/// How long the event is: as it is given, by its length or its end, or as it was.
fn minutes(draft: &Draft<'_>, is_all_day: bool, start: i64) -> Result<i64, ApiError> {
    let whole = |value: &Value| if let Value::Int(minutes) = value { Some(*minutes) } else { None };
    let length = draft.given("DurationInMinutes").and_then(whole);
    let end = draft.given("EndDateTime").and_then(Value::as_ms);
    let end = end.map(|at| if is_all_day { at - at.rem_euclid(DAY_MS) } else { at });
    Ok(match (length, end) {
        (Some(minutes), Some(end)) if end_after(start, minutes, is_all_day) != end => {
            let message = "EndDateTime must match StartDateTime and DurationInMinutes";
            return Err(refused(message, "EndDateTime"));
        }
        (Some(minutes), _) => minutes,
        (None, Some(end)) => (end - start).div_euclid(MINUTE_MS) + if is_all_day { 1440 } else { 0 },
        (None, None) if is_all_day && (draft.is_new() || draft.changes("IsAllDayEvent")) => 1440,
        (None, None) => {
            draft.row.map(|row| row.value_of("DurationInMinutes")).as_ref().and_then(whole).unwrap_or(0)
        }
    })
}

fn end_after(start: i64, minutes: i64, is_all_day: bool) -> i64 {
    let last = if is_all_day { (minutes - 1).div_euclid(1440).max(0) * 1440 } else { minutes };
    start + last * MINUTE_MS
}

fn midnight(day: NaiveDate) -> i64 {
    day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis()
}

fn day_of(ms: i64) -> NaiveDate {
    DateTime::from_timestamp_millis(ms).unwrap_or_default().date_naive()
}

fn refused(message: &str, field: &str) -> ApiError {
    ApiError::record("FIELD_INTEGRITY_EXCEPTION", message, [field])
}
