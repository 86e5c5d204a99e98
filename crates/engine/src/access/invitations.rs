//! Invitations: an owner makes a link, whoever holds it becomes a member.

use holdfast_catalog::InvitationId;
use holdfast_catalog::invitations::{self, Invitation};
use holdfast_catalog::members;
use holdfast_catalog::sessions::SignInWay;
use holdfast_domain::access::{MemberKind, Role, TeamPermission};
use holdfast_salesforce::Secret;
use serde_json::json;

use super::account::{checked_email, checked_name};
use super::audit::Act;
use super::by::By;
use super::caller::Origin;
use super::error::AccessError;
use super::first_owner::new_member;
use super::password;
use super::secrets::{fingerprint, new_secret};
use super::sessions::SignedIn;
use super::sign_in::actor_of;
use super::throttle::Tries;
use crate::engine::Engine;
use crate::error::{Doing, Result};

/// Who is invited as what.
#[derive(Debug, Clone)]
pub struct NewInvitation {
    pub email: String,
    pub name: Option<String>,
    pub role: Role,
    pub kind: MemberKind,
}

/// An invitation and the secret of its link, which is shown once.
#[derive(Debug)]
pub struct InvitationGiven {
    pub invitation: Invitation,
    pub secret: Secret,
}

impl Engine {
    /// Invites an address; a new invitation replaces one that is open.
    pub async fn invite(&self, by: impl Into<By<'_>>, new: NewInvitation) -> Result<InvitationGiven> {
        let by = by.into();
        by.may(TeamPermission::TeamManage)?;
        let doing = || "note the invitation".to_owned();
        let email = checked_email(&new.email)?;
        if self.member_by_email(&email).await?.is_some() {
            let source = holdfast_catalog::Error::AlreadyExists { what: "member", name: email };
            return Err(source).doing(|| "invite somebody".to_owned());
        }
        let now = self.clock().now();
        let invitation = Invitation {
            id: InvitationId::new(now),
            email,
            name: new.name.as_deref().map(checked_name).transpose()?,
            role: new.role,
            kind: new.kind,
            invited_by: by.name(),
            created_at: now,
            expires_at: now + self.settings().access.invitation_for,
        };
        let secret = new_secret();
        let mut transaction = self.begin().await?;
        let put = invitations::put(&mut *transaction, &invitation, &fingerprint(secret.expose())).await;
        put.doing(doing)?;
        let details = json!({ "role": invitation.role.as_str(), "kind": invitation.kind.as_str() });
        let act = Act::new("invitation.created").on(invitation.email.clone()).with(details);
        self.write_audit(&mut transaction, &by.actor(), act).await?;
        self.commit(transaction).await?;
        Ok(InvitationGiven { invitation, secret })
    }

    /// Newest first; those that expired are left out.
    pub async fn invitations(
        &self,
        by: impl Into<By<'_>>,
        before: Option<InvitationId>,
        limit: u32,
    ) -> Result<Vec<Invitation>> {
        by.into().may(TeamPermission::TeamManage)?;
        let listed = invitations::list(self.catalog().db(), before, limit).await;
        let mut listed = listed.doing(|| "list the invitations".to_owned())?;
        let now = self.clock().now();
        listed.retain(|invitation| now < invitation.expires_at);
        Ok(listed)
    }

    pub async fn revoke_invitation(&self, by: impl Into<By<'_>>, id: InvitationId) -> Result<()> {
        let by = by.into();
        by.may(TeamPermission::TeamManage)?;
        let mut transaction = self.begin().await?;
        let taken = invitations::take(&mut transaction, id).await.doing(|| "take it back".to_owned())?;
        let Some(invitation) = taken else {
            return Err(AccessError::Unknown { what: "invitation", id: id.to_string() }.into());
        };
        let act = Act::new("invitation.revoked").on(invitation.email);
        self.write_audit(&mut transaction, &by.actor(), act).await?;
        self.commit(transaction).await
    }

    /// What the holder of a link is invited to.
    pub async fn open_invitation(&self, secret: &str, origin: &Origin) -> Result<Invitation> {
        let tries = Tries::of_link(origin.ip.as_deref());
        self.may_try(&tries).await?;
        let found = invitations::find(self.catalog().db(), &fingerprint(secret)).await;
        let found = found.doing(|| "look for the invitation".to_owned())?;
        if let Some(invitation) = found.filter(|invitation| self.clock().now() < invitation.expires_at) {
            return Ok(invitation);
        }
        self.note_failure(&tries).await?;
        Err(AccessError::LinkExpired.into())
    }

    pub async fn accept_invitation(
        &self,
        secret: &str,
        name: &str,
        password: Secret,
        origin: &Origin,
    ) -> Result<SignedIn> {
        let doing = || "accept the invitation".to_owned();
        let invitation = self.open_invitation(secret, origin).await?;
        if invitation.role != Role::Owner && self.requires_single_sign_on().await? {
            return Err(AccessError::PasswordsOff.into());
        }
        let name = checked_name(name)?;
        password::check(&password, &invitation.email)?;
        let hash = password::hash(password).await?;
        let mut transaction = self.begin().await?;
        let taken = invitations::take(&mut transaction, invitation.id).await.doing(doing)?;
        let Invitation { email, role, kind, .. } = taken.ok_or(AccessError::LinkExpired)?;
        let member = new_member(name, email, role, kind, Some(hash), self.clock().now());
        members::insert(&mut *transaction, &member).await.doing(doing)?;
        let act = Act::new("invitation.accepted").on(member.email.clone());
        self.write_audit(&mut transaction, &actor_of(&member, origin), act).await?;
        let signed_in =
            self.begin_session(&mut transaction, member, SignInWay::Invitation, true, origin).await?;
        self.write_sign_in(&mut transaction, &signed_in, origin).await?;
        self.commit(transaction).await?;
        Ok(signed_in)
    }
}
