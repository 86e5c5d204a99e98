//! How our Parquet files are written: sizes, compression, statistics.
//!
//! Figures come from the measurements in ADR 1: zstd level 3, row groups of 131,072 rows, pages of 8,192, a
//! bloom filter on `Id`. Only `Id` and bookkeeping columns have statistics: those of a field would repeat its
//! values in the footer, where nothing reads them.

use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::layout::{BOOKKEEPING, HASH, ID};

pub(crate) const ROW_GROUP_ROWS: usize = 131_072;
pub(crate) const PAGE_ROWS: usize = 8_192;
/// A row group of very wide records is cut here, so that writing one stays in bounded memory.
const ROW_GROUP_BYTES: usize = 64 << 20;
/// Dictionaries larger than this cost memory per column and seldom pay.
const DICTIONARY_BYTES: usize = 256 << 10;

pub(super) fn writer_properties() -> WriterProperties {
    let id = ColumnPath::from(ID);
    let mut builder = WriterProperties::builder()
        .set_created_by(concat!("holdfast ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3).expect("3 is a zstd level")))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_max_row_group_bytes(Some(ROW_GROUP_BYTES))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_dictionary_page_size_limit(DICTIONARY_BYTES)
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
        .set_column_dictionary_enabled(ColumnPath::from(HASH), false);
    for (name, _) in BOOKKEEPING.iter().filter(|(name, _)| *name != HASH) {
        builder = builder.set_column_statistics_enabled(ColumnPath::from(*name), EnabledStatistics::Page);
    }
    builder.build()
}
