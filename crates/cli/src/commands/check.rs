//! `holdfast check`: proves that all that was captured is there and whole.

use std::fmt::Write as _;

use anyhow::Result;
use clap::Args;
use holdfast_engine::work_items::CheckedFinding;
use holdfast_lake::check::{CheckCounts, CheckProgress, CheckReport, Invariant};
use indicatif::ProgressBar;
use serde::Serialize;

use super::manifest_view::counted;
use crate::exit::Exit;
use crate::invocation::Invocation;
use crate::render::bytes;

/// Prove that everything that was captured is there and whole
///
/// Looks at every manifest, table, file body and describe. With --read-data it reads and re-hashes
/// all of it. Ends with 3 if something is missing or damaged, and names it.
#[derive(Args)]
#[command(after_help = "Examples:\n  holdfast check --read-data\n  holdfast check acme")]
pub(crate) struct CheckArgs {
    /// Name or id of the org; without it, the whole lake
    org: Option<String>,

    /// Read every byte, not only what lists it
    #[arg(long)]
    read_data: bool,
}

/// What was found as JSON holds it.
#[derive(Debug, Serialize)]
struct CheckView {
    lake_id: String,
    is_whole: bool,
    read_data: bool,
    #[serde(flatten)]
    counts: CheckCounts,
    damage: Vec<CheckedFinding>,
    left_over: Vec<CheckedFinding>,
}

impl CheckView {
    fn new(report: &CheckReport, read_data: bool) -> Self {
        Self {
            lake_id: report.lake_id.clone(),
            is_whole: report.is_whole(),
            read_data,
            counts: report.counts,
            damage: report.damage.iter().map(CheckedFinding::from).collect(),
            left_over: report.left_over.iter().map(CheckedFinding::from).collect(),
        }
    }
}

pub(crate) async fn run(args: CheckArgs, invocation: Invocation) -> Result<Exit> {
    let engine = invocation.engine().await?;
    let bar = invocation.screen.add(ProgressBar::new_spinner());
    let mut progress = |progress: CheckProgress| show(&bar, &progress);
    let checked = match &args.org {
        Some(name) => engine.check_org(&engine.org(name).await?.id, args.read_data, &mut progress).await,
        None => engine.check(args.read_data, &mut progress).await,
    };
    bar.finish_and_clear();
    let view = CheckView::new(&checked?, args.read_data);
    invocation.output.answer(&view, |view, _| text(view))?;
    Ok(if view.is_whole { Exit::Done } else { Exit::Gaps })
}

fn show(bar: &ProgressBar, progress: &CheckProgress) {
    bar.set_message(format!("{} of {} tables, {}", progress.done, progress.total, progress.name));
    bar.tick();
}

fn text(view: &CheckView) -> String {
    let mut text = String::new();
    for finding in &view.damage {
        let _ = writeln!(
            text,
            "{}: {} (invariant {}, {})",
            finding.path, finding.detail, finding.number, finding.invariant
        );
    }
    let looked_at = format!(
        "{}, {}, {}, {}, {} (equal ones are stored once), {}",
        counted(view.counts.manifests, "manifest"),
        counted(view.counts.tables, "table"),
        counted(view.counts.data_files, "data file"),
        counted(view.counts.describes, "describe"),
        counted(view.counts.blobs, "file body").replace("bodys", "bodies"),
        bytes(view.counts.bytes)
    );
    let _ = match view.damage.len() as u64 {
        0 => writeln!(text, "the lake is whole: {looked_at}"),
        damaged => {
            writeln!(text, "the lake is damaged in {}; looked at {looked_at}", counted(damaged, "place"))
        }
    };
    let (bodies, others): (Vec<_>, Vec<_>) = view.damage.iter().partition(|finding| is_of_a_body(finding));
    if !others.is_empty() {
        text.push_str(
            "hint: put the files named above back from a copy of the lake, then check again; no backup fetches them \
             anew, because the org no longer has the versions that they held\n",
        );
    }
    if !bodies.is_empty() {
        text.push_str(
            "hint: `holdfast backup ORG --refetch-files` fetches missing file bodies again as long as the org has them; \
             delete damaged ones before; those of replaced versions and of deleted records only a copy of the lake \
             brings back\n",
        );
    }
    if !view.left_over.is_empty() {
        let left = counted(view.left_over.len() as u64, "file");
        let _ = writeln!(text, "{left} left over from interrupted work; that is no fault");
    }
    if !view.read_data {
        text.push_str("data was not read; --read-data reads and re-hashes all of it\n");
    }
    text
}

/// Bodies can be had again, as long as the org has them.
fn is_of_a_body(finding: &CheckedFinding) -> bool {
    [Invariant::RowNamesKnownBlob, Invariant::BlobIsItsHash]
        .iter()
        .any(|body| body.number() == finding.number)
}

#[cfg(test)]
mod tests {
    use holdfast_lake::check::Finding;

    use super::*;

    #[test]
    fn damage_is_named_by_file_and_invariant() {
        let finding = |path: &str, invariant, detail: &str| Finding {
            path: path.to_owned(),
            invariant,
            detail: detail.to_owned(),
        };
        let file = "orgs/00D/objects/Account/part-1.parquet";
        let index = "orgs/00D/objects/HoldfastFile/part-1.parquet";
        let damage = vec![
            finding(file, Invariant::DataFileIsThere, "it is missing"),
            finding(index, Invariant::RowNamesKnownBlob, "the file body `ab` is missing"),
        ];
        let counts =
            CheckCounts { manifests: 2, tables: 1, data_files: 3, bytes: 4096, ..CheckCounts::default() };
        let report = CheckReport { damage, counts, ..CheckReport::default() };
        insta::assert_snapshot!(text(&CheckView::new(&report, false)), @r"
        orgs/00D/objects/Account/part-1.parquet: it is missing (invariant 8, data_file_is_there)
        orgs/00D/objects/HoldfastFile/part-1.parquet: the file body `ab` is missing (invariant 12, row_names_known_blob)
        the lake is damaged in 2 places; looked at 2 manifests, 1 table, 3 data files, 0 describes, 0 file bodies (equal ones are stored once), 4.0 KiB
        hint: put the files named above back from a copy of the lake, then check again; no backup fetches them anew, because the org no longer has the versions that they held
        hint: `holdfast backup ORG --refetch-files` fetches missing file bodies again as long as the org has them; delete damaged ones before; those of replaced versions and of deleted records only a copy of the lake brings back
        data was not read; --read-data reads and re-hashes all of it
        ");
        let whole = CheckReport { counts, ..CheckReport::default() };
        insta::assert_snapshot!(text(&CheckView::new(&whole, true)), @"the lake is whole: 2 manifests, 1 table, 3 data files, 0 describes, 0 file bodies (equal ones are stored once), 4.0 KiB");
    }
}
