//! Where fetched records go: into a Block, into a list of Ids, or into both.

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use holdfast_lake::BlockWriter;

use super::id_sorter::IdSorter;
use crate::error::{Doing, Result};

/// Takes the records of a page, in one piece or in several. A page that broke off comes again from its start.
pub(crate) trait Sink: Send {
    fn push(&mut self, batches: Vec<RecordBatch>) -> impl Future<Output = Result<()>> + Send;
}

impl Sink for BlockWriter<'_> {
    async fn push(&mut self, batches: Vec<RecordBatch>) -> Result<()> {
        self.push_page(batches).await.doing(|| "store a page of records".to_owned())
    }
}

impl Sink for IdSorter {
    async fn push(&mut self, batches: Vec<RecordBatch>) -> Result<()> {
        for batch in &batches {
            for id in batch.column(0).as_string::<i32>().iter().flatten() {
                self.push(id)?;
            }
        }
        Ok(())
    }
}

/// Records into the Block, and the Ids of those that are not deleted into the sorter.
pub(crate) struct BlockAndIds<'a, 'w> {
    pub(crate) block: &'a mut BlockWriter<'w>,
    pub(crate) ids: &'a mut IdSorter,
}

impl Sink for BlockAndIds<'_, '_> {
    async fn push(&mut self, batches: Vec<RecordBatch>) -> Result<()> {
        for batch in &batches {
            let deleted = batch.column_by_name("IsDeleted").map(AsArray::as_string::<i32>);
            for (row, id) in batch.column(0).as_string::<i32>().iter().enumerate() {
                let is_deleted =
                    deleted.is_some_and(|flags| flags.is_valid(row) && flags.value(row) == "true");
                if let (Some(id), false) = (id, is_deleted) {
                    self.ids.push(id)?;
                }
            }
        }
        self.block.push(batches).await
    }
}
