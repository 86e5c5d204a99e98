//! `holdfast run …`: what was done, run by run.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Result;
use clap::{Args, Subcommand};
use holdfast_domain::manifest::RunStatus;
use holdfast_domain::{ObjectName, OrgId, RunId};
use holdfast_engine::Engine;
use holdfast_engine::runs::{RunError, RunSummary};

use super::manifest_view::ManifestView;
use crate::exit::Exit;
use crate::invocation::Invocation;
use crate::output::{Items, Style};
use crate::render::{Column, Rows, duration, number, time, words};
use crate::run_name;

/// List runs, show one, show its errors
#[derive(Subcommand)]
pub(crate) enum RunCommand {
    List(RunListArgs),
    Show(RunShowArgs),
    Errors(RunErrorsArgs),
}

/// List the runs of an org, newest first
#[derive(Args)]
#[command(after_help = "Example:\n  holdfast run list acme --limit 5")]
pub(crate) struct RunListArgs {
    /// Name or id of the org; without it, the runs of all orgs
    org: Option<String>,

    /// Show this many at most
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
}

/// Show what one run captured
#[derive(Args)]
#[command(
    after_help = "Examples:\n  holdfast run show latest\n  holdfast run show 0199e1c4-7f2a-7c31-9d27-3b1f0a2c4d5e --all"
)]
pub(crate) struct RunShowArgs {
    /// Id of the run, its beginning or end, or `latest`
    run: String,

    /// Also the objects in which nothing changed
    #[arg(long)]
    all: bool,
}

/// Show what a run could not capture, and why
#[derive(Args)]
#[command(after_help = "Example:\n  holdfast run errors latest")]
pub(crate) struct RunErrorsArgs {
    /// Id of the run, its beginning or end, or `latest`
    run: String,
}

pub(crate) async fn run(command: RunCommand, invocation: Invocation) -> Result<Exit> {
    match command {
        RunCommand::List(args) => list(args, &invocation).await?,
        RunCommand::Show(args) => show(args, &invocation).await?,
        RunCommand::Errors(args) => errors(&args, &invocation).await?,
    }
    Ok(Exit::Done)
}

/// Every Run of every org that is known, newest first.
pub(super) async fn known_runs(engine: &Engine, limit: u32) -> Result<Vec<RunSummary>> {
    let mut runs = Vec::new();
    for org in engine.orgs().await? {
        runs.extend(engine.runs(&org.name, limit).await?);
    }
    // An id begins with its time.
    runs.sort_by(|a, b| b.id.cmp(&a.id));
    Ok(runs)
}

/// The Run that a person named. What is no snapshot yet is not the latest one.
pub(super) async fn resolve(engine: &Engine, name: &str) -> Result<RunId> {
    let mut runs = known_runs(engine, RESOLVED_RUNS).await?;
    if name == "latest" {
        runs.retain(|run| matches!(run.status, RunStatus::Completed | RunStatus::CompletedWithGaps));
    }
    let known: Vec<_> = runs.into_iter().map(|run| run.id).collect();
    Ok(run_name::resolve(name, &known)?)
}

async fn list(args: RunListArgs, invocation: &Invocation) -> Result<()> {
    let engine = invocation.engine().await?;
    let runs = match &args.org {
        Some(org) => engine.runs(org, args.limit).await?,
        None => known_runs(&engine, args.limit).await?,
    };
    let mut items = Items { items: runs };
    items.items.truncate(args.limit as usize);
    let names: BTreeMap<_, _> = engine.orgs().await?.into_iter().map(|org| (org.id, org.name)).collect();
    invocation.output.answer(&items, |items, style| list_text(&items.items, &names, style))?;
    Ok(())
}

fn list_text(runs: &[RunSummary], names: &BTreeMap<OrgId, String>, style: Style) -> String {
    use Column::{Number, Text};
    let columns = [
        Text("run"),
        Text("org"),
        Text("by"),
        Text("status"),
        Text("started"),
        Number("took"),
        Number("new"),
        Number("changed"),
        Number("deleted"),
    ];
    let mut rows = Rows::new(&columns);
    let is_narrow = style.width.is_some_and(|width| width < WIDE);
    for run in runs {
        let counts = &run.counts;
        let id = run.id.as_str();
        rows.push([
            if is_narrow { id[id.len() - SHORT_ID..].to_owned() } else { id.to_owned() },
            names.get(&run.org).cloned().unwrap_or_else(|| run.org.to_string()),
            run.trigger.as_str().to_owned(),
            words(run.status.as_str()),
            time(run.started_at),
            run.finished_at.map(|at| duration(at - run.started_at)).unwrap_or_default(),
            number(counts.new),
            number(counts.changed + counts.undeleted),
            number(counts.deleted),
        ]);
    }
    style.table_or(rows, "no run so far; `holdfast backup ORG` makes one")
}

async fn show(args: RunShowArgs, invocation: &Invocation) -> Result<()> {
    let engine = invocation.engine().await?;
    let id = resolve(&engine, &args.run).await?;
    let (run, manifest) = engine.run(id.as_str()).await?;
    match manifest {
        Some(manifest) => {
            let org = engine.org(run.org.as_str()).await?;
            let view = ManifestView::new(&org.name, &manifest).showing_all(args.all);
            let view = view.beside(engine.completeness(&org.name).await?);
            invocation.output.answer(&view, ManifestView::text)?;
        }
        None => invocation.output.answer(&run, |run, _| unfinished_text(run))?,
    }
    Ok(())
}

/// A Run without a Manifest: it goes on, or it ended before it was whole.
fn unfinished_text(run: &RunSummary) -> String {
    let mut text = format!(
        "run {} is {}; it began at {} UTC\n",
        run.id,
        words(run.status.as_str()),
        time(run.started_at)
    );
    if let Some(error) = &run.error {
        let _ = writeln!(text, "  caused by: {error}");
    }
    if let Some(code) = run.error_code {
        let _ = writeln!(text, "hint: {}", code.hint());
    }
    text
}

async fn errors(args: &RunErrorsArgs, invocation: &Invocation) -> Result<()> {
    let engine = invocation.engine().await?;
    let id = resolve(&engine, &args.run).await?;
    let items = Items { items: engine.run_errors(id.as_str()).await? };
    invocation.output.answer(&items, |items, _| errors_text(&items.items))?;
    Ok(())
}

fn errors_text(errors: &[RunError]) -> String {
    if errors.is_empty() {
        return "no errors\n".to_owned();
    }
    let text = |error: &RunError| {
        let place = error.object.as_ref().map_or("the run", ObjectName::as_str);
        format!("{place}: {}\n  hint: {}\n", error.message, error.hint)
    };
    errors.iter().map(text).collect()
}

/// Columns that whole ids need beside the rest; on less, the end of an id stands for it.
const WIDE: u16 = 130;
const SHORT_ID: usize = 12;

/// So far back a Run may be named by less than its id.
const RESOLVED_RUNS: u32 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_domain::ErrorCode;

    /// S-08
    #[test]
    fn an_error_is_told_with_its_object_and_the_next_step() {
        let error = RunError {
            object: Some(ObjectName::parse("Case").unwrap()),
            code: ErrorCode::PermissionMissing,
            message: "INSUFFICIENT_ACCESS: no".to_owned(),
            hint: ErrorCode::PermissionMissing.hint(),
            at: None,
        };
        insta::assert_snapshot!(errors_text(&[error]), @r"
        Case: INSUFFICIENT_ACCESS: no
          hint: grant the integration user what the message names; the next run goes on where this one stopped
        ");
    }
}
