//! `holdfast token …`: API tokens of any member, for whoever may use the machine.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, Subcommand};
use holdfast_domain::access::Scope;
use holdfast_engine::Engine;
use holdfast_engine::access::{By, NewToken, Token};
use holdfast_salesforce::Secret;
use serde::Serialize;

use crate::duration::parse_duration;
use crate::exit::Exit;
use crate::failure::CommandError;
use crate::invocation::Invocation;
use crate::output::{Items, Style};
use crate::progress::write_line;
use crate::render::{Column, Rows, time};

/// Make, list and end API tokens
#[derive(Subcommand)]
pub(crate) enum TokenCommand {
    Create(TokenCreateArgs),
    List(TokenListArgs),
    Revoke(TokenRevokeArgs),
}

/// Make an API token; it is printed once, alone on standard output
///
/// It is good for what its scopes and orgs name, and never for more than its member may.
#[derive(Args)]
#[command(after_help = "Examples:
  holdfast token create nightly-report --member alerts@acme.example --scope view
  holdfast token create ci --member max@acme.example --scope execute --org acme --expires-in 90d")]
pub(crate) struct TokenCreateArgs {
    /// What it is called
    name: String,

    /// E-mail address of the member for whom it acts
    #[arg(long, value_name = "EMAIL")]
    member: String,

    /// What it may do: view, browse, execute, edit, delete, restore, download, team; may be given again
    #[arg(long = "scope", value_name = "SCOPE", required = true, value_parser = parse_scope)]
    scopes: Vec<Scope>,

    /// Name or id of an org to which it is limited; may be given again
    #[arg(long = "org", value_name = "ORG")]
    orgs: Vec<String>,

    /// When it ends, such as 90d; it does not, unless given
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    expires_in: Option<Duration>,
}

/// List the API tokens
#[derive(Args)]
#[command(after_help = "Examples:\n  holdfast token list\n  holdfast token list --member max@acme.example")]
pub(crate) struct TokenListArgs {
    /// E-mail address of a member; without it, the tokens of all
    #[arg(long, value_name = "EMAIL")]
    member: Option<String>,
}

/// End an API token at once
#[derive(Args)]
#[command(after_help = "Example:\n  holdfast token revoke 0199e1c4-7f2a-7c31-9d27-3b1f0a2c4d5e")]
pub(crate) struct TokenRevokeArgs {
    /// Its id, as `holdfast token list` shows it
    id: String,
}

fn parse_scope(text: &str) -> Result<Scope, String> {
    Scope::parse(text).ok_or_else(|| {
        let known: Vec<_> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
        format!("`{text}` is no scope; there are {}", known.join(", "))
    })
}

pub(crate) async fn run(command: TokenCommand, invocation: Invocation) -> Result<Exit> {
    let engine = invocation.engine().await?;
    match command {
        TokenCommand::Create(args) => create(args, &engine, &invocation).await?,
        TokenCommand::List(args) => list(args, &engine, &invocation).await?,
        TokenCommand::Revoke(args) => revoke(&args.id, &engine, &invocation).await?,
    }
    Ok(Exit::Done)
}

/// One token as JSON holds it.
#[derive(Debug, Serialize)]
struct TokenView {
    id: String,
    name: String,
    member: String,
    scopes: Vec<Scope>,
    /// Absent: all orgs.
    #[serde(skip_serializing_if = "Option::is_none")]
    org_ids: Option<Vec<String>>,
    beginning: String,
    created_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used_at: Option<DateTime<Utc>>,
}

impl TokenView {
    fn new(token: Token, member: String) -> Self {
        Self {
            id: token.id.to_string(),
            name: token.name,
            member,
            scopes: token.scopes.0,
            org_ids: token.orgs.map(|orgs| orgs.iter().map(ToString::to_string).collect()),
            beginning: token.beginning,
            created_at: token.created_at,
            expires_at: token.expires_at,
            last_used_at: token.last_used_at,
        }
    }

    fn scopes(&self) -> String {
        self.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// A new token as JSON holds it.
#[derive(Debug, Serialize)]
struct CreatedView {
    token: TokenView,
    secret: Secret,
}

async fn create(args: TokenCreateArgs, engine: &Engine, invocation: &Invocation) -> Result<()> {
    let member = engine.member_at(By::CommandLine, &args.member).await?;
    let mut orgs = Vec::with_capacity(args.orgs.len());
    for name in &args.orgs {
        orgs.push(engine.org(name).await?.id);
    }
    let lasts = args.expires_in.map(|lasts| TimeDelta::from_std(lasts).unwrap_or(TimeDelta::MAX));
    let new = NewToken {
        name: args.name,
        scopes: args.scopes,
        orgs: Some(orgs).filter(|orgs| !orgs.is_empty()),
        expires_at: lasts.map(|lasts| engine.clock().now() + lasts),
    };
    let given = engine.create_token_of(By::CommandLine, member.id, new).await?;
    let view = CreatedView { token: TokenView::new(given.token, member.email), secret: given.secret };
    write_line(&format!(
        "token `{}` acts for {} ({}); it is shown once:",
        view.token.name,
        view.token.member,
        view.token.scopes()
    ));
    invocation.output.answer(&view, |view, _| format!("{}\n", view.secret.expose()))?;
    Ok(())
}

const PAGE: u32 = 500;

async fn list(args: TokenListArgs, engine: &Engine, invocation: &Invocation) -> Result<()> {
    let member = match &args.member {
        Some(email) => Some(engine.member_at(By::CommandLine, email).await?.id),
        None => None,
    };
    let mut names = BTreeMap::new();
    let mut items = Vec::new();
    let mut before = None;
    loop {
        let page = engine.tokens_of_team(By::CommandLine, member, before, PAGE).await?;
        let Some(last) = page.last() else { break };
        before = Some(last.id);
        for token in page {
            let name = match names.entry(token.member) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => {
                    place.insert(engine.member(By::CommandLine, token.member).await?.member.email)
                }
            };
            items.push(TokenView::new(token, name.clone()));
        }
    }
    invocation.output.answer(&Items { items }, |items, style| table(&items.items, style))?;
    Ok(())
}

fn table(tokens: &[TokenView], style: Style) -> String {
    use Column::Text;
    let columns = [
        Text("token"),
        Text("name"),
        Text("member"),
        Text("scopes"),
        Text("orgs"),
        Text("last used (UTC)"),
        Text("ends (UTC)"),
    ];
    let mut rows = Rows::new(&columns);
    for token in tokens {
        rows.push([
            token.id.clone(),
            token.name.clone(),
            token.member.clone(),
            token.scopes(),
            token.org_ids.as_ref().map_or_else(|| "all".to_owned(), |orgs| orgs.join(", ")),
            token.last_used_at.map_or_else(|| "never".to_owned(), time),
            token.expires_at.map_or_else(|| "never".to_owned(), time),
        ]);
    }
    style.table_or(rows, "there is no API token; `holdfast token create` makes one")
}

async fn revoke(id: &str, engine: &Engine, invocation: &Invocation) -> Result<()> {
    let id = id.parse().map_err(|_| {
        CommandError::usage_with_hint(
            format!("`{id}` is not the id of a token"),
            "`holdfast token list` shows the id of each",
        )
    })?;
    let token = engine.revoke_token_of_team(By::CommandLine, id).await?;
    let member = engine.member(By::CommandLine, token.member).await?.member.email;
    let view = TokenView::new(token, member);
    invocation.output.answer(&view, |view, _| {
        format!("token `{}` of {} has ended; nothing can be done with it any more\n", view.name, view.member)
    })?;
    Ok(())
}
