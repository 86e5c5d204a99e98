//! The first member: whoever can read what the service prints at its start becomes an owner, once.

use chrono::{DateTime, Utc};
use holdfast_catalog::members::{self, Member, Totp};
use holdfast_catalog::sessions::SignInWay;
use holdfast_catalog::{MemberId, audit_entries, settings};
use holdfast_domain::access::{MemberKind, Role};
use holdfast_salesforce::Secret;
use serde::{Deserialize, Serialize};

use super::account::{checked_email, checked_name};
use super::audit::Act;
use super::caller::Origin;
use super::error::AccessError;
use super::password;
use super::secrets::{fingerprint, new_secret};
use super::sessions::SignedIn;
use super::sign_in::actor_of;
use super::throttle::Tries;
use crate::engine::Engine;
use crate::error::{Doing, Result};

const SETTING: &str = "first_owner_link";

#[derive(Serialize, Deserialize)]
struct Link {
    hash: String,
    expires_at: DateTime<Utc>,
}

impl Engine {
    /// The secret of a new one-time link; none if the team has members. Links made before stop working.
    pub async fn first_owner_link(&self) -> Result<Option<Secret>> {
        if !self.needs_first_owner().await? {
            return Ok(None);
        }
        let secret = new_secret();
        let now = self.clock().now();
        let link = Link {
            hash: fingerprint(secret.expose()),
            expires_at: now + self.settings().access.first_owner_for,
        };
        let text = serde_json::to_string(&link).expect("a text and a time are always JSON");
        let set = settings::set(self.catalog().db(), SETTING, &text, now).await;
        set.doing(|| "keep the link of the first start".to_owned())?;
        Ok(Some(secret))
    }

    pub async fn needs_first_owner(&self) -> Result<bool> {
        let members = members::list(self.catalog().db(), None, 1).await;
        Ok(members.doing(|| "look whether there are members".to_owned())?.is_empty())
    }

    pub async fn create_first_owner(
        &self,
        secret: &str,
        name: &str,
        email: &str,
        password: Secret,
        origin: &Origin,
    ) -> Result<SignedIn> {
        let doing = || "make the first owner".to_owned();
        let tries = Tries::of_link(origin.ip.as_deref());
        self.may_try(&tries).await?;
        if !self.is_link(secret).await? {
            self.note_failure(&tries).await?;
            return Err(AccessError::LinkExpired.into());
        }
        let (name, email) = (checked_name(name)?, checked_email(email)?);
        password::check(&password, &email)?;
        let hash = password::hash(password).await?;
        let mut transaction = self.begin().await?;
        // Of two who come at once, the second waits here and finds the first.
        audit_entries::lock_head(&mut transaction).await.doing(doing)?;
        if !members::list(&mut *transaction, None, 1).await.doing(doing)?.is_empty() {
            return Err(AccessError::OwnerExists.into());
        }
        let member = new_member(name, email, Role::Owner, MemberKind::Person, Some(hash), self.clock().now());
        members::insert(&mut *transaction, &member).await.doing(doing)?;
        settings::set(&mut *transaction, SETTING, "", self.clock().now()).await.doing(doing)?;
        let act = Act::new("member.first_owner").on(member.email.clone());
        self.write_audit(&mut transaction, &actor_of(&member, origin), act).await?;
        let signed_in =
            self.begin_session(&mut transaction, member, SignInWay::FirstOwner, true, origin).await?;
        self.write_sign_in(&mut transaction, &signed_in, origin).await?;
        self.commit(transaction).await?;
        Ok(signed_in)
    }

    async fn is_link(&self, secret: &str) -> Result<bool> {
        let text = settings::get(self.catalog().db(), SETTING).await;
        let text = text.doing(|| "look for the link of the first start".to_owned())?;
        let link: Option<Link> = text.and_then(|text| serde_json::from_str(&text).ok());
        let now = self.clock().now();
        Ok(link.is_some_and(|link| link.hash == fingerprint(secret) && now < link.expires_at))
    }
}

pub(super) fn new_member(
    name: String,
    email: String,
    role: Role,
    kind: MemberKind,
    password: Option<String>,
    now: DateTime<Utc>,
) -> Member {
    Member {
        id: MemberId::new(now),
        email,
        name,
        role,
        kind,
        password,
        totp: Totp::default(),
        identity: None,
        is_disabled: false,
        created_at: now,
        last_seen_at: None,
    }
}
