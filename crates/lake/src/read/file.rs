//! Streams the wanted rows of one data file, in bounded memory.
//!
//! The Parquet reader fetches all that is selected of a row group at once, so a large row group is read in
//! segments of whole pages. Row groups and pages are passed over by the statistics of `Id`, a single Id's also by
//! the bloom filter; rows are tested on `Id` and `_seq` before any other column is decoded.

use std::collections::VecDeque;
use std::ops::Range;

use arrow_array::{BooleanArray, RecordBatch, RecordBatchOptions, new_null_array};
use arrow_schema::{ArrowError, SchemaRef};
use futures::StreamExt;
use object_store::path::Path;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowPredicateFn, ArrowReaderMetadata, ArrowReaderOptions, RowFilter, RowSelection,
};
use parquet::arrow::async_reader::{ParquetRecordBatchStream, ParquetRecordBatchStreamBuilder};
use parquet::errors::ParquetError;
use parquet::file::metadata::{PageIndexPolicy, RowGroupMetaData};
use parquet::file::page_index::column_index::ColumnIndexMetaData;

use super::source::DataSource;
use super::wanted::{Ids, Wanted};
use crate::data::{DataTarget, ID, PAGE_ROWS, SEQ, longs, strings};
use crate::delta::AddFile;
use crate::{Error, Result};

/// Rows of a batch, unless told otherwise.
pub(crate) const BATCH_ROWS: usize = 8_192;

/// How much one file may hold in memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReadBudget {
    /// Compressed bytes fetched at once.
    pub(crate) segment_bytes: usize,
    /// Decoded bytes of one batch.
    pub(crate) batch_bytes: usize,
    pub(crate) batch_rows: usize,
}

impl ReadBudget {
    const WHOLE: usize = 64 << 20;

    /// Shares 64 MiB among `files` that are read side by side.
    pub(crate) fn shared_by(files: usize) -> Self {
        let share = Self::WHOLE / (2 * files.max(1));
        Self {
            segment_bytes: share.clamp(256 << 10, 8 << 20),
            batch_bytes: (share / 4).clamp(64 << 10, 2 << 20),
            batch_rows: BATCH_ROWS,
        }
    }
}

pub(crate) struct FileCursor {
    reader: DataSource,
    metadata: ArrowReaderMetadata,
    path: String,
    schema: SchemaRef,
    projection: ProjectionMask,
    wanted: Wanted,
    tests_seq: bool,
    budget: ReadBudget,
    segments: VecDeque<Segment>,
    current: Option<ParquetRecordBatchStream<DataSource>>,
}

/// Rows of one row group.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Segment {
    row_group: usize,
    rows: Vec<Range<usize>>,
}

impl FileCursor {
    /// Rows come with exactly the columns of `schema`; those that the file lacks are empty.
    pub(crate) async fn open(
        target: &DataTarget,
        file: &AddFile,
        schema: SchemaRef,
        wanted: Wanted,
        budget: ReadBudget,
    ) -> Result<Self> {
        let location = target.location(&file.path);
        let mut reader = DataSource::new(target.store.clone(), location.clone(), file.size);
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
        let metadata = ArrowReaderMetadata::load_async(&mut reader, options).await;
        let metadata = metadata.map_err(|source| Error::reading_parquet(&location, source))?;
        let held = metadata.schema();
        let roots: Vec<_> =
            schema.fields().iter().filter_map(|field| held.index_of(field.name()).ok()).collect();
        let projection = ProjectionMask::roots(metadata.parquet_schema(), roots.iter().copied());
        let tests_seq = wanted.cuts_seq(file);
        let mut cursor = Self {
            reader,
            path: location.to_string(),
            schema,
            projection,
            wanted,
            tests_seq,
            budget,
            segments: VecDeque::new(),
            current: None,
            metadata,
        };
        cursor
            .plan(&roots, budget.segment_bytes)
            .await
            .map_err(|source| Error::reading_parquet(&location, source))?;
        Ok(cursor)
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The next rows, never an empty batch.
    pub(crate) async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            let Some(stream) = &mut self.current else {
                let Some(segment) = self.segments.pop_front() else { return Ok(None) };
                self.current = Some(self.read(segment)?);
                continue;
            };
            match stream.next().await {
                Some(Ok(batch)) if batch.num_rows() == 0 => {}
                Some(Ok(batch)) => return self.conform(&batch).map(Some),
                Some(Err(source)) => return Err(self.failed(source)),
                None => self.current = None,
            }
        }
    }

    async fn plan(&mut self, roots: &[usize], segment_bytes: usize) -> Result<(), ParquetError> {
        let metadata = self.metadata.metadata().clone();
        let Ok(id_column) = self.metadata.schema().index_of(ID) else {
            return Err(ParquetError::General("it has no column `Id`".to_owned()));
        };
        for row_group in 0..metadata.num_row_groups() {
            let group = metadata.row_group(row_group);
            if !self.may_hold(group, row_group, id_column).await? {
                continue;
            }
            let rows = usize::try_from(group.num_rows()).unwrap_or(0);
            let bytes: usize = roots.iter().map(|root| bytes(group.column(*root).compressed_size())).sum();
            let pages_each = segment_bytes / (bytes.max(1) * PAGE_ROWS / rows.max(1)).max(1);
            let segment_rows = pages_each.max(1) * PAGE_ROWS;
            let ranges = self.wanted_rows(row_group, id_column, rows);
            self.segments.extend(cut(row_group, &ranges, segment_rows));
        }
        Ok(())
    }

    async fn may_hold(
        &self,
        group: &RowGroupMetaData,
        row_group: usize,
        id: usize,
    ) -> Result<bool, ParquetError> {
        let statistics = group.column(id).statistics();
        if let Some((min, max)) =
            statistics.and_then(|known| known.min_bytes_opt().zip(known.max_bytes_opt()))
            && !self.wanted.ids.touch(min, max)
        {
            return Ok(false);
        }
        let Ids::Range(range) = &self.wanted.ids else { return Ok(true) };
        if !range.is_one() {
            return Ok(true);
        }
        let mut builder = self.builder();
        let filter = builder.get_row_group_column_bloom_filter(row_group, id).await?;
        Ok(filter.is_none_or(|filter| filter.check(&range.from.as_str())))
    }

    /// The rows of those pages that may hold a wanted Id.
    fn wanted_rows(&self, row_group: usize, id_column: usize, rows: usize) -> Vec<Range<usize>> {
        let metadata = self.metadata.metadata();
        let pages = metadata.column_index().map(|index| &index[row_group][id_column]);
        let places = metadata.offset_index().map(|index| index[row_group][id_column].page_locations());
        let (Some(ColumnIndexMetaData::BYTE_ARRAY(pages)), Some(places)) = (pages, places) else {
            return std::iter::once(0..rows).collect();
        };
        let first_row = |page: usize| places.get(page).map_or(rows, |place| bytes(place.first_row_index));
        let mut wanted: Vec<Range<usize>> = Vec::new();
        for page in 0..places.len() {
            let bounds = pages.min_value(page).zip(pages.max_value(page));
            if bounds.is_some_and(|(min, max)| !self.wanted.ids.touch(min, max)) {
                continue;
            }
            let range = first_row(page)..first_row(page + 1);
            match wanted.last_mut() {
                Some(last) if last.end == range.start => last.end = range.end,
                _ => wanted.push(range),
            }
        }
        wanted
    }

    fn builder(&self) -> ParquetRecordBatchStreamBuilder<DataSource> {
        ParquetRecordBatchStreamBuilder::new_with_metadata(self.reader.clone(), self.metadata.clone())
    }

    fn read(&self, segment: Segment) -> Result<ParquetRecordBatchStream<DataSource>> {
        let group = self.metadata.metadata().row_group(segment.row_group);
        let rows = bytes(group.num_rows());
        let is_read = |leaf| self.projection.leaf_included(leaf);
        let mut builder = self
            .builder()
            .with_row_groups(vec![segment.row_group])
            .with_projection(self.projection.clone())
            .with_batch_size(batch_rows(group, self.budget, is_read));
        let is_whole = segment.rows.first() == Some(&(0..rows));
        if !is_whole {
            builder = builder
                .with_row_selection(RowSelection::from_consecutive_ranges(segment.rows.into_iter(), rows));
        }
        if let Some(filter) = self.row_filter() {
            builder = builder.with_row_filter(filter);
        }
        builder.build().map_err(|source| self.failed(source))
    }

    fn row_filter(&self) -> Option<RowFilter> {
        let listed = self.wanted.ids.clone();
        if matches!(listed, Ids::All) && !self.tests_seq {
            return None;
        }
        let held = self.metadata.schema();
        let roots: Vec<_> = [ID, SEQ].iter().filter_map(|name| held.index_of(name).ok()).collect();
        let mask = ProjectionMask::roots(self.metadata.parquet_schema(), roots);
        let (after, until, path) = (self.wanted.after, self.wanted.until, self.path.clone());
        let test = move |batch: RecordBatch| {
            let external = |error: Error| ArrowError::ExternalError(Box::new(error));
            let ids = strings(&batch, ID, &path).map_err(external)?;
            let seqs = longs(&batch, SEQ, &path).map_err(external)?;
            let wanted = ids.iter().zip(seqs.values()).map(|(id, seq)| {
                let is_listed = id.is_some_and(|id| listed.hold(id));
                Some(is_listed && after < *seq && *seq <= until)
            });
            Ok(wanted.collect::<BooleanArray>())
        };
        Some(RowFilter::new(vec![Box::new(ArrowPredicateFn::new(mask, test))]))
    }

    fn failed(&self, source: ParquetError) -> Error {
        Error::reading_parquet(&Path::from(self.path.as_str()), source)
    }

    fn conform(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let rows = batch.num_rows();
        let column = |field: &arrow_schema::FieldRef| match batch.column_by_name(field.name()) {
            Some(column) => column.clone(),
            None => new_null_array(field.data_type(), rows),
        };
        let columns = self.schema.fields().iter().map(column).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)
            .map_err(|source| Error::Rows { path: self.path.clone(), source })
    }
}

/// Rows per batch, by the size of the decoded text of the columns that are read, where the footer tells it.
pub(crate) fn batch_rows(
    group: &RowGroupMetaData,
    budget: ReadBudget,
    is_read: impl Fn(usize) -> bool,
) -> usize {
    let rows = bytes(group.num_rows());
    let columns = group.columns().iter().enumerate().filter(|(leaf, _)| is_read(*leaf));
    let decoded: usize = columns
        .map(|(_, column)| match column.unencoded_byte_array_data_bytes() {
            Some(text) => bytes(text) + rows * size_of::<i32>(),
            None => bytes(column.uncompressed_size()).max(rows * size_of::<i64>()),
        })
        .sum();
    (budget.batch_bytes / (decoded / rows.max(1)).max(1)).clamp(1, budget.batch_rows)
}

/// Cuts sorted `ranges` into segments that span at most `segment_rows`, on multiples of it.
fn cut(row_group: usize, ranges: &[Range<usize>], segment_rows: usize) -> Vec<Segment> {
    let mut segments: Vec<(usize, Segment)> = Vec::new();
    for range in ranges {
        let mut start = range.start;
        while start < range.end {
            let number = start / segment_rows;
            let end = range.end.min((number + 1) * segment_rows);
            match segments.last_mut() {
                Some((last, segment)) if *last == number => segment.rows.push(start..end),
                _ => segments
                    .push((number, Segment { row_group, rows: std::iter::once(start..end).collect() })),
            }
            start = end;
        }
    }
    segments.into_iter().map(|(_, segment)| segment).collect()
}

fn bytes(told: i64) -> usize {
    usize::try_from(told).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_cut_on_page_borders() {
        let segment = |rows: &[(usize, usize)]| Segment {
            row_group: 3,
            rows: rows.iter().map(|(start, end)| *start..*end).collect(),
        };
        assert_eq!(cut(3, std::slice::from_ref(&(0..10)), 16), [segment(&[(0, 10)])]);
        let cut = cut(3, &[2..4, 6..20, 30..33], 8);
        let wanted: [&[(usize, usize)]; 5] =
            [&[(2, 4), (6, 8)], &[(8, 16)], &[(16, 20)], &[(30, 32)], &[(32, 33)]];
        assert_eq!(cut, wanted.map(segment));
    }
}
