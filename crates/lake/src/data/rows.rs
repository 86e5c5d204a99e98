//! The bookkeeping cells of rows: built for rows that are written, read from rows that are held.

use std::sync::Arc;

use arrow_array::builder::{Int64Builder, StringBuilder};
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{
    Array, ArrayRef, Int64Array, PrimitiveArray, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use chrono::{DateTime, Utc};
use holdfast_domain::change::{Change, Fingerprint};
use holdfast_domain::{RunId, SchemaHash};

use super::layout::{CHANGE, HASH, ID, MODSTAMP, SCHEMA, SEQ};
use crate::keys::{IdKey, Key};
use crate::{Error, Result};

/// The text column `name` of rows that came from `path`.
pub(crate) fn strings<'a>(batch: &'a RecordBatch, name: &str, path: &str) -> Result<&'a StringArray> {
    typed(batch, name, path)
}

pub(crate) fn longs<'a>(batch: &'a RecordBatch, name: &str, path: &str) -> Result<&'a Int64Array> {
    typed(batch, name, path)
}

fn typed<'a, T: Array + 'static>(batch: &'a RecordBatch, name: &str, path: &str) -> Result<&'a T> {
    batch.column_by_name(name).and_then(|column| column.as_any().downcast_ref()).ok_or_else(|| {
        Error::Damaged {
            path: path.to_owned(),
            reason: format!("its column `{name}` is missing or of another type"),
        }
    })
}

/// The columns of held rows that say which version of which record each is.
pub(crate) struct KeyColumns<'a> {
    ids: &'a StringArray,
    seqs: &'a Int64Array,
    changes: &'a StringArray,
    modstamps: &'a PrimitiveArray<TimestampMicrosecondType>,
    hashes: &'a StringArray,
    schemas: &'a StringArray,
    path: &'a str,
}

impl<'a> KeyColumns<'a> {
    /// The columns that [`KeyColumns::of`] needs.
    pub(crate) const NAMES: [&'static str; 6] = [ID, SEQ, CHANGE, MODSTAMP, HASH, SCHEMA];

    pub(crate) fn of(batch: &'a RecordBatch, path: &'a str) -> Result<Self> {
        Ok(Self {
            ids: strings(batch, ID, path)?,
            seqs: longs(batch, SEQ, path)?,
            changes: strings(batch, CHANGE, path)?,
            modstamps: typed(batch, MODSTAMP, path)?,
            hashes: strings(batch, HASH, path)?,
            schemas: strings(batch, SCHEMA, path)?,
            path,
        })
    }

    pub(crate) fn id(&self, row: usize) -> Result<IdKey> {
        id_at(self.ids, row, self.path)
    }

    pub(crate) fn key(&self, row: usize) -> Result<Key> {
        let number =
            |values: &StringArray| if values.is_null(row) { Some(0) } else { hexadecimal(values.value(row)) };
        let (Some(hash), Some(schema)) = (number(self.hashes), number(self.schemas)) else {
            return Err(self.damaged("a hash in it is not 32 hexadecimal digits"));
        };
        let print = Fingerprint {
            hash,
            modstamp_us: self.modstamps.is_valid(row).then(|| self.modstamps.value(row)),
            is_deleted: self.changes.value(row) == Change::Deleted.as_str(),
            schema,
        };
        Ok(Key { id: self.id(row)?, print, seq: self.seqs.value(row) })
    }

    fn damaged(&self, reason: &str) -> Error {
        Error::Damaged { path: self.path.to_owned(), reason: reason.to_owned() }
    }
}

/// The Id in `row` of rows that were stored.
pub(crate) fn id_at(ids: &StringArray, row: usize, path: &str) -> Result<IdKey> {
    let id = if ids.is_valid(row) { IdKey::of(ids.value(row).as_bytes()) } else { None };
    id.ok_or_else(|| Error::Damaged {
        path: path.to_owned(),
        reason: "it holds a row without an Id".to_owned(),
    })
}

/// Exactly 32 lower-case hexadecimal digits.
pub(crate) fn hexadecimal(text: &str) -> Option<u128> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    if text.len() != 32 {
        return None;
    }
    text.bytes().try_fold(0_u128, |number, byte| Some(number << 4 | u128::from(digit(byte)?)))
}

/// Builds the bookkeeping cells of a block's rows.
pub(crate) struct BookColumns {
    seq: i64,
    run: RunId,
    captured_at_us: i64,
    schema: SchemaHash,
    seqs: Int64Builder,
    changes: StringBuilder,
    modstamps: Vec<Option<i64>>,
    hashes: StringBuilder,
    schemas: StringBuilder,
}

impl BookColumns {
    pub(crate) fn new(seq: i64, run: RunId, captured_at: DateTime<Utc>, schema: SchemaHash) -> Self {
        Self {
            seq,
            run,
            captured_at_us: captured_at.timestamp_micros(),
            schema,
            seqs: Int64Builder::new(),
            changes: StringBuilder::new(),
            modstamps: Vec::new(),
            hashes: StringBuilder::new(),
            schemas: StringBuilder::new(),
        }
    }

    /// One row more. A bare Tombstone has neither hash nor schema.
    pub(crate) fn push(&mut self, change: Change, print: &Fingerprint) {
        self.seqs.append_value(self.seq);
        self.changes.append_value(change.as_str());
        self.modstamps.push(print.modstamp_us);
        if print.schema == 0 {
            self.hashes.append_null();
            self.schemas.append_null();
        } else {
            self.hashes.append_value(hex_text(&mut [0; 32], print.hash));
            self.schemas.append_value(self.schema.as_str());
        }
    }

    /// The columns of the rows pushed since the last call, in the order of `BOOKKEEPING`.
    pub(crate) fn take(&mut self) -> Vec<ArrayRef> {
        let rows = self.modstamps.len();
        let runs = StringArray::from_iter_values(std::iter::repeat_n(self.run.as_str(), rows));
        let captured = TimestampMicrosecondArray::from_value(self.captured_at_us, rows).with_timezone("UTC");
        let modstamps =
            TimestampMicrosecondArray::from(std::mem::take(&mut self.modstamps)).with_timezone("UTC");
        vec![
            Arc::new(self.seqs.finish()),
            Arc::new(runs),
            Arc::new(captured),
            Arc::new(self.changes.finish()),
            Arc::new(modstamps),
            Arc::new(self.hashes.finish()),
            Arc::new(self.schemas.finish()),
        ]
    }
}

fn hex_text(text: &mut [u8; 32], mut number: u128) -> &str {
    for digit in text.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(number & 0xf) as usize];
        number >>= 4;
    }
    std::str::from_utf8(text).expect("hexadecimal digits are ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_read_as_it_was_written() {
        for number in [0, 1, u128::MAX, 0x0123_4567_89ab_cdef_0011_2233_4455_6677] {
            assert_eq!(hexadecimal(hex_text(&mut [0; 32], number)), Some(number));
            assert_eq!(hex_text(&mut [0; 32], number), format!("{number:032x}"));
        }
        assert_eq!(hexadecimal("0123456789ABCDEF0123456789ABCDEF"), None);
        assert_eq!(hexadecimal("12"), None);
    }
}
