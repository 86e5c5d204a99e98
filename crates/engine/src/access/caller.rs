//! Who asks, by what, and what they may do: made once per request.

use std::collections::BTreeMap;

use holdfast_catalog::members::{self, Member};
use holdfast_catalog::orgs;
use holdfast_catalog::rights;
use holdfast_catalog::sessions::Session;
use holdfast_catalog::tokens::Token;
use holdfast_domain::OrgId;
use holdfast_domain::access::{Ownership, Right, Rights, TeamPermission, rights_on_org};

use super::audit::Actor;
use super::error::AccessError;
use crate::engine::Engine;
use crate::error::{Doing, Error, Result};

/// Where a request comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    pub ip: Option<String>,
    pub user_agent: Option<String>,
}

/// What the caller showed.
#[derive(Debug, Clone)]
pub enum Through {
    Session(Session),
    Token(Token),
}

/// A member who is known by a session or a token, with what they may do by it.
#[derive(Debug, Clone)]
pub struct Caller {
    pub member: Member,
    pub through: Through,
    pub origin: Origin,
    rights: BTreeMap<OrgId, (Rights, Ownership)>,
}

impl Caller {
    pub fn permissions(&self) -> &'static [TeamPermission] {
        match &self.through {
            Through::Token(token) if !token.scopes.is_for_team() => &[],
            _ => self.member.role.permissions(),
        }
    }

    pub fn may(&self, permission: TeamPermission) -> Result<()> {
        if self.permissions().contains(&permission) {
            return Ok(());
        }
        Err(AccessError::PermissionMissing { permission }.into())
    }

    /// An org on which there is no right at all is not there for the caller.
    pub fn may_on(&self, org: &OrgId, right: Right) -> Result<()> {
        let rights = self.rights_on(org);
        if rights.contains(right) {
            return Ok(());
        }
        if rights.is_empty() {
            return Err(Error::HiddenOrg { org: org.clone() });
        }
        Err(AccessError::RightMissing { right }.into())
    }

    pub fn rights_on(&self, org: &OrgId) -> Rights {
        self.rights.get(org).map_or(Rights::NONE, |(rights, _)| *rights)
    }

    pub fn owns(&self, org: &OrgId) -> bool {
        self.rights.get(org).is_some_and(|(_, ownership)| *ownership == Ownership::Mine)
    }

    /// The orgs on which there is any right.
    pub fn orgs(&self) -> impl Iterator<Item = (&OrgId, Rights)> {
        self.rights.iter().map(|(org, (rights, _))| (org, *rights)).filter(|(_, rights)| !rights.is_empty())
    }

    /// What only a person may do, such as changing their password.
    pub fn session(&self) -> Result<&Session> {
        match &self.through {
            Through::Session(session) => Ok(session),
            Through::Token(_) => Err(AccessError::NeedsSession.into()),
        }
    }

    pub fn actor(&self) -> Actor {
        let through = match &self.through {
            Through::Session(_) => "session".to_owned(),
            Through::Token(token) => format!("token `{}`", token.name),
        };
        Actor {
            name: format!("{} <{}>", self.member.name, self.member.email),
            id: Some(self.member.id),
            through: Some(through),
            ip: self.origin.ip.clone(),
        }
    }
}

impl Engine {
    pub(super) async fn caller(&self, member: Member, through: Through, origin: Origin) -> Result<Caller> {
        let doing = || "read what the member may do".to_owned();
        let db = self.catalog().db();
        let granted = rights::of_member(db, member.id).await.doing(doing)?;
        let mut all = BTreeMap::new();
        for org in orgs::list(db).await.doing(doing)? {
            let ownership = ownership(&org, &member);
            let mut rights =
                rights_on_org(member.role, ownership, granted.get(&org.id).copied().unwrap_or_default());
            if let Through::Token(token) = &through {
                let is_for_org = token.orgs.as_ref().is_none_or(|orgs| orgs.contains(&org.id));
                let limit = if is_for_org { token.scopes.rights() } else { Rights::NONE };
                rights = rights.intersection(limit);
            }
            all.insert(org.id, (rights, ownership));
        }
        Ok(Caller { member, through, origin, rights: all })
    }

    /// The member, if it is there and may sign in.
    pub(super) async fn active_member(&self, id: holdfast_catalog::MemberId) -> Result<Member> {
        let member =
            members::get(self.catalog().db(), id).await.doing(|| "look for the member".to_owned())?;
        member.filter(|member| !member.is_disabled).ok_or_else(|| AccessError::NotSignedIn.into())
    }
}

pub(super) fn ownership(org: &orgs::Org, member: &Member) -> Ownership {
    match org.owner {
        None => Ownership::Shared,
        Some(owner) if owner == member.id => Ownership::Mine,
        Some(_) => Ownership::SomebodyElses,
    }
}
