//! Signing in with a password, and with the second factor if there is one.

use holdfast_catalog::members::{self, Member};
use holdfast_catalog::sessions::{self, SignInWay};
use holdfast_domain::access::Role;
use holdfast_salesforce::Secret;
use serde_json::json;

use super::audit::{Act, Actor};
use super::caller::Origin;
use super::error::AccessError;
use super::password;
use super::sessions::SignedIn;
use super::throttle::Tries;
use crate::engine::Engine;
use crate::error::{Doing, Result};

/// What the first half of signing in came to.
#[derive(Debug)]
pub struct PasswordSignIn {
    pub signed_in: SignedIn,
    /// The session is good for nothing but giving the second factor.
    pub needs_second_factor: bool,
}

/// Addresses are compared in one case.
pub(super) fn normal_email(email: &str) -> String {
    email.trim().to_lowercase()
}

impl Engine {
    pub async fn sign_in_by_password(
        &self,
        email: &str,
        password: Secret,
        origin: &Origin,
    ) -> Result<PasswordSignIn> {
        let email = normal_email(email);
        let tries = Tries::to_sign_in(&email, origin.ip.as_deref());
        self.begin_try(&tries).await?;
        let member = self.member_by_email(&email).await?;
        let hash = member.as_ref().and_then(|member| member.password.clone());
        let is_right = password::is_right(password, hash).await?;
        let Some(member) = member.filter(|member| is_right && !member.is_disabled) else {
            return self.refuse(&email, origin).await;
        };
        self.forgive(&tries).await?;
        // An owner gets in when the provider is down or was set up wrongly.
        if member.role != Role::Owner && self.requires_single_sign_on().await? {
            return Err(AccessError::PasswordsOff.into());
        }
        let needs_second_factor = member.totp.is_on;
        let mut transaction = self.begin().await?;
        let signed_in = self
            .begin_session(&mut transaction, member, SignInWay::Password, !needs_second_factor, origin)
            .await?;
        if !needs_second_factor {
            self.write_sign_in(&mut transaction, &signed_in, origin).await?;
        }
        self.commit(transaction).await?;
        Ok(PasswordSignIn { signed_in, needs_second_factor })
    }

    /// Turns the session of the first half into a whole one, with a secret of its own.
    pub async fn sign_in_with_code(&self, secret: &str, code: &str, origin: &Origin) -> Result<SignedIn> {
        let half = self.living_session(secret).await?.filter(|session| !session.is_complete);
        let Some(half) = half else { return Err(AccessError::NotSignedIn.into()) };
        let member = self.active_member(half.member).await?;
        self.check_code(&member, code, origin).await?;
        let mut transaction = self.begin().await?;
        let ended = sessions::remove(&mut *transaction, member.id, half.id).await;
        if !ended.doing(|| "end the half session".to_owned())? {
            return Err(AccessError::NotSignedIn.into());
        }
        let signed_in = self.begin_session(&mut transaction, member, half.way, true, origin).await?;
        self.write_sign_in(&mut transaction, &signed_in, origin).await?;
        self.commit(transaction).await?;
        Ok(signed_in)
    }

    pub(super) async fn write_sign_in(
        &self,
        transaction: &mut holdfast_catalog::Transaction,
        signed_in: &SignedIn,
        origin: &Origin,
    ) -> Result<()> {
        let actor = actor_of(&signed_in.member, origin);
        let details = json!({ "way": signed_in.session.way.as_str() });
        let act = Act::new("session.created").on(signed_in.member.email.clone()).with(details);
        self.write_audit(transaction, &actor, act).await
    }

    pub(super) async fn member_by_email(&self, email: &str) -> Result<Option<Member>> {
        let found = members::find_by_email(self.catalog().db(), email).await;
        found.doing(|| "look for the member".to_owned())
    }

    /// What was typed as an address may be a password, so only addresses of members are written down.
    async fn refuse<T>(&self, email: &str, origin: &Origin) -> Result<T> {
        let mut act = Act::new("session.refused");
        if self.member_by_email(email).await?.is_some() {
            act = act.on(email);
        }
        self.note(&Actor::nobody(origin.ip.clone()), act).await?;
        Err(AccessError::WrongPassword.into())
    }
}

/// A member who has no session yet.
pub(super) fn actor_of(member: &Member, origin: &Origin) -> Actor {
    Actor {
        name: format!("{} <{}>", member.name, member.email),
        id: Some(member.id),
        through: Some("session".to_owned()),
        ip: origin.ip.clone(),
    }
}
