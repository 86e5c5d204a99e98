//! From what was found to what is to be done: which steps each Object needs in this Run.

use std::collections::VecDeque;

use holdfast_catalog::objects;
use holdfast_catalog::settings;
use holdfast_domain::ObjectName;
use holdfast_domain::capture::drift::Drift;
use holdfast_domain::capture::method::CaptureMethod;
use holdfast_domain::capture::window::Ceiling;
use holdfast_domain::change::Occasion;
use holdfast_domain::manifest::{Counts, ObjectEntry};
use holdfast_lake::TableWriter;

use super::backfill::has_a_value;
use super::computed;
use super::context::RunContext;
use super::describes::stored;
use super::object_run::{Assignment, Held, ObjectRun, Step, newest_describe};
use super::outcome::Outcomes;
use super::probe::{self, Asked};
use super::scope::Found;
use crate::error::{Doing, Error, Result};
use crate::events::Event;

/// What each Object needs in this Run; one in which nothing changed has no steps. An Object whose
/// table cannot be opened fails alone.
pub(crate) async fn assignments(
    ctx: &RunContext,
    mut found: Vec<Found>,
    outcomes: &mut Outcomes,
) -> Result<Vec<Assignment>> {
    count(ctx, &mut found).await?;
    let mut assignments = Vec::with_capacity(found.len());
    for found in found {
        let object = found.object.clone();
        let assignment = match assignment(ctx, found).await {
            Ok(assignment) => assignment,
            Err(error) => {
                outcomes.failed(ctx, &object, &error, ObjectEntry::default()).await?;
                continue;
            }
        };
        let run = &assignment.run;
        ctx.events.send(Event::ObjectPlanned { object: run.object.clone(), records: run.remaining() });
        assignments.push(assignment);
    }
    Ok(assignments)
}

/// Counts what was not counted while the others were described.
async fn count(ctx: &RunContext, found: &mut [Found]) -> Result<()> {
    let mut uncounted: Vec<_> = found.iter_mut().filter(|found| found.probe == Asked::NotYet).collect();
    let questions: Vec<_> = uncounted.iter().map(|found| found.question()).collect();
    let told = probe::ask(ctx, &questions).await?;
    for (found, told) in uncounted.iter_mut().zip(told) {
        found.probe = told;
    }
    Ok(())
}

async fn assignment(ctx: &RunContext, found: Found) -> Result<Assignment> {
    let Found { object, described, method, gone_fields, probe } = found;
    let open = || async { ctx.lake.writer(&object).await.doing(|| format!("open the table of `{object}`")) };
    let writer = ctx.persist(Some(&object), open).await?;
    if writer.table().is_none() {
        ensure_never_held(ctx, &object).await?;
    }
    let bulk_refused = is_bulk_refused(ctx, &object).await?;
    let mut run = ObjectRun {
        object,
        described,
        method,
        steps: VecDeque::new(),
        held: Held::of(&writer),
        cursor: None,
        probe: probe.probe(),
        bulk_refused,
        has_looked_again: false,
        occasion: Occasion::Changes,
        ceiling: Ceiling::default(),
        turns: 0,
        records_read: 0,
        counts: Counts::default(),
        is_verified: None,
        computed_as_of: None,
        gone_fields,
        gap: None,
    };
    let backfill = backfill(ctx, &run, &writer).await?;
    run.occasion = backfill.as_ref().map_or(Occasion::Changes, |(occasion, _)| *occasion);
    let mut rereading = backfill.map(|(_, step)| step);
    if computed::is_due(ctx, &mut run).await? {
        rereading = Some(Step::Backfill { filter: None });
    }
    run.steps = steps(ctx, &run, rereading);
    let files = writer.table().map_or(0, |table| table.files().len());
    // A first capture writes files of full size, and would only be slowed down.
    if files >= MANY_FILES && !run.steps.is_empty() && !run.is_first_capture() {
        run.steps.push_back(Step::Tidy);
    }
    if run.is_first_capture() {
        let set =
            objects::set_remaining(ctx.engine.catalog().db(), &ctx.org, &run.object, run.remaining()).await;
        set.doing(|| format!("note what `{}` has still to read", run.object))?;
    }
    if run.steps.is_empty() {
        run.is_verified = Some(true);
    }
    Ok(Assignment { run, writer })
}

/// A table that was lost is not begun anew: that would hide what is gone, and answer the past with the present.
async fn ensure_never_held(ctx: &RunContext, object: &ObjectName) -> Result<()> {
    let known = objects::get(ctx.engine.catalog().db(), &ctx.org, object).await;
    let known = known.doing(|| format!("read what is known of `{object}`"))?;
    match known.map_or(0, |state| state.live_records) {
        0 => Ok(()),
        records => Err(Error::TableLost { object: object.clone(), records }),
    }
}

/// Reading passes through every file that may hold an Id: two dozen are still as quick as one.
const MANY_FILES: usize = 24;

fn steps(ctx: &RunContext, run: &ObjectRun, rereading: Option<Step>) -> VecDeque<Step> {
    let mut steps = VecDeque::new();
    match &run.method {
        CaptureMethod::None { .. } => {}
        // Reading everything fills in whatever is lacking.
        CaptureMethod::Whole | CaptureMethod::ByParent { .. } => steps.push_back(Step::Whole),
        CaptureMethod::Windows { stamp } => {
            if !is_quiet(ctx, run) {
                steps.push_back(Step::Windows { stamp: stamp.clone() });
            }
            steps.extend(rereading);
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
    let is_explained = run.held.unexplained() == 0;
    // What a describe lacks must be known to have been gone, even of an Object in which nothing
    // else changed: a field that is made anew looks like the one that was there before.
    let is_known = newest_describe(&run.held.marks).as_ref() == Some(&run.described.hash);
    let is_settled = is_explained && is_known && !run.is_first_capture();
    is_settled && probe.is_quiet(run.held.live, watermark, policy)
}

/// How to fill in fields that the newest describe has, and the describe under which everything held
/// is complete has not. Only of fields that were never captured the empty ones need no reading: one
/// that was emptied while it was hidden, or by a change of its type, would stand as it was.
async fn backfill(
    ctx: &RunContext,
    run: &ObjectRun,
    writer: &TableWriter,
) -> Result<Option<(Occasion, Step)>> {
    let Some(complete) = newest_describe(&run.held.marks).filter(|complete| *complete != run.described.hash)
    else {
        return Ok(None);
    };
    let before = stored(ctx, &run.object, complete).await?;
    let drift = Drift::between(&before.schema, &run.described.schema);
    let fields: Vec<_> = drift.to_backfill().map(str::to_owned).collect();
    if fields.is_empty() || !ctx.engine.settings().precautions.backfill {
        return Ok(None);
    }
    let table = writer.table();
    let columns = table.as_ref().map_or(&[][..], |table| table.columns());
    let was_captured = |field: &String| columns.iter().any(|column| column.eq_ignore_ascii_case(field));
    let is_shown_again = drift.added.iter().any(was_captured);
    let occasion = if is_shown_again { Occasion::FieldsShownAgain } else { Occasion::NewFields };
    let reads_all = fields.iter().any(was_captured);
    let filter = if reads_all { None } else { has_a_value(&run.described.schema, &fields) };
    Ok(Some((occasion, Step::Backfill { filter })))
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
