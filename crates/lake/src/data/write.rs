//! Writes one data file, and beside it the key index of that file.
//!
//! Encoded row groups leave for the storage as soon as they are complete, so a file of any size is written in
//! the memory of one row group and two upload parts. A file counts only when a commit names it; one that was
//! not finished is an orphan. Encoding is CPU work: callers run on the blocking pool (`data::blocking`).

use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::{Array, RecordBatch};
use arrow_schema::SchemaRef;
use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, WriteMultipart};
use parquet::arrow::ArrowWriter;
use parquet::errors::ParquetError;

use super::layout::{ID, SEQ};
use super::properties::writer_properties;
use super::rows::{KeyColumns, id_at, longs, strings};
use crate::delta::AddFile;
use crate::keys::{IdKey, KeyFileWriter};
use crate::{Error, Result, Step, StepHook};

/// Below this a file is stored in one request; above, in parts of this size.
const PART_BYTES: usize = 8 << 20;
/// Parts on their way at once.
const PARTS_UNDER_WAY: usize = 2;

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
    upload: Upload,
    keys: Option<KeyFileWriter>,
    extent: Extent,
}

enum Upload {
    Small(Vec<u8>),
    Parts { upload: WriteMultipart, bytes: u64 },
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
        let upload = Upload::Small(Vec::new());
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
        let size = self.store_rest().await?;
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

    /// Leaves nothing; what the storage keeps of an upload that it could not end is its to clean up.
    pub(crate) async fn abandon(self) {
        if let Upload::Parts { upload, .. } = self.upload
            && let Err(error) = upload.abort().await
        {
            tracing::debug!(file = self.name, %error, "could not end the upload of an unused data file");
        }
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
        let encoded = encoded.unwrap_or_default();
        if encoded.is_empty() {
            return Ok(());
        }
        match &mut self.upload {
            Upload::Small(bytes) => {
                bytes.extend_from_slice(&encoded);
                if bytes.len() > PART_BYTES {
                    let bytes = std::mem::take(bytes);
                    let started = self.target.store.put_multipart(&self.location).await;
                    let started = started.map_err(|source| Error::writing(&self.location, source))?;
                    let mut upload = WriteMultipart::new_with_chunk_size(started, PART_BYTES);
                    let length = bytes.len() as u64;
                    upload.put(Bytes::from(bytes));
                    self.upload = Upload::Parts { upload, bytes: length };
                }
            }
            Upload::Parts { upload, bytes } => {
                *bytes += encoded.len() as u64;
                for part in encoded.chunks(PART_BYTES) {
                    let room = upload.wait_for_capacity(PARTS_UNDER_WAY).await;
                    room.map_err(|source| Error::writing(&self.location, source))?;
                    upload.write(part);
                }
            }
        }
        Ok(())
    }

    async fn store_rest(&mut self) -> Result<u64> {
        let failed = |source| Error::writing(&self.location, source);
        match std::mem::replace(&mut self.upload, Upload::Small(Vec::new())) {
            Upload::Small(bytes) => {
                let size = bytes.len() as u64;
                self.target.store.put(&self.location, bytes.into()).await.map_err(failed)?;
                Ok(size)
            }
            Upload::Parts { upload, bytes } => {
                upload.finish().await.map_err(failed)?;
                Ok(bytes)
            }
        }
    }
}

fn not_encoded(location: &Path, source: ParquetError) -> Error {
    Error::ParquetNotWritten { path: location.to_string(), source }
}
