//! How the value of one field is made.

use std::collections::BTreeSet;

use chrono::DateTime;

use crate::model::Value;

use super::files::FileFacts;
use super::{GeneratedRow, id_of, words};

const DAY_S: i64 = 86_400;

/// A recipe for the values of one field.
#[derive(Debug, Clone)]
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
    /// A column of the table of opportunity stages, cases, tasks: the same choice gives all of them.
    Row {
        table: &'static [&'static [&'static str]],
        column: usize,
        kind: RowKind,
    },
    File(FileFacts),
    /// This one for even rows, that one for odd rows.
    EvenOdd(Box<Plan>, Box<Plan>),
}

/// How the text in a table of choices is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowKind {
    Text,
    Boolean,
    Decimal,
}

const ROW_TOPIC: u64 = 900;

impl Plan {
    /// The value of this field in a generated row.
    pub fn value(&self, row: &GeneratedRow<'_>) -> Value {
        match self {
            Plan::Null => Value::Null,
            Plan::Fixed(value) => value.clone(),
            Plan::Created => Value::DateTime(row.stamps.created_s(row.index) * 1000),
            Plan::Modified => Value::DateTime(row.stamps.modified_s(row.index) * 1000),
            Plan::Pick { choices, filled, topic } => {
                sparse(row, *topic, *filled, || pick(row, *topic, choices))
            }
            Plan::MultiPick { choices, filled, topic } => {
                sparse(row, *topic, *filled, || several(row, *topic, choices))
            }
            Plan::Boolean { true_in_100, topic } => Value::Bool(row.below(*topic, 100) < *true_in_100),
            Plan::Reference { .. } | Plan::AnyOf { .. } | Plan::Earlier { .. } | Plan::Aligned { .. } => {
                self.reference(row).map_or(Value::Null, |(prefix, counter)| id_of(prefix, counter))
            }
            Plan::Through { plan, seed, divisor, stamps } => {
                plan.value(&GeneratedRow { seed: *seed, index: row.index / divisor, stamps })
            }
            Plan::Row { table, column, kind } => from_table(row, table, *column, *kind),
            Plan::File(facts) => facts.value(row),
            Plan::EvenOdd(even, odd) => {
                if row.index.is_multiple_of(2) {
                    even.value(row)
                } else {
                    odd.value(row)
                }
            }
            Plan::Numbered { before, width, after } => {
                Value::Text(format!("{before}{:0width$}{after}", row.index + 1, width = *width))
            }
            _ => self.text_or_number(row),
        }
    }

    fn text_or_number(&self, row: &GeneratedRow<'_>) -> Value {
        match self {
            Plan::FirstName => Value::Text(words::first_name(row).to_owned()),
            Plan::LastName => Value::Text(words::last_name(row).to_owned()),
            Plan::FullName { topic } => Value::text(words::full_name(row, *topic)),
            Plan::Company { length } => Value::text(words::cut(&words::company(row), *length)),
            Plan::Email => Value::Text(words::email(row)),
            Plan::Phone { topic, filled } => {
                sparse(row, *topic, *filled, || Value::Text(words::phone(row, *topic)))
            }
            Plan::Url { topic, filled, length } => {
                sparse(row, *topic, *filled, || Value::text(words::cut(&words::url(row, *topic), *length)))
            }
            Plan::Street { topic } => sparse(row, *topic, 80, || Value::Text(words::street(row, *topic))),
            Plan::Place { part, topic } => {
                sparse(row, *topic, 80, || Value::text(words::place(row, *topic, *part)))
            }
            Plan::Latitude { topic } => sparse(row, *topic, 30, || coordinate(row, *topic, 90)),
            Plan::Longitude { topic } => sparse(row, *topic, 30, || coordinate(row, *topic + 1, 180)),
            Plan::Line { topic, filled, length } => {
                sparse(row, *topic, *filled, || Value::text(words::cut(&words::line(row, *topic), *length)))
            }
            Plan::Code { prefix, length } => {
                let text = format!("{prefix}{:X}-{}", row.hash(77) >> 44, row.index);
                Value::text(words::last_of(&text, *length))
            }
            Plan::Long { topic, filled, length, html } => {
                sparse(row, *topic, *filled, || Value::text(words::long(row, *topic, *length, *html)))
            }
            Plan::Decimal { topic, filled, digits, scale } => {
                sparse(row, *topic, *filled, || Value::Number(decimal(row, *topic, *digits, *scale)))
            }
            Plan::Whole { topic, filled, end } => sparse(row, *topic, *filled, || {
                Value::Int(i64::try_from(row.below(*topic + 1, *end)).expect("ends are small"))
            }),
            Plan::Date { topic, filled, ahead_days } => {
                sparse(row, *topic, *filled, || date(row, *topic, *ahead_days))
            }
            Plan::DateTime { topic, filled } => sparse(row, *topic, *filled, || {
                let back = i64::try_from(row.below(*topic + 1, 2000 * 86_400)).expect("some years");
                Value::DateTime((row.stamps.epoch_s() - back) * 1000)
            }),
            Plan::Time { topic, filled } => sparse(row, *topic, *filled, || {
                Value::Time(i64::try_from(row.below(*topic + 1, 24 * 60)).expect("a day") * 60_000)
            }),
            _ => Value::Null,
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
            Plan::Null
            | Plan::Reference { .. }
            | Plan::AnyOf { .. }
            | Plan::Earlier { .. }
            | Plan::Aligned { .. } => true,
            _ => false,
        }
    }
}

fn sparse(row: &GeneratedRow<'_>, topic: u64, filled: u64, value: impl FnOnce() -> Value) -> Value {
    if filled >= 100 || row.below(topic, 100) < filled { value() } else { Value::Null }
}

fn pick(row: &GeneratedRow<'_>, topic: u64, choices: &[Value]) -> Value {
    if choices.is_empty() {
        return Value::Null;
    }
    let at = usize::try_from(row.below(topic + 1, choices.len() as u64)).expect("an index");
    choices[at].clone()
}

fn several(row: &GeneratedRow<'_>, topic: u64, choices: &[String]) -> Value {
    let chosen: Vec<&str> = choices
        .iter()
        .enumerate()
        .filter(|(at, _)| row.below(topic + 1 + *at as u64, 3) == 0)
        .map(|(_, c)| c.as_str())
        .collect();
    Value::text(chosen.join(";"))
}

fn from_table(row: &GeneratedRow<'_>, table: &[&[&str]], column: usize, kind: RowKind) -> Value {
    let at = usize::try_from(row.below(ROW_TOPIC, table.len() as u64)).expect("an index");
    let text = table[at].get(column).copied().unwrap_or("");
    match kind {
        RowKind::Text => Value::text(text),
        RowKind::Boolean => Value::Bool(text == "true"),
        RowKind::Decimal => Value::Number(text.to_owned()),
    }
}

fn coordinate(row: &GeneratedRow<'_>, topic: u64, limit: u64) -> Value {
    let millionths = row.below(topic + 3, 2 * limit * 1_000_000);
    let sign = if millionths < limit * 1_000_000 { "-" } else { "" };
    let size = millionths.abs_diff(limit * 1_000_000);
    Value::Number(format!("{sign}{}.{:06}", size / 1_000_000, size % 1_000_000))
}

/// Mostly small numbers; some zero, some negative, some as large as the field takes.
fn decimal(row: &GeneratedRow<'_>, topic: u64, digits: u32, scale: u32) -> String {
    let digits = digits.clamp(1, 18);
    let whole = digits.saturating_sub(scale);
    let unscaled = match row.below(topic + 1, 20) {
        0 => 0,
        1 => row.below(topic + 2, 10_u64.pow(digits)),
        _ => row.below(topic + 2, 10_u64.pow(digits.min(whole.min(6) + scale))),
    };
    let sign = if unscaled > 0 && row.below(topic + 3, 25) == 0 { "-" } else { "" };
    let text = format!("{unscaled:0width$}", width = scale as usize + 1);
    let (before, after) = text.split_at(text.len() - scale as usize);
    if after.is_empty() { format!("{sign}{before}") } else { format!("{sign}{before}.{after}") }
}

fn date(row: &GeneratedRow<'_>, topic: u64, ahead_days: u64) -> Value {
    let text = match row.below(topic + 2, 200) {
        0 => "1700-01-01",
        1 => "4000-12-31",
        _ => "",
    };
    if let Ok(date) = text.parse() {
        return Value::Date(date);
    }
    let span = 1500 + ahead_days;
    let days = i64::try_from(row.below(topic + 1, span)).expect("some years") - 1500;
    let at = DateTime::from_timestamp(row.stamps.epoch_s() + days * DAY_S, 0).unwrap_or_default();
    Value::Date(at.date_naive())
}
