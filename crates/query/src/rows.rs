//! Streams a view's rows out of the lake: only the columns that are needed, typed batch by batch.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow_schema::SchemaRef;
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use holdfast_domain::RecordId;
use holdfast_lake::{IdRange, RowStream, StateQuery};

use crate::view::{Column, Reading, Source};
use crate::{Error, Result};

type StoredRows = BoxStream<'static, holdfast_lake::Result<RecordBatch>>;

/// Records that are looked up one by one; more of them are read as one range of Ids.
const MOST_SINGLE_IDS: usize = 64;
const BEFORE_ALL: i64 = -1;

/// The rows of one scan. Executing it opens the lake's stream; dropping that stream ends the reading.
#[derive(Debug)]
pub(crate) struct ViewRows {
    pub(crate) source: Option<Source>,
    pub(crate) is_history: bool,
    pub(crate) columns: Vec<Column>,
    pub(crate) schema: SchemaRef,
    /// Only these records, if the query names them by Id.
    pub(crate) ids: Option<Vec<String>>,
}

impl PartitionStream for ViewRows {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let schema = Arc::clone(&self.schema);
        let columns = self.columns.clone();
        let typed_schema = Arc::clone(&self.schema);
        let batches = self.stored_rows().map(move |batch| {
            let batch = batch.map_err(Error::from)?;
            typed(&batch, &columns, &typed_schema).map_err(DataFusionError::from)
        });
        Box::pin(RecordBatchStreamAdapter::new(schema, batches))
    }
}

impl ViewRows {
    /// The rows as the lake keeps them.
    fn stored_rows(&self) -> StoredRows {
        let Some(source) = self.source.clone() else {
            return stream::empty().boxed();
        };
        let columns: Vec<String> = self.columns.iter().filter_map(|column| column.stored.clone()).collect();
        match (self.is_history, self.ids.as_deref()) {
            (false, None) => state(&source, columns, None),
            (false, Some(ids)) => {
                let parts =
                    ranges(ids).into_iter().map(move |range| state(&source, columns.clone(), Some(range)));
                stream::iter(parts).flatten().boxed()
            }
            (true, Some(ids)) if ids.len() <= MOST_SINGLE_IDS => {
                let ids: Vec<_> = distinct(ids).iter().filter_map(|id| RecordId::parse(id).ok()).collect();
                stream::iter(ids).flat_map(move |id| history(source.clone(), id)).boxed()
            }
            (true, _) => opened(source.table.versions_between(BEFORE_ALL, source.version, Some(columns))),
        }
    }
}

fn state(source: &Source, columns: Vec<String>, ids: Option<IdRange>) -> StoredRows {
    let query = StateQuery { as_of: Some(source.version), columns: Some(columns), with_deleted: false, ids };
    opened(source.table.state(query))
}

/// The versions of one record that the moment has.
fn history(source: Source, id: RecordId) -> StoredRows {
    let batches = async move {
        let batches = source.table.history(&id).await?;
        let up_to_moment = batches.into_iter().filter_map(move |batch| up_to(&batch, source.version));
        Ok(stream::iter(up_to_moment.map(Ok)))
    };
    stream::once(batches).try_flatten().boxed()
}

fn up_to(batch: &RecordBatch, version: i64) -> Option<RecordBatch> {
    let seqs = batch.column_by_name("_seq")?.as_primitive::<Int64Type>();
    // Versions come oldest first.
    let rows = seqs.values().partition_point(|seq| *seq <= version);
    Some(batch.slice(0, rows))
}

/// Each Id by itself, or one range over all if there are many.
fn ranges(ids: &[String]) -> Vec<IdRange> {
    let ids = distinct(ids);
    match (ids.first(), ids.last()) {
        (Some(first), Some(last)) if ids.len() > MOST_SINGLE_IDS => {
            vec![IdRange { from: (*first).clone(), until: (*last).clone() }]
        }
        _ => ids.into_iter().map(|id| IdRange { from: id.clone(), until: id.clone() }).collect(),
    }
}

/// In order, because the rows of a scan come in the order of Ids.
fn distinct(ids: &[String]) -> BTreeSet<&String> {
    ids.iter().collect()
}

fn opened(rows: holdfast_lake::Result<RowStream>) -> StoredRows {
    match rows {
        Ok(rows) => rows.boxed(),
        Err(error) => stream::once(async { Err(error) }).boxed(),
    }
}

/// Picks the columns out of a batch of the lake and gives them their types.
fn typed(batch: &RecordBatch, columns: &[Column], schema: &SchemaRef) -> Result<RecordBatch> {
    let arrays = columns.iter().map(|column| cells(batch, column)).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), arrays, &options)
        .map_err(|error| Error::Engine { source: Box::new(error.into()) })
}

fn cells(batch: &RecordBatch, column: &Column) -> ArrayRef {
    let stored = column.stored.as_ref().and_then(|name| batch.column_by_name(name));
    match (stored, &column.reading) {
        (Some(array), Reading::Field(column_type)) => match array.as_string_opt::<i32>() {
            Some(text) => column_type.cast(text),
            None => new_null_array(&column_type.arrow(), batch.num_rows()),
        },
        (Some(array), Reading::AsStored(_)) => Arc::clone(array),
        (None, _) => new_null_array(&column.data_type(), batch.num_rows()),
    }
}
