//! The proof after the work: as many live records in the org as in the lake; what differs is found and repaired.
//!
//! Deletes that left no trace in the recycle bin show here first. `getDeleted` names most of them
//! for one call; what is still unexplained is found by comparing all Ids.

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use holdfast_domain::RecordId;
use holdfast_domain::capture::method::CaptureMethod;
use holdfast_domain::change::Occasion;
use holdfast_domain::retry::Retry;
use holdfast_lake::TableWriter;
use holdfast_lake::delta::Marks;

use super::context::RunContext;
use super::doubt::{doubt, mark};
use super::fetch::{Fetched, Plan, fetch};
use super::id_sorter::IdSorter;
use super::object_run::{DELETED_UNTIL, ObjectRun, Step};
use super::select::{Select, ids_filter, ids_per_query, live_filter};
use super::turn::{BlockNote, Progress, begin_block, finish_block, plan};
use super::{probe, sweep};
use crate::error::{Doing, Error, Result};

/// `getDeleted` looks back 15 days at most (SOAP API Developer Guide, `getDeleted()`).
const DELETE_LOG: TimeDelta = TimeDelta::days(15);

pub(crate) async fn reconcile(
    ctx: &RunContext,
    run: &mut ObjectRun,
    writer: &mut TableWriter,
) -> Result<Progress> {
    let in_org = live_in_org(ctx, run).await?;
    if in_org != run.held.live
        && !run.has_looked_again
        && let CaptureMethod::Windows { stamp } = &run.method
    {
        // Most often somebody saved a record between the reading and the counting.
        run.has_looked_again = true;
        run.steps.push_front(Step::Windows { stamp: stamp.clone() });
        return Ok(Progress::More);
    }
    if in_org < run.held.live && run.described.schema.replicateable {
        apply_delete_log(ctx, run, writer).await?;
    }
    if in_org == run.held.live {
        forget_unexplained(ctx, run, writer).await?;
        run.is_verified = Some(true);
        return Ok(Progress::StepDone);
    }
    if in_org + run.held.unexplained() == run.held.live
        && let Some(gap) = doubt(ctx, run, run.held.unexplained()).await?
        && gap.is_expected
    {
        run.gap = Some(gap);
        run.is_verified = Some(false);
        return Ok(Progress::StepDone);
    }
    if ctx.engine.settings().precautions.id_sweep {
        repair_by_sweep(ctx, run, writer).await?;
    }
    let after = live_in_org(ctx, run).await?;
    // While the org itself goes on changing, a difference proves nothing; the next Run counts again.
    let is_still = after == in_org;
    run.is_verified = if after == run.held.live { Some(true) } else { is_still.then_some(false) };
    Ok(Progress::StepDone)
}

/// What was hidden for a while is seen again.
async fn forget_unexplained(ctx: &RunContext, run: &mut ObjectRun, writer: &mut TableWriter) -> Result<()> {
    if run.held.unexplained() == 0 {
        return Ok(());
    }
    let started_at = ctx.now();
    let mut marks = Marks::default();
    mark(run, 0, &mut marks);
    let block = begin_block(ctx, run, writer, Occasion::Changes).await?;
    let note = BlockNote { way: "count", from_us: None, until_us: None, records: 0, started_at };
    finish_block(ctx, run, block, marks, note).await
}

async fn live_in_org(ctx: &RunContext, run: &ObjectRun) -> Result<u64> {
    probe::count(ctx, &run.object, live_filter(&run.described.schema)).await
}

async fn apply_delete_log(ctx: &RunContext, run: &mut ObjectRun, writer: &mut TableWriter) -> Result<()> {
    let started_at = ctx.now();
    let until = DateTime::from_timestamp(ctx.org_now().0, 0).unwrap_or_else(|| ctx.now());
    let known = run.held.marks.0.get(DELETED_UNTIL).copied().and_then(DateTime::from_timestamp_micros);
    // A minute inside the window that Salesforce allows: the two clocks may differ.
    let earliest = until - DELETE_LOG + TimeDelta::minutes(1);
    let from = whole_minute(known.map_or(earliest, |known| known.max(earliest)));
    let until = whole_minute(until) + TimeDelta::minutes(1);
    let ask = || async {
        let deleted = ctx.client.get_deleted(&run.object, from, until).await;
        deleted.doing(|| format!("read the delete log of `{}`", run.object))
    };
    let log = match ctx.attempt(Some(&run.object), ask).await {
        Ok(log) => log,
        // The log does not reach back as far, or is not kept for this Object: the sweep will tell.
        Err(Error::Salesforce { source, doing }) if source.retry() == Retry::Never => {
            tracing::info!(org.id = %ctx.org, object = %run.object, "{doing}: {source}; comparing ids instead");
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let records = log.records.len() as u64;
    let tombstones: Vec<(RecordId, Option<i64>)> = log
        .records
        .into_iter()
        .map(|record| (record.id, Some(record.deleted_at.timestamp_micros())))
        .collect();
    let mut block = begin_block(ctx, run, writer, Occasion::Changes).await?;
    block.push_tombstones(tombstones).await.doing(|| format!("store tombstones of `{}`", run.object))?;
    let mut marks = Marks::default();
    if let Some(covered) = log.latest_covered {
        marks.0.insert(DELETED_UNTIL.to_owned(), covered.timestamp_micros());
    }
    let note = BlockNote { way: "delete log", from_us: None, until_us: None, records, started_at };
    finish_block(ctx, run, block, marks, note).await
}

fn whole_minute(time: DateTime<Utc>) -> DateTime<Utc> {
    time.with_second(0).and_then(|time| time.with_nanosecond(0)).unwrap_or(time)
}

async fn repair_by_sweep(ctx: &RunContext, run: &mut ObjectRun, writer: &mut TableWriter) -> Result<()> {
    let started_at = ctx.now();
    let select = Select::live_ids(&run.described.schema);
    let mut ids = IdSorter::default();
    let mut expected = Some(run.held.live);
    while let Fetched::TooMany { records } = fetch(ctx, &select, plan(ctx, run, expected), &mut ids).await? {
        expected = Some(records);
    }
    let differences = sweep::compare(ctx, run, ids).await?;
    let records = differences.gone.len() + differences.missing.len();
    let mut block = begin_block(ctx, run, writer, Occasion::Changes).await?;
    let mut select = Select::records(&run.described.schema, None);
    let ids_at_once = ids_per_query(&select);
    let mut missing = differences.missing.finish()?;
    loop {
        let ids = missing.next_chunk(ids_at_once)?;
        if ids.is_empty() {
            break;
        }
        select.filter = Some(ids_filter("Id", &ids));
        let plan = Plan { rest_records: u64::MAX, ..plan(ctx, run, None) };
        fetch(ctx, &select, plan, &mut block).await?;
    }
    let mut marks = Marks::default();
    sweep::push_tombstones(ctx, run, &mut block, differences.gone, &mut marks).await?;
    let note = BlockNote { way: "id sweep", from_us: None, until_us: None, records, started_at };
    finish_block(ctx, run, block, marks, note).await
}
