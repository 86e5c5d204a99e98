//! Single sign-on: how it is set up, what is remembered while the browser is at the provider, and who is let in.
//!
//! Speaking to the provider is the server's business; it comes back with claims that it has verified.

use holdfast_catalog::members::{self, Identity, Member};
use holdfast_catalog::sessions::SignInWay;
use holdfast_catalog::{Transaction, invitations, pending_sign_ins, settings};
use holdfast_domain::access::{MemberKind, Role, TeamPermission};
use holdfast_salesforce::Secret;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::account::{checked_email, checked_name};
use super::audit::{Act, Actor};
use super::caller::{Caller, Origin};
use super::error::AccessError;
use super::first_owner::new_member;
use super::secrets::fingerprint;
use super::sessions::SignedIn;
use super::sign_in::actor_of;
use crate::engine::Engine;
use crate::error::{Doing, Result};

const SETTING: &str = "single_sign_on";
const KIND: &str = "single_sign_on";
const SECRET_CONTEXT: &str = "client secret of single sign-on";

/// How single sign-on is set up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SingleSignOn {
    pub is_enabled: bool,
    pub issuer: String,
    pub client_id: String,
    pub client_secret: Option<Secret>,
    /// What the button says.
    pub label: String,
    /// Whoever has a verified address there becomes a member without rights.
    pub admitted_domains: Vec<String>,
    /// Passwords are refused, except those of owners.
    pub requires_single_sign_on: bool,
}

/// What the provider said of somebody, verified.
#[derive(Debug, Clone)]
pub struct Claims {
    pub issuer: String,
    pub subject: String,
    pub email: Option<String>,
    pub is_email_verified: bool,
    pub name: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    is_enabled: bool,
    issuer: String,
    client_id: String,
    sealed_secret: Option<String>,
    label: String,
    admitted_domains: Vec<String>,
    requires_single_sign_on: bool,
}

impl Engine {
    /// As it is set up, enabled or not; none if nobody ever did.
    pub async fn single_sign_on(&self) -> Result<Option<SingleSignOn>> {
        let text = settings::get(self.catalog().db(), SETTING).await;
        let text = text.doing(|| "read how single sign-on is set up".to_owned())?;
        let stored: Option<Stored> = text.and_then(|text| serde_json::from_str(&text).ok());
        Ok(stored.map(|stored| {
            let opened = stored
                .sealed_secret
                .and_then(|sealed| self.catalog().key().open_for(SECRET_CONTEXT, &sealed));
            let secret = opened.and_then(|bytes| String::from_utf8(bytes).ok()).map(Secret::new);
            SingleSignOn {
                is_enabled: stored.is_enabled,
                issuer: stored.issuer,
                client_id: stored.client_id,
                client_secret: secret,
                label: stored.label,
                admitted_domains: stored.admitted_domains,
                requires_single_sign_on: stored.requires_single_sign_on,
            }
        }))
    }

    pub(super) async fn requires_single_sign_on(&self) -> Result<bool> {
        let set_up = self.single_sign_on().await?;
        Ok(set_up.is_some_and(|set_up| set_up.is_enabled && set_up.requires_single_sign_on))
    }

    /// The caller of this has asked the provider whether it knows what is set up.
    pub async fn set_single_sign_on(&self, caller: &Caller, new: SingleSignOn) -> Result<SingleSignOn> {
        caller.may(TeamPermission::SettingsManage)?;
        for (what, text) in [("an issuer", &new.issuer), ("a client id", &new.client_id)] {
            if new.is_enabled && text.trim().is_empty() {
                return Err(AccessError::SingleSignOnIncomplete { what }.into());
            }
        }
        let key = self.catalog().key();
        let seal = |secret: &Secret| key.seal_for(SECRET_CONTEXT, secret.expose().as_bytes());
        let stored = Stored {
            is_enabled: new.is_enabled,
            issuer: new.issuer.clone(),
            client_id: new.client_id.clone(),
            sealed_secret: new.client_secret.as_ref().map(seal),
            label: new.label.clone(),
            admitted_domains: new
                .admitted_domains
                .iter()
                .map(|domain| domain.trim().to_lowercase())
                .collect(),
            requires_single_sign_on: new.requires_single_sign_on,
        };
        let text = serde_json::to_string(&stored).expect("texts are always JSON");
        let mut transaction = self.begin().await?;
        let set = settings::set(&mut *transaction, SETTING, &text, self.clock().now()).await;
        set.doing(|| "set up single sign-on".to_owned())?;
        let details = json!({
            "is_enabled": stored.is_enabled, "client_id": stored.client_id,
            "admitted_domains": stored.admitted_domains, "requires_single_sign_on": stored.requires_single_sign_on
        });
        let act = Act::new("single_sign_on.changed").on(stored.issuer).with(details);
        self.write_audit(&mut transaction, &caller.actor(), act).await?;
        self.commit(transaction).await?;
        Ok(SingleSignOn { admitted_domains: stored.admitted_domains, ..new })
    }

    /// What must be known again when the browser comes back with `state`, for the browser to keep. Nothing is stored
    /// here, because anybody may begin a sign-in, as often as they like.
    pub fn seal_single_sign_on(&self, state: &str, what: &[u8]) -> String {
        let until = self.clock().now() + self.settings().access.sign_in_within;
        let plain = [&until.timestamp_micros().to_be_bytes()[..], what].concat();
        self.catalog().key().seal_for(&context(state), &plain)
    }

    /// What was sealed, if it was for this state, is not too old, and was not taken before. That it is taken is noted here,
    /// before the provider is asked and whatever it says: nobody has it asked again and again by what they began once.
    pub async fn take_single_sign_on(&self, state: &str, sealed: &str) -> Result<Vec<u8>> {
        let now = self.clock().now();
        let plain = self.catalog().key().open_for(&context(state), sealed);
        let parts = plain.as_deref().and_then(|plain| plain.split_first_chunk());
        let what = match parts {
            Some((until, what)) if now.timestamp_micros() < i64::from_be_bytes(*until) => what.to_owned(),
            _ => return Err(AccessError::LinkExpired.into()),
        };
        let until = now + self.settings().access.sign_in_within;
        let hash = fingerprint(state);
        let mut transaction = self.begin().await?;
        let noted = pending_sign_ins::note_finished(&mut transaction, KIND, &hash, until, now).await;
        let is_first = noted.doing(|| "note the sign-in".to_owned())?;
        self.commit(transaction).await?;
        if is_first { Ok(what) } else { Err(AccessError::LinkExpired.into()) }
    }

    /// Lets in who is known at the provider, was invited, or is of an admitted domain. The provider has seen to a second
    /// factor, or has not; Holdfast asks for none.
    pub async fn sign_in_by_claims(&self, claims: Claims, origin: &Origin) -> Result<SignedIn> {
        let set_up = self.single_sign_on().await?.filter(|set_up| set_up.is_enabled);
        let set_up = set_up.ok_or(AccessError::NoSingleSignOn)?;
        let mut transaction = self.begin().await?;
        let member = match self.admitted(&mut transaction, &set_up, &claims, origin).await {
            Ok(member) => member,
            Err(error) => {
                drop(transaction);
                let act = Act::new("session.refused").with(json!({ "way": "single_sign_on" }));
                self.note(&Actor::nobody(origin.ip.clone()), act).await?;
                return Err(error);
            }
        };
        let signed_in =
            self.begin_session(&mut transaction, member, SignInWay::SingleSignOn, true, origin).await?;
        self.write_sign_in(&mut transaction, &signed_in, origin).await?;
        self.commit(transaction).await?;
        Ok(signed_in)
    }

    async fn admitted(
        &self,
        transaction: &mut Transaction,
        set_up: &SingleSignOn,
        claims: &Claims,
        origin: &Origin,
    ) -> Result<Member> {
        let doing = || "look who signed in".to_owned();
        let identity = Identity { issuer: claims.issuer.clone(), subject: claims.subject.clone() };
        if let Some(member) = members::find_by_identity(&mut **transaction, &identity).await.doing(doing)? {
            return if member.is_disabled { Err(refused(&member.email)) } else { Ok(member) };
        }
        // Anybody can claim any address; only one that the provider has verified says who they are.
        let Some(email) = claims.email.as_deref().filter(|_| claims.is_email_verified) else {
            return Err(AccessError::AddressNotVerified.into());
        };
        let email = checked_email(email)?;
        if let Some(member) = members::find_by_email(&mut **transaction, &email).await.doing(doing)? {
            // One who is known there by another identity is somebody else with a recycled address.
            if member.is_disabled || member.identity.is_some() {
                return Err(refused(&email));
            }
            members::set_identity(&mut **transaction, member.id, &identity).await.doing(doing)?;
            let act = Act::new("member.linked").on(email);
            self.write_audit(transaction, &actor_of(&member, origin), act).await?;
            return Ok(member);
        }
        self.joining(transaction, set_up, claims, email, identity, origin).await
    }

    /// Makes a member of somebody who was invited, or whose domain is admitted.
    async fn joining(
        &self,
        transaction: &mut Transaction,
        set_up: &SingleSignOn,
        claims: &Claims,
        email: String,
        identity: Identity,
        origin: &Origin,
    ) -> Result<Member> {
        let doing = || "make a member of who signed in".to_owned();
        let now = self.clock().now();
        let found = invitations::find_by_email(&mut **transaction, &email).await.doing(doing)?;
        let invitation = found.filter(|invitation| now < invitation.expires_at);
        let domain = email.split('@').nth(1).unwrap_or_default().to_owned();
        let (role, kind) = match invitation {
            Some(invitation) => {
                invitations::take(transaction, invitation.id).await.doing(doing)?;
                (invitation.role, invitation.kind)
            }
            None if set_up.admitted_domains.contains(&domain) => (Role::Member, MemberKind::Person),
            None => return Err(refused(&email)),
        };
        let name = claims.name.as_deref().and_then(|name| checked_name(name).ok());
        let mut member = new_member(name.unwrap_or_else(|| email.clone()), email, role, kind, None, now);
        member.identity = Some(identity);
        members::insert(&mut **transaction, &member).await.doing(doing)?;
        let act = Act::new("member.joined").on(member.email.clone());
        self.write_audit(transaction, &actor_of(&member, origin), act).await?;
        Ok(member)
    }
}

fn context(state: &str) -> String {
    format!("{KIND} {}", fingerprint(state))
}

fn refused(email: &str) -> crate::error::Error {
    AccessError::NotAdmitted { email: email.to_owned() }.into()
}
