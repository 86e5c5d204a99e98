//! Capture by time windows: the next Block after the Watermark, and the Watermark that it earns.

use holdfast_domain::capture::window::{Fit, OrgSecond, Window};
use holdfast_domain::change::Occasion;
use holdfast_domain::retry::Retry;
use holdfast_lake::TableWriter;
use holdfast_lake::delta::Marks;

use super::context::RunContext;
use super::fetch::{Fetched, Way, fetch};
use super::object_run::{CAUGHT_UP, ObjectRun, WATERMARK};
use super::probe;
use super::select::{Select, window_filter};
use super::turn::{BlockNote, Progress, begin_block, finish_block, give_up, plan};
use crate::error::{Doing, Error, Result, chain};

/// SOQL knows no earlier year.
const OLDEST: OrgSecond = OrgSecond(-8_520_336_000);

/// Reads and stores the next window. Done when the window with the open end is stored.
pub(crate) async fn next_block(
    ctx: &RunContext,
    run: &mut ObjectRun,
    writer: &mut TableWriter,
    stamp: &str,
) -> Result<Progress> {
    let policy = ctx.engine.settings().windows;
    // Read before the records are: what becomes visible later is left to the next window.
    let (started_at, org_now) = (ctx.now(), ctx.org_now());
    let from = run.cursor.unwrap_or_else(|| policy.start(run.held.watermark(), OLDEST));
    let mut window = Window { from, until: None };
    let mut expected = run.remaining_if_first();
    loop {
        if let Some(records) = expected
            && let Fit::Shorten(_) = policy.fit(window, records, org_now)
        {
            window = shorten(ctx, run, stamp, window, records, org_now).await?;
            expected = Some(count(ctx, run, stamp, window).await?);
            continue;
        }
        let select = Select::records(&run.described.schema, Some(window_filter(stamp, window)));
        let mut block = begin_block(ctx, run, writer, Occasion::Changes).await?;
        let fetched = match expected {
            // The Object has just been counted, and has no record.
            Some(0) if window.until.is_none() => Ok(Fetched::All { records: 0, way: Way::Rest }),
            _ => fetch(ctx, &select, plan(ctx, run, expected), &mut block).await,
        };
        match fetched {
            Ok(Fetched::TooMany { records }) => {
                give_up(block).await;
                expected = Some(records);
            }
            Ok(Fetched::All { records, way }) => {
                let (from_us, until_us) = (Some(window.from.as_us()), window.until.map(OrgSecond::as_us));
                let note = BlockNote { way: way.as_str(), from_us, until_us, records, started_at };
                let marks = marks(ctx, run, window, org_now);
                finish_block(ctx, run, block, marks, note).await?;
                run.cursor = window.until;
                return Ok(if window.until.is_some() { Progress::More } else { Progress::StepDone });
            }
            Err(error) => {
                give_up(block).await;
                window = half(ctx, run, stamp, window, org_now, error).await?;
                expected = None;
            }
        }
    }
}

/// What a window that was read at `org_now` earns.
fn marks(ctx: &RunContext, run: &mut ObjectRun, window: Window, org_now: OrgSecond) -> Marks {
    let policy = &ctx.engine.settings().windows;
    let reached = run.ceiling.watermark(policy, window, org_now, run.held.watermark());
    let mut marks = Marks::default();
    marks.0.insert(WATERMARK.to_owned(), reached.as_us());
    if window.until.is_none() && run.is_first_capture() {
        marks.0.insert(CAUGHT_UP.to_owned(), ctx.now().timestamp_micros());
    }
    marks
}

/// Half of a window that was too much for the org, or whose cursor was lost on the way, so that a
/// window that fails again and again comes to an end all the same. Any other failure stays one.
async fn half(
    ctx: &RunContext,
    run: &ObjectRun,
    stamp: &str,
    window: Window,
    org_now: OrgSecond,
    error: Error,
) -> Result<Window> {
    if error.retry() != Retry::Smaller && !error.is_cursor_lost() {
        return Err(error);
    }
    tracing::info!(org.id = %ctx.org, object = %run.object, "reading half of the window: {}", chain(&error));
    let from = begin(ctx, run, stamp, window).await?;
    Window { from, ..window }.half(org_now).ok_or(error)
}

/// The window cut to what should fit a Block.
async fn shorten(
    ctx: &RunContext,
    run: &ObjectRun,
    stamp: &str,
    window: Window,
    records: u64,
    org_now: OrgSecond,
) -> Result<Window> {
    let from = begin(ctx, run, stamp, window).await?;
    let moved = Window { from, ..window };
    match ctx.engine.settings().windows.fit(moved, records, org_now) {
        Fit::Shorten(shorter) => Ok(shorter),
        Fit::Take => Ok(moved),
    }
}

/// Where the window begins; if before any record, then at the oldest, so that it is cut where the records lie.
async fn begin(ctx: &RunContext, run: &ObjectRun, stamp: &str, window: Window) -> Result<OrgSecond> {
    if window.from != OLDEST {
        return Ok(window.from);
    }
    Ok(oldest(ctx, run, stamp).await?.unwrap_or(OLDEST))
}

async fn oldest(ctx: &RunContext, run: &ObjectRun, stamp: &str) -> Result<Option<OrgSecond>> {
    let soql = format!("SELECT MIN({stamp}) oldest FROM {}", run.object);
    let values = ctx
        .attempt(Some(&run.object), || async {
            let values = ctx.client.query_values(&soql, true).await;
            values.doing(|| format!("ask for the oldest record of `{}`", run.object))
        })
        .await?;
    let text = values.first().and_then(|row| row.get("oldest")).and_then(serde_json::Value::as_str);
    let kind = holdfast_domain::schema::FieldKind::DateTime;
    let us = text.and_then(|text| {
        holdfast_domain::value::timestamp_us(&holdfast_domain::value::canonical(&kind, text))
    });
    Ok(us.map(OrgSecond::from_us))
}

async fn count(ctx: &RunContext, run: &ObjectRun, stamp: &str, window: Window) -> Result<u64> {
    probe::count(ctx, &run.object, Some(&window_filter(stamp, window))).await
}

impl ObjectRun {
    /// The probe counted the whole Object: that is the window's count while nothing is held.
    fn remaining_if_first(&self) -> Option<u64> {
        let starts_at_the_oldest = self.held.watermark().is_none() || self.records_read > 0;
        (self.is_first_capture() && starts_at_the_oldest && self.probe.is_some()).then(|| self.remaining())
    }
}
