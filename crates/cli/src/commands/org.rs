//! `holdfast org …`: the orgs that are connected.

use std::fmt::Write as _;

use anyhow::Result;
use clap::{Args, Subcommand};
use holdfast_engine::OrgSummary;
use serde::Serialize;

use super::org_add::{self, OrgAddArgs};
use super::org_coverage::{self, OrgCoverageArgs};
use crate::exit::Exit;
use crate::invocation::Invocation;
use crate::output::{Items, Style};
use crate::render::{Column, Rows, time, words};

/// Connect orgs, list and remove them
#[derive(Subcommand)]
#[expect(clippy::large_enum_variant, reason = "there is one, and it lives as long as the process")]
pub(crate) enum OrgCommand {
    Add(OrgAddArgs),
    List(OrgListArgs),
    Show(OrgShowArgs),
    Coverage(OrgCoverageArgs),
    Set(OrgSetArgs),
    Remove(OrgRemoveArgs),
}

/// List the connected orgs
#[derive(Args)]
#[command(after_help = "Example:\n  holdfast org list")]
pub(crate) struct OrgListArgs {}

/// Show one org
#[derive(Args)]
#[command(after_help = "Example:\n  holdfast org show acme")]
pub(crate) struct OrgShowArgs {
    /// Name or id of the org
    org: String,
}

/// Change an org's settings
#[derive(Args)]
#[command(after_help = "Examples:
  holdfast org set acme --api-budget 60
  holdfast org set acme --files-budget 20")]
#[group(required = true, multiple = true)]
pub(crate) struct OrgSetArgs {
    /// Name or id of the org
    org: String,

    /// Stop reading data when the org has used this percentage of its daily API calls
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=100))]
    api_budget: Option<u8>,

    /// Stop fetching file bodies when Holdfast has used this percentage of the daily API calls for them
    ///
    /// Each body is one call. Those that are left over come with later runs; records do not wait for them.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=100))]
    files_budget: Option<u8>,
}

/// Forget an org's connection; what was captured stays in the lake
#[derive(Args)]
#[command(after_help = "Examples:
  holdfast org remove acme          prints what would happen
  holdfast org remove acme --yes    does it")]
pub(crate) struct OrgRemoveArgs {
    /// Name or id of the org
    org: String,

    /// Do it
    #[arg(long)]
    yes: bool,
}

pub(crate) async fn run(command: OrgCommand, invocation: Invocation) -> Result<Exit> {
    match command {
        OrgCommand::Add(args) => return org_add::run(args, invocation).await,
        OrgCommand::List(_) => list(&invocation).await?,
        OrgCommand::Show(args) => show(&args.org, &invocation).await?,
        OrgCommand::Coverage(args) => org_coverage::run(&args, &invocation).await?,
        OrgCommand::Set(args) => set(args, &invocation).await?,
        OrgCommand::Remove(args) => remove(args, &invocation).await?,
    }
    Ok(Exit::Done)
}

async fn list(invocation: &Invocation) -> Result<()> {
    let orgs = invocation.engine().await?.orgs().await?;
    let items = Items { items: orgs };
    invocation.output.answer(&items, |items, style| table(&items.items, style))?;
    Ok(())
}

fn table(orgs: &[OrgSummary], style: Style) -> String {
    use Column::{Number, Text};
    let columns =
        [Text("org"), Text("id"), Text("address"), Text("connection"), Text("auto"), Number("budget")];
    let mut rows = Rows::new(&columns);
    for org in orgs {
        let OrgSummary { name, id, instance_url, .. } = org;
        let budget = format!("{} %", org.api_budget_percent);
        rows.push([
            name.clone(),
            id.to_string(),
            instance_url.trim_end_matches('/').to_owned(),
            words(org.connection.as_str()),
            words(org.auto_backup.as_str()),
            budget,
        ]);
    }
    style.table_or(rows, "no org is connected; `holdfast org add` connects one")
}

async fn show(name: &str, invocation: &Invocation) -> Result<()> {
    let org = invocation.engine().await?.org(name).await?;
    invocation.output.answer(&org, |org, _| details(org))?;
    Ok(())
}

fn details(org: &OrgSummary) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "{name:<18}{value}");
    };
    line("name", &org.name);
    line("id", org.id.as_str());
    line("address", &org.instance_url);
    if let Some(kind) = &org.organization_type {
        line("edition", kind);
    }
    if let Some(is_sandbox) = org.is_sandbox {
        line("sandbox", if is_sandbox { "yes" } else { "no" });
    }
    line("connection", &words(org.connection.as_str()));
    if let Some(message) = &org.connection_message {
        line("", message);
    }
    if let Some(user) = &org.integration_user {
        line("integration user", user);
    }
    line("auto backup", &words(org.auto_backup.as_str()));
    line("API budget", &format!("{} % of the org's daily calls", org.api_budget_percent));
    line("files", &format!("{} % of the org's daily calls", org.files_budget_percent));
    line("connected", &format!("{} UTC", time(org.connected_at)));
    text
}

async fn set(args: OrgSetArgs, invocation: &Invocation) -> Result<()> {
    let engine = invocation.engine().await?;
    engine.set_api_budget(&args.org, args.api_budget, args.files_budget).await?;
    let org = engine.org(&args.org).await?;
    invocation.output.answer(&org, |org, _| {
        let OrgSummary { name, api_budget_percent: all, files_budget_percent: files, .. } = org;
        format!("API budget of `{name}` is {all} %, that of its files {files} %\n")
    })?;
    Ok(())
}

/// What `org remove` did, or would do.
#[derive(Debug, Serialize)]
struct RemovalView {
    org: OrgSummary,
    is_removed: bool,
}

async fn remove(args: OrgRemoveArgs, invocation: &Invocation) -> Result<()> {
    let engine = invocation.engine().await?;
    let org = engine.org(&args.org).await?;
    if args.yes {
        engine.remove_org(&args.org).await?;
    }
    let view = RemovalView { org, is_removed: args.yes };
    invocation.output.answer(&view, |view, _| {
        let OrgSummary { name, id, .. } = &view.org;
        if view.is_removed {
            return format!("`{name}` is forgotten; what was captured of org {id} stays in the lake\n");
        }
        format!(
            "would forget `{name}` ({id}): its connection, its settings and its auto backup\n\
             would keep what was captured of it in the lake\n\
             nothing was done; `holdfast org remove {name:?} --yes` does it\n"
        )
    })?;
    Ok(())
}
