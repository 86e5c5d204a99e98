//! The team, as its owners see and change it.

use holdfast_catalog::members::{self, Member, Totp};
use holdfast_catalog::{MemberId, Transaction, audit_entries, sessions};
use holdfast_domain::access::{Role, TeamPermission};
use holdfast_salesforce::Secret;
use serde_json::json;

use super::account::checked_name;
use super::audit::Act;
use super::by::By;
use super::error::AccessError;
use super::password;
use super::rights::OrgRights;
use super::secrets::new_secret;
use super::sign_in::normal_email;
use crate::engine::Engine;
use crate::error::{Doing, Result};

/// A member with what they may do.
#[derive(Debug, Clone)]
pub struct MemberView {
    pub member: Member,
    pub orgs: Vec<OrgRights>,
}

/// What is to be different; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct MemberChange {
    pub name: Option<String>,
    pub role: Option<Role>,
    pub is_disabled: Option<bool>,
}

impl Engine {
    pub async fn members(
        &self,
        by: impl Into<By<'_>>,
        after: Option<MemberId>,
        limit: u32,
    ) -> Result<Vec<MemberView>> {
        by.into().may(TeamPermission::TeamManage)?;
        let listed = members::list(self.catalog().db(), after, limit).await;
        let mut views = Vec::new();
        for member in listed.doing(|| "list the members".to_owned())? {
            views.push(self.member_view(member).await?);
        }
        Ok(views)
    }

    pub async fn member(&self, by: impl Into<By<'_>>, id: MemberId) -> Result<MemberView> {
        by.into().may(TeamPermission::TeamManage)?;
        self.member_view(self.known_member(id).await?).await
    }

    /// By the address, in any case.
    pub async fn member_at(&self, by: impl Into<By<'_>>, email: &str) -> Result<Member> {
        by.into().may(TeamPermission::TeamManage)?;
        let found = self.member_by_email(&normal_email(email)).await?;
        found.ok_or_else(|| AccessError::Unknown { what: "member", id: email.to_owned() }.into())
    }

    /// The last owner who can sign in stays one.
    pub async fn change_member(
        &self,
        by: impl Into<By<'_>>,
        id: MemberId,
        change: MemberChange,
    ) -> Result<MemberView> {
        let by = by.into();
        by.may(TeamPermission::TeamManage)?;
        let doing = || "change the member".to_owned();
        let mut transaction = self.begin().await?;
        audit_entries::lock_head(&mut transaction).await.doing(doing)?;
        let found = members::get(&mut *transaction, id).await.doing(doing)?;
        let mut member = found.ok_or_else(|| unknown(id))?;
        let details = json!({
            "role": change.role.map(Role::as_str), "is_disabled": change.is_disabled, "is_renamed": change.name.is_some()
        });
        if let Some(name) = change.name {
            member.name = checked_name(&name)?;
            members::set_name(&mut *transaction, id, &member.name).await.doing(doing)?;
        }
        member.role = change.role.unwrap_or(member.role);
        member.is_disabled = change.is_disabled.unwrap_or(member.is_disabled);
        let set = members::set_standing(&mut *transaction, id, member.role, member.is_disabled).await;
        set.doing(doing)?;
        if member.is_disabled {
            sessions::remove_all(&mut *transaction, id, None).await.doing(doing)?;
        }
        owner_is_left(&mut transaction).await?;
        let act = Act::new("member.changed").on(member.email.clone()).with(details);
        self.write_audit(&mut transaction, &by.actor(), act).await?;
        self.commit(transaction).await?;
        self.member_view(member).await
    }

    /// Orgs that the member owned become the owners' together.
    pub async fn remove_member(&self, by: impl Into<By<'_>>, id: MemberId) -> Result<()> {
        let by = by.into();
        by.may(TeamPermission::TeamManage)?;
        let doing = || "remove the member".to_owned();
        let mut transaction = self.begin().await?;
        audit_entries::lock_head(&mut transaction).await.doing(doing)?;
        let member = members::get(&mut *transaction, id).await.doing(doing)?.ok_or_else(|| unknown(id))?;
        members::remove(&mut *transaction, id).await.doing(doing)?;
        owner_is_left(&mut transaction).await?;
        let act = Act::new("member.removed").on(member.email);
        self.write_audit(&mut transaction, &by.actor(), act).await?;
        self.commit(transaction).await
    }

    pub async fn end_sessions_of(&self, by: impl Into<By<'_>>, id: MemberId) -> Result<()> {
        let by = by.into();
        by.may(TeamPermission::TeamManage)?;
        let member = self.known_member(id).await?;
        let mut transaction = self.begin().await?;
        let ended = sessions::remove_all(&mut *transaction, id, None).await;
        let ended = ended.doing(|| "end the sessions".to_owned())?;
        let act = Act::new("session.ended").on(member.email).with(json!({ "sessions": ended }));
        self.write_audit(&mut transaction, &by.actor(), act).await?;
        self.commit(transaction).await
    }

    /// For a member who cannot get in any more: another password, no authenticator, no session. Answers the password,
    /// which is shown once.
    pub async fn reset_member(&self, by: impl Into<By<'_>>, id: MemberId) -> Result<Secret> {
        let by = by.into();
        by.may(TeamPermission::TeamManage)?;
        let doing = || "reset the member".to_owned();
        let member = self.known_member(id).await?;
        let password = new_secret();
        let hash = password::hash(password.clone()).await?;
        let mut transaction = self.begin().await?;
        members::set_password(&mut *transaction, id, &hash).await.doing(doing)?;
        members::set_totp(&mut *transaction, id, &Totp::default()).await.doing(doing)?;
        members::set_recovery_codes(&mut transaction, id, &[]).await.doing(doing)?;
        sessions::remove_all(&mut *transaction, id, None).await.doing(doing)?;
        let act = Act::new("member.reset").on(member.email);
        self.write_audit(&mut transaction, &by.actor(), act).await?;
        self.commit(transaction).await?;
        Ok(password)
    }

    /// For a member who lost their authenticator and their recovery codes.
    pub async fn reset_totp_of(&self, by: impl Into<By<'_>>, id: MemberId) -> Result<()> {
        let by = by.into();
        by.may(TeamPermission::TeamManage)?;
        let member = self.known_member(id).await?;
        self.forget_totp(&member, &by.actor()).await
    }

    /// The name of a member, for whom it is shown beside something of theirs.
    pub async fn member_name(&self, id: Option<MemberId>) -> Result<Option<String>> {
        let Some(id) = id else { return Ok(None) };
        let found = members::get(self.catalog().db(), id).await.doing(|| "look for the member".to_owned())?;
        Ok(found.map(|member| member.name))
    }

    pub(super) async fn known_member(&self, id: MemberId) -> Result<Member> {
        let found = members::get(self.catalog().db(), id).await.doing(|| "look for the member".to_owned())?;
        found.ok_or_else(|| unknown(id).into())
    }

    async fn member_view(&self, member: Member) -> Result<MemberView> {
        let orgs = self.rights_of(&member).await?;
        Ok(MemberView { member, orgs })
    }
}

fn unknown(id: MemberId) -> AccessError {
    AccessError::Unknown { what: "member", id: id.to_string() }
}

async fn owner_is_left(transaction: &mut Transaction) -> Result<()> {
    let owners = members::count_active(&mut **transaction, Role::Owner).await;
    if owners.doing(|| "count the owners".to_owned())? == 0 {
        return Err(AccessError::LastOwner.into());
    }
    Ok(())
}
