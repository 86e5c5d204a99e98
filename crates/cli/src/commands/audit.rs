//! `holdfast audit …`: who did what, and whether the log of it is whole.

use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use holdfast_engine::Engine;
use holdfast_engine::access::{AuditEntry, AuditFilter, AuditVerification, By};
use serde::Serialize;
use serde_json::Value;

use crate::exit::Exit;
use crate::invocation::Invocation;
use crate::output::{Items, Output, Style};
use crate::render::{Column, Rows, cell_text, rfc3339, time};

/// Read the audit log, and prove that nobody changed it
#[derive(Subcommand)]
pub(crate) enum AuditCommand {
    List(AuditListArgs),
    Verify(AuditVerifyArgs),
}

/// List what was done, newest first
#[derive(Args)]
#[command(after_help = "Examples:
  holdfast audit list --action org.
  holdfast audit list --member max@acme.example --limit 500
  holdfast audit list --csv --limit 100000 > audit.csv")]
pub(crate) struct AuditListArgs {
    /// Only actions that begin so, such as `session.` or `org.removed`
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,

    /// Only what this member did
    #[arg(long, value_name = "EMAIL")]
    member: Option<String>,

    /// Only what was done to this org
    #[arg(long, value_name = "ORG")]
    org: Option<String>,

    /// Show this many at most
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,

    /// Answer in CSV on standard output
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

/// Go over the whole log: ends with 3 if an entry was changed or is missing
///
/// Entries are chained by hashes that only the holder of secret.key can make. Note the hash that it prints
/// elsewhere: given back with --noted, it shows also whether entries were cut off at the end since.
#[derive(Args)]
#[command(after_help = "Examples:\n  holdfast audit verify\n  holdfast audit verify --noted 9f86d081…")]
pub(crate) struct AuditVerifyArgs {
    /// The hash that an earlier `audit verify` printed
    #[arg(long, value_name = "HASH")]
    noted: Option<String>,
}

pub(crate) async fn run(command: AuditCommand, invocation: Invocation) -> Result<Exit> {
    let engine = invocation.engine().await?;
    match command {
        AuditCommand::List(args) => list(args, &engine, &invocation).await,
        AuditCommand::Verify(args) => verify(&args, &engine, &invocation).await,
    }
}

/// One entry as JSON holds it.
#[derive(Debug, Serialize)]
struct EntryView {
    number: u64,
    at: DateTime<Utc>,
    actor: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    through: Option<String>,
    action: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    org_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<String>,
    #[serde(skip_serializing_if = "Value::is_null")]
    details: Value,
    hash: String,
}

impl From<AuditEntry> for EntryView {
    fn from(entry: AuditEntry) -> Self {
        Self {
            number: entry.number,
            at: entry.at,
            actor: entry.actor,
            through: entry.through,
            action: entry.action,
            target: entry.target,
            org_id: entry.org_id,
            ip: entry.ip,
            details: serde_json::from_str(&entry.details).unwrap_or_default(),
            hash: entry.hash,
        }
    }
}

const PAGE: u32 = 500;

async fn list(args: AuditListArgs, engine: &Engine, invocation: &Invocation) -> Result<Exit> {
    let mut filter = AuditFilter { action: args.action, ..AuditFilter::default() };
    if let Some(email) = &args.member {
        filter.actor_id = Some(engine.member_at(By::CommandLine, email).await?.id.to_string());
    }
    if let Some(org) = &args.org {
        filter.org_id = Some(engine.org(org).await?.id.to_string());
    }
    let mut items: Vec<EntryView> = Vec::new();
    loop {
        let wanted = args.limit - u32::try_from(items.len()).unwrap_or(args.limit);
        let before = items.last().map(|entry| entry.number);
        let page = engine.audit_entries(&filter, before, wanted.min(PAGE)).await?;
        items.extend(page.entries.into_iter().map(EntryView::from));
        if !page.has_more || items.len() >= args.limit as usize {
            break;
        }
    }
    if args.csv {
        Output::print(&csv(&items))?;
    } else {
        invocation.output.answer(&Items { items }, |items, style| table(&items.items, style))?;
    }
    Ok(Exit::Done)
}

fn table(entries: &[EntryView], style: Style) -> String {
    use Column::{Number, Text};
    let columns = [
        Number("number"),
        Text("at (UTC)"),
        Text("who"),
        Text("did"),
        Text("to"),
        Text("from"),
        Text("more"),
    ];
    let mut rows = Rows::new(&columns);
    for entry in entries {
        let details = if entry.details.is_null() { String::new() } else { entry.details.to_string() };
        rows.push([
            entry.number.to_string(),
            time(entry.at),
            cell_text(&entry.actor, 60),
            entry.action.clone(),
            cell_text(entry.target.as_deref().unwrap_or_default(), 60),
            entry.ip.clone().unwrap_or_default(),
            cell_text(&details, 120),
        ]);
    }
    style.table_or(rows, "nothing of that kind was done")
}

fn csv(entries: &[EntryView]) -> String {
    let mut text = "number,at,actor,through,action,target,org_id,ip,details,hash\r\n".to_owned();
    for entry in entries {
        let optional = |value: &Option<String>| value.clone().unwrap_or_default();
        let details = if entry.details.is_null() { String::new() } else { entry.details.to_string() };
        let cells = [
            entry.number.to_string(),
            rfc3339(entry.at),
            entry.actor.clone(),
            optional(&entry.through),
            entry.action.clone(),
            optional(&entry.target),
            optional(&entry.org_id),
            optional(&entry.ip),
            details,
            entry.hash.clone(),
        ];
        text.push_str(&cells.map(|cell| quoted(&cell)).join(","));
        text.push_str("\r\n");
    }
    text
}

/// RFC 4180. A spreadsheet takes a cell that begins with one of these signs for a formula, and what stands here was
/// partly typed by strangers.
fn quoted(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let cell = if is_formula { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

/// What was found as JSON holds it.
#[derive(Debug, Serialize)]
struct VerificationView {
    is_intact: bool,
    checked: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_broken: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    head: String,
}

async fn verify(args: &AuditVerifyArgs, engine: &Engine, invocation: &Invocation) -> Result<Exit> {
    let AuditVerification { checked, broken, head } = engine.verify_audit(args.noted.as_deref()).await?;
    let view = VerificationView {
        is_intact: broken.is_none(),
        checked,
        first_broken: broken.map(|(number, _)| number),
        reason: broken.map(|(_, reason)| reason),
        head,
    };
    invocation.output.answer(&view, |view, _| verification_text(view))?;
    Ok(if view.is_intact { Exit::Done } else { Exit::Gaps })
}

fn verification_text(view: &VerificationView) -> String {
    match (view.first_broken, view.reason) {
        (Some(number), Some(reason)) => format!(
            "the audit log is not whole at entry {number}: {reason}\n\
             the {} entries before it are as they were written\n",
            view.checked
        ),
        _ => format!(
            "all {} entries are there and as they were written\n\
             note this hash elsewhere; with --noted it shows later whether the end was cut off:\n{}\n",
            view.checked, view.head
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_of_csv_is_quoted_and_is_no_formula() {
        for (cell, expected) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"yes\"", "\"say \"\"yes\"\"\""),
            ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
            ("@x,y", "\"'@x,y\""),
        ] {
            assert_eq!(quoted(cell), expected);
        }
    }
}
