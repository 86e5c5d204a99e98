//! The Id sweep: every Id of the org against every Id held, both in order, neither in memory.

use arrow_array::cast::AsArray;
use holdfast_domain::ErrorCode;
use holdfast_domain::capture::absence::is_plausible;
use holdfast_domain::manifest::{Gap, Trigger};
use holdfast_lake::BlockWriter;
use holdfast_lake::delta::Marks;

use super::context::RunContext;
use super::id_sorter::IdSorter;
use super::object_run::{ObjectRun, UNEXPLAINED};
use crate::error::{Doing, Result};

/// Ids on one side only. They are few where capture works, and all of them when an Object is read whole for
/// the first time.
#[derive(Default)]
pub(crate) struct Differences {
    /// Held as alive, but not in the org.
    pub(crate) gone: IdSorter,
    /// In the org, but not held as alive.
    pub(crate) missing: IdSorter,
}

/// Compares the Ids of all live records of the org with those that the lake holds as alive.
pub(crate) async fn compare(ctx: &RunContext, run: &ObjectRun, org_ids: IdSorter) -> Result<Differences> {
    let mut differences = Differences::default();
    let mut org_ids = org_ids.finish()?;
    let mut next = org_ids.next()?;
    let doing = || format!("read the ids of `{}`", run.object);
    let held = ctx.lake.table(&run.object).await.doing(doing)?;
    if let Some(held) = held {
        let mut rows = held.live_ids().doing(doing)?;
        while let Some(batch) = rows.next().await.doing(doing)? {
            for id in batch.column(0).as_string::<i32>().iter().flatten() {
                while let Some(org_id) = next.filter(|org_id| org_id.as_slice() < id.as_bytes()) {
                    differences.missing.push_bytes(org_id)?;
                    next = org_ids.next()?;
                }
                if next.is_some_and(|org_id| org_id.as_slice() == id.as_bytes()) {
                    next = org_ids.next()?;
                } else {
                    differences.gone.push(id)?;
                }
            }
        }
    }
    while let Some(org_id) = next {
        differences.missing.push_bytes(org_id)?;
        next = org_ids.next()?;
    }
    Ok(differences)
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
    let absent = gone.len();
    if let Some(gap) = doubt(ctx, run, absent).await? {
        run.gap = Some(gap);
        marks.0.insert(UNEXPLAINED.to_owned(), i64::try_from(absent).unwrap_or(i64::MAX));
        return Ok(());
    }
    if run.held.unexplained() > 0 {
        marks.0.insert(UNEXPLAINED.to_owned(), 0);
    }
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

/// Why `absent` records that are held as alive and not seen in the org are not to be marked as deleted, if so.
pub(crate) async fn doubt(ctx: &RunContext, run: &ObjectRun, absent: u64) -> Result<Option<Gap>> {
    if absent == 0 || ctx.accepts_missing {
        return Ok(None);
    }
    let held = run.held.live;
    let reason = match ctx.permissions().await?.missing_to_see_all(&run.object) {
        Some(missing) => {
            format!("the integration user lacks `{missing}`, so they may only be hidden from it")
        }
        None if is_plausible(absent, held) => return Ok(None),
        None => "so many at once are most often hidden by a permission that was taken away".to_owned(),
    };
    let message = format!(
        "{absent} of {held} records are no longer visible, and neither the recycle bin nor the delete log explains it; \
         {reason}. None was marked as deleted; if they are gone indeed, back up once with `--accept-missing`"
    );
    // A person who starts a Run is told each time, auto backup notes it once.
    let is_expected = ctx.trigger == Trigger::Auto && absent == run.held.unexplained();
    Ok(Some(Gap { code: ErrorCode::PermissionMissing, message, is_expected }))
}
