//! `holdfast rebuild`: reads the catalog back from the lake.

use std::fmt::Write as _;

use anyhow::Result;
use clap::Args;
use holdfast_engine::rebuild::{NotRead, RebuildReport};

use super::manifest_view::counted;
use crate::exit::Exit;
use crate::invocation::Invocation;
use crate::render::cell_text;

/// Read a lost catalog back from the lake
///
/// Orgs, finished runs and where each object stands come back. Connections do not, because secrets are
/// never in the lake: connect each org again with `holdfast org add` under the same name. API budgets and
/// the switches of auto backup are set anew, and runs that were killed are forgotten.
///
/// A SQLite file that is damaged is set aside, and a lost `holdfast.json` is written anew.
///
/// What else is damaged is left out and named; then it ends with 3. It may be repeated at any time.
#[derive(Args)]
#[command(after_help = "Example:\n  holdfast rebuild")]
pub(crate) struct RebuildArgs {}

pub(crate) async fn run(_: RebuildArgs, invocation: Invocation) -> Result<Exit> {
    let engine = invocation.engine_to_rebuild().await?;
    let report = engine.rebuild().await?;
    invocation.output.answer(&report, |report, _| text(report))?;
    Ok(if report.not_read.is_empty() { Exit::Done } else { Exit::Gaps })
}

fn text(report: &RebuildReport) -> String {
    let mut text = String::new();
    for not_read in &report.not_read {
        let _ = writeln!(text, "{}: {}", what(not_read), cell_text(&not_read.message, 500));
    }
    let _ = writeln!(
        text,
        "read back from the lake: {}, {}, {}",
        counted(report.orgs, "org"),
        counted(report.objects, "object"),
        counted(report.runs, "run")
    );
    if !report.not_read.is_empty() {
        let places = counted(report.not_read.len() as u64, "place");
        let _ = writeln!(
            text,
            "{places} could not be read, as named above\n\
             hint: `holdfast check` names every damaged file; put them back from a copy of the lake, then rebuild again"
        );
    }
    text.push_str("next: connect each org again with `holdfast org add` under the same name\n");
    text
}

fn what(not_read: &NotRead) -> String {
    let NotRead { org, object, run, .. } = not_read;
    match (object, run) {
        (Some(object), _) => format!("object {object} of org {org}"),
        (None, Some(run)) => format!("run {run} of org {org}"),
        (None, None) => format!("org {org}"),
    }
}
