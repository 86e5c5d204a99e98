//! One Block on its way into a table: pages in, what is new of them out, in one commit.
//!
//! Rows are gathered until a chunk is full, and a full chunk is sorted, compared with what is held and encoded on
//! the blocking pool while the next one fills. Nothing of it exists for readers until [`BlockWriter::finish`]
//! commits; a block that is dropped, abandoned or killed leaves only files that no commit names.

mod chunk;
mod intake;
mod part;
mod rewrite;
mod settle;
mod tally;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::RecordBatch;
use chrono::{DateTime, Utc};
use holdfast_domain::change::Occasion;
use holdfast_domain::manifest::Counts;
use holdfast_domain::schema::ObjectSchema;
use holdfast_domain::{RecordId, RunId, SchemaHash};
use tokio::task::JoinHandle;

use self::chunk::Chunk;
use self::intake::Intake;
use self::part::Parts;
use self::tally::Tally;
use crate::data::{Layout, start_blocking, wait_for};
use crate::delta::{AddFile, Commit, CommitInfo, Marks};
use crate::keys::IdKey;
use crate::table::{LIVE_RECORDS, TableWriter};
use crate::{Error, Gauge, Result};

/// What a Block is captured under.
#[derive(Debug, Clone)]
pub struct BlockContext {
    pub run: RunId,
    pub captured_at: DateTime<Utc>,
    /// The stored describe in force, and its reading. The rows pushed have exactly its captured fields.
    pub schema: SchemaHash,
    pub object_schema: Arc<ObjectSchema>,
    /// The field that orders versions of one record; none for Objects without one.
    pub stamp_field: Option<String>,
    pub occasion: Occasion,
}

/// How a Block came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockCommit {
    /// The version that holds the Block; none if it brought nothing, and nothing was committed.
    pub table_version: Option<i64>,
    pub counts: Counts,
    pub live_records: u64,
}

/// Takes the pages of one Block. At most one exists per [`TableWriter`].
pub struct BlockWriter<'w> {
    writer: &'w mut TableWriter,
    layout: Layout,
    intake: Intake,
    captured_at: DateTime<Utc>,
    run: RunId,
    chunk: Chunk,
    has_tombstones: bool,
    work: Work,
    gauge: Gauge,
}

/// The parts stored so far, or the task that is storing one more.
enum Work {
    Idle(Box<Parts>),
    Storing {
        task: JoinHandle<Result<Box<Parts>>>,
        bytes: usize,
    },
    /// An earlier call failed; the block cannot go on.
    Broken,
}

impl<'w> BlockWriter<'w> {
    pub(crate) fn begin(writer: &'w mut TableWriter, context: BlockContext) -> Result<Self> {
        let mut layout = writer.layout();
        layout.widen(&context.object_schema);
        let table = writer.target().folder.to_string();
        let intake = Intake::new(&table, &layout, &context.object_schema, context.stamp_field.as_deref())?;
        let (run, captured_at) = (context.run.clone(), context.captured_at);
        let parts = Parts {
            target: writer.target().clone(),
            context,
            seq: writer.next_version(),
            hasher: intake.hasher(),
            intake: intake.clone(),
            base: Arc::new(writer.files().to_vec()),
            held: writer.take_keys(),
            own: Vec::new(),
            open: None,
            is_in_order: true,
            tally: Tally::default(),
        };
        let work = Work::Idle(Box::new(parts));
        Ok(Self {
            writer,
            layout,
            intake,
            captured_at,
            run,
            chunk: Chunk::default(),
            has_tombstones: false,
            work,
            gauge: Gauge::default(),
        })
    }

    /// The bytes of rows that are held in memory.
    pub fn gauge(&self) -> &Gauge {
        &self.gauge
    }

    /// Takes the rows of a page: text columns, named by field, exactly those that the describe captures.
    pub async fn push_page(&mut self, batches: Vec<RecordBatch>) -> Result<()> {
        if self.has_tombstones {
            return Err(self.intake.refused("a page came after Tombstones of the same block".to_owned()));
        }
        for batch in batches.iter().filter(|batch| batch.num_rows() > 0) {
            let rows = self.intake.take(batch)?;
            let before = self.chunk.bytes;
            self.chunk.push(rows);
            self.gauge.rise(self.chunk.bytes - before);
            self.store_if_full().await?;
        }
        Ok(())
    }

    /// Says of records that they are gone, perhaps with the time of the deletion in microseconds since 1970.
    /// Only those held and alive get a Tombstone. They count as read after all pages, and come after them.
    pub async fn push_tombstones(&mut self, gone: Vec<(RecordId, Option<i64>)>) -> Result<()> {
        self.has_tombstones |= !gone.is_empty();
        for (id, deleted_at_us) in gone {
            let id = IdKey::of(id.as_str().as_bytes())
                .ok_or_else(|| self.intake.refused(format!("`{id}` does not have 18 characters")))?;
            let before = self.chunk.bytes;
            self.chunk.push_gone(id, deleted_at_us);
            self.gauge.rise(self.chunk.bytes - before);
            self.store_if_full().await?;
        }
        Ok(())
    }

    /// Writes out all that was pushed, so that what is left to [`Self::finish`] is the commit; says what it means.
    pub async fn flush(&mut self) -> Result<Counts> {
        self.store_chunk(true).await?;
        let parts = self.idle().await?;
        let counts = parts.tally.counts;
        self.work = Work::Idle(parts);
        Ok(counts)
    }

    /// Commits the Block with `marks`, all or nothing. Without new rows and new marks nothing is committed.
    pub async fn finish(mut self, marks: Marks) -> Result<BlockCommit> {
        self.flush().await?;
        let mut parts = self.idle().await?;
        if parts.own.iter().any(|own| !own.fates.is_empty()) {
            parts = wait_for(start_blocking(move || async move {
                parts.apply_fates().await?;
                Ok(parts)
            }))
            .await?;
        }
        let Parts { own, tally, held, .. } = *parts;
        let adds: Vec<AddFile> = own.into_iter().map(|own| own.file).collect();
        let mut counts = tally.counts;
        counts.bytes = adds.iter().map(|file| file.size).sum();
        self.writer.put_keys(held);
        let live = self.writer.live_records() + tally.live_change;
        let table_version = self.commit(adds, marks, live).await?;
        let live_records = u64::try_from(live).unwrap_or(0);
        Ok(BlockCommit { table_version, counts, live_records })
    }

    /// Gives the Block up and removes what it has written.
    pub async fn abandon(mut self) -> Result<()> {
        let mut parts = self.idle().await?;
        if let Some(open) = parts.open.take() {
            open.writer.abandon().await;
        }
        for own in &parts.own {
            parts.target.discard(&own.file).await;
        }
        self.writer.put_keys(parts.held);
        Ok(())
    }

    async fn commit(&mut self, adds: Vec<AddFile>, mut marks: Marks, live: i64) -> Result<Option<i64>> {
        let state = self.writer.state();
        let known = |name: &String| state.and_then(|state| state.marks.0.get(name)).copied();
        marks.0.retain(|name, value| known(name) != Some(*value));
        if adds.is_empty() && marks.0.is_empty() {
            return Ok(None);
        }
        if known(&LIVE_RECORDS.to_owned()) != Some(live) {
            marks.0.insert(LIVE_RECORDS.to_owned(), live);
        }
        let existing = state.map(|state| state.columns.as_slice());
        let columns = self.layout.delta_columns(existing);
        let columns = (existing != Some(columns.as_slice())).then_some(columns);
        let info = CommitInfo {
            operation: "WRITE".to_owned(),
            at: self.captured_at,
            details: BTreeMap::from([("run".to_owned(), self.run.to_string())]),
            is_data_change: true,
        };
        let version = self.writer.commit(Commit { adds, removes: Vec::new(), columns, marks, info }).await?;
        Ok(Some(version))
    }

    async fn store_if_full(&mut self) -> Result<()> {
        // One chunk fills while another is stored.
        if self.chunk.bytes >= self.writer.chunk_budget() / 2 {
            self.store_chunk(false).await
        } else {
            Ok(())
        }
    }

    async fn store_chunk(&mut self, is_last: bool) -> Result<()> {
        let mut parts = self.idle().await?;
        if self.chunk.is_empty() && parts.open.is_none() {
            self.work = Work::Idle(parts);
            return Ok(());
        }
        let chunk = std::mem::take(&mut self.chunk);
        let bytes = chunk.bytes;
        let task = start_blocking(move || async move {
            parts.store(chunk, is_last).await?;
            Ok(parts)
        });
        self.work = Work::Storing { task, bytes };
        Ok(())
    }

    /// Waits for the chunk that is being stored.
    async fn idle(&mut self) -> Result<Box<Parts>> {
        match std::mem::replace(&mut self.work, Work::Broken) {
            Work::Idle(parts) => Ok(parts),
            Work::Storing { task, bytes } => {
                let parts = wait_for(task).await;
                self.gauge.fall(bytes);
                parts
            }
            Work::Broken => Err(Error::CommitRefused {
                table: self.writer.target().folder.to_string(),
                reason: "the block has failed before".to_owned(),
            }),
        }
    }
}
