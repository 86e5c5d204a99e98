//! Writes one data file again without some records.
//!
//! A row group that holds none of them is copied as it lies, compressed; the others are decoded, and encoded again without
//! them. Rows lie in the order of Ids, so few records touch few row groups. The key index of the new file is left to
//! whoever needs it first.

use std::io::Cursor;
use std::sync::Arc;

use arrow_array::{Array, BooleanArray, RecordBatch};
use arrow_select::filter::filter_record_batch;
use bytes::{Buf, Bytes};
use futures::StreamExt;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::arrow::async_reader::{AsyncFileReader, ParquetRecordBatchStreamBuilder};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, PageIndexPolicy, ParquetMetaData, RowGroupMetaData};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::statistics::Statistics;
use parquet::file::writer::SerializedFileWriter;

use crate::data::{
    DataTarget, FileUpload, ID, SEQ, file_properties, id_at, not_encoded, strings, writer_properties,
};
use crate::delta::AddFile;
use crate::keys::IdKey;
use crate::read::{DataSource, ReadBudget, batch_rows, within};
use crate::{Error, Result, Step};

/// The new file; none if no row is left.
pub(super) async fn write_without(
    target: &DataTarget,
    file: &AddFile,
    without: &[IdKey],
    now_ms: i64,
) -> Result<Option<AddFile>> {
    let location = target.location(&file.path);
    let failed = |source| Error::reading_parquet(&location, source);
    let mut source = DataSource::new(target.store.clone(), location.clone(), file.size);
    let metadata = load(&mut source).await.map_err(failed)?;
    let mut copy = Copy::begin(target, metadata.metadata())?;
    let written = copy.groups_without(&source, &metadata, without).await;
    match written {
        Ok(()) => copy.finish(target, now_ms).await,
        Err(error) => {
            copy.upload.abandon().await;
            Err(match error {
                Failure::Read(source) => failed(source),
                Failure::Other(error) => error,
            })
        }
    }
}

async fn load(source: &mut impl AsyncFileReader) -> Result<ArrowReaderMetadata, ParquetError> {
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
    ArrowReaderMetadata::load_async(source, options).await
}

/// A file that grows by row groups of other files.
struct Copy {
    name: String,
    writer: SerializedFileWriter<Vec<u8>>,
    upload: FileUpload,
    extent: Extent,
}

enum Failure {
    Read(ParquetError),
    Other(Error),
}

impl From<ParquetError> for Failure {
    fn from(source: ParquetError) -> Self {
        Self::Read(source)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl Copy {
    fn begin(target: &DataTarget, like: &ParquetMetaData) -> Result<Self> {
        let name = format!("part-{}.parquet", uuid::Uuid::now_v7());
        let location = target.location(&name);
        let told = like.file_metadata();
        // Among them the Arrow types.
        let properties = file_properties().set_key_value_metadata(told.key_value_metadata().cloned()).build();
        let schema = told.schema_descr().root_schema_ptr();
        let writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties));
        let writer = writer.map_err(|source| not_encoded(&location, source))?;
        let upload = FileUpload::new(target.store.clone(), location);
        Ok(Self { name, writer, upload, extent: Extent::default() })
    }

    async fn groups_without(
        &mut self,
        source: &DataSource,
        metadata: &ArrowReaderMetadata,
        without: &[IdKey],
    ) -> Result<(), Failure> {
        for number in 0..metadata.metadata().num_row_groups() {
            let bounds = Bounds::of(metadata.metadata().row_group(number));
            if bounds.is_some_and(|bounds| within(without, bounds.ids.0, bounds.ids.1).is_empty()) {
                self.group(source, metadata, number).await?;
            } else if let Some(encoded) = encode_again(source, metadata, number, without).await? {
                let mut encoded = Cursor::new(encoded);
                let metadata = load(&mut encoded).await?;
                for number in 0..metadata.metadata().num_row_groups() {
                    self.group(&encoded, &metadata, number).await?;
                }
            }
        }
        Ok(())
    }

    /// Takes a row group over, byte by byte, with its page index and its bloom filter.
    async fn group<R>(
        &mut self,
        from: &R,
        metadata: &ArrowReaderMetadata,
        number: usize,
    ) -> Result<(), Failure>
    where
        R: AsyncFileReader + Clone + Unpin + Send + 'static,
    {
        let held = metadata.metadata();
        let group = held.row_group(number);
        let bytes = Part::read(from.clone(), group).await?;
        let mut filters = ParquetRecordBatchStreamBuilder::new_with_metadata(from.clone(), metadata.clone());
        let mut columns = Vec::with_capacity(group.num_columns());
        for (at, column) in group.columns().iter().enumerate() {
            let column_index = held.column_index().map(|index| index[number][at].clone());
            columns.push(ColumnCloseResult {
                bytes_written: u64::try_from(column.compressed_size()).unwrap_or(0),
                rows_written: u64::try_from(group.num_rows()).unwrap_or(0),
                metadata: column.clone(),
                bloom_filter: filters.get_row_group_column_bloom_filter(number, at).await?,
                column_index: column_index.filter(|index| !matches!(index, ColumnIndexMetaData::NONE)),
                offset_index: held.offset_index().map(|index| index[number][at].clone()),
            });
        }
        let mut writer = self.writer.next_row_group()?;
        for column in columns {
            writer.append_column(&bytes, column)?;
        }
        writer.close()?;
        self.extent.add(group)?;
        self.upload.push(std::mem::take(self.writer.inner_mut())).await?;
        Ok(())
    }

    async fn finish(mut self, target: &DataTarget, now_ms: i64) -> Result<Option<AddFile>> {
        let Some(Bounds { ids: (min_id, max_id), seqs: (min_seq, max_seq) }) = self.extent.bounds else {
            return Ok(None);
        };
        let location = target.location(&self.name);
        self.writer.finish().map_err(|source| not_encoded(&location, source))?;
        self.upload.push(std::mem::take(self.writer.inner_mut())).await?;
        target.hook.before(Step::DataFile)?;
        let size = self.upload.finish().await?;
        let text = |id: IdKey| String::from_utf8_lossy(&id.to_bytes()).into_owned();
        Ok(Some(AddFile {
            path: self.name,
            size,
            rows: self.extent.rows,
            min_id: text(min_id),
            max_id: text(max_id),
            min_seq,
            max_seq,
            modified_ms: now_ms,
        }))
    }
}

/// The rows of one row group in a file of its own; none if none is left.
async fn encode_again(
    source: &DataSource,
    metadata: &ArrowReaderMetadata,
    number: usize,
    without: &[IdKey],
) -> Result<Option<Bytes>, Failure> {
    let group = metadata.metadata().row_group(number);
    let rows = ParquetRecordBatchStreamBuilder::new_with_metadata(source.clone(), metadata.clone())
        .with_row_groups(vec![number])
        .with_batch_size(batch_rows(group, ReadBudget::shared_by(1), |_| true));
    let mut rows = rows.build()?;
    let mut writer: Option<ArrowWriter<Vec<u8>>> = None;
    while let Some(batch) = rows.next().await {
        let kept = leave_out(&batch?, without)?;
        if kept.num_rows() == 0 {
            continue;
        }
        let mut started = if let Some(writer) = writer.take() {
            writer
        } else {
            let properties = writer_properties(&kept, kept.get_array_memory_size() / kept.num_rows());
            ArrowWriter::try_new(Vec::new(), kept.schema(), Some(properties))?
        };
        started.write(&kept)?;
        writer = Some(started);
    }
    Ok(writer.map(ArrowWriter::into_inner).transpose()?.map(Bytes::from))
}

/// The rows of all other records.
fn leave_out(batch: &RecordBatch, without: &[IdKey]) -> Result<RecordBatch> {
    let ids = strings(batch, ID, "rows")?;
    let kept: Vec<bool> = (0..ids.len())
        .map(|row| Ok(without.binary_search(&id_at(ids, row, "rows")?).is_err()))
        .collect::<Result<_>>()?;
    filter_record_batch(batch, &BooleanArray::from(kept))
        .map_err(|source| Error::Rows { path: "rows".to_owned(), source })
}

/// The Ids and the `_seq` of rows, from the least to the greatest.
#[derive(Clone, Copy)]
struct Bounds {
    ids: (IdKey, IdKey),
    seqs: (i64, i64),
}

impl Bounds {
    /// As the statistics tell; none where they do not.
    fn of(group: &RowGroupMetaData) -> Option<Self> {
        let told = |name| {
            let column = group.columns().iter().find(|column| column.column_path().string() == name);
            column.and_then(|column| column.statistics())
        };
        let ids = told(ID)?;
        let Statistics::Int64(seqs) = told(SEQ)? else { return None };
        Some(Self {
            ids: (IdKey::of(ids.min_bytes_opt()?)?, IdKey::of(ids.max_bytes_opt()?)?),
            seqs: (*seqs.min_opt()?, *seqs.max_opt()?),
        })
    }

    fn and(self, other: Self) -> Self {
        Self {
            ids: (self.ids.0.min(other.ids.0), self.ids.1.max(other.ids.1)),
            seqs: (self.seqs.0.min(other.seqs.0), self.seqs.1.max(other.seqs.1)),
        }
    }
}

#[derive(Default)]
struct Extent {
    rows: u64,
    bounds: Option<Bounds>,
}

impl Extent {
    fn add(&mut self, group: &RowGroupMetaData) -> Result<(), ParquetError> {
        let bounds = Bounds::of(group).ok_or_else(|| {
            ParquetError::General("a row group has no statistics of `Id` and `_seq`".to_owned())
        })?;
        self.bounds = Some(self.bounds.map_or(bounds, |known| known.and(bounds)));
        self.rows += u64::try_from(group.num_rows()).unwrap_or(0);
        Ok(())
    }
}

/// The bytes of one row group, read by their place in the file.
struct Part {
    start: u64,
    bytes: Bytes,
}

impl Part {
    async fn read(mut from: impl AsyncFileReader, group: &RowGroupMetaData) -> Result<Self, ParquetError> {
        let places = || group.columns().iter().map(ColumnChunkMetaData::byte_range);
        let start = places().map(|(start, _)| start).min().unwrap_or(0);
        let end = places().map(|(start, length)| start + length).max().unwrap_or(0);
        Ok(Self { start, bytes: from.get_bytes(start..end).await? })
    }

    fn place(&self, at: u64) -> Result<usize, ParquetError> {
        let place = at.checked_sub(self.start).and_then(|place| usize::try_from(place).ok());
        place
            .filter(|place| *place <= self.bytes.len())
            .ok_or_else(|| ParquetError::EOF("a column lies outside its row group".to_owned()))
    }
}

impl Length for Part {
    fn len(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

impl ChunkReader for Part {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(self.bytes.slice(self.place(start)?..).reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let place = self.place(start)?;
        let end = self.place(start + length as u64)?;
        Ok(self.bytes.slice(place..end))
    }
}
