//! One chunk of a block: as many readings as are sorted in memory at once.

use arrow_array::{Array, RecordBatch};
use holdfast_domain::change::Fingerprint;
use holdfast_domain::value::timestamp_us;

use super::intake::Intake;
use super::settle::is_older;
use crate::Result;
use crate::data::RecordHasher;
use crate::keys::IdKey;

/// What sorting and settling one row takes beside the row.
const WORK_BYTES: usize = 256;

/// Rows in the order of their arrival, and Tombstones, which count as read after the rows.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    pub(super) batches: Vec<RecordBatch>,
    pub(super) gone: Vec<Gone>,
    pub(super) rows: u64,
    pub(super) bytes: usize,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Gone {
    id: IdKey,
    deleted_at_us: Option<i64>,
}

/// What the chunk says of one record.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) id: IdKey,
    /// Its newest reading, with batch and row of its fields.
    pub(super) record: Option<(Fingerprint, Source)>,
    /// Its Tombstones, each with the time of the deletion if that is known.
    pub(super) gone: Vec<Option<i64>>,
}

/// Batch and row.
pub(super) type Source = (u32, u32);

/// In the order of Ids, and of one Id as they were read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Arrival {
    Row(IdKey, Source),
    Gone(IdKey, u32),
}

impl Chunk {
    pub(super) fn push(&mut self, batch: RecordBatch) {
        self.bytes += batch.get_array_memory_size() + batch.num_rows() * WORK_BYTES;
        self.rows += batch.num_rows() as u64;
        self.batches.push(batch);
    }

    pub(super) fn push_gone(&mut self, id: IdKey, deleted_at_us: Option<i64>) {
        self.bytes += size_of::<Gone>() + WORK_BYTES;
        self.gone.push(Gone { id, deleted_at_us });
    }

    /// What a row takes, about, without the work on it.
    pub(super) fn row_bytes(&self) -> usize {
        let rows = usize::try_from(self.rows).unwrap_or(usize::MAX).saturating_add(self.gone.len());
        (self.bytes / rows.max(1)).saturating_sub(WORK_BYTES)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows == 0 && self.gone.is_empty()
    }

    /// Each record once, by Id.
    pub(super) fn candidates(
        &self,
        intake: &Intake,
        hasher: &mut RecordHasher,
        schema: u128,
    ) -> Result<Vec<Candidate>> {
        let mut arrivals = self.arrivals(intake)?;
        arrivals.sort_unstable_by_key(|arrival| (arrival.id(), *arrival));
        let prints =
            self.batches.iter().map(|batch| fingerprints(batch, intake, hasher, schema)).collect::<Vec<_>>();
        let mut candidates: Vec<Candidate> = Vec::with_capacity(arrivals.len());
        for arrival in arrivals {
            let id = arrival.id();
            if candidates.last().is_none_or(|last| last.id != id) {
                candidates.push(Candidate { id, record: None, gone: Vec::new() });
            }
            let candidate = candidates.last_mut().expect("pushed above");
            match arrival {
                Arrival::Row(_, source) => {
                    let print = prints[source.0 as usize][source.1 as usize];
                    let known = candidate.record.map(|(known, _)| known.modstamp_us);
                    if known.is_none_or(|known| !is_older(print.modstamp_us, known)) {
                        candidate.record = Some((print, source));
                    }
                }
                Arrival::Gone(_, number) => {
                    candidate.gone.push(self.gone[number as usize].deleted_at_us);
                }
            }
        }
        Ok(candidates)
    }

    fn arrivals(&self, intake: &Intake) -> Result<Vec<Arrival>> {
        let mut arrivals = Vec::with_capacity(usize::try_from(self.rows).unwrap_or(0) + self.gone.len());
        for (batch, rows) in (0_u32..).zip(&self.batches) {
            let ids = Intake::text(rows, 0);
            for (row, index) in (0_u32..).zip(0..ids.len()) {
                let id = if ids.is_valid(index) { IdKey::of(ids.value(index).as_bytes()) } else { None };
                let Some(id) = id else {
                    return Err(intake.refused("an `Id` in the rows does not have 18 characters".to_owned()));
                };
                arrivals.push(Arrival::Row(id, (batch, row)));
            }
        }
        arrivals.extend((0_u32..).zip(&self.gone).map(|(number, gone)| Arrival::Gone(gone.id, number)));
        Ok(arrivals)
    }
}

impl Arrival {
    fn id(&self) -> IdKey {
        match self {
            Self::Row(id, _) | Self::Gone(id, _) => *id,
        }
    }
}

fn fingerprints(
    batch: &RecordBatch,
    intake: &Intake,
    hasher: &mut RecordHasher,
    schema: u128,
) -> Vec<Fingerprint> {
    let mut found = Vec::new();
    hasher.hash(batch, &mut found);
    let stamps = intake.stamp.map(|index| Intake::text(batch, index));
    let deleted = intake.is_deleted.map(|index| Intake::text(batch, index));
    // Records written together share their stamp, and lie together.
    let mut last: (&str, Option<i64>) = ("", None);
    let print = |(row, hash)| {
        let text = stamps.filter(|stamps| stamps.is_valid(row)).map_or("", |stamps| stamps.value(row));
        if text != last.0 {
            last = (text, timestamp_us(text));
        }
        let is_deleted = deleted.is_some_and(|deleted| deleted.is_valid(row) && deleted.value(row) == "true");
        Fingerprint { hash, modstamp_us: last.1, is_deleted, schema }
    };
    found.into_iter().enumerate().map(print).collect()
}
