//! Capture of an Object that Salesforce answers only for named parents: asked for the parents that
//! the lake holds, a batch of Ids at a time, and compared with what is held.

use arrow_array::cast::AsArray;
use holdfast_domain::{ObjectName, RecordId};
use holdfast_lake::{BlockWriter, TableWriter};

use super::context::RunContext;
use super::fetch::{Fetched, Plan, fetch};
use super::id_sorter::IdSorter;
use super::object_run::ObjectRun;
use super::select::{Select, ids_filter, ids_per_query};
use super::sink::BlockAndIds;
use super::turn::{Progress, begin_block, give_up};
use super::whole;
use crate::error::{Doing, Result};

pub(crate) async fn capture(
    ctx: &RunContext,
    run: &mut ObjectRun,
    writer: &mut TableWriter,
    parent: &ObjectName,
    field: &str,
) -> Result<Progress> {
    let started_at = ctx.now();
    let mut block = begin_block(ctx, run, writer, run.occasion).await?;
    let mut ids = IdSorter::default();
    match read_all(ctx, run, parent, field, &mut block, &mut ids).await {
        Ok(records) => {
            whole::finish(ctx, run, block, ids, records, whole::BY_PARENT, started_at).await?;
            Ok(Progress::StepDone)
        }
        Err(error) => {
            give_up(block).await;
            Err(error)
        }
    }
}

async fn read_all(
    ctx: &RunContext,
    run: &ObjectRun,
    parent: &ObjectName,
    field: &str,
    block: &mut BlockWriter<'_>,
    ids: &mut IdSorter,
) -> Result<u64> {
    let doing = || format!("read the ids of `{parent}`");
    let Some(parents) = ctx.lake.table(parent).await.doing(doing)? else { return Ok(0) };
    let mut select = Select::records(&run.described.schema, None);
    let batch_length = ids_per_query(&select);
    let mut records = 0;
    let mut batch: Vec<RecordId> = Vec::with_capacity(batch_length);
    let mut rows = parents.live_ids().doing(doing)?;
    while let Some(page) = rows.next().await.doing(doing)? {
        for id in page.column(0).as_string::<i32>().iter().flatten() {
            batch.extend(RecordId::parse(id).ok());
            if batch.len() == batch_length {
                records += read_batch(ctx, &mut select, field, &mut batch, block, ids).await?;
            }
        }
    }
    if !batch.is_empty() {
        records += read_batch(ctx, &mut select, field, &mut batch, block, ids).await?;
    }
    Ok(records)
}

async fn read_batch(
    ctx: &RunContext,
    select: &mut Select,
    field: &str,
    batch: &mut Vec<RecordId>,
    block: &mut BlockWriter<'_>,
    ids: &mut IdSorter,
) -> Result<u64> {
    select.filter = Some(ids_filter(field, batch));
    batch.clear();
    // Bulk is no cheaper for a filter of a few hundred ids.
    let plan = Plan { all: true, expected: None, bulk_refused: true, rest_records: u64::MAX };
    let mut sink = BlockAndIds { block, ids };
    match fetch(ctx, select, plan, &mut sink).await? {
        Fetched::All { records, .. } | Fetched::TooMany { records } => Ok(records),
    }
}
