//! Turns the chunks of a block into sorted data files: sort, look up, settle, encode.
//!
//! A chunk whose Ids all follow those of the chunk before goes into the same file. Orgs mostly answer in the order of
//! Ids, so a large block leaves few files. Once a chunk does not follow, each one has a file of its own.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, StringArray, new_null_array};
use arrow_schema::ArrowError;
use arrow_select::interleave::interleave;
use holdfast_domain::change::{Change, Fingerprint};

use super::BlockContext;
use super::chunk::Chunk;
use super::intake::Intake;
use super::settle::{Fate, Settled, settle};
use super::tally::Tally;
use crate::data::{BookColumns, DataFileWriter, DataTarget, RecordHasher};
use crate::delta::AddFile;
use crate::keys::{HeldKeys, IdKey, Key};
use crate::{Error, Result};

/// Rows encoded at once.
const WINDOW_ROWS: usize = 8_192;
const WINDOW_BYTES: usize = 4 << 20;

/// Overtaken rows that are remembered before their files are written again.
const MOST_FATES: usize = 500_000;

/// A file gets no further chunk when it has so many rows, or when they take so much before they are encoded.
const FILE_BYTES: usize = 2 << 30;
const FILE_ROWS: usize = 1 << 20;

/// A file that this block has written.
#[derive(Debug)]
pub(super) struct OwnFile {
    pub(super) file: AddFile,
    /// Rows of it that a later reading has overtaken.
    pub(super) fates: HashMap<IdKey, Fate>,
}

/// All of a block that goes from chunk to chunk.
pub(super) struct Parts {
    pub(super) target: DataTarget,
    pub(super) context: BlockContext,
    pub(super) seq: i64,
    pub(super) intake: Intake,
    pub(super) hasher: RecordHasher,
    /// The table before the block.
    pub(super) base: Arc<Vec<AddFile>>,
    pub(super) held: HeldKeys,
    pub(super) own: Vec<OwnFile>,
    /// The file that the next chunk may go on with.
    pub(super) open: Option<OpenFile>,
    /// Every chunk so far has followed the one before.
    pub(super) is_in_order: bool,
    pub(super) tally: Tally,
}

/// A file that this block is writing.
pub(super) struct OpenFile {
    pub(super) writer: DataFileWriter,
    last: IdKey,
    rows: usize,
    bytes: usize,
}

impl OpenFile {
    fn is_full(&self) -> bool {
        self.rows >= FILE_ROWS || self.bytes >= FILE_BYTES
    }
}

/// A reading that an earlier chunk of the block has stored.
#[derive(Clone, Copy)]
struct Earlier {
    /// Place among the Ids that were asked for.
    at: usize,
    /// Which of the block's files holds it.
    number: usize,
    print: Fingerprint,
}

/// A version that a chunk stores.
struct Chosen {
    id: IdKey,
    /// Batch and row of its fields.
    source: (usize, usize),
    change: Change,
    print: Fingerprint,
}

impl Parts {
    /// Stores what the chunk says that is new. Behind the last one nothing is left to write.
    pub(super) async fn store(&mut self, chunk: Chunk, is_last: bool) -> Result<()> {
        if self.own.iter().map(|own| own.fates.len()).sum::<usize>() > MOST_FATES {
            self.apply_fates().await?;
        }
        let schema = self.context.schema.as_u128();
        let candidates = chunk.candidates(&self.intake, &mut self.hasher, schema)?;
        if let (Some(open), Some(first)) = (&self.open, candidates.first())
            && first.id <= open.last
        {
            self.is_in_order = false;
            self.end_file().await?;
        }
        let ids: Vec<IdKey> = candidates.iter().map(|candidate| candidate.id).collect();
        let base = self.base.clone();
        let held = self.held.newest(&base, &ids).await?;
        let earlier = self.earlier(&ids).await?;
        drop(ids);
        let (mut held, mut earlier) = (held.into_iter().peekable(), earlier.into_iter().peekable());
        let mut chosen = Vec::new();
        let mut bare_ids: Vec<[u8; 18]> = Vec::new();
        let bare_batch = chunk.batches.len();
        for (position, candidate) in candidates.iter().enumerate() {
            let held = held.next_if(|(at, _)| *at == position).map(|(_, key)| key);
            let earlier = earlier.next_if(|earlier| earlier.at == position);
            let before = earlier.map(|earlier| earlier.print);
            let record = candidate.record.map(|(print, _)| print);
            let settled = settle(held, before, record, &candidate.gone, self.context.occasion);
            self.count(held.as_ref(), earlier, &settled, candidate.id);
            let Some((change, print)) = settled.store else { continue };
            let source = if let Some((_, (batch, row))) = candidate.record.filter(|_| print.schema != 0) {
                (batch as usize, row as usize)
            } else {
                bare_ids.push(candidate.id.to_bytes());
                (bare_batch, bare_ids.len() - 1)
            };
            chosen.push(Chosen { id: candidate.id, source, change, print });
        }
        // What was needed to settle takes more memory than short rows do.
        drop((candidates, held, earlier));
        self.tally.counts.unchanged += chunk.rows;
        self.tally.counts.unchanged -=
            chosen.iter().filter(|chosen| chosen.source.0 != bare_batch).count() as u64;
        let ends_file = is_last || !self.is_in_order;
        self.encode(chunk, &bare_ids, &chosen, ends_file).await?;
        if ends_file || self.open.as_ref().is_some_and(OpenFile::is_full) {
            self.end_file().await?;
        }
        Ok(())
    }

    async fn end_file(&mut self) -> Result<()> {
        let Some(open) = self.open.take() else { return Ok(()) };
        if let Some(file) = open.writer.finish(self.context.captured_at.timestamp_millis()).await? {
            self.own.push(OwnFile { file, fates: HashMap::new() });
        }
        Ok(())
    }

    /// What this block has already stored of the Ids, in their order.
    async fn earlier(&mut self, ids: &[IdKey]) -> Result<Vec<Earlier>> {
        let mut earlier = Vec::new();
        for (number, own) in self.own.iter().enumerate() {
            for (at, key) in self.held.newest(std::slice::from_ref(&own.file), ids).await? {
                let print = match own.fates.get(&key.id) {
                    None => key.print,
                    Some(Fate::Deleted { modstamp_us }) => {
                        Fingerprint { is_deleted: true, modstamp_us: *modstamp_us, ..key.print }
                    }
                    Some(Fate::Dropped) => continue,
                };
                earlier.push(Earlier { at, number, print });
            }
        }
        earlier.sort_unstable_by_key(|earlier| (earlier.at, Reverse(earlier.number)));
        earlier.dedup_by_key(|earlier| earlier.at);
        Ok(earlier)
    }

    fn count(&mut self, held: Option<&Key>, earlier: Option<Earlier>, settled: &Settled, id: IdKey) {
        if let (Some(fate), Some(Earlier { number, print, .. })) = (settled.earlier, earlier) {
            self.tally.take_back(held, &print);
            match fate {
                Fate::Deleted { .. } => self.tally.add(held, Change::Deleted),
                Fate::Dropped => self.tally.counts.unchanged += 1,
            }
            self.own[number].fates.insert(id, fate);
        }
        if let Some((change, _)) = settled.store {
            self.tally.add(held, change);
        }
    }

    async fn encode(
        &mut self,
        chunk: Chunk,
        bare_ids: &[[u8; 18]],
        chosen: &[Chosen],
        ends_file: bool,
    ) -> Result<()> {
        let Some(last) = chosen.last().map(|chosen| chosen.id) else { return Ok(()) };
        let (row_bytes, chunk_bytes) = (chunk.row_bytes(), chunk.bytes);
        let rows_each = (WINDOW_BYTES / row_bytes.max(1)).clamp(1, WINDOW_ROWS);
        let mut batches = chunk.batches;
        batches.push(self.bare_rows(bare_ids)?);
        let context = &self.context;
        let mut book =
            BookColumns::new(self.seq, context.run.clone(), context.captured_at, context.schema.clone());
        let rows = if ends_file { chosen.len() } else { (FILE_BYTES / row_bytes.max(1)).min(FILE_ROWS) };
        let mut open = self.open.take().unwrap_or_else(|| {
            let schema = self.intake.file.clone();
            let writer = DataFileWriter::create(&self.target, schema, rows as u64, row_bytes);
            OpenFile { writer, last, rows: 0, bytes: 0 }
        });
        for window in chosen.chunks(rows_each) {
            let sources: Vec<(usize, usize)> = window.iter().map(|chosen| chosen.source).collect();
            let mut columns = self.gather(&batches, &sources)?;
            for chosen in window {
                book.push(chosen.change, &chosen.print);
            }
            columns.extend(book.take());
            let rows = RecordBatch::try_new(self.intake.file.clone(), columns)
                .map_err(|source| self.failed(source))?;
            open.writer.write(&rows).await?;
        }
        open.last = last;
        open.rows += chosen.len();
        open.bytes += chunk_bytes;
        self.open = Some(open);
        Ok(())
    }

    /// Rows of which only the Id is known.
    fn bare_rows(&self, ids: &[[u8; 18]]) -> Result<RecordBatch> {
        let texts = StringArray::from_iter_values(ids.iter().map(|id| String::from_utf8_lossy(id)));
        let mut columns: Vec<ArrayRef> = vec![Arc::new(texts)];
        let rest = self.intake.rows.fields().iter().skip(1);
        columns.extend(rest.map(|field| new_null_array(field.data_type(), ids.len())));
        RecordBatch::try_new(self.intake.rows.clone(), columns).map_err(|source| self.failed(source))
    }

    fn gather(&self, batches: &[RecordBatch], sources: &[(usize, usize)]) -> Result<Vec<ArrayRef>> {
        let column = |index: usize| {
            let values: Vec<&dyn Array> = batches.iter().map(|batch| batch.column(index).as_ref()).collect();
            interleave(&values, sources).map_err(|source| self.failed(source))
        };
        (0..self.intake.rows.fields().len()).map(column).collect()
    }

    pub(super) fn failed(&self, source: ArrowError) -> Error {
        Error::Rows { path: self.target.folder.to_string(), source }
    }
}
