//! What a Run will cost the org, as far as counting tells before anything is read.

use holdfast_domain::manifest::Trigger;

use super::context::RunContext;
use super::files;
use super::object_run::{Assignment, ObjectRun, Step};
use crate::engine::Settings;
use crate::events::Event;

/// Records of one REST page, and about as many of one page of a Bulk job's result.
const REST_PAGE: u64 = 2_000;
const BULK_PAGE: u64 = 200_000;
/// Where a window begins and ends, and how many records are in it.
const FINDING_A_WINDOW: u64 = 3;
/// Create, three looks at its state, and remove.
const BULK_JOB: u64 = 5;

/// Tells about how many calls will be made, and warns where the budget does not reach. A round of auto backup, of
/// which there is one a minute, only warns.
pub(crate) fn tell(ctx: &RunContext, assignments: &[Assignment]) {
    let settings = ctx.engine.settings();
    let calls: u64 = assignments.iter().map(|assignment| calls(&assignment.run, settings)).sum();
    let left = ctx.client.usage().map(|usage| ctx.budget.left(usage));
    let lacking = left.filter(|left| *left < calls);
    if ctx.trigger == Trigger::Auto && lacking.is_none() {
        return;
    }
    tracing::info!(org.id = %ctx.org, run.id = %ctx.run, "The Run needs about {calls} API calls");
    if let Some(left) = lacking {
        tracing::warn!(
            org.id = %ctx.org, run.id = %ctx.run,
            "about {calls} API calls are needed and {left} are left of the budget: \
             the Run will stop there, and the next one goes on once the 24-hour window has moved"
        );
    }
    ctx.events.send(Event::Forecast { api_calls: calls, left });
}

fn calls(run: &ObjectRun, settings: &Settings) -> u64 {
    let counted = run.probe.as_ref().map_or(0, |probe| probe.live + probe.deleted);
    let reading = |records: u64| {
        if records > settings.rest_records && !run.bulk_refused {
            BULK_JOB + records.div_ceil(BULK_PAGE)
        } else {
            records.div_ceil(REST_PAGE).max(1)
        }
    };
    let of_step = |step: &Step| match step {
        Step::Windows { .. } => {
            let blocks = run.remaining() / settings.windows.block_records;
            let shortened = blocks * (reading(settings.windows.block_records) + FINDING_A_WINDOW);
            shortened + reading(run.remaining() % settings.windows.block_records)
        }
        Step::Whole | Step::ByParent { .. } | Step::Backfill { .. } => reading(counted),
        Step::Verify => 1,
        Step::Tidy => 0,
    };
    let bodies = if files::has_bodies(run) { run.remaining() } else { 0 };
    run.steps.iter().map(of_step).sum::<u64>() + bodies
}
