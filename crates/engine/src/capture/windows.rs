//! Capture by time windows: the next Block after the Watermark, and the Watermark that it earns.

use holdfast_domain::capture::window::{Fit, OrgSecond, Window};
use holdfast_lake::TableWriter;
use holdfast_lake::delta::Marks;

use super::context::RunContext;
use super::fetch::{Fetched, fetch};
use super::probe;
use super::select::{Select, window_filter};
use super::object_run::{CAUGHT_UP, ObjectRun, WATERMARK};
use super::turn::{BlockNote, Progress, begin_block, finish_block, give_up, plan};
use crate::error::{Doing, Result};

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
    let started_at = ctx.now();
    // Read before the records are: what becomes visible later is left to the next window.
    let org_now = ctx.org_now();
    let held = run.held.watermark();
    let from = run.cursor.unwrap_or_else(|| policy.start(held, OLDEST));
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
        let mut block = begin_block(ctx, run, writer, false).await?;
        match fetch(ctx, &select, plan(ctx, run, expected), &mut block).await {
            Ok(Fetched::TooMany { records }) => {
                give_up(block).await;
                expected = Some(records);
            }
            Ok(Fetched::All { records, way }) => {
                let reached = window.until.unwrap_or_else(|| policy.watermark_at(org_now, held));
                let reached = held.map_or(reached, |held| held.max(reached));
                let mut marks = Marks::default();
                marks.0.insert(WATERMARK.to_owned(), reached.as_us());
                if window.until.is_none() && run.is_first_capture() {
                    marks.0.insert(CAUGHT_UP.to_owned(), ctx.now().timestamp_micros());
                }
                let note = BlockNote {
                    way: way.as_str(),
                    from_us: Some(window.from.as_us()),
                    until_us: window.until.map(OrgSecond::as_us),
                    records,
                    started_at,
                };
                finish_block(ctx, run, block, marks, note).await?;
                run.cursor = window.until;
                return Ok(if window.until.is_some() { Progress::More } else { Progress::StepDone });
            }
            Err(error) => {
                give_up(block).await;
                return Err(error);
            }
        }
    }
}

/// The window cut to what should fit a Block. One that begins before any record is moved up to the
/// oldest first, so that the cut is made where the records lie.
async fn shorten(
    ctx: &RunContext,
    run: &ObjectRun,
    stamp: &str,
    window: Window,
    records: u64,
    org_now: OrgSecond,
) -> Result<Window> {
    let from = if window.from == OLDEST { oldest(ctx, run, stamp).await?.unwrap_or(OLDEST) } else { window.from };
    let moved = Window { from, ..window };
    match ctx.engine.settings().windows.fit(moved, records, org_now) {
        Fit::Shorten(shorter) => Ok(shorter),
        Fit::Take => Ok(moved),
    }
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
