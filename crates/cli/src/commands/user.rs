//! `holdfast user …`: the members of the team, for whoever may use the machine.
//!
//! It needs no sign-in, so it is also the way back in when the last owner lost their password.

use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand, ValueEnum};
use holdfast_domain::access::{MemberKind, Right, Role};
use holdfast_engine::Engine;
use holdfast_engine::access::{By, MemberChange, MemberView, NewInvitation};
use holdfast_salesforce::Secret;
use serde::Serialize;
use url::Url;

use super::serve::not_an_address;
use super::user_rights::{self, UserRightsArgs};
use crate::exit::Exit;
use crate::invocation::Invocation;
use crate::output::{Items, Style};
use crate::progress::write_line;
use crate::render::{Column, Rows, time};

/// List and invite members of the team, change them and their rights, let them in again
#[derive(Subcommand)]
pub(crate) enum UserCommand {
    List(UserListArgs),
    Invite(UserInviteArgs),
    Role(UserRoleArgs),
    Rights(UserRightsArgs),
    Disable(UserDisableArgs),
    Enable(UserEnableArgs),
    Reset(UserResetArgs),
}

/// List the members of the team
#[derive(Args)]
#[command(after_help = "Example:\n  holdfast user list")]
pub(crate) struct UserListArgs {}

/// Make a link with which somebody becomes a member; it is good for a week, once
#[derive(Args)]
#[command(after_help = "Examples:
  holdfast user invite max@acme.example
  holdfast user invite alerts@acme.example --service --url https://backup.acme.example")]
pub(crate) struct UserInviteArgs {
    /// Their e-mail address
    email: String,

    /// What they become; owners manage the team
    #[arg(long, value_enum, default_value_t = RoleArg::Member)]
    role: RoleArg,

    /// What they are called, until they say so themselves
    #[arg(long)]
    name: Option<String>,

    /// A shared inbox or a program, not a person
    #[arg(long)]
    service: bool,

    /// Where browsers find the service [default: what `holdfast serve` would say]
    #[arg(long, value_name = "URL")]
    url: Option<Url>,
}

/// Make somebody an owner of the team, or a member
#[derive(Args)]
#[command(after_help = "Example:\n  holdfast user role max@acme.example owner")]
pub(crate) struct UserRoleArgs {
    /// E-mail address of the member
    email: String,

    /// What they become
    #[arg(value_enum)]
    role: RoleArg,
}

/// Let a member in no more: their sessions end, their tokens do nothing
#[derive(Args)]
#[command(after_help = "Example:\n  holdfast user disable max@acme.example")]
pub(crate) struct UserDisableArgs {
    /// E-mail address of the member
    email: String,
}

/// Let a disabled member in again
#[derive(Args)]
#[command(after_help = "Example:\n  holdfast user enable max@acme.example")]
pub(crate) struct UserEnableArgs {
    /// E-mail address of the member
    email: String,
}

/// Let a member in who lost password or authenticator: prints a new password, once
///
/// Their old password, their authenticator and their recovery codes are gone, and all their sessions end. Their API
/// tokens stay.
#[derive(Args)]
#[command(after_help = "Example:\n  holdfast user reset max@acme.example")]
pub(crate) struct UserResetArgs {
    /// E-mail address of the member
    email: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleArg {
    Owner,
    Member,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Owner => Self::Owner,
            RoleArg::Member => Self::Member,
        }
    }
}

pub(crate) async fn run(command: UserCommand, invocation: Invocation) -> Result<Exit> {
    let engine = invocation.engine().await?;
    match command {
        UserCommand::List(_) => list(&engine, &invocation).await?,
        UserCommand::Invite(args) => invite(args, &engine, &invocation).await?,
        UserCommand::Role(args) => {
            let change = MemberChange { role: Some(args.role.into()), ..MemberChange::default() };
            change_member(&args.email, change, &engine, &invocation).await?;
        }
        UserCommand::Rights(args) => user_rights::run(args, &engine, &invocation).await?,
        UserCommand::Disable(args) => {
            let change = MemberChange { is_disabled: Some(true), ..MemberChange::default() };
            change_member(&args.email, change, &engine, &invocation).await?;
        }
        UserCommand::Enable(args) => {
            let change = MemberChange { is_disabled: Some(false), ..MemberChange::default() };
            change_member(&args.email, change, &engine, &invocation).await?;
        }
        UserCommand::Reset(args) => reset(&args.email, &engine, &invocation).await?,
    }
    Ok(Exit::Done)
}

/// One member as JSON holds it.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a member of the JSON")]
struct UserView {
    id: String,
    email: String,
    name: String,
    role: Role,
    kind: MemberKind,
    is_disabled: bool,
    has_password: bool,
    has_totp: bool,
    is_linked_to_single_sign_on: bool,
    created_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seen_at: Option<DateTime<Utc>>,
    orgs: Vec<OrgRightsView>,
}

#[derive(Debug, Serialize)]
struct OrgRightsView {
    org_id: String,
    rights: Vec<&'static str>,
    is_owner: bool,
}

impl From<MemberView> for UserView {
    fn from(view: MemberView) -> Self {
        let orgs = view.orgs.into_iter().map(|org| OrgRightsView {
            org_id: org.org.to_string(),
            rights: org.rights.iter().map(Right::as_str).collect(),
            is_owner: org.is_owner,
        });
        let member = view.member;
        Self {
            id: member.id.to_string(),
            email: member.email,
            name: member.name,
            role: member.role,
            kind: member.kind,
            is_disabled: member.is_disabled,
            has_password: member.password.is_some(),
            has_totp: member.totp.is_on,
            is_linked_to_single_sign_on: member.identity.is_some(),
            created_at: member.created_at,
            last_seen_at: member.last_seen_at,
            orgs: orgs.collect(),
        }
    }
}

impl UserView {
    fn standing(&self) -> String {
        let kind = if self.kind == MemberKind::Service { "service " } else { "" };
        let end = if self.is_disabled { ", disabled" } else { "" };
        format!("{kind}{}{end}", self.role)
    }
}

const PAGE: u32 = 500;

async fn list(engine: &Engine, invocation: &Invocation) -> Result<()> {
    let mut items = Vec::new();
    let mut after = None;
    loop {
        let page = engine.members(By::CommandLine, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.member.id);
        items.extend(page.into_iter().map(UserView::from));
    }
    invocation.output.answer(&Items { items }, |items, style| table(&items.items, style))?;
    Ok(())
}

fn table(users: &[UserView], style: Style) -> String {
    use Column::{Number, Text};
    let columns = [
        Text("address"),
        Text("name"),
        Text("role"),
        Text("signs in by"),
        Text("second factor"),
        Number("orgs"),
        Text("last seen (UTC)"),
    ];
    let mut rows = Rows::new(&columns);
    for user in users {
        let ways = match (user.has_password, user.is_linked_to_single_sign_on) {
            (true, true) => "password, single sign-on",
            (true, false) => "password",
            (false, _) => "single sign-on",
        };
        rows.push([
            user.email.clone(),
            user.name.clone(),
            user.standing(),
            ways.to_owned(),
            if user.has_totp { "yes" } else { "no" }.to_owned(),
            user.orgs.len().to_string(),
            user.last_seen_at.map(time).unwrap_or_default(),
        ]);
    }
    style.table_or(rows, "nobody is a member yet; `holdfast serve` prints a link that makes the first owner")
}

/// A link as JSON holds it.
#[derive(Debug, Serialize)]
struct InvitationView {
    email: String,
    role: Role,
    expires_at: DateTime<Utc>,
    link: Secret,
}

/// The link alone goes to standard output.
async fn invite(args: UserInviteArgs, engine: &Engine, invocation: &Invocation) -> Result<()> {
    let base = match (args.url, &invocation.config.public_url) {
        (Some(url), _) => Some(url),
        (None, Some(text)) => Some(text.parse().map_err(|_| not_an_address(text))?),
        (None, None) => engine.public_address().await?.and_then(|noted| noted.parse().ok()),
    };
    let kind = if args.service { MemberKind::Service } else { MemberKind::Person };
    let new = NewInvitation { email: args.email, name: args.name, role: args.role.into(), kind };
    let given = engine.invite(By::CommandLine, new).await?;
    let view = InvitationView {
        email: given.invitation.email,
        role: given.invitation.role,
        expires_at: given.invitation.expires_at,
        link: Secret::new(holdfast_server::invitation_address(base.as_ref(), &given.secret)),
    };
    write_line(&format!(
        "hand this link to {}; it is shown once, and good until {} UTC:",
        view.email,
        time(view.expires_at)
    ));
    if base.is_none() {
        write_line(
            "put the address of the service in front, such as https://backup.acme.example: it is not known here, because \
             the service has not started yet, or listens on all addresses without --public-url",
        );
    }
    invocation.output.answer(&view, |view, _| format!("{}\n", view.link.expose()))?;
    Ok(())
}

async fn change_member(
    email: &str,
    change: MemberChange,
    engine: &Engine,
    invocation: &Invocation,
) -> Result<()> {
    let member = engine.member_at(By::CommandLine, email).await?;
    let changed = engine.change_member(By::CommandLine, member.id, change).await?;
    let view = UserView::from(changed);
    invocation.output.answer(&view, |view, _| format!("{} is now: {}\n", view.email, view.standing()))?;
    Ok(())
}

/// A new password as JSON holds it.
#[derive(Debug, Serialize)]
struct ResetView {
    email: String,
    password: Secret,
}

/// The password alone goes to standard output.
async fn reset(email: &str, engine: &Engine, invocation: &Invocation) -> Result<()> {
    let member = engine.member_at(By::CommandLine, email).await?;
    let password = engine.reset_member(By::CommandLine, member.id).await?;
    if member.is_disabled {
        write_line(&format!(
            "{} is disabled; `holdfast user enable {}` lets them in",
            member.email, member.email
        ));
    }
    write_line(&format!("the new password of {}; it is shown once:", member.email));
    let view = ResetView { email: member.email, password };
    invocation.output.answer(&view, |view, _| format!("{}\n", view.password.expose()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_members_says_how_each_signs_in() {
        let user = |email: &str, is_disabled: bool| UserView {
            id: String::new(),
            email: email.to_owned(),
            name: "Ada".to_owned(),
            role: Role::Owner,
            kind: MemberKind::Person,
            is_disabled,
            has_password: true,
            has_totp: is_disabled,
            is_linked_to_single_sign_on: false,
            created_at: DateTime::UNIX_EPOCH,
            last_seen_at: None,
            orgs: Vec::new(),
        };
        let style = Style { width: None, is_terminal: false };
        let users = [user("ada@acme.example", false), user("max@acme.example", true)];
        insta::assert_snapshot!(table(&users, style), @r"
        address           name  role             signs in by  second factor  orgs  last seen (UTC)
        ada@acme.example  Ada   owner            password     no                0
        max@acme.example  Ada   owner, disabled  password     yes               0
        ");
        assert!(table(&[], style).contains("`holdfast serve` prints a link"));
    }
}
