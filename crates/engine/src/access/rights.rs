//! Rights of members on orgs: granted, taken away, and the connection handed over.

use holdfast_catalog::members::{self, Member};
use holdfast_catalog::{MemberId, audit_entries, orgs, rights};
use holdfast_domain::OrgId;
use holdfast_domain::access::{Ownership, Rights, Role, TeamPermission, rights_on_org};
use serde_json::json;

use super::audit::Act;
use super::by::By;
use super::caller::{Caller, ownership};
use super::error::AccessError;
use crate::engine::Engine;
use crate::error::{Doing, Error, Result};

/// What a member may do on one org.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrgRights {
    pub org: OrgId,
    pub rights: Rights,
    pub is_owner: bool,
}

/// What one member may do on an org, and how much of it was granted.
#[derive(Debug, Clone)]
pub struct MemberRights {
    pub member: Member,
    pub granted: Rights,
    pub rights: Rights,
    pub is_owner: bool,
}

/// The same, with the org that it is about.
#[derive(Debug, Clone)]
pub struct RightsOnOrg {
    pub org: OrgId,
    pub org_name: String,
    pub of_member: MemberRights,
}

/// Rights that are granted and others that are taken back; the rest stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RightsChange {
    pub granted: Rights,
    pub taken: Rights,
}

impl Engine {
    pub(super) async fn rights_of(&self, member: &Member) -> Result<Vec<OrgRights>> {
        let doing = || "read what the member may do".to_owned();
        let db = self.catalog().db();
        let granted = rights::of_member(db, member.id).await.doing(doing)?;
        let all = orgs::list(db).await.doing(doing)?;
        let of_org = |org: orgs::Org| {
            let ownership = ownership(&org, member);
            let granted = granted.get(&org.id).copied().unwrap_or_default();
            let rights = rights_on_org(member.role, ownership, granted);
            OrgRights { org: org.id, rights, is_owner: ownership == Ownership::Mine }
        };
        Ok(all.into_iter().map(of_org).filter(|org| !org.rights.is_empty()).collect())
    }

    /// All members with what they may do on an org.
    pub async fn rights_on(
        &self,
        caller: &Caller,
        org: &OrgId,
        after: Option<MemberId>,
        limit: u32,
    ) -> Result<Vec<MemberRights>> {
        caller.may(TeamPermission::TeamManage)?;
        let doing = || "read the rights on the org".to_owned();
        let org = self.known_org(org).await?;
        let granted = rights::on_org(self.catalog().db(), &org.id).await.doing(doing)?;
        let all = members::list(self.catalog().db(), after, limit).await.doing(doing)?;
        let view = |member: Member| {
            let granted = granted.get(&member.id).copied().unwrap_or_default();
            member_rights(&org, member, granted)
        };
        Ok(all.into_iter().map(view).collect())
    }

    /// The orgs on which a member has any right, by name.
    pub async fn rights_of_member(
        &self,
        by: impl Into<By<'_>>,
        member: MemberId,
    ) -> Result<Vec<RightsOnOrg>> {
        by.into().may(TeamPermission::TeamManage)?;
        let doing = || "read what the member may do".to_owned();
        let member = self.known_member(member).await?;
        let granted = rights::of_member(self.catalog().db(), member.id).await.doing(doing)?;
        let all = orgs::list(self.catalog().db()).await.doing(doing)?;
        let view = |org: orgs::Org| {
            let granted = granted.get(&org.id).copied().unwrap_or_default();
            let of_member = member_rights(&org, member.clone(), granted);
            RightsOnOrg { org: org.id, org_name: org.name, of_member }
        };
        Ok(all.into_iter().map(view).filter(|on| !on.of_member.rights.is_empty()).collect())
    }

    /// Grants exactly these rights. Those of who owns the connection cannot be taken away.
    pub async fn grant(
        &self,
        by: impl Into<By<'_>>,
        org: &OrgId,
        member: MemberId,
        granted: Rights,
    ) -> Result<MemberRights> {
        self.change_granted(by.into(), org, member, |_| granted).await
    }

    pub async fn change_rights(
        &self,
        by: impl Into<By<'_>>,
        org: &OrgId,
        member: MemberId,
        RightsChange { granted, taken }: RightsChange,
    ) -> Result<MemberRights> {
        self.change_granted(by.into(), org, member, |before| before.union(granted).without(taken)).await
    }

    async fn change_granted(
        &self,
        by: By<'_>,
        org: &OrgId,
        member: MemberId,
        change: impl FnOnce(Rights) -> Rights + Send,
    ) -> Result<MemberRights> {
        by.may(TeamPermission::TeamManage)?;
        let doing = || "grant the rights".to_owned();
        let org = self.known_org(org).await?;
        let member = self.known_member(member).await?;
        let mut transaction = self.begin().await?;
        // Of two who change the same rights at once, the second one sees what the first one did.
        audit_entries::lock_head(&mut transaction).await.doing(doing)?;
        let before = rights::of_member(&mut *transaction, member.id).await.doing(doing)?;
        let granted = change(before.get(&org.id).copied().unwrap_or_default());
        rights::set(&mut *transaction, &org.id, member.id, granted).await.doing(doing)?;
        let act = Act::new("rights.changed")
            .on(member.email.clone())
            .of_org(&org.id)
            .with(json!({ "rights": granted.to_text() }));
        self.write_audit(&mut transaction, &by.actor(), act).await?;
        self.commit(transaction).await?;
        Ok(member_rights(&org, member, granted))
    }

    /// Only who owns the connection hands it over; if nobody does, any owner of the team.
    pub async fn hand_over(&self, caller: &Caller, org: &OrgId, to: MemberId) -> Result<()> {
        caller.may(TeamPermission::TeamManage)?;
        let org = self.known_org(org).await?;
        if ownership(&org, &caller.member) == Ownership::SomebodyElses {
            return Err(AccessError::NotTheOwner.into());
        }
        let to = self.known_member(to).await?;
        if to.role != Role::Owner || to.is_disabled {
            return Err(AccessError::NotAnOwner.into());
        }
        let mut transaction = self.begin().await?;
        let set = orgs::set_owner(&mut *transaction, &org.id, Some(to.id)).await;
        set.doing(|| "hand the connection over".to_owned())?;
        let act = Act::new("org.handed_over").on(to.email).of_org(&org.id);
        self.write_audit(&mut transaction, &caller.actor(), act).await?;
        self.commit(transaction).await
    }

    async fn known_org(&self, id: &OrgId) -> Result<orgs::Org> {
        let found = orgs::get(self.catalog().db(), id).await.doing(|| "look for the org".to_owned())?;
        found.ok_or_else(|| Error::HiddenOrg { org: id.clone() })
    }
}

fn member_rights(org: &orgs::Org, member: Member, granted: Rights) -> MemberRights {
    let ownership = ownership(org, &member);
    let rights = rights_on_org(member.role, ownership, granted);
    MemberRights { member, granted, rights, is_owner: ownership == Ownership::Mine }
}
