//! `holdfast user rights`: what a member may do on each org, given and taken back.

use anyhow::Result;
use clap::Args;
use holdfast_domain::access::{Right, Rights, Role};
use holdfast_engine::Engine;
use holdfast_engine::access::{By, RightsChange, RightsOnOrg};
use serde::Serialize;

use crate::failure::CommandError;
use crate::invocation::Invocation;
use crate::output::Style;
use crate::progress::write_line;
use crate::render::{Column, Rows};

/// Show what a member may do on each org, give rights and take them back
///
/// There are view (the org, its status, runs and errors), browse (what records hold; brings view), execute (start, pause,
/// resume), edit (settings, connecting again), delete (forget the connection), restore (write to an org) and download
/// (take data out as a file). Whoever owns the connection of an org has all of them, and owners of the team view and
/// delete any org, whatever is taken back here.
#[derive(Args)]
#[command(after_help = "Examples:
  holdfast user rights max@acme.example
  holdfast user rights max@acme.example --org acme --grant browse,download
  holdfast user rights max@acme.example --org acme --revoke all")]
pub(crate) struct UserRightsArgs {
    /// E-mail address of the member
    email: String,

    /// Name or id of the org; without it, all orgs are shown
    #[arg(long)]
    org: Option<String>,

    /// Rights to give, with commas between, or `all`; others stay as they are
    #[arg(long, value_name = "RIGHTS", value_parser = parse_rights, requires = "org")]
    grant: Option<Rights>,

    /// Rights to take back, with commas between, or `all`
    #[arg(long, value_name = "RIGHTS", value_parser = parse_rights, requires = "org")]
    revoke: Option<Rights>,
}

fn parse_rights(text: &str) -> Result<Rights, String> {
    if text == "all" {
        return Ok(Rights::all());
    }
    let right = |word: &str| {
        Right::parse(word.trim()).ok_or_else(|| {
            format!("`{word}` is no right; there are {}, or `all`", words(Rights::all()).join(", "))
        })
    };
    text.split(',').map(right).collect()
}

fn words(rights: Rights) -> Vec<&'static str> {
    rights.iter().map(Right::as_str).collect()
}

/// What one member may do as JSON holds it.
#[derive(Debug, Serialize)]
struct RightsView {
    email: String,
    role: Role,
    orgs: Vec<OrgView>,
}

#[derive(Debug, Serialize)]
struct OrgView {
    org: String,
    org_id: String,
    rights: Vec<&'static str>,
    granted: Vec<&'static str>,
    is_owner: bool,
}

impl OrgView {
    fn new(RightsOnOrg { org, org_name, of_member }: RightsOnOrg) -> Self {
        Self {
            org: org_name,
            org_id: org.to_string(),
            rights: words(of_member.rights),
            granted: words(of_member.granted),
            is_owner: of_member.is_owner,
        }
    }
}

pub(super) async fn run(args: UserRightsArgs, engine: &Engine, invocation: &Invocation) -> Result<()> {
    let (granted, taken) = (args.grant.unwrap_or_default(), args.revoke.unwrap_or_default());
    if !granted.intersection(taken).is_empty() {
        return Err(CommandError::usage("a right is either given or taken back").into());
    }
    let member = engine.member_at(By::CommandLine, &args.email).await?;
    let org = match &args.org {
        Some(name) => Some(engine.org(name).await?),
        None => None,
    };
    let is_change = args.grant.is_some() || args.revoke.is_some();
    if let (Some(org), true) = (&org, is_change) {
        let change = RightsChange { granted, taken };
        let changed = engine.change_rights(By::CommandLine, &org.id, member.id, change).await?;
        if !changed.rights.intersection(taken).is_empty() {
            write_line(
                "what is left comes from browse, from owning the connection, or from being an owner of the team",
            );
        }
    }
    let all = engine.rights_of_member(By::CommandLine, member.id).await?;
    let wanted = all.into_iter().filter(|on| org.as_ref().is_none_or(|org| org.id == on.org));
    let orgs = wanted.map(OrgView::new).collect();
    let view = RightsView { email: member.email, role: member.role, orgs };
    invocation.output.answer(&view, |view, style| match &org {
        Some(org) => {
            let rights = view.orgs.first().map_or_else(|| "no rights".to_owned(), |of| of.rights.join(", "));
            format!("{} on {}: {rights}\n", view.email, org.name)
        }
        None => table(view, style),
    })?;
    Ok(())
}

fn table(view: &RightsView, style: Style) -> String {
    use Column::Text;
    let mut rows =
        Rows::new(&[Text("org"), Text("rights"), Text("of these granted"), Text("owns the connection")]);
    for org in &view.orgs {
        rows.push([
            org.org.clone(),
            org.rights.join(", "),
            org.granted.join(", "),
            if org.is_owner { "yes" } else { "no" }.to_owned(),
        ]);
    }
    let empty = format!(
        "{email} has no right on any org; `holdfast user rights {email} --org ORG --grant view` gives one",
        email = view.email
    );
    style.table_or(rows, &empty)
}
