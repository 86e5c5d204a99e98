//! Gathers chosen rows into batches, column by column.

use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{ArrowError, SchemaRef};
use arrow_select::interleave::interleave;

use super::merge::{Place, Slot};

/// A batch is also ended by size, so that long texts do not make it large.
const BATCH_BYTES: usize = 4 << 20;

pub(super) struct Output {
    schema: SchemaRef,
    /// Where each output column lies in the batches of the merge.
    columns: Vec<usize>,
    rows: Vec<Place>,
    /// Output column, output row, and the place from which that one cell comes instead.
    patches: Vec<(usize, usize, Place)>,
    bytes: usize,
    batch_rows: usize,
}

impl Output {
    pub(super) fn new(schema: SchemaRef, held: &SchemaRef, batch_rows: usize) -> Result<Self, ArrowError> {
        let columns =
            schema.fields().iter().map(|field| held.index_of(field.name())).collect::<Result<_, _>>()?;
        Ok(Self { schema, columns, rows: Vec::new(), patches: Vec::new(), bytes: 0, batch_rows })
    }

    pub(super) fn push(&mut self, place: Place, slots: &[Slot]) {
        let slot = &slots[place.slot];
        self.bytes += slot.bytes / slot.batch.num_rows().max(1);
        self.rows.push(place);
    }

    /// Takes the cell `column` of the row pushed last from `place`.
    pub(super) fn patch(&mut self, column: usize, place: Place) {
        self.patches.push((column, self.rows.len() - 1, place));
    }

    pub(super) fn is_full(&self) -> bool {
        self.rows.len() >= self.batch_rows || self.bytes >= BATCH_BYTES
    }

    /// The rows gathered since the last call; none if there are none.
    pub(super) fn take(&mut self, slots: &[Slot]) -> Result<Option<RecordBatch>, ArrowError> {
        if self.rows.is_empty() {
            return Ok(None);
        }
        let columns: Result<Vec<ArrayRef>, _> = match self.one_run() {
            Some(first) => {
                let batch = &slots[first.slot].batch;
                Ok(self
                    .columns
                    .iter()
                    .map(|column| batch.column(*column).slice(first.row, self.rows.len()))
                    .collect())
            }
            None => (0..self.columns.len()).map(|column| self.gather(column, slots)).collect(),
        };
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows.len()));
        let batch = RecordBatch::try_new_with_options(self.schema.clone(), columns?, &options)?;
        self.rows.clear();
        self.patches.clear();
        self.bytes = 0;
        Ok(Some(batch))
    }

    /// The first place, if and only if the rows are neighbours in one batch and need no patch.
    fn one_run(&self) -> Option<Place> {
        let first = *self.rows.first()?;
        let follows = |(index, place): (usize, &Place)| *place == Place { row: first.row + index, ..first };
        (self.patches.is_empty() && self.rows.iter().enumerate().all(follows)).then_some(first)
    }

    fn gather(&self, column: usize, slots: &[Slot]) -> Result<ArrayRef, ArrowError> {
        let values: Vec<&dyn Array> =
            slots.iter().map(|slot| slot.batch.column(self.columns[column]).as_ref()).collect();
        let mut places: Vec<(usize, usize)> = self.rows.iter().map(|place| (place.slot, place.row)).collect();
        for (_, row, place) in self.patches.iter().filter(|(patched, ..)| *patched == column) {
            places[*row] = (place.slot, place.row);
        }
        interleave(&values, &places)
    }
}
