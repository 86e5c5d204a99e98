//! The Id sweep: every Id of the org against every Id held, both in order, neither in memory.

use arrow_array::cast::AsArray;
use holdfast_lake::BlockWriter;
use holdfast_lake::delta::Marks;

use super::context::RunContext;
use super::doubt::{doubt, mark};
use super::id_sorter::IdSorter;
use super::object_run::ObjectRun;
use crate::error::{Doing, Result};

/// Ids on one side only; few where capture works.
pub(crate) struct Differences {
    /// Held as alive, but not in the org.
    pub(crate) gone: IdSorter,
    /// In the org, but not held as alive.
    pub(crate) missing: IdSorter,
}

/// Compares the Ids of all live records of the org with those that the lake holds as alive.
pub(crate) async fn compare(ctx: &RunContext, run: &ObjectRun, org_ids: IdSorter) -> Result<Differences> {
    let mut missing = IdSorter::default();
    let gone = walk(ctx, run, org_ids, Some(&mut missing)).await?;
    Ok(Differences { gone, missing })
}

/// The Ids that are held as alive, but not in the org.
pub(crate) async fn gone(ctx: &RunContext, run: &ObjectRun, org_ids: IdSorter) -> Result<IdSorter> {
    walk(ctx, run, org_ids, None).await
}

async fn walk(
    ctx: &RunContext,
    run: &ObjectRun,
    org_ids: IdSorter,
    mut missing: Option<&mut IdSorter>,
) -> Result<IdSorter> {
    let mut gone = IdSorter::default();
    let mut org_ids = org_ids.finish()?;
    let mut next = org_ids.next()?;
    let mut note_missing = |id| missing.as_mut().map_or(Ok(()), |missing| missing.push_bytes(id));
    let doing = || format!("read the ids of `{}`", run.object);
    let held = ctx.lake.table(&run.object).await.doing(doing)?;
    if let Some(held) = held {
        let mut rows = held.live_ids().doing(doing)?;
        while let Some(batch) = rows.next().await.doing(doing)? {
            for id in batch.column(0).as_string::<i32>().iter().flatten() {
                while let Some(org_id) = next.filter(|org_id| org_id.as_slice() < id.as_bytes()) {
                    note_missing(org_id)?;
                    next = org_ids.next()?;
                }
                if next.is_some_and(|org_id| org_id.as_slice() == id.as_bytes()) {
                    next = org_ids.next()?;
                } else {
                    gone.push(id)?;
                }
            }
        }
    }
    while let Some(org_id) = next {
        note_missing(org_id)?;
        next = org_ids.next()?;
    }
    Ok(gone)
}

/// Says of each that it is gone; when it went is not known. Those that may only be hidden from the user are
/// not believed, unless a person said so: nothing is marked, and the gap is named.
pub(crate) async fn push_tombstones(
    ctx: &RunContext,
    run: &mut ObjectRun,
    block: &mut BlockWriter<'_>,
    gone: IdSorter,
    marks: &mut Marks,
) -> Result<()> {
    if let Some(gap) = doubt(ctx, run, gone.len()).await? {
        mark(run, gone.len(), marks);
        run.gap = Some(gap);
        return Ok(());
    }
    mark(run, 0, marks);
    let mut gone = gone.finish()?;
    loop {
        let chunk = gone.next_chunk(TOMBSTONES_AT_ONCE)?;
        if chunk.is_empty() {
            return Ok(());
        }
        let tombstones = chunk.into_iter().map(|id| (id, None)).collect();
        block.push_tombstones(tombstones).await.doing(|| "store tombstones".to_owned())?;
    }
}

const TOMBSTONES_AT_ONCE: usize = 10_000;
