//! How our Parquet files are written: sizes, encodings, compression, statistics.
//!
//! Figures come from the measurements in ADR 1 and, for encodings and compression, ADR 12: row groups of 131,072 rows, pages of 8,192, a
//! bloom filter on `Id`. Only `Id` and bookkeeping columns have statistics: those of a field would repeat its
//! values in the footer, where nothing reads them.

use std::collections::HashSet;

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch, StringArray};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

use super::layout::{BOOKKEEPING, HASH, ID, MODSTAMP};
use crate::delta::ColumnKind;

pub(crate) const ROW_GROUP_ROWS: usize = 131_072;
/// Rows of the largest page; smaller ones are this halved.
pub(crate) const PAGE_ROWS: usize = 8_192;
/// The Parquet writer looks every 1,024 rows whether a page is full.
const SMALLEST_PAGE_ROWS: usize = 1_024;
/// Whoever reads a file holds one page of every column, and a merge does so for many files at once.
const PAGES_BYTES: usize = 4 << 20;
/// A row group of very wide records is cut here, so that writing one stays in bounded memory.
const ROW_GROUP_BYTES: usize = 16 << 20;
/// Dictionaries larger than this cost memory per column and seldom pay.
const DICTIONARY_BYTES: usize = 256 << 10;
/// So many rows tell whether a column repeats itself.
const SAMPLE_ROWS: usize = 1_024;
/// Fewer values tell nothing.
const SAMPLE_VALUES: usize = 64;

/// What holds for all our files.
pub(crate) fn file_properties() -> WriterPropertiesBuilder {
    WriterProperties::builder()
        .set_created_by(concat!("holdfast ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_sorting_columns(Some(vec![SortingColumn {
            column_idx: 0,
            descending: false,
            nulls_first: true,
        }]))
}

/// For rows like those of `sample`, of about `row_bytes` each before they are encoded.
pub(crate) fn writer_properties(sample: &RecordBatch, row_bytes: usize) -> WriterProperties {
    let id = ColumnPath::from(ID);
    let zstd = |level| Compression::ZSTD(ZstdLevel::try_new(level).expect("it is a zstd level"));
    let mut builder = file_properties()
        .set_compression(zstd(3))
        // In hexadecimal digits a higher level finds repetitions that are none.
        .set_column_compression(ColumnPath::from(HASH), zstd(1))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_max_row_group_bytes(Some(ROW_GROUP_BYTES))
        .set_data_page_row_count_limit(page_rows(row_bytes))
        .set_dictionary_page_size_limit(DICTIONARY_BYTES)
        // Lengths apart from texts: zstd makes both smaller than texts with their lengths between them.
        .set_encoding(Encoding::DELTA_LENGTH_BYTE_ARRAY)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_column_statistics_enabled(id.clone(), EnabledStatistics::Page)
        .set_column_bloom_filter_enabled(id.clone(), true)
        .set_column_bloom_filter_fpp(id.clone(), 0.01)
        .set_column_bloom_filter_max_ndv(id, ROW_GROUP_ROWS as u64);
    for name in [ID, HASH, MODSTAMP].into_iter().chain(varied_columns(sample)) {
        builder = builder.set_column_dictionary_enabled(ColumnPath::from(name), false);
    }
    for (name, kind) in BOOKKEEPING {
        let column = ColumnPath::from(name);
        if name != HASH {
            builder = builder.set_column_statistics_enabled(column.clone(), EnabledStatistics::Page);
        }
        if kind != ColumnKind::Text {
            builder = builder.set_column_encoding(column, Encoding::DELTA_BINARY_PACKED);
        }
    }
    builder.build()
}

/// Text columns in which nearly every value is another. A dictionary of them is the column itself, and its indexes do
/// not compress; zstd finds what repeats in the texts.
fn varied_columns(sample: &RecordBatch) -> Vec<&str> {
    let schema = sample.schema_ref();
    let columns = schema.fields().iter().zip(sample.columns());
    let varied = columns.filter(|(_, column)| column.as_string_opt::<i32>().is_some_and(is_varied));
    varied.map(|(field, _)| field.name().as_str()).collect()
}

fn is_varied(column: &StringArray) -> bool {
    let sample = column.slice(0, column.len().min(SAMPLE_ROWS));
    let values = sample.len() - sample.null_count();
    let different: HashSet<&str> = sample.iter().flatten().collect();
    values >= SAMPLE_VALUES && different.len() * 10 > values * 9
}

fn page_rows(row_bytes: usize) -> usize {
    let mut rows = PAGE_ROWS;
    while rows > SMALLEST_PAGE_ROWS && rows * row_bytes > PAGES_BYTES {
        rows /= 2;
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_that_repeats_itself_has_a_dictionary_and_others_have_none() {
        let column = |of: &dyn Fn(usize) -> Option<String>| (0..2_000).map(of).collect::<StringArray>();
        assert!(is_varied(&column(&|row| Some(format!("name {row}")))));
        assert!(is_varied(&column(&|row| row.is_multiple_of(3).then(|| row.to_string()))));
        assert!(!is_varied(&column(&|row| Some((row % 900).to_string()))));
        assert!(
            !is_varied(&column(&|row| row.is_multiple_of(100).then(|| row.to_string()))),
            "too few to tell"
        );
        assert!(!is_varied(&column(&|_| None)));
    }

    #[test]
    fn pages_of_wide_rows_have_fewer_rows() {
        assert_eq!([0, 512, 513, 2_000, 1 << 30].map(page_rows), [8_192, 8_192, 4_096, 2_048, 1_024]);
    }
}
