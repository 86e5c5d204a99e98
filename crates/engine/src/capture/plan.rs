//! From what was found to what is to be done: which steps each Object needs in this Run.

use std::collections::VecDeque;

use holdfast_catalog::{objects, settings};
use holdfast_domain::ObjectName;
use holdfast_domain::capture::drift::Drift;
use holdfast_domain::capture::method::CaptureMethod;
use holdfast_domain::manifest::Counts;
use holdfast_domain::SchemaHash;

use super::context::RunContext;
use super::probe::{self, Probe, Question};
use super::scope::{Found, stored};
use super::object_run::{Assignment, COMPLETE, Held, ObjectRun, Step};
use crate::error::{Doing, Result};
use crate::events::Event;

/// What each Object needs in this Run; one in which nothing changed has no steps.
pub(crate) async fn assignments(ctx: &RunContext, found: Vec<Found>) -> Result<Vec<Assignment>> {
    let questions: Vec<_> = found
        .iter()
        .map(|found| Question { described: &found.described, stamp: stamp(&found.method) })
        .collect();
    let probes = probe::ask(ctx, &questions).await?;
    let mut assignments = Vec::with_capacity(found.len());
    for (found, probe) in found.into_iter().zip(probes) {
        let assignment = assignment(ctx, found, probe).await?;
        let run = &assignment.run;
        ctx.events.send(Event::ObjectPlanned { object: run.object.clone(), records: run.remaining() });
        assignments.push(assignment);
    }
    Ok(assignments)
}

fn stamp(method: &CaptureMethod) -> Option<&str> {
    match method {
        CaptureMethod::Windows { stamp } => Some(stamp),
        _ => None,
    }
}

async fn assignment(ctx: &RunContext, found: Found, probe: Option<Probe>) -> Result<Assignment> {
    let Found { object, described, method } = found;
    let writer = ctx.lake.writer(&object).await.doing(|| format!("open the table of `{object}`"))?;
    let bulk_refused = is_bulk_refused(ctx, &object).await?;
    let mut run = ObjectRun {
        object,
        described,
        method,
        steps: VecDeque::new(),
        held: Held::of(&writer),
        cursor: None,
        probe,
        bulk_refused,
        turns: 0,
        records_read: 0,
        counts: Counts::default(),
        is_verified: None,
    };
    let backfill = fields_to_backfill(ctx, &run).await?;
    run.steps = steps(ctx, &run, backfill);
    let files = writer.table().map_or(0, |table| table.files().len());
    // A first capture writes files of full size, and would only be slowed down.
    if files >= MANY_FILES && !run.steps.is_empty() && !run.is_first_capture() {
        run.steps.push_back(Step::Tidy);
    }
    if run.steps.is_empty() {
        run.is_verified = Some(true);
    }
    Ok(Assignment { run, writer })
}

/// Reading passes through every file that may hold an Id: two dozen are still as quick as one.
const MANY_FILES: usize = 24;

fn steps(ctx: &RunContext, run: &ObjectRun, backfill: Vec<String>) -> VecDeque<Step> {
    let mut steps = VecDeque::new();
    match &run.method {
        CaptureMethod::None { .. } => {}
        CaptureMethod::Whole | CaptureMethod::ByParent { .. } => steps.push_back(Step::Whole),
        CaptureMethod::Windows { stamp } => {
            if !is_quiet(ctx, run) {
                steps.push_back(Step::Windows { stamp: stamp.clone() });
            }
            if !backfill.is_empty() {
                steps.push_back(Step::Backfill { fields: backfill });
            }
            if !steps.is_empty() {
                steps.push_back(Step::Verify);
            }
        }
    }
    steps
}

fn is_quiet(ctx: &RunContext, run: &ObjectRun) -> bool {
    let (Some(probe), Some(watermark)) = (&run.probe, run.held.watermark()) else { return false };
    let policy = &ctx.engine.settings().windows;
    !run.is_first_capture() && probe.is_quiet(run.held.live, watermark, policy)
}

/// Fields that the newest describe has, and the describe under which everything held is complete has not.
async fn fields_to_backfill(ctx: &RunContext, run: &ObjectRun) -> Result<Vec<String>> {
    let Some(complete) = newest_complete(&run.held) else { return Ok(Vec::new()) };
    if complete == run.described.hash {
        return Ok(Vec::new());
    }
    let before = stored(ctx, &run.object, complete).await?;
    let drift = Drift::between(&before.schema, &run.described.schema);
    Ok(drift.to_backfill().map(str::to_owned).collect())
}

fn newest_complete(held: &Held) -> Option<SchemaHash> {
    let marks = held.marks.0.iter().filter_map(|(name, at)| Some((name.strip_prefix(COMPLETE)?, at)));
    let (hash, _) = marks.max_by_key(|(_, at)| **at)?;
    SchemaHash::parse(hash).ok()
}

fn bulk_refused_key(ctx: &RunContext, object: &ObjectName) -> String {
    format!("bulk_refused/{}/{object}", ctx.org)
}

async fn is_bulk_refused(ctx: &RunContext, object: &ObjectName) -> Result<bool> {
    let found = settings::get(ctx.engine.catalog().db(), &bulk_refused_key(ctx, object)).await;
    Ok(found.doing(|| "read a setting".to_owned())?.is_some())
}

/// Keeps what was learnt by being refused, so that it is not tried again each time.
pub(crate) async fn remember_ways(ctx: &RunContext, run: &ObjectRun, was_refused: bool) -> Result<()> {
    let db = ctx.engine.catalog().db();
    if run.bulk_refused && !was_refused {
        let set = settings::set(db, &bulk_refused_key(ctx, &run.object), "true", ctx.now()).await;
        set.doing(|| "write a setting".to_owned())?;
    }
    let fell_back = matches!(run.method, CaptureMethod::Windows { .. }) && run.steps.contains(&Step::Whole);
    if fell_back {
        let set = objects::set_method(db, &ctx.org, &run.object, &CaptureMethod::Whole).await;
        set.doing(|| format!("note how `{}` is read", run.object))?;
    }
    Ok(())
}
