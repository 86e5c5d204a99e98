//! How our Parquet files are written: sizes, encodings, compression, statistics.
//!
//! Figures come from the measurements in ADR 1: zstd level 3, row groups of 131,072 rows, pages of 8,192, a
//! bloom filter on `Id`. Only `Id` and bookkeeping columns have statistics: those of a field would repeat its
//! values in the footer, where nothing reads them.

use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
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
/// A column that outgrows this has too many different values: zstd finds what repeats in them at less cost.
const DICTIONARY_BYTES: usize = 128 << 10;

/// For rows of about `row_bytes` before they are encoded.
pub(super) fn writer_properties(row_bytes: usize) -> WriterProperties {
    let id = ColumnPath::from(ID);
    let mut builder = WriterProperties::builder()
        .set_created_by(concat!("holdfast ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3).expect("3 is a zstd level")))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_max_row_group_bytes(Some(ROW_GROUP_BYTES))
        .set_data_page_row_count_limit(page_rows(row_bytes))
        .set_dictionary_page_size_limit(DICTIONARY_BYTES)
        // Lengths apart from texts: zstd makes both smaller than texts with their lengths between them.
        .set_encoding(Encoding::DELTA_LENGTH_BYTE_ARRAY)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_sorting_columns(Some(vec![SortingColumn {
            column_idx: 0,
            descending: false,
            nulls_first: true,
        }]))
        .set_column_statistics_enabled(id.clone(), EnabledStatistics::Page)
        .set_column_dictionary_enabled(id.clone(), false)
        .set_column_bloom_filter_enabled(id.clone(), true)
        .set_column_bloom_filter_fpp(id.clone(), 0.01)
        .set_column_bloom_filter_max_ndv(id, ROW_GROUP_ROWS as u64)
        .set_column_dictionary_enabled(ColumnPath::from(HASH), false)
        .set_column_dictionary_enabled(ColumnPath::from(MODSTAMP), false);
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
    fn pages_of_wide_rows_have_fewer_rows() {
        assert_eq!([0, 512, 513, 2_000, 1 << 30].map(page_rows), [8_192, 8_192, 4_096, 2_048, 1_024]);
    }
}
