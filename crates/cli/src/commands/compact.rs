//! `holdfast compact`: merges small files of the lake into larger ones.

use anyhow::Result;
use clap::Args;
use holdfast_engine::maintain::Compacted;
use holdfast_lake::CompactReport;
use tokio_util::sync::CancellationToken;

use crate::exit::Exit;
use crate::invocation::Invocation;
use crate::output::{Items, Style};
use crate::render::{Column, Rows, bytes, number};

/// Merge small files of the lake into larger ones; no version is lost
#[derive(Args)]
#[command(after_help = "Example:\n  holdfast compact acme")]
pub(crate) struct CompactArgs {
    /// Name or id of the org; without it, all orgs
    org: Option<String>,
}

pub(crate) async fn run(args: CompactArgs, invocation: Invocation) -> Result<Exit> {
    let engine = invocation.engine().await?;
    // Ctrl-C ends it where it stands: no file is removed before its successor is committed.
    let cancel = CancellationToken::new();
    let tables = Items { items: engine.compact(args.org.as_deref(), &cancel).await? };
    invocation.output.answer(&tables, |tables, style| text(&tables.items, style))?;
    Ok(Exit::Done)
}

fn text(tables: &[Compacted], style: Style) -> String {
    use Column::{Number, Text};
    let mut rows = Rows::new(&[
        Text("object"),
        Number("files before"),
        Number("after"),
        Number("rows"),
        Number("written"),
    ]);
    for table in tables.iter().filter(|table| table.report.merges > 0) {
        let CompactReport { files_before, files_after, rows: merged, bytes_written, .. } = &table.report;
        let numbers = [*files_before, *files_after, *merged].map(number);
        rows.push([table.object.to_string()].into_iter().chain(numbers).chain([bytes(*bytes_written)]));
    }
    style.table_or(rows, "nothing to merge")
}
