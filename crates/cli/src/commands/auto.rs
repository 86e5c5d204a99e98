//! `holdfast auto …`: continuous backup of whole orgs.

use std::fmt::Write as _;

use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use holdfast_engine::auto::AutoStatus;
use serde::Serialize;

use super::manifest_view::counted;
use crate::exit::Exit;
use crate::invocation::Invocation;
use crate::output::{Items, Style};
use crate::render::{Column, Rows, ago, cell_text, number, words};

/// Switch continuous backup on and off, and see where it stands
#[derive(Subcommand)]
pub(crate) enum AutoCommand {
    Start(AutoStartArgs),
    Pause(AutoPauseArgs),
    Resume(AutoResumeArgs),
    Status(AutoStatusArgs),
}

/// Switch auto backup on: `holdfast serve` captures the whole org from now on
#[derive(Args)]
#[command(after_help = "Example:\n  holdfast auto start acme")]
pub(crate) struct AutoStartArgs {
    /// Name or id of the org
    org: String,
}

/// Make no call to the org, until resumed
#[derive(Args)]
#[command(after_help = "Examples:\n  holdfast auto pause acme\n  holdfast auto pause          all orgs")]
pub(crate) struct AutoPauseArgs {
    /// Name or id of the org; without it, all orgs
    org: Option<String>,

    /// Pause only file bodies; records go on
    #[arg(long)]
    files: bool,
}

/// Go on where auto backup was paused; nothing that changed in between is lost
#[derive(Args)]
#[command(after_help = "Example:\n  holdfast auto resume acme")]
pub(crate) struct AutoResumeArgs {
    /// Name or id of the org; without it, all orgs
    org: Option<String>,
}

/// Show where auto backup stands, object by object
#[derive(Args)]
#[command(after_help = "Examples:\n  holdfast auto status acme\n  holdfast auto status acme --json")]
pub(crate) struct AutoStatusArgs {
    /// Name or id of the org; without it, all orgs
    org: Option<String>,
}

/// What a switch moved.
#[derive(Debug, Serialize)]
struct MovedView {
    auto_backup: &'static str,
    orgs: Vec<String>,
}

pub(crate) async fn run(command: AutoCommand, invocation: Invocation) -> Result<Exit> {
    let engine = invocation.engine().await?;
    let moved = match command {
        AutoCommand::Status(args) => {
            let items = Items { items: engine.auto_status(args.org.as_deref()).await? };
            let now = engine.clock().now();
            invocation.output.answer(&items, |items, style| status_text(&items.items, now, style))?;
            return Ok(Exit::Done);
        }
        AutoCommand::Start(args) => {
            engine.start_auto(&args.org).await?;
            MovedView { auto_backup: "running", orgs: vec![engine.org(&args.org).await?.name] }
        }
        AutoCommand::Pause(args) if args.files => MovedView {
            auto_backup: "files_paused",
            orgs: engine.pause_auto_files(args.org.as_deref()).await?,
        },
        AutoCommand::Pause(args) => {
            MovedView { auto_backup: "paused", orgs: engine.pause_auto(args.org.as_deref()).await? }
        }
        AutoCommand::Resume(args) => {
            MovedView { auto_backup: "running", orgs: engine.resume_auto(args.org.as_deref()).await? }
        }
    };
    invocation.output.answer(&moved, |moved, _| moved_text(moved))?;
    Ok(Exit::Done)
}

fn moved_text(moved: &MovedView) -> String {
    if moved.orgs.is_empty() {
        return "no auto backup to change; `holdfast auto status` shows where each org stands\n".to_owned();
    }
    let next = match moved.auto_backup {
        "running" => "`holdfast serve` does the work; `holdfast auto status` shows it",
        "files_paused" => "records go on, file bodies wait for `holdfast auto resume`",
        _ => "no call is made to the org until `holdfast auto resume`",
    };
    let names: Vec<_> = moved.orgs.iter().map(|org| format!("`{org}`")).collect();
    format!("auto backup of {} is {}\n{next}\n", names.join(", "), words(moved.auto_backup))
}

fn status_text(orgs: &[AutoStatus], now: DateTime<Utc>, style: Style) -> String {
    if orgs.is_empty() {
        return "no org is connected; `holdfast org add` connects one\n".to_owned();
    }
    orgs.iter().map(|status| org_text(status, now, style)).collect::<Vec<_>>().join("\n")
}

fn org_text(status: &AutoStatus, now: DateTime<Utc>, style: Style) -> String {
    use Column::{Number, Text};
    let mut rows = Rows::new(&[
        Text("object"),
        Text("status"),
        Text("phase"),
        Number("records"),
        Text("captured"),
        Text("error"),
    ]);
    for object in &status.objects {
        let captured = object.last_captured_at.map(|at| ago(at, now)).unwrap_or_default();
        let reason = object.error.as_ref().or(object.stopped_reason.as_ref());
        rows.push([
            object.object.to_string(),
            object.word.to_owned(),
            words(object.phase.as_str()),
            number(object.live_records),
            captured,
            cell_text(reason.map_or("", String::as_str), 120),
        ]);
    }
    let count = |word: &str| status.objects.iter().filter(|object| object.word == word).count();
    let counts = ["running", "waiting", "paused", "warning", "stopped"]
        .into_iter()
        .filter(|word| count(word) > 0)
        .map(|word| format!("{} {word}", counted(count(word) as u64, "object")))
        .collect::<Vec<_>>();
    let records: u64 = status.objects.iter().map(|object| object.live_records).sum();
    let state = words(status.org.auto_backup.as_str());
    let mut head = format!(
        "`{}`: auto backup {}, {}, {}\n",
        status.org.name,
        if status.waits_for_serve() { "switched on".to_owned() } else { state },
        if counts.is_empty() { "no objects".to_owned() } else { counts.join(", ") },
        counted(records, "record")
    );
    if let Some(completeness) = &status.completeness {
        let _ = writeln!(head, "{}", completeness.words);
    }
    if status.waits_for_serve() {
        head.push_str("nothing is captured now, because no `holdfast serve` is running; start it\n");
    }
    if let Some(problem) = &status.problem {
        let _ = writeln!(head, "last problem: {}", cell_text(problem, 500));
        if let Some(code) = status.problem_code {
            let _ = writeln!(head, "hint: {}", code.hint());
        }
    }
    head + &style.table_or(rows, "nothing was captured so far")
}
