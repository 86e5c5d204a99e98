//! Gathers cells into a batch, bounded by rows and by bytes.

use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use holdfast_domain::schema::FieldKind;
use holdfast_domain::value::{canonical, is_always_canonical};

use super::QueryField;
use crate::defect::AnswerDefect;

pub(crate) const BATCH_ROWS: usize = 8_192;
/// Long text areas hold 131,072 characters each: 8,192 of those would be a gigabyte.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

pub(crate) struct Columns {
    schema: SchemaRef,
    cells: Vec<Column>,
    id_column: Option<usize>,
    rows: usize,
    bytes: usize,
    records_before: u64,
}

struct Column {
    kind: FieldKind,
    passes_unread: bool,
    text: StringBuilder,
}

impl Columns {
    pub(crate) fn new(fields: &[QueryField]) -> Self {
        let schema = Schema::new(
            fields.iter().map(|field| Field::new(&field.name, DataType::Utf8, true)).collect::<Vec<_>>(),
        );
        let cells = fields
            .iter()
            .map(|field| Column {
                passes_unread: is_always_canonical(&field.kind),
                kind: field.kind.clone(),
                text: StringBuilder::new(),
            })
            .collect();
        let id_column = fields.iter().position(|field| field.name == "Id");
        Self { schema: Arc::new(schema), cells, id_column, rows: 0, bytes: 0, records_before: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }

    pub(crate) fn name(&self, column: usize) -> &str {
        self.schema.field(column).name()
    }

    /// Salesforce saves empty text as null, so an empty cell is null whichever way it is written.
    pub(crate) fn append(&mut self, column: usize, cell: Option<&str>) {
        let Column { kind, passes_unread, text } = &mut self.cells[column];
        let Some(cell) = cell.filter(|cell| !cell.is_empty()) else {
            return text.append_null();
        };
        self.bytes += cell.len();
        if *passes_unread { text.append_value(cell) } else { text.append_value(canonical(kind, cell)) }
    }

    /// Says that `rows` more records have a cell in every column.
    pub(crate) fn end_records(&mut self, rows: usize) {
        self.rows += rows;
    }

    pub(crate) fn room(&self) -> usize {
        if self.bytes >= BATCH_BYTES { 0 } else { BATCH_ROWS.saturating_sub(self.rows) }
    }

    /// All records so far, those of earlier batches included.
    pub(crate) fn records(&self) -> u64 {
        self.records_before + self.rows as u64
    }

    /// The batch gathered so far; none if it is empty.
    pub(crate) fn take(&mut self) -> Result<Option<RecordBatch>, AnswerDefect> {
        if self.rows == 0 {
            return Ok(None);
        }
        let has_more = self.room() == 0;
        let arrays: Vec<StringArray> =
            self.cells.iter_mut().map(|column| column.take(self.rows, has_more)).collect();
        if let Some(ids) = self.id_column.map(|column| &arrays[column])
            && let Some(row) = (0..ids.len()).find(|row| ids.is_null(*row) || !is_id(ids.value(*row)))
        {
            return Err(AnswerDefect::BadId { record: self.records_before + row as u64 + 1 });
        }
        let arrays = arrays.into_iter().map(|array| Arc::new(array) as ArrayRef).collect();
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays)
            .expect("every record has a cell in every column, and all columns are nullable text");
        self.records_before += self.rows as u64;
        (self.rows, self.bytes) = (0, 0);
        Ok(Some(batch))
    }
}

impl Column {
    /// Where one full batch follows another, the next takes about as much as this one: a buffer that grows by
    /// doubling would take half as much again, and be copied each time.
    fn take(&mut self, rows: usize, has_more: bool) -> StringArray {
        let array = self.text.finish();
        if has_more {
            let bytes = array.value_data().len();
            self.text = StringBuilder::with_capacity(rows, bytes + bytes / 8);
        }
        array
    }
}

fn is_id(text: &str) -> bool {
    text.len() == 18 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_ends_at_its_bytes_as_well_as_at_its_rows() {
        let mut columns = Columns::new(&[QueryField::new("Body__c", FieldKind::TextArea)]);
        let long = "x".repeat(BATCH_BYTES / 4);
        for _ in 0..4 {
            assert_ne!(columns.room(), 0);
            columns.append(0, Some(&long));
            columns.end_records(1);
        }
        assert_eq!(columns.room(), 0);
        assert_eq!(columns.take().unwrap().unwrap().num_rows(), 4);
        assert_eq!(columns.room(), BATCH_ROWS);
        assert_eq!(columns.records(), 4);
        assert!(columns.take().unwrap().is_none());
    }

    #[test]
    fn a_record_without_an_id_is_named() {
        for id in [None, Some("001"), Some("001000000000001AA'")] {
            let mut columns = Columns::new(&[QueryField::new("Id", FieldKind::Id)]);
            columns.append(0, Some("001000000000001AAA"));
            columns.append(0, id);
            columns.end_records(2);
            assert!(matches!(columns.take(), Err(AnswerDefect::BadId { record: 2 })), "{id:?}");
        }
    }
}
