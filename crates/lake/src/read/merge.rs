//! Brings the rows of several sorted files into one order, by Id and then `_seq`.
//!
//! It moves no rows: it tells in which order they come, as places in the batches that it holds, until
//! [`Merge::release`] lets go of the batches that nobody points into any more.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use arrow_array::{Int64Array, RecordBatch, StringArray};

use super::file::FileCursor;
use super::gauge::Gauge;
use crate::Result;
use crate::data::{ID, SEQ, id_at, longs, strings};
use crate::keys::IdKey;

/// A row of a batch that the merge holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) slot: usize,
    pub(super) row: usize,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    Version {
        id: IdKey,
        place: Place,
    },
    /// Rows of this cursor must be read before the order is known: call [`Merge::refill`].
    Refill(usize),
    End,
}

pub(super) struct Slot {
    pub(super) batch: RecordBatch,
    ids: StringArray,
    seqs: Int64Array,
    pub(super) bytes: usize,
}

struct Cursor {
    file: FileCursor,
    at: Option<Place>,
}

pub(super) struct Merge {
    cursors: Vec<Cursor>,
    heads: BinaryHeap<Reverse<(IdKey, i64, usize)>>,
    empty: Vec<usize>,
    slots: Vec<Slot>,
    gauge: Gauge,
}

impl Merge {
    pub(super) fn of(files: Vec<FileCursor>, gauge: Gauge) -> Self {
        let empty = (0..files.len()).collect();
        let cursors = files.into_iter().map(|file| Cursor { file, at: None }).collect();
        Self { cursors, heads: BinaryHeap::new(), empty, slots: Vec::new(), gauge }
    }

    pub(super) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// True if and only if so many batches are held that it is time to release some.
    pub(super) fn is_crowded(&self) -> bool {
        self.slots.len() > 2 * self.cursors.len() + 2
    }

    pub(super) fn step(&mut self) -> Result<Step> {
        if let Some(cursor) = self.empty.pop() {
            return Ok(Step::Refill(cursor));
        }
        let Some(Reverse((id, _, number))) = self.heads.pop() else { return Ok(Step::End) };
        let cursor = &mut self.cursors[number];
        let place = cursor.at.expect("a cursor among the heads stands on a row");
        let next = Place { row: place.row + 1, ..place };
        if next.row < self.slots[place.slot].batch.num_rows() {
            cursor.at = Some(next);
            self.push_head(number, next)?;
        } else {
            cursor.at = None;
            self.empty.push(number);
        }
        Ok(Step::Version { id, place })
    }

    /// Reads on; tells the new slot, or none when the file has ended.
    pub(super) async fn refill(&mut self, number: usize) -> Result<Option<usize>> {
        let cursor = &mut self.cursors[number];
        let Some(batch) = cursor.file.next().await? else { return Ok(None) };
        let path = cursor.file.path();
        let ids = strings(&batch, ID, path)?.clone();
        let seqs = longs(&batch, SEQ, path)?.clone();
        let bytes = batch.get_array_memory_size();
        let place = Place { slot: self.slots.len(), row: 0 };
        cursor.at = Some(place);
        self.gauge.rise(bytes);
        self.slots.push(Slot { batch, ids, seqs, bytes });
        self.push_head(number, place)?;
        Ok(Some(place.slot))
    }

    fn push_head(&mut self, number: usize, place: Place) -> Result<()> {
        let slot = &self.slots[place.slot];
        let id = id_at(&slot.ids, place.row, self.cursors[number].file.path())?;
        self.heads.push(Reverse((id, slot.seqs.value(place.row), number)));
        Ok(())
    }

    /// Drops the batches in which neither a cursor stands nor a place in `kept` lies, and corrects `kept`.
    pub(super) fn release<'a>(&mut self, kept: impl Iterator<Item = &'a mut Place>) {
        let mut places: Vec<&mut Place> = kept.collect();
        places.extend(self.cursors.iter_mut().filter_map(|cursor| cursor.at.as_mut()));
        let mut moved: Vec<Option<usize>> = vec![None; self.slots.len()];
        for place in &places {
            moved[place.slot] = Some(0);
        }
        let used = moved.iter_mut().flatten().enumerate();
        used.for_each(|(number, slot)| *slot = number);
        for place in places {
            place.slot = moved[place.slot].expect("marked above");
        }
        let mut slot = 0;
        self.slots.retain(|held| {
            let is_used = moved[slot].is_some();
            slot += 1;
            if !is_used {
                self.gauge.fall(held.bytes);
            }
            is_used
        });
    }
}

impl Drop for Merge {
    fn drop(&mut self) {
        self.gauge.fall(self.slots.iter().map(|slot| slot.bytes).sum());
    }
}
