//! Rows as a stream: a merge on the blocking pool that stays at most a few batches ahead of its reader.

use std::pin::Pin;
use std::task::{Context, Poll};

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, SchemaRef};
use futures::Stream;
use futures::future::try_join_all;
use tokio::sync::mpsc;

use super::fields::FieldSets;
use super::file::{FileCursor, ReadBudget};
use super::gauge::Gauge;
use super::merge::{Merge, Step};
use super::output::Output;
use super::state::StatePicker;
use super::wanted::Wanted;
use crate::data::{CHANGE, DataTarget, ID, SCHEMA, SEQ, arrow_schema, start_blocking};
use crate::delta::AddFile;
use crate::{Error, Result};

/// Finished batches that wait for the reader.
const BATCHES_AHEAD: usize = 2;

/// Batches of rows in Id order. Dropping it ends the reading.
#[derive(Debug)]
pub struct RowStream {
    schema: SchemaRef,
    batches: mpsc::Receiver<Result<RecordBatch>>,
    gauge: Gauge,
}

impl RowStream {
    /// The columns of every batch.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The bytes that the merge behind this stream holds.
    pub fn gauge(&self) -> &Gauge {
        &self.gauge
    }

    /// The next rows; none at the end. A stream that failed has no next rows.
    pub async fn next(&mut self) -> Result<Option<RecordBatch>> {
        self.batches.recv().await.transpose()
    }
}

impl Stream for RowStream {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.batches.poll_recv(context)
    }
}

/// What is chosen of the rows that are wanted.
pub(crate) enum Selection {
    /// All of them, as they were stored.
    Versions,
    /// Of each record what stands after the last of them.
    State { with_deleted: bool, fields: FieldSets },
}

/// A reading that can be started.
pub(crate) struct Plan {
    pub(crate) target: DataTarget,
    pub(crate) files: Vec<AddFile>,
    pub(crate) wanted: Wanted,
    /// The columns of the answer, in order.
    pub(crate) columns: Vec<String>,
    pub(crate) selection: Selection,
    /// Rows of a batch at most.
    pub(crate) batch_rows: usize,
}

impl Plan {
    pub(crate) fn start(self) -> RowStream {
        let schema = arrow_schema(self.columns.iter().map(String::as_str));
        let (sender, batches) = mpsc::channel(BATCHES_AHEAD);
        let gauge = Gauge::default();
        let work = Work { schema: schema.clone(), sender, gauge: gauge.clone() };
        // Ends by itself: with the rows, with the first error, or when the receiver is gone.
        drop(start_blocking(move || async move {
            let sender = work.sender.clone();
            if let Err(error) = self.run(work).await {
                // Nobody listens any more if this fails.
                let _ = sender.send(Err(error)).await;
            }
            Ok(())
        }));
        RowStream { schema, batches, gauge }
    }

    /// Columns that the merge needs beside those of the answer.
    fn held_schema(&self) -> SchemaRef {
        let own: &[&str] = match self.selection {
            Selection::Versions => &[ID, SEQ],
            Selection::State { .. } => &[ID, SEQ, CHANGE, SCHEMA],
        };
        let asked = self.columns.iter().map(String::as_str);
        let added = own.iter().copied().filter(|name| !self.columns.iter().any(|column| column == name));
        arrow_schema(asked.chain(added))
    }

    async fn run(self, work: Work) -> Result<()> {
        let held = self.held_schema();
        let files: Vec<_> = self.files.iter().filter(|file| self.wanted.touches(file)).collect();
        let budget = ReadBudget { batch_rows: self.batch_rows, ..ReadBudget::shared_by(files.len()) };
        let opened = files
            .iter()
            .map(|file| FileCursor::open(&self.target, file, held.clone(), self.wanted.clone(), budget));
        let mut merge = Merge::of(try_join_all(opened).await?, work.gauge.clone());
        let folder = self.target.folder.to_string();
        let failed = move |source: ArrowError| Error::Rows { path: folder.clone(), source };
        let mut output = Output::new(work.schema.clone(), &held, self.batch_rows).map_err(&failed)?;
        let mut picker = match self.selection {
            Selection::Versions => None,
            Selection::State { with_deleted, fields } => {
                Some(StatePicker::new(with_deleted, fields, self.columns.iter().map(String::as_str)))
            }
        };
        loop {
            match merge.step()? {
                Step::Version { id, place } => match &mut picker {
                    Some(picker) => picker.visit(id, place, &merge, &mut output)?,
                    None => output.push(place, merge.slots()),
                },
                Step::Refill(cursor) => {
                    if let Some(slot) = merge.refill(cursor).await?
                        && let Some(picker) = &mut picker
                    {
                        picker.prepare(&merge.slots()[slot].batch).await?;
                    }
                }
                Step::End => break,
            }
            if output.is_full() || merge.is_crowded() {
                let batch = output.take(merge.slots()).map_err(&failed)?;
                merge.release(picker.iter_mut().flat_map(StatePicker::kept));
                if !work.send(batch).await {
                    return Ok(());
                }
            }
        }
        if let Some(picker) = &mut picker {
            picker.end_group(&merge, &mut output)?;
        }
        work.send(output.take(merge.slots()).map_err(&failed)?).await;
        Ok(())
    }
}

struct Work {
    schema: SchemaRef,
    sender: mpsc::Sender<Result<RecordBatch>>,
    gauge: Gauge,
}

impl Work {
    /// False if and only if nobody listens any more.
    async fn send(&self, batch: Option<RecordBatch>) -> bool {
        match batch {
            Some(batch) => self.sender.send(Ok(batch)).await.is_ok(),
            None => !self.sender.is_closed(),
        }
    }
}
