//! How the value of one field is made.

use std::collections::BTreeSet;
use std::fmt::Write;

use chrono::{DateTime, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::model::value::write_padded;
use crate::model::{Cell, Value};

use super::choices::{Choices, Column, Told};
use super::{GeneratedRow, derived::Derived, files::FileFacts, words};

const DAY_S: i64 = 86_400;

/// A recipe for the values of one field.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Plan {
    Null,
    Fixed(Value),
    Created,
    Modified,
    /// One of these, in a fixed share of the rows (in hundredths); null in the others.
    Pick {
        choices: Vec<Value>,
        filled: u64,
        topic: u64,
    },
    MultiPick {
        choices: Vec<String>,
        filled: u64,
        topic: u64,
    },
    Boolean {
        true_in_100: u64,
        topic: u64,
    },
    /// A row of a neighbour, spread evenly.
    Reference {
        prefix: String,
        first: u64,
        count: u64,
        filled: u64,
        topic: u64,
    },
    /// A row of one of several neighbours.
    AnyOf {
        targets: Vec<(String, u64, u64)>,
        filled: u64,
        topic: u64,
    },
    /// A row of the same object with a lower index, so that no cycle arises.
    Earlier {
        prefix: String,
        first: u64,
        filled: u64,
        topic: u64,
    },
    /// The neighbour's row with this row's index divided by `divisor` (round robin when there are fewer).
    Aligned {
        prefix: String,
        first: u64,
        count: u64,
        divisor: u64,
    },
    /// What another plan says for the neighbour's row of the same index.
    Through {
        plan: Box<Plan>,
        seed: u64,
        divisor: u64,
        stamps: super::Stamps,
    },
    FirstName,
    LastName,
    /// First and last name, for objects that hold them in one field.
    FullName {
        topic: u64,
    },
    Company {
        length: usize,
    },
    Email,
    Phone {
        topic: u64,
        filled: u64,
    },
    Url {
        topic: u64,
        filled: u64,
        length: usize,
    },
    Street {
        topic: u64,
    },
    Place {
        part: words::PlacePart,
        topic: u64,
    },
    Latitude {
        topic: u64,
    },
    Longitude {
        topic: u64,
    },
    /// A short text with the oddities of real ones.
    Line {
        topic: u64,
        filled: u64,
        length: usize,
    },
    /// A code of letters and digits, unique within the object.
    Code {
        prefix: String,
        length: usize,
    },
    /// Paragraphs of up to `length` characters, mostly far shorter.
    Long {
        topic: u64,
        filled: u64,
        length: usize,
        html: bool,
    },
    /// A decimal of at most `digits` digits, `scale` of them after the point.
    Decimal {
        topic: u64,
        filled: u64,
        digits: u32,
        scale: u32,
    },
    Whole {
        topic: u64,
        filled: u64,
        end: u64,
    },
    Date {
        topic: u64,
        filled: u64,
        ahead_days: u64,
    },
    DateTime {
        topic: u64,
        filled: u64,
    },
    Time {
        topic: u64,
        filled: u64,
    },
    Numbered {
        before: String,
        width: usize,
        after: String,
    },
    /// A column of a table of choices: the same choice gives all of them.
    Choice {
        table: Choices,
        column: Column,
    },
    Derived(Box<Derived>),
    File(FileFacts),
    /// This one for even rows, that one for odd rows.
    EvenOdd(Box<Plan>, Box<Plan>),
}

const CHOICE_TOPIC: u64 = 900;

impl Plan {
    /// The value of this field in a generated row.
    pub fn value(&self, row: &GeneratedRow<'_>) -> Value {
        let mut text = String::new();
        let cell = self.cell(row, &mut text);
        cell.into_value(text)
    }

    /// The same, with its text added to `out`.
    pub(crate) fn cell(&self, row: &GeneratedRow<'_>, out: &mut String) -> Cell<'_> {
        if self.share().is_some_and(|(topic, filled)| !is_filled(row, topic, filled)) {
            return Cell::Null;
        }
        match self {
            Plan::Null => Cell::Null,
            Plan::Fixed(value) => Cell::Held(value),
            Plan::Created => Cell::DateTime(row.stamps.created_s(row.index) * 1000),
            Plan::Modified => Cell::DateTime(row.stamps.modified_s(row.index) * 1000),
            Plan::Pick { choices, topic, .. } => pick(row, *topic, choices),
            Plan::Boolean { true_in_100, topic } => Cell::Bool(row.below(*topic, 100) < *true_in_100),
            Plan::Reference { .. } | Plan::AnyOf { .. } | Plan::Earlier { .. } | Plan::Aligned { .. } => {
                self.reference(row).map_or(Cell::Null, |(prefix, counter)| Cell::Id(prefix, counter))
            }
            Plan::Through { plan, seed, divisor, stamps } => {
                plan.cell(&GeneratedRow { seed: *seed, index: row.index / divisor, stamps }, out)
            }
            Plan::Choice { table, column } => chosen(row, *table, *column, out),
            Plan::Derived(derived) => derived.cell(row, out),
            Plan::File(facts) => facts.cell(row, out),
            Plan::EvenOdd(even, odd) => {
                if row.index.is_multiple_of(2) {
                    even.cell(row, out)
                } else {
                    odd.cell(row, out)
                }
            }
            Plan::Whole { topic, end, .. } => {
                Cell::Int(i64::try_from(row.below(*topic + 1, *end)).expect("ends are small"))
            }
            Plan::Date { topic, ahead_days, .. } => Cell::Date(date(row, *topic, *ahead_days)),
            Plan::DateTime { topic, .. } => {
                let back = i64::try_from(row.below(*topic + 1, 2000 * 86_400)).expect("some years");
                Cell::DateTime((row.stamps.epoch_s() - back) * 1000)
            }
            Plan::Time { topic, .. } => {
                let minutes = i64::try_from(row.below(*topic + 1, 24 * 60)).expect("a day");
                Cell::Time(minutes * 60_000)
            }
            _ => self.written(row, out),
        }
    }

    /// Plans that fill a share of the rows only: the topic and the share in hundredths.
    fn share(&self) -> Option<(u64, u64)> {
        match self {
            Plan::Pick { filled, topic, .. }
            | Plan::MultiPick { filled, topic, .. }
            | Plan::Phone { topic, filled }
            | Plan::Url { topic, filled, .. }
            | Plan::Line { topic, filled, .. }
            | Plan::Long { topic, filled, .. }
            | Plan::Decimal { topic, filled, .. }
            | Plan::Whole { topic, filled, .. }
            | Plan::Date { topic, filled, .. }
            | Plan::DateTime { topic, filled }
            | Plan::Time { topic, filled } => Some((*topic, *filled)),
            Plan::Street { topic } | Plan::Place { topic, .. } => Some((*topic, 80)),
            Plan::Latitude { topic } | Plan::Longitude { topic } => Some((*topic, 30)),
            _ => None,
        }
    }

    /// Numbers and texts that are made in the buffer.
    #[inline]
    fn written(&self, row: &GeneratedRow<'_>, out: &mut String) -> Cell<'_> {
        let start = out.len();
        match self {
            Plan::Latitude { topic } => return coordinate(row, *topic, 90, out),
            Plan::Longitude { topic } => return coordinate(row, *topic + 1, 180, out),
            Plan::Decimal { topic, digits, scale, .. } => return decimal(row, *topic, *digits, *scale, out),
            Plan::FirstName => out.push_str(words::first_name(row)),
            Plan::LastName => out.push_str(words::last_name(row)),
            Plan::FullName { topic } => words::full_name(row, *topic, out),
            Plan::Company { length } => {
                words::company(row, out);
                words::cut(out, start, *length);
            }
            Plan::Email => words::email(row, out),
            Plan::Numbered { before, width, after } => {
                out.push_str(before);
                write_padded(out, row.index + 1, *width);
                out.push_str(after);
            }
            Plan::Code { prefix, length } => {
                write!(out, "{prefix}{:X}-{}", row.hash(77) >> 44, row.index).expect("writing to a string");
                words::keep_end(out, start, *length);
            }
            Plan::MultiPick { choices, topic, .. } => several(row, *topic, choices, out),
            Plan::Phone { topic, .. } => words::phone(row, *topic, out),
            Plan::Url { topic, length, .. } => {
                words::url(row, *topic, out);
                words::cut(out, start, *length);
            }
            Plan::Street { topic } => words::street(row, *topic, out),
            Plan::Place { part, topic } => out.push_str(words::place(row, *topic, *part)),
            Plan::Line { topic, length, .. } => {
                words::line(row, *topic, out);
                words::cut(out, start, *length);
            }
            Plan::Long { topic, length, html, .. } => words::long(row, *topic, *length, *html, out),
            _ => return Cell::Null,
        }
        Cell::Text
    }

    /// Whether no text that this plan makes has a quotation mark in it.
    pub(crate) fn makes_no_quotes(&self) -> bool {
        match self {
            Plan::Pick { choices, .. } => {
                choices.iter().filter_map(Value::as_str).all(|choice| !choice.contains('"'))
            }
            Plan::FirstName
            | Plan::LastName
            | Plan::Email
            | Plan::Phone { .. }
            | Plan::Url { .. }
            | Plan::Place { .. } => true,
            _ => false,
        }
    }

    /// The row that a reference plan points to.
    pub fn reference(&self, row: &GeneratedRow<'_>) -> Option<(&str, u64)> {
        match self {
            Plan::Reference { prefix, first, count, filled, topic } => (row.below(*topic, 100) < *filled)
                .then(|| (prefix.as_str(), first + row.below(*topic + 1, *count))),
            Plan::AnyOf { targets, filled, topic } => {
                if row.below(*topic, 100) >= *filled {
                    return None;
                }
                let at = usize::try_from(row.below(*topic + 1, targets.len() as u64)).expect("an index");
                let (prefix, first, count) = targets.get(at)?;
                Some((prefix, first + row.below(*topic + 2, *count)))
            }
            Plan::Earlier { prefix, first, filled, topic } => (row.index > 0
                && row.below(*topic, 100) < *filled)
                .then(|| (prefix.as_str(), first + row.below(*topic + 1, row.index))),
            Plan::Aligned { prefix, first, count, divisor } => {
                Some((prefix, first + row.index / divisor % count))
            }
            Plan::Through { plan, seed, divisor, stamps } => {
                plan.reference(&GeneratedRow { seed: *seed, index: row.index / divisor, stamps })
            }
            Plan::EvenOdd(even, odd) => {
                if row.index.is_multiple_of(2) {
                    even.reference(row)
                } else {
                    odd.reference(row)
                }
            }
            Plan::Derived(derived) => derived.reference(row),
            _ => None,
        }
    }

    /// Indexes of the rows that point to one of these rows, for plans that point by arithmetic.
    pub(super) fn pointing_by_arithmetic(
        &self,
        prefix: &str,
        counters: &BTreeSet<u64>,
        rows: u64,
    ) -> Option<Vec<u64>> {
        match self {
            Plan::Null => Some(Vec::new()),
            Plan::Aligned { prefix: own, first, count, divisor } => {
                let round = count * divisor;
                let mut found = Vec::new();
                for counter in counters.iter().filter(|_| own == prefix) {
                    let Some(place) = counter.checked_sub(*first).filter(|place| place < count) else {
                        continue;
                    };
                    let step = usize::try_from(round).unwrap_or(usize::MAX);
                    for start in (place * divisor..rows).step_by(step) {
                        found.extend(start..rows.min(start + divisor));
                    }
                }
                Some(found)
            }
            Plan::EvenOdd(even, odd) => {
                let mut found = even.pointing_by_arithmetic(prefix, counters, rows)?;
                found.retain(|index| index.is_multiple_of(2));
                let odd = odd.pointing_by_arithmetic(prefix, counters, rows)?;
                found.extend(odd.into_iter().filter(|index| !index.is_multiple_of(2)));
                Some(found)
            }
            _ => None,
        }
    }

    /// Indexes of the rows that may hold this value, a text in any case of its letters; `None` if the plan cannot tell.
    pub(super) fn indexes_with(&self, value: &Value, rows: u64) -> Option<Vec<u64>> {
        let text = value.to_plain_text();
        match self {
            Plan::Null => Some(Vec::new()),
            // The end of the code, with the dash and the index, is what is kept of a code that is too long.
            Plan::Code { length, .. } if *length > rows.to_string().len() => {
                let index: Option<u64> = text.rsplit_once('-').and_then(|(_, index)| index.parse().ok());
                Some(index.into_iter().collect())
            }
            Plan::Numbered { before, after, .. } => {
                let index = || {
                    let (head, rest) = text.split_at_checked(before.len())?;
                    let (digits, tail) = rest.split_at_checked(rest.len().checked_sub(after.len())?)?;
                    let fits = head.eq_ignore_ascii_case(before) && tail.eq_ignore_ascii_case(after);
                    digits.parse::<u64>().ok().filter(|_| fits)?.checked_sub(1)
                };
                Some(index().into_iter().collect())
            }
            _ => None,
        }
    }

    /// Whether `reference` tells all that this plan puts into a reference field.
    pub fn is_reference(&self) -> bool {
        match self {
            Plan::Through { plan, .. } => plan.is_reference(),
            Plan::EvenOdd(even, odd) => even.is_reference() && odd.is_reference(),
            Plan::Derived(derived) => derived.is_reference(),
            Plan::Null
            | Plan::Reference { .. }
            | Plan::AnyOf { .. }
            | Plan::Earlier { .. }
            | Plan::Aligned { .. } => true,
            _ => false,
        }
    }
}

fn is_filled(row: &GeneratedRow<'_>, topic: u64, filled: u64) -> bool {
    filled >= 100 || row.below(topic, 100) < filled
}

fn pick<'a>(row: &GeneratedRow<'_>, topic: u64, choices: &'a [Value]) -> Cell<'a> {
    if choices.is_empty() {
        return Cell::Null;
    }
    let at = usize::try_from(row.below(topic + 1, choices.len() as u64)).expect("an index");
    Cell::Held(&choices[at])
}

fn several(row: &GeneratedRow<'_>, topic: u64, choices: &[String], out: &mut String) {
    let start = out.len();
    for (at, choice) in choices.iter().enumerate() {
        if row.below(topic + 1 + at as u64, 3) == 0 {
            if out.len() > start {
                out.push(';');
            }
            out.push_str(choice);
        }
    }
}

fn chosen(row: &GeneratedRow<'_>, table: Choices, column: Column, out: &mut String) -> Cell<'static> {
    let at = usize::try_from(row.below(CHOICE_TOPIC, table.count() as u64)).expect("an index");
    match table.told(at, column) {
        Told::Is(is) => Cell::Bool(is),
        Told::Text(text) => {
            out.push_str(text);
            Cell::Text
        }
        Told::Digits(digits) => {
            out.push_str(digits);
            Cell::Number
        }
    }
}

fn coordinate(row: &GeneratedRow<'_>, topic: u64, limit: u64, out: &mut String) -> Cell<'static> {
    let millionths = row.below(topic + 3, 2 * limit * 1_000_000);
    if millionths < limit * 1_000_000 {
        out.push('-');
    }
    let size = millionths.abs_diff(limit * 1_000_000);
    write_padded(out, size / 1_000_000, 1);
    out.push('.');
    write_padded(out, size % 1_000_000, 6);
    Cell::Number
}

/// Mostly small numbers; some zero, some negative, some as large as the field takes.
fn decimal(row: &GeneratedRow<'_>, topic: u64, digits: u32, scale: u32, out: &mut String) -> Cell<'static> {
    let digits = digits.clamp(1, 18);
    let whole = digits.saturating_sub(scale);
    let unscaled = match row.below(topic + 1, 20) {
        0 => 0,
        1 => row.below(topic + 2, 10_u64.pow(digits)),
        _ => row.below(topic + 2, 10_u64.pow(digits.min(whole.min(6) + scale))),
    };
    if unscaled > 0 && row.below(topic + 3, 25) == 0 {
        out.push('-');
    }
    let unit = 10_u64.pow(scale);
    write_padded(out, unscaled / unit, 1);
    if scale > 0 {
        out.push('.');
        write_padded(out, unscaled % unit, scale as usize);
    }
    Cell::Number
}

/// Mostly a day of the last years or of those to come; now and then the first or the last that a field takes.
fn date(row: &GeneratedRow<'_>, topic: u64, ahead_days: u64) -> NaiveDate {
    let end = match row.below(topic + 2, 200) {
        0 => NaiveDate::from_ymd_opt(1700, 1, 1),
        1 => NaiveDate::from_ymd_opt(4000, 12, 31),
        _ => None,
    };
    end.unwrap_or_else(|| {
        let days = i64::try_from(row.below(topic + 1, 1500 + ahead_days)).expect("some years") - 1500;
        DateTime::from_timestamp(row.stamps.epoch_s() + days * DAY_S, 0).unwrap_or_default().date_naive()
    })
}
