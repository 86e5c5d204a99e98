//! `holdfast rebuild`: reads the catalog back from the lake.

use anyhow::Result;
use clap::Args;
use holdfast_engine::rebuild::RebuildReport;

use super::manifest_view::counted;
use crate::exit::Exit;
use crate::invocation::Invocation;

/// Read a lost catalog back from the lake
///
/// Orgs, runs and where each object stands come back; connections do not, because secrets are never
/// in the lake: connect each org again with `holdfast org add` under the same name.
#[derive(Args)]
#[command(after_help = "Example:\n  holdfast rebuild")]
pub(crate) struct RebuildArgs {}

pub(crate) async fn run(_: RebuildArgs, invocation: Invocation) -> Result<Exit> {
    let engine = invocation.engine().await?;
    let report = engine.rebuild().await?;
    invocation.output.answer(&report, |report, _| text(report))?;
    Ok(Exit::Done)
}

fn text(report: &RebuildReport) -> String {
    format!(
        "read back from the lake: {}, {}, {}\nnext: connect each org again with `holdfast org add` under the same name\n",
        counted(report.orgs, "org"),
        counted(report.objects, "object"),
        counted(report.runs, "run")
    )
}
