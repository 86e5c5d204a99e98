//! One turn of one Object: one Block of its first step, durable with its marks when the turn ends.

use holdfast_catalog::BlockId;
use holdfast_catalog::blocks::{self, Block};
use holdfast_catalog::objects::{self, Captured, Phase};
use holdfast_catalog::runs;
use holdfast_domain::ObjectName;
use holdfast_domain::capture::method::CaptureMethod;
use holdfast_domain::capture::window::OrgSecond;
use holdfast_domain::change::Occasion;
use holdfast_domain::manifest::Counts;
use holdfast_domain::retry::Retry;
use holdfast_lake::delta::Marks;
use holdfast_lake::{BlockContext, BlockWriter, CompactOptions, TableWriter};
use holdfast_salesforce::ApiErrorKind;

use super::context::RunContext;
use super::fetch::Plan;
use super::object_run::{Assignment, Held, ObjectRun, Step};
use super::{backfill, by_parent, verify, whole, windows};
use crate::error::{Doing, Error, Result};
use crate::events::Event;
use crate::lease;

/// Whether the first step has more Blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    More,
    StepDone,
}

/// A turn whose Block could not be stored is taken again from its start: nothing of it is visible
/// before its commit, and what was read stays in the org.
pub(crate) async fn take_with_retries(ctx: &RunContext, assignment: &mut Assignment) -> Result<()> {
    let mut failing_since = None;
    let mut attempt = 0;
    loop {
        let Err(error) = take(ctx, assignment).await else { return Ok(()) };
        let may_pass = match error.retry() {
            Retry::BackOff => true,
            // A time window was made as small as can be; there is no less of the others.
            Retry::Smaller => !matches!(assignment.run.steps.front(), Some(Step::Windows { .. })),
            Retry::After(_) | Retry::WhenLimitMoves | Retry::Never => false,
        };
        if !may_pass {
            return Err(error);
        }
        attempt += 1;
        let since = *failing_since.get_or_insert_with(|| ctx.now());
        let lasted = (ctx.now() - since).to_std().unwrap_or_default();
        if lasted >= ctx.give_up_after || attempt > MOST_TURNS {
            return Err(error);
        }
        ctx.retry_later(Some(&assignment.run.object), attempt, &error).await?;
    }
}

/// Each request has been repeated for `give_up_after` by then.
const MOST_TURNS: u32 = 5;

/// Does one turn under the lease of the table, so that no other process writes it meanwhile.
pub(crate) async fn take(ctx: &RunContext, assignment: &mut Assignment) -> Result<()> {
    let Assignment { run, writer } = assignment;
    let name = lease::of_table(&ctx.org, &run.object);
    let work = Box::pin(async {
        // Another process may have written since the plan was made.
        writer.refresh().await.doing(|| format!("open the table of `{}`", run.object))?;
        run.held = Held::of(writer);
        step(ctx, run, writer).await
    });
    ctx.engine.under_lease(&name, work).await
}

async fn step(ctx: &RunContext, run: &mut ObjectRun, writer: &mut TableWriter) -> Result<()> {
    let Some(step) = run.steps.front().cloned() else { return Ok(()) };
    if run.turns == 0 && run.is_first_capture() {
        let (db, phase) = (ctx.engine.catalog().db(), Phase::FirstCapture);
        let set = objects::set_phase(db, &ctx.org, &run.object, phase, None).await;
        set.doing(|| format!("note the phase of `{}`", run.object))?;
    }
    let outcome = match &step {
        Step::Windows { stamp } => windows::next_block(ctx, run, writer, stamp).await,
        Step::Whole => whole::capture(ctx, run, writer).await,
        Step::ByParent { parent, field } => by_parent::capture(ctx, run, writer, parent, field).await,
        Step::Backfill { filter } => backfill::capture(ctx, run, writer, filter.as_deref()).await,
        Step::Verify => verify::reconcile(ctx, run, writer).await,
        Step::Tidy => tidy(ctx, run, writer).await,
    };
    run.turns += 1;
    match outcome {
        Ok(Progress::More) => {}
        Ok(Progress::StepDone) => {
            run.steps.pop_front();
        }
        Err(error) => other_way(run, &step, error)?,
    }
    Ok(())
}

/// Each Block leaves small files; merged by the way, they never become so many that reading suffers.
async fn tidy(ctx: &RunContext, run: &mut ObjectRun, writer: &mut TableWriter) -> Result<Progress> {
    let doing = || format!("compact the table of `{}`", run.object);
    ctx.engine.confirm(&lease::of_table(&ctx.org, &run.object)).await?;
    writer.compact(&CompactOptions::at(ctx.now())).await.doing(doing)?;
    writer.vacuum(ctx.now()).await.doing(doing)?;
    run.held = Held::of(writer);
    Ok(Progress::StepDone)
}

/// Salesforce documents neither which Objects refuse Bulk nor which refuse filters, and the lists
/// change with each release: so the refusal itself chooses the next way to try.
fn other_way(run: &mut ObjectRun, step: &Step, error: Error) -> Result<()> {
    let next = match (error.api_kind(), step, &run.method) {
        (Some(ApiErrorKind::BulkUnsupported), ..) if !run.bulk_refused => {
            run.bulk_refused = true;
            return Ok(());
        }
        (Some(ApiErrorKind::FilterNeeded), Step::Whole, CaptureMethod::ByParent { parent, field }) => {
            let parent = ObjectName::parse(parent).map_err(|_| error)?;
            Step::ByParent { parent, field: field.clone() }
        }
        (Some(ApiErrorKind::FilterNeeded | ApiErrorKind::ObjectUnsupported), Step::Windows { .. }, _) => {
            Step::Whole
        }
        _ => return Err(error),
    };
    run.steps[0] = next;
    Ok(())
}

/// A Block of this Object, not yet holding anything.
pub(crate) async fn begin_block<'w>(
    ctx: &RunContext,
    run: &ObjectRun,
    writer: &'w mut TableWriter,
    occasion: Occasion,
) -> Result<BlockWriter<'w>> {
    let stamp_field = match &run.method {
        CaptureMethod::Windows { stamp } => Some(stamp.clone()),
        _ => run.described.schema.field("SystemModstamp").map(|field| field.name.clone()),
    };
    let begun = writer.begin_block(BlockContext {
        run: ctx.run.clone(),
        captured_at: ctx.now(),
        schema: run.described.hash.clone(),
        object_schema: run.described.schema.clone(),
        stamp_field,
        occasion,
    });
    begun.await.doing(|| format!("begin a block of `{}`", run.object))
}

pub(crate) fn plan(ctx: &RunContext, run: &ObjectRun, expected: Option<u64>) -> Plan {
    let rest_records = ctx.engine.settings().rest_records;
    Plan { all: true, expected, bulk_refused: run.bulk_refused, rest_records }
}

/// How a Block came about, for the timeline.
pub(crate) struct BlockNote {
    pub(crate) way: &'static str,
    pub(crate) from_us: Option<i64>,
    pub(crate) until_us: Option<i64>,
    pub(crate) records: u64,
    pub(crate) started_at: chrono::DateTime<chrono::Utc>,
}

/// Removes what the Block has written. A failure leaves files that no commit names, which the
/// lake's own cleaning removes.
pub(crate) async fn give_up(block: BlockWriter<'_>) {
    if let Err(error) = block.abandon().await {
        tracing::info!("a block that was given up left files behind: {error}");
    }
}

/// Makes the Block durable together with its marks, and tells about it.
pub(crate) async fn finish_block(
    ctx: &RunContext,
    run: &mut ObjectRun,
    mut block: BlockWriter<'_>,
    mut marks: Marks,
    note: BlockNote,
) -> Result<()> {
    if !run.awaits_backfill() {
        marks.0.entry(run.complete_mark()).or_insert_with(|| run.held.complete_at(ctx.started_at));
    }
    if note.records == 0 && run.held.knows(&marks) {
        // Nothing was read: a Watermark alone is not worth a commit a minute. The next window begins
        // as early as this one did.
        give_up(block).await;
        return Ok(());
    }
    let doing = || format!("store a block of `{}`", run.object);
    let flushed = match block.flush().await.doing(doing) {
        Ok(read) => ctx.engine.confirm(&lease::of_table(&ctx.org, &run.object)).await.map(|()| read),
        Err(error) => Err(error),
    };
    let read = match flushed {
        Ok(read) => read,
        Err(error) => {
            give_up(block).await;
            return Err(error);
        }
    };
    if note.way == backfill::WAY && read.versions() == 0 && run.held.knows(&marks) {
        // All was read again, and nothing is new.
        give_up(block).await;
        run.counts += read;
        return Ok(());
    }
    let set = marks.clone();
    let commit = block.finish(marks).await.doing(doing)?;
    let is_first = run.counts.versions() == 0;
    run.counts += commit.counts;
    run.held.committed(commit.table_version, commit.live_records, commit.counts, set);
    run.records_read += note.records;
    ctx.events.send(Event::BlockStored {
        object: run.object.clone(),
        records: note.records,
        counts: commit.counts,
        api_calls: ctx.calls(),
    });
    note_progress(ctx, run).await?;
    if commit.counts.versions() == 0 {
        return Ok(());
    }
    let row = Block {
        way: note.way.to_owned(),
        window_from_us: note.from_us,
        window_until_us: note.until_us,
        table_version: commit.table_version,
        counts: commit.counts,
        started_at: note.started_at,
        ..timeline_entry(ctx, &run.object)
    };
    let doing = || format!("write down a block of `{}`", run.object);
    let db = ctx.engine.catalog().db();
    blocks::insert(db, &row).await.doing(doing)?;
    runs::add_block(db, &ctx.run, commit.counts, is_first).await.doing(doing)
}

/// An entry of the Object's timeline that begins and ends now, and says nothing yet.
pub(crate) fn timeline_entry(ctx: &RunContext, object: &ObjectName) -> Block {
    let now = ctx.now();
    Block {
        id: BlockId::new(now),
        org: ctx.org.clone(),
        object: object.clone(),
        run: ctx.run.clone(),
        way: String::new(),
        window_from_us: None,
        window_until_us: None,
        table_version: None,
        counts: Counts::default(),
        started_at: now,
        finished_at: now,
        failure: None,
    }
}

/// How far the first capture of an Object is, for those who watch it.
async fn note_progress(ctx: &RunContext, run: &ObjectRun) -> Result<()> {
    let captured = Captured {
        at: ctx.now(),
        watermark_us: run.held.watermark().map(OrgSecond::as_us),
        kept: run.held.kept(),
        remaining_records: Some(run.remaining()),
    };
    let noted = objects::record_success(ctx.engine.catalog().db(), &ctx.org, &run.object, captured).await;
    noted.doing(|| format!("note the progress of `{}`", run.object))
}
