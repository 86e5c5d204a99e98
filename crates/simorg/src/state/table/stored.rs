//! A row that was written, in one piece of memory that holds only what is filled.
//!
//! Cells lie one after the other in the order of their slots: slot, kind, size, bytes. Ids that this org made take their prefix
//! and counter, not their eighteen characters. Reading a cell passes over those before it, which is cheap beside everything
//! else: few fields of a record are filled.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::model::{Cell, Value, ids};

/// A row that was written. What is not held is null.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Spread", into = "Spread")]
pub struct StoredRow {
    cells: Vec<u8>,
    pub bin: Option<Binned>,
}

/// The state of a row in the recycle bin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binned {
    pub deleted_ms: i64,
    /// Rows that went in one delete come back in one undelete.
    pub operation: u64,
}

/// A row as a saved org holds it.
#[derive(Serialize, Deserialize)]
struct Spread {
    /// By slot; shorter than the schema when fields came later.
    values: Vec<Value>,
    bin: Option<Binned>,
}

impl From<Spread> for StoredRow {
    fn from(spread: Spread) -> StoredRow {
        StoredRow { bin: spread.bin, ..StoredRow::of(spread.values.into_iter().enumerate()) }
    }
}

impl From<StoredRow> for Spread {
    fn from(row: StoredRow) -> Spread {
        let mut values = Vec::new();
        for (slot, value) in row.filled() {
            values.resize(slot, Value::Null);
            values.push(value);
        }
        Spread { values, bin: row.bin }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    False,
    True,
    Int,
    Number,
    Text,
    /// An id of this org: three characters, and the counter in as many bytes as it needs.
    Own,
    /// An id with any other characters.
    Foreign,
    Date,
    DateTime,
    Time,
    Blob,
}

const KINDS: [Kind; 11] = [
    Kind::False,
    Kind::True,
    Kind::Int,
    Kind::Number,
    Kind::Text,
    Kind::Own,
    Kind::Foreign,
    Kind::Date,
    Kind::DateTime,
    Kind::Time,
    Kind::Blob,
];

/// What a record of some twenty filled fields takes.
const USUAL_BYTES: usize = 512;

/// A cell as it lies there.
#[derive(Clone, Copy)]
struct Laid<'a> {
    slot: usize,
    kind: Kind,
    bytes: &'a [u8],
}

impl StoredRow {
    /// A live row of these values by slot; the last of several for one slot counts.
    pub fn of(values: impl IntoIterator<Item = (usize, Value)>) -> StoredRow {
        let mut row = StoredRow { cells: Vec::with_capacity(USUAL_BYTES), bin: None };
        for (slot, value) in values {
            row.set(slot, &value);
        }
        row
    }

    pub fn get(&self, slot: usize) -> Value {
        self.laid(slot).map_or(Value::Null, Laid::value)
    }

    pub fn is_filled(&self, slot: usize) -> bool {
        self.laid(slot).is_some()
    }

    /// What is filled, by slot.
    pub fn filled(&self) -> impl Iterator<Item = (usize, Value)> + '_ {
        self.all().map(|laid| (laid.slot, laid.value()))
    }

    pub fn set(&mut self, slot: usize, value: &Value) {
        let (mut start, mut end) = (self.cells.len(), self.cells.len());
        // Mostly the slot comes after all that is there.
        let mut rest = &self.cells[..];
        let mut at = 0;
        while let Some((laid, next)) = read(rest) {
            let size = rest.len() - next.len();
            if laid.slot >= slot {
                (start, end) = (at, at + if laid.slot == slot { size } else { 0 });
                break;
            }
            at += size;
            rest = next;
        }
        self.cells.drain(start..end);
        let before = self.cells.len();
        lay(&mut self.cells, slot, value);
        let added = self.cells.len() - before;
        self.cells[start..].rotate_right(added);
    }

    /// The cell as it goes out, the text of it added to `text`; `None` where only `get` can tell.
    pub(crate) fn cell(&self, slot: usize, text: &mut String) -> Option<Cell<'_>> {
        let Some(laid) = self.laid(slot) else { return Some(Cell::Null) };
        Some(match laid.kind {
            Kind::False => Cell::Bool(false),
            Kind::True => Cell::Bool(true),
            Kind::Int => Cell::Int(laid.whole()),
            Kind::Number => {
                text.push_str(laid.text());
                Cell::Number
            }
            Kind::Text => {
                text.push_str(laid.text());
                Cell::Text
            }
            Kind::Own => {
                let (prefix, counter) = laid.id();
                Cell::Id(prefix, counter)
            }
            Kind::Foreign => return None,
            Kind::Date => Cell::Date(laid.date()),
            Kind::DateTime => Cell::DateTime(laid.whole()),
            Kind::Time => Cell::Time(laid.whole()),
            Kind::Blob => Cell::Blob,
        })
    }

    /// Gives back the memory that `set` took for more.
    pub(super) fn shrink(&mut self) {
        self.cells.shrink_to_fit();
    }

    fn laid(&self, slot: usize) -> Option<Laid<'_>> {
        self.all().find(|laid| laid.slot >= slot).filter(|laid| laid.slot == slot)
    }

    fn all(&self) -> impl Iterator<Item = Laid<'_>> {
        let mut rest = &self.cells[..];
        std::iter::from_fn(move || {
            let (laid, next) = read(rest)?;
            rest = next;
            Some(laid)
        })
    }
}

impl<'a> Laid<'a> {
    fn value(self) -> Value {
        match self.kind {
            Kind::False => Value::Bool(false),
            Kind::True => Value::Bool(true),
            Kind::Int => Value::Int(self.whole()),
            Kind::Number => Value::Number(self.text().to_owned()),
            Kind::Text => Value::Text(self.text().to_owned()),
            Kind::Own => {
                let (prefix, counter) = self.id();
                Value::Id(ids::record_id(prefix, counter))
            }
            Kind::Foreign => Value::Id(self.text().to_owned()),
            Kind::Date => Value::Date(self.date()),
            Kind::DateTime => Value::DateTime(self.whole()),
            Kind::Time => Value::Time(self.whole()),
            Kind::Blob => Value::Blob,
        }
    }

    fn text(self) -> &'a str {
        std::str::from_utf8(self.bytes).expect("laid down from a text")
    }

    fn whole(self) -> i64 {
        i64::from_le_bytes(self.bytes.try_into().expect("laid down from a number"))
    }

    fn date(self) -> NaiveDate {
        let days = i32::try_from(self.whole()).expect("laid down from a date");
        NaiveDate::from_num_days_from_ce_opt(days).expect("laid down from a date")
    }

    fn id(self) -> (&'a str, u64) {
        let (prefix, counter) = self.bytes.split_at(3);
        let counter = counter.iter().rev().fold(0, |counter, byte| counter << 8 | u64::from(*byte));
        (std::str::from_utf8(prefix).expect("laid down from an id"), counter)
    }
}

/// The first cell, and what comes after it.
fn read(cells: &[u8]) -> Option<(Laid<'_>, &[u8])> {
    let (slot, rest) = size_at(cells)?;
    let (kind, rest) = rest.split_first()?;
    let (size, rest) = size_at(rest)?;
    let (bytes, rest) = rest.split_at(size);
    Some((Laid { slot, kind: KINDS[usize::from(*kind)], bytes }, rest))
}

fn size_at(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (mut size, mut shift) = (0, 0);
    for (at, byte) in bytes.iter().enumerate() {
        size |= usize::from(byte & 0x7F) << shift;
        shift += 7;
        if *byte < 0x80 {
            return Some((size, &bytes[at + 1..]));
        }
    }
    None
}

fn lay(cells: &mut Vec<u8>, slot: usize, value: &Value) {
    let mut put = |kind: Kind, bytes: &[u8]| {
        lay_size(cells, slot);
        cells.push(kind as u8);
        lay_size(cells, bytes.len());
        cells.extend_from_slice(bytes);
    };
    match value {
        // Compounds are never held.
        Value::Null | Value::Compound(_) => {}
        Value::Bool(held) => put(if *held { Kind::True } else { Kind::False }, &[]),
        Value::Int(held) => put(Kind::Int, &held.to_le_bytes()),
        Value::Number(held) => put(Kind::Number, held.as_bytes()),
        Value::Text(held) => put(Kind::Text, held.as_bytes()),
        Value::Id(held) => match ids::own_counter_of(held) {
            Some(counter) => {
                let mut bytes = [0; 11];
                bytes[..3].copy_from_slice(&held.as_bytes()[..3]);
                bytes[3..].copy_from_slice(&counter.to_le_bytes());
                let zeros = bytes[3..].iter().rev().take_while(|byte| **byte == 0).count();
                put(Kind::Own, &bytes[..11 - zeros]);
            }
            None => put(Kind::Foreign, held.as_bytes()),
        },
        Value::Date(held) => put(Kind::Date, &i64::from(held.num_days_from_ce()).to_le_bytes()),
        Value::DateTime(held) => put(Kind::DateTime, &held.to_le_bytes()),
        Value::Time(held) => put(Kind::Time, &held.to_le_bytes()),
        Value::Blob => put(Kind::Blob, &[]),
    }
}

fn lay_size(cells: &mut Vec<u8>, mut size: usize) {
    while size >= 0x80 {
        cells.push(u8::try_from(size & 0x7F).expect("seven bits") | 0x80);
        size >>= 7;
    }
    cells.push(u8::try_from(size).expect("seven bits"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Vec<(usize, Value)> {
        let day = NaiveDate::from_ymd_opt(1700, 1, 1).unwrap();
        vec![
            (0, Value::Text("a \"b\"\n桜".to_owned())),
            (1, Value::Bool(false)),
            (2, Value::Bool(true)),
            (4, Value::Int(-7)),
            (7, Value::Number("-0.50".to_owned())),
            (127, Value::Id(ids::record_id("001", 0))),
            (128, Value::Id(ids::record_id("a00", u64::from(u32::MAX) * 9))),
            (129, Value::Id("00D000000000001EAA".to_owned())),
            (130, Value::Id("too short".to_owned())),
            (200, Value::Date(day)),
            (201, Value::DateTime(-1000)),
            (300, Value::Time(86_399_999)),
            (301, Value::Blob),
            (302, Value::Text("x".repeat(40_000))),
        ]
    }

    #[test]
    fn what_was_set_is_held_in_whatever_order_it_was_set() {
        let values = values();
        let forwards = StoredRow::of(values.clone());
        let backwards = StoredRow::of(values.iter().rev().cloned());
        assert_eq!(forwards, backwards);
        assert_eq!(forwards.filled().collect::<Vec<_>>(), values);
        for slot in 0..310 {
            let held =
                values.iter().find(|(at, _)| *at == slot).map_or(Value::Null, |(_, value)| value.clone());
            assert_eq!(forwards.get(slot), held, "{slot}");
            assert_eq!(forwards.is_filled(slot), !held.is_null());
            let mut text = String::new();
            if let Some(cell) = forwards.cell(slot, &mut text) {
                assert_eq!(cell.into_value(text), held);
            }
        }
    }

    #[test]
    fn a_value_takes_the_place_of_another_and_null_takes_it_away() {
        let mut row = StoredRow::of(values());
        for slot in [0, 128, 302, 5] {
            row.set(slot, &Value::Text("new".to_owned()));
            assert_eq!(row.get(slot), Value::Text("new".to_owned()));
            row.set(slot, &Value::Null);
            assert_eq!(row.get(slot), Value::Null);
        }
        assert_eq!(row.filled().count(), values().len() - 3);
        assert_eq!(row.get(301), Value::Blob);
    }

    #[test]
    fn a_saved_row_is_a_list_of_values_by_slot() {
        let mut row = StoredRow::of([(2, Value::Int(1)), (0, Value::Bool(true))]);
        row.bin = Some(Binned { deleted_ms: 1, operation: 2 });
        let saved = serde_json::to_value(&row).unwrap();
        assert_eq!(saved["values"], serde_json::json!([{"Bool": true}, "Null", {"Int": 1}]));
        assert_eq!(serde_json::from_value::<StoredRow>(saved).unwrap(), row);
    }
}
