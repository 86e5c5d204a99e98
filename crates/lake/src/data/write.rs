//! Writes one data file, and beside it the key index of that file.
//!
//! Encoded row groups leave for the storage as soon as they are complete, so a file of any size is written in
//! the memory of one row group and two upload parts. A file counts only when a commit names it; one that was
//! not finished is an orphan. Encoding is CPU work: callers run on the blocking pool (`data::blocking`).

use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::{Array, RecordBatch};
use arrow_schema::SchemaRef;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::ArrowWriter;
use parquet::errors::ParquetError;

use super::layout::{ID, SEQ};
use super::properties::writer_properties;
use super::rows::{KeyColumns, id_at, longs, strings};
use super::upload::FileUpload;
use crate::delta::AddFile;
use crate::keys::{IdKey, KeyFileWriter};
use crate::{Error, Result, Step, StepHook};

/// Where the data files of one table lie, and the cache of their key indexes.
#[derive(Debug, Clone)]
pub(crate) struct DataTarget {
    pub(crate) store: Arc<dyn ObjectStore>,
    /// The table's folder.
    pub(crate) folder: Path,
    pub(crate) keys_dir: Option<PathBuf>,
    pub(crate) hook: StepHook,
}

impl DataTarget {
    pub(crate) fn location(&self, file: &str) -> Path {
        // A path in the log may have folders, which must not be escaped as one name.
        Path::from(format!("{}/{file}", self.folder))
    }

    /// Removes a file that no commit names; what remains after a failure is an orphan and harms nobody.
    pub(crate) async fn discard(&self, file: &AddFile) {
        if let Some(dir) = &self.keys_dir {
            crate::keys::remove(dir, &file.path);
        }
        if let Err(error) = self.store.delete(&self.location(&file.path)).await {
            tracing::debug!(file = file.path, %error, "could not remove an unused data file");
        }
    }
}

/// Takes rows in order of (`Id`, `_seq`).
pub(crate) struct DataFileWriter {
    target: DataTarget,
    name: String,
    location: Path,
    schema: SchemaRef,
    row_bytes: usize,
    /// From the first row on, by which its encodings are chosen.
    encoder: Option<ArrowWriter<Vec<u8>>>,
    upload: FileUpload,
    keys: Option<KeyFileWriter>,
    extent: Extent,
}

#[derive(Default)]
struct Extent {
    rows: u64,
    first: Option<IdKey>,
    last: Option<(IdKey, i64)>,
    seqs: Option<(i64, i64)>,
}

impl DataFileWriter {
    /// `expected_rows` may be too high; it sizes the filter of the key index. `row_bytes`, about what one row
    /// takes in memory, sizes the pages.
    pub(crate) fn create(
        target: &DataTarget,
        schema: SchemaRef,
        expected_rows: u64,
        row_bytes: usize,
    ) -> Self {
        let name = format!("part-{}.parquet", uuid::Uuid::now_v7());
        let location = target.location(&name);
        let keys = target.keys_dir.as_ref().and_then(|dir| KeyFileWriter::create(dir, &name, expected_rows));
        let upload = FileUpload::new(target.store.clone(), location.clone());
        let (target, extent) = (target.clone(), Extent::default());
        Self { target, name, location, schema, row_bytes, encoder: None, upload, keys, extent }
    }

    /// Bytes that have left the encoder.
    pub(crate) fn bytes_written(&self) -> u64 {
        self.encoder.as_ref().map_or(0, ArrowWriter::bytes_written) as u64
    }

    pub(crate) async fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.note(batch)?;
        self.encode(batch).map_err(|source| not_encoded(&self.location, source))?;
        self.drain().await
    }

    /// Durable when this returns; none if and only if no row was written.
    pub(crate) async fn finish(mut self, modified_ms: i64) -> Result<Option<AddFile>> {
        let (Some(first), Some((last, _)), Some((min_seq, max_seq))) =
            (self.extent.first, self.extent.last, self.extent.seqs)
        else {
            return Ok(None);
        };
        if let Some(encoder) = &mut self.encoder {
            encoder.finish().map_err(|source| not_encoded(&self.location, source))?;
        }
        self.drain().await?;
        self.target.hook.before(Step::DataFile)?;
        let size = self.upload.finish().await?;
        if let Some(keys) = self.keys.take() {
            keys.finish();
        }
        let text = |id: IdKey| String::from_utf8_lossy(&id.to_bytes()).into_owned();
        let add = AddFile {
            path: self.name,
            size,
            rows: self.extent.rows,
            min_id: text(first),
            max_id: text(last),
            min_seq,
            max_seq,
            modified_ms,
        };
        Ok(Some(add))
    }

    pub(crate) async fn abandon(self) {
        self.upload.abandon().await;
    }

    fn encode(&mut self, batch: &RecordBatch) -> Result<(), ParquetError> {
        let encoder = if let Some(encoder) = self.encoder.take() {
            encoder
        } else {
            let properties = writer_properties(batch, self.row_bytes);
            ArrowWriter::try_new(Vec::new(), self.schema.clone(), Some(properties))?
        };
        self.encoder.insert(encoder).write(batch)
    }

    fn note(&mut self, batch: &RecordBatch) -> Result<()> {
        let path = self.location.as_ref();
        let (ids, seqs) = (strings(batch, ID, path)?, longs(batch, SEQ, path)?);
        for row in 0..batch.num_rows() {
            let at = (id_at(ids, row, path)?, seqs.value(row));
            debug_assert!(self.extent.last < Some(at), "rows come in order of Id and _seq, each once");
            self.extent.first.get_or_insert(at.0);
            self.extent.last = Some(at);
            let (min, max) = self.extent.seqs.unwrap_or((at.1, at.1));
            self.extent.seqs = Some((min.min(at.1), max.max(at.1)));
        }
        self.extent.rows += ids.len() as u64;
        if let Some(keys) = &mut self.keys {
            let columns = KeyColumns::of(batch, path)?;
            for row in 0..batch.num_rows() {
                keys.push(columns.key(row)?);
            }
        }
        Ok(())
    }

    /// Hands complete row groups on.
    async fn drain(&mut self) -> Result<()> {
        let encoded = self.encoder.as_mut().map(|encoder| std::mem::take(encoder.inner_mut()));
        self.upload.push(encoded.unwrap_or_default()).await
    }
}

pub(crate) fn not_encoded(location: &Path, source: ParquetError) -> Error {
    Error::ParquetNotWritten { path: location.to_string(), source }
}
