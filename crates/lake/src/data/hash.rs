//! The hash over a record's values, by which a record read again is known to be unchanged.
//!
//! BLAKE3, cut to its first 128 bits, over every hashed field that is not empty, in byte order of the column
//! names: the column's name, a zero byte, the length of the value as four bytes (little endian), the value.
//! Empty fields add nothing, so a field that is new in the describe changes no hash until it holds a value.

use arrow_array::{Array, RecordBatch, StringArray};
use arrow_schema::Schema;
use holdfast_domain::schema::ObjectSchema;

use super::layout::{ID, is_bookkeeping};

/// The fields that no describe has hashed (`FieldSchema::is_hashed`).
const NEVER_HASHED: [&str; 2] = ["LastReferencedDate", "LastViewedDate"];

/// Hashes records whose columns are already in the table's spelling.
#[derive(Debug)]
pub struct RecordHasher {
    /// Index of the column, and its name with the zero byte, in order of names.
    columns: Vec<(usize, Vec<u8>)>,
    scratch: Vec<u8>,
}

impl RecordHasher {
    /// For batches with these columns; `is_hashed` is asked for each but `Id` and bookkeeping.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>, is_hashed: impl Fn(&str) -> bool) -> Self {
        let mut columns: Vec<_> = names
            .into_iter()
            .enumerate()
            .filter(|(_, name)| *name != ID && !is_bookkeeping(name) && is_hashed(name))
            .map(|(index, name)| (index, [name.as_bytes(), &[0]].concat()))
            .collect();
        columns.sort_by(|a, b| a.1.cmp(&b.1));
        Self { columns, scratch: Vec::new() }
    }

    /// As [`RecordHasher::new`], with the fields that `schema` says are hashed.
    pub fn for_schema<'a>(names: impl IntoIterator<Item = &'a str>, schema: &ObjectSchema) -> Self {
        let unhashed: Vec<_> = schema.fields.iter().filter(|field| !field.is_hashed()).collect();
        Self::new(names, |name| !unhashed.iter().any(|field| field.name.eq_ignore_ascii_case(name)))
    }

    /// For rows as they were stored, each under a describe of its own.
    pub(crate) fn of_stored(columns: &Schema) -> Self {
        let names = columns.fields().iter().map(|field| field.name().as_str());
        Self::new(names, |name| !NEVER_HASHED.contains(&name))
    }

    /// One hash per row of `batch`, appended to `hashes`.
    pub fn hash(&mut self, batch: &RecordBatch, hashes: &mut Vec<u128>) {
        let columns: Vec<(&[u8], &StringArray)> = self
            .columns
            .iter()
            .filter_map(|(index, name)| {
                let values = batch.column(*index).as_any().downcast_ref::<StringArray>()?;
                (values.null_count() < values.len()).then_some((name.as_slice(), values))
            })
            .collect();
        hashes.reserve(batch.num_rows());
        for row in 0..batch.num_rows() {
            self.scratch.clear();
            for (name, values) in columns.iter().filter(|(_, values)| values.is_valid(row)) {
                let value = values.value(row).as_bytes();
                let length =
                    u32::try_from(value.len()).expect("a value of an arrow string array is below 2 GiB");
                self.scratch.extend_from_slice(name);
                self.scratch.extend_from_slice(&length.to_le_bytes());
                self.scratch.extend_from_slice(value);
            }
            hashes.push(cut(&blake3::hash(&self.scratch)));
        }
    }
}

fn cut(hash: &blake3::Hash) -> u128 {
    let (head, _) = hash.as_bytes().split_first_chunk::<16>().expect("a BLAKE3 hash has 32 bytes");
    u128::from_be_bytes(*head)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::ArrayRef;

    use super::*;

    fn hashes(columns: &[(&str, Vec<Option<&str>>)]) -> Vec<u128> {
        let batch =
            RecordBatch::try_from_iter_with_nullable(columns.iter().map(|(name, values)| {
                (*name, Arc::new(StringArray::from(values.clone())) as ArrayRef, true)
            }));
        let mut found = Vec::new();
        let names = columns.iter().map(|(name, _)| *name);
        RecordHasher::new(names, |name| name != "LastViewedDate").hash(&batch.unwrap(), &mut found);
        found
    }

    #[test]
    fn the_hash_knows_values_and_their_fields_but_not_their_order() {
        let base = hashes(&[("Id", vec![Some("a")]), ("A", vec![Some("1")]), ("B", vec![Some("23")])]);
        let other_order = hashes(&[("B", vec![Some("23")]), ("A", vec![Some("1")]), ("Id", vec![Some("b")])]);
        let with_empty = hashes(&[
            ("A", vec![Some("1")]),
            ("C", vec![None]),
            ("B", vec![Some("23")]),
            ("LastViewedDate", vec![Some("now")]),
        ]);
        assert_eq!(base, other_order);
        assert_eq!(base, with_empty);

        let shifted = hashes(&[("A", vec![Some("12")]), ("B", vec![Some("3")])]);
        let swapped = hashes(&[("B", vec![Some("1")]), ("A", vec![Some("23")])]);
        let blank = hashes(&[("A", vec![Some("1")]), ("B", vec![Some("23")]), ("C", vec![Some("")])]);
        for other in [shifted, swapped, blank] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn stored_rows_are_hashed_as_they_were_under_their_describe() {
        let names = ["Id", "Name", "LastViewedDate", "LastReferencedDate", "SystemModstamp"];
        let fields: Vec<_> =
            names.iter().map(|name| serde_json::json!({"name": name, "type": "string"})).collect();
        let schema =
            serde_json::from_value(serde_json::json!({"name": "Account", "fields": fields})).unwrap();
        let columns = Schema::new(
            names.map(|name| arrow_schema::Field::new(name, arrow_schema::DataType::Utf8, true)).to_vec(),
        );

        let stored = RecordHasher::of_stored(&columns);

        assert_eq!(stored.columns, RecordHasher::for_schema(names, &schema).columns);
        assert_eq!(stored.columns.len(), 2);
    }

    #[test]
    fn the_hash_is_the_documented_one() {
        let mut told = Vec::new();
        told.extend_from_slice(b"A\0");
        told.extend_from_slice(&[1, 0, 0, 0, b'1']);
        let expected = &blake3::hash(&told).to_hex()[..32];
        let found = hashes(&[("A", vec![Some("1")])]);
        assert_eq!(format!("{:032x}", found[0]), expected);
    }
}
