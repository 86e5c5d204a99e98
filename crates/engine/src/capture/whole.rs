//! Capture of an Object that offers no time to filter by: read whole, and compared with what is held.

use holdfast_lake::delta::Marks;
use holdfast_lake::{BlockWriter, TableWriter};

use super::computed;
use super::context::RunContext;
use super::fetch::{Fetched, fetch};
use super::id_sorter::IdSorter;
use super::object_run::{CAUGHT_UP, ObjectRun};
use super::select::Select;
use super::sink::BlockAndIds;
use super::sweep;
use super::turn::{BlockNote, Progress, begin_block, finish_block, give_up, plan};
use crate::error::Result;

pub(crate) async fn capture(
    ctx: &RunContext,
    run: &mut ObjectRun,
    writer: &mut TableWriter,
) -> Result<Progress> {
    let started_at = ctx.now();
    let select = Select::records(&run.described.schema, None);
    let mut expected = run.probe.as_ref().map(|probe| probe.live + probe.deleted);
    loop {
        let mut block = begin_block(ctx, run, writer, run.occasion).await?;
        let mut ids = IdSorter::default();
        let mut sink = BlockAndIds { block: &mut block, ids: &mut ids };
        match fetch(ctx, &select, plan(ctx, run, expected), &mut sink).await {
            Ok(Fetched::TooMany { records }) => {
                give_up(block).await;
                expected = Some(records);
            }
            Ok(Fetched::All { records, way }) => {
                finish(ctx, run, block, ids, records, way.as_str(), started_at).await?;
                return Ok(Progress::StepDone);
            }
            Err(error) => {
                give_up(block).await;
                return Err(error);
            }
        }
    }
}

/// Ends a Block that has read every record there is: what is held and was not read is gone.
pub(crate) async fn finish(
    ctx: &RunContext,
    run: &mut ObjectRun,
    mut block: BlockWriter<'_>,
    ids: IdSorter,
    records: u64,
    way: &'static str,
    started_at: chrono::DateTime<chrono::Utc>,
) -> Result<()> {
    let gone = sweep::gone(ctx, run, ids).await?;
    // A Tombstone is as good a reason for a commit as a record.
    let records = records + gone.len();
    let mut marks = Marks::default();
    sweep::push_tombstones(ctx, run, &mut block, gone, &mut marks).await?;
    if run.is_first_capture() {
        marks.0.insert(CAUGHT_UP.to_owned(), ctx.now().timestamp_micros());
    }
    let note = BlockNote { way, from_us: None, until_us: None, records, started_at };
    finish_block(ctx, run, block, marks, note).await?;
    // Whatever is held was either read, or is named as missed.
    run.is_verified = run.gap.is_none().then_some(true);
    computed::note(ctx, run, started_at).await
}

/// The name of a way that is neither REST nor Bulk alone.
pub(crate) const BY_PARENT: &str = "rest by parent";
