//! The Id sweep: every Id of the org against every Id held, both in order, neither in memory.

use arrow_array::cast::AsArray;
use holdfast_domain::capture::absence::is_plausible;
use holdfast_domain::manifest::Gap;
use holdfast_domain::{ErrorCode, RecordId};
use holdfast_lake::BlockWriter;

use super::context::RunContext;
use super::id_sorter::{IdBytes, IdSorter};
use super::object_run::ObjectRun;
use crate::error::{Doing, Result};

/// Ids on one side only. Differences are few where capture works; a scratch file would serve if not.
#[derive(Debug, Default)]
pub(crate) struct Differences {
    /// Held as alive, but not in the org.
    pub(crate) gone: Vec<RecordId>,
    /// In the org, but not held as alive.
    pub(crate) missing: Vec<RecordId>,
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
                    differences.missing.extend(record_id(&org_id));
                    next = org_ids.next()?;
                }
                if next.is_some_and(|org_id| org_id.as_slice() == id.as_bytes()) {
                    next = org_ids.next()?;
                } else {
                    differences.gone.extend(RecordId::parse(id).ok());
                }
            }
        }
    }
    while let Some(org_id) = next {
        differences.missing.extend(record_id(&org_id));
        next = org_ids.next()?;
    }
    Ok(differences)
}

fn record_id(id: &IdBytes) -> Option<RecordId> {
    RecordId::parse(std::str::from_utf8(id).ok()?).ok()
}

/// Says of each that it is gone; when it went is not known. So many that a permission must have been
/// taken away are not believed, unless a person said so: nothing is marked, and the gap is named.
pub(crate) async fn push_tombstones(
    ctx: &RunContext,
    run: &mut ObjectRun,
    block: &mut BlockWriter<'_>,
    gone: Vec<RecordId>,
) -> Result<()> {
    let (absent, held) = (gone.len() as u64, run.held.live);
    if !is_plausible(absent, held) && !ctx.accepts_missing {
        run.gap = Some(Gap {
            code: ErrorCode::PermissionMissing,
            message: format!(
                "{absent} of {held} records are no longer visible, and neither the recycle bin nor the delete log \
                 explains it: the integration user has probably lost `View All Data` or `Query All Files`. None was \
                 marked as deleted; if they are gone indeed, back up once with `--accept-missing`"
            ),
            is_expected: false,
        });
        return Ok(());
    }
    let tombstones = gone.into_iter().map(|id| (id, None)).collect();
    block.push_tombstones(tombstones).await.doing(|| "store tombstones".to_owned())
}
