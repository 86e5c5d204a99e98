//! Merges the small files that blocks leave into larger ones, keeping every version of every record.
//!
//! The rows stay what they are, with their `_seq`; only the files change, in one commit per merge. The old files
//! are left to readers of older table versions until `DeltaLog::vacuum` removes them after the grace time.

mod plan;

use std::collections::BTreeMap;

use arrow_array::{Array, RecordBatch};
use chrono::{DateTime, Utc};

use self::plan::next_merge;
use crate::Result;
use crate::data::{DataFileWriter, DataTarget, ID, file_schema, start_blocking, strings, wait_for};
use crate::delta::{AddFile, Commit, CommitInfo, Marks};
use crate::read::{BATCH_ROWS, Plan, RowStream, Selection, Wanted};
use crate::table::TableWriter;

#[derive(Debug, Clone)]
pub struct CompactOptions {
    pub now: DateTime<Utc>,
    /// Neighbouring files of one level that are merged into one. Fewer means fewer files and more rewriting.
    pub fan_in: usize,
    /// A merge begins a new file at this size, and files of half of it are not merged any more.
    pub largest_bytes: u64,
}

impl CompactOptions {
    pub fn at(now: DateTime<Utc>) -> Self {
        Self { now, fan_in: 8, largest_bytes: 1 << 30 }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct CompactReport {
    pub merges: u64,
    pub files_before: u64,
    pub files_after: u64,
    pub rows: u64,
    pub bytes_read: u64,
    pub bytes_written: u64,
}

/// Merges until nothing is left to merge.
pub(crate) async fn compact(writer: &mut TableWriter, options: &CompactOptions) -> Result<CompactReport> {
    let mut report = CompactReport { files_before: writer.files().len() as u64, ..CompactReport::default() };
    while let Some(inputs) = next_merge(writer.files(), options.fan_in, options.largest_bytes) {
        let outputs = merge(writer, inputs.clone(), options).await?;
        report.merges += 1;
        report.rows += inputs.iter().map(|file| file.rows).sum::<u64>();
        report.bytes_read += inputs.iter().map(|file| file.size).sum::<u64>();
        report.bytes_written += outputs.iter().map(|file| file.size).sum::<u64>();
        let details = BTreeMap::from([("numFiles".to_owned(), inputs.len().to_string())]);
        let info =
            CommitInfo { operation: "OPTIMIZE".to_owned(), at: options.now, details, is_data_change: false };
        let removes = inputs.into_iter().map(|file| file.path).collect();
        writer
            .commit(Commit { adds: outputs, removes, columns: None, marks: Marks::default(), info })
            .await?;
    }
    report.files_after = writer.files().len() as u64;
    Ok(report)
}

/// The rows of `inputs` in new files.
async fn merge(writer: &TableWriter, inputs: Vec<AddFile>, options: &CompactOptions) -> Result<Vec<AddFile>> {
    let layout = writer.layout();
    let schema = file_schema(layout.fields().iter().map(String::as_str));
    let rows = inputs.iter().map(|file| file.rows).sum();
    let target = writer.target().clone();
    let stream = Plan {
        target: target.clone(),
        files: inputs,
        wanted: Wanted::EVERYTHING,
        columns: schema.fields().iter().map(|field| field.name().clone()).collect(),
        selection: Selection::Versions,
        batch_rows: BATCH_ROWS,
    }
    .start();
    let (largest, now_ms) = (options.largest_bytes, options.now.timestamp_millis());
    let work = start_blocking(move || async move {
        let mut output =
            Output { target, rows, largest, now_ms, current: None, last_id: String::new(), done: Vec::new() };
        let written = output.write_all(stream).await;
        if written.is_err() {
            for file in &output.done {
                output.target.discard(file).await;
            }
        }
        written.map(|()| output.done)
    });
    wait_for(work).await
}

/// Cuts the merged rows into files; all versions of a record stay in one.
struct Output {
    target: DataTarget,
    rows: u64,
    largest: u64,
    now_ms: i64,
    current: Option<DataFileWriter>,
    last_id: String,
    done: Vec<AddFile>,
}

impl Output {
    async fn write_all(&mut self, mut stream: RowStream) -> Result<()> {
        while let Some(batch) = stream.next().await? {
            self.write(&batch).await?;
        }
        self.end_file().await
    }

    async fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let ids = strings(batch, ID, "rows")?;
        let is_full = self.current.as_ref().is_some_and(|file| file.bytes_written() >= self.largest);
        let mut start = 0;
        if is_full {
            start = (0..ids.len()).take_while(|row| ids.value(*row) == self.last_id).count();
            self.append(&batch.slice(0, start)).await?;
            if start == ids.len() {
                return Ok(());
            }
            self.end_file().await?;
        }
        self.append(&batch.slice(start, ids.len() - start)).await?;
        ids.value(ids.len() - 1).clone_into(&mut self.last_id);
        Ok(())
    }

    async fn append(&mut self, batch: &RecordBatch) -> Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        if self.current.is_none() {
            let row_bytes = batch.get_array_memory_size() / batch.num_rows();
            let file = DataFileWriter::create(&self.target, batch.schema(), self.rows, row_bytes);
            self.current = Some(file);
        }
        match &mut self.current {
            Some(file) => file.write(batch).await,
            None => Ok(()),
        }
    }

    async fn end_file(&mut self) -> Result<()> {
        if let Some(file) = self.current.take() {
            self.done.extend(file.finish(self.now_ms).await?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::{ArrayRef, StringArray};
    use holdfast_domain::change::{Change, Fingerprint};
    use holdfast_domain::{RunId, SchemaHash};
    use object_store::memory::InMemory;
    use object_store::path::Path;

    use std::sync::Arc;

    use super::*;
    use crate::StepHook;
    use crate::data::BookColumns;

    /// Versions of records by their last digit, each newer than the one before.
    fn rows(first_seq: i64, records: &[u8]) -> RecordBatch {
        let run = RunId::parse("01890a5d-ac96-774b-bcce-b302099a8057").unwrap();
        let print = Fingerprint { hash: 1, modstamp_us: None, is_deleted: false, schema: 1 };
        let mut book = (first_seq..).zip(records).map(|(seq, _)| {
            let mut book = BookColumns::new(seq, run.clone(), DateTime::UNIX_EPOCH, SchemaHash::of(b"{}"));
            book.push(Change::Changed, &print);
            book.take()
        });
        let ids = records.iter().map(|record| format!("00100000000000{record}AAA"));
        let batches = ids.map(|id| {
            let columns: Vec<ArrayRef> = vec![Arc::new(StringArray::from(vec![id]))];
            let columns = columns.into_iter().chain(book.next().unwrap()).collect();
            RecordBatch::try_new(file_schema([ID]), columns).unwrap()
        });
        let batches: Vec<_> = batches.collect();
        arrow_select::concat::concat_batches(&file_schema([ID]), &batches).unwrap()
    }

    #[tokio::test]
    async fn a_full_file_ends_behind_the_last_version_of_a_record() {
        let store = Arc::new(InMemory::new());
        let target = DataTarget { store, folder: Path::from("t"), keys_dir: None, hook: StepHook::default() };
        let (current, last_id, done) = (None, String::new(), Vec::new());
        let mut output = Output { target, rows: 9, largest: 1, now_ms: 0, current, last_id, done };

        for (seq, records) in [(0, &[1, 1][..]), (2, &[1]), (3, &[1, 2]), (5, &[2, 2, 3]), (8, &[4])] {
            output.write(&rows(seq, records)).await.unwrap();
        }
        output.end_file().await.unwrap();

        let files: Vec<_> =
            output.done.iter().map(|file| (&file.min_id[14..15], &file.max_id[14..15], file.rows)).collect();
        assert_eq!(files, [("1", "1", 4), ("2", "2", 3), ("3", "3", 1), ("4", "4", 1)]);
    }
}
