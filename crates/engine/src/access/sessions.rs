//! Sessions: begun by signing in, known by a cookie, ended by time, by the member or by an owner.

use chrono::{DateTime, TimeDelta, Utc};
use holdfast_catalog::members::{self, Member};
use holdfast_catalog::sessions::{self, Session, SignInWay};
use holdfast_catalog::{MemberId, SessionId, Transaction};
use holdfast_salesforce::Secret;

use super::audit::Act;
use super::caller::{Caller, Origin, Through};
use super::error::AccessError;
use super::secrets::{fingerprint, new_secret};
use crate::engine::Engine;
use crate::error::{Doing, Result};

/// Somebody who has just signed in, or who has done the first half of it.
#[derive(Debug)]
pub struct SignedIn {
    /// For the cookie; shown once.
    pub secret: Secret,
    pub session: Session,
    pub member: Member,
}

/// How often it is noted that a session is used: each request would be a write otherwise.
const NOTED_EVERY: TimeDelta = TimeDelta::minutes(1);

impl Engine {
    /// The caller that a cookie stands for.
    pub async fn caller_by_session(&self, secret: &str, origin: Origin) -> Result<Caller> {
        let session = self.living_session(secret).await?.filter(|session| session.is_complete);
        let Some(session) = session else { return Err(AccessError::NotSignedIn.into()) };
        let member = self.active_member(session.member).await?;
        let now = self.clock().now();
        if now - session.last_seen_at >= NOTED_EVERY {
            let doing = || "note that the session is used".to_owned();
            sessions::seen(self.catalog().db(), session.id, now).await.doing(doing)?;
            members::seen(self.catalog().db(), member.id, now).await.doing(doing)?;
        }
        self.caller(member, Through::Session(session), origin).await
    }

    /// The same caller with what they may do by now; none if they may nothing any more.
    pub async fn renewed(&self, caller: &Caller) -> Result<Option<Caller>> {
        let db = self.catalog().db();
        let doing = || "look whether the caller is still signed in".to_owned();
        let member = members::get(db, caller.member.id).await.doing(doing)?;
        let Some(member) = member.filter(|member| !member.is_disabled) else { return Ok(None) };
        let lives = match &caller.through {
            Through::Session(session) => {
                let known = sessions::get(db, session.id).await.doing(doing)?;
                known.is_some_and(|known| self.lives(&known))
            }
            Through::Token(token) => self.token_lives(token).await?,
        };
        if !lives {
            return Ok(None);
        }
        self.caller(member, caller.through.clone(), caller.origin.clone()).await.map(Some)
    }

    /// When a session ends by itself: unused, and at the latest.
    pub fn session_ends(&self, session: &Session) -> (DateTime<Utc>, DateTime<Utc>) {
        (session.last_seen_at + self.settings().access.session_idle, session.expires_at)
    }

    /// Newest first.
    pub async fn sessions(
        &self,
        member: MemberId,
        before: Option<SessionId>,
        limit: u32,
    ) -> Result<Vec<Session>> {
        let listed = sessions::list(self.catalog().db(), member, before, limit).await;
        let mut listed = listed.doing(|| "list the sessions".to_owned())?;
        listed.retain(|session| self.lives(session));
        Ok(listed)
    }

    /// Signs out.
    pub async fn sign_out(&self, caller: &Caller) -> Result<()> {
        let id = caller.session()?.id;
        self.end_session(caller, id).await
    }

    /// Ends one of the caller's own sessions.
    pub async fn end_session(&self, caller: &Caller, id: SessionId) -> Result<()> {
        let doing = || "end the session".to_owned();
        let mut transaction = self.begin().await?;
        if !sessions::remove(&mut *transaction, caller.member.id, id).await.doing(doing)? {
            return Err(AccessError::Unknown { what: "session", id: id.to_string() }.into());
        }
        let act = Act::new("session.ended").on(caller.member.email.clone());
        self.write_audit(&mut transaction, &caller.actor(), act).await?;
        self.commit(transaction).await
    }

    pub(super) async fn living_session(&self, secret: &str) -> Result<Option<Session>> {
        let found = sessions::find(self.catalog().db(), &fingerprint(secret)).await;
        let found = found.doing(|| "look for the session".to_owned())?;
        Ok(found.filter(|session| self.lives(session)))
    }

    fn lives(&self, session: &Session) -> bool {
        let now = self.clock().now();
        let (idle, longest) = self.session_ends(session);
        now < idle && now < longest
    }

    /// Begins a session with a new secret, whatever the browser held before: a secret that somebody planted there
    /// is never let in. One that lacks the second factor lives only for as long as typing it takes.
    pub(super) async fn begin_session(
        &self,
        transaction: &mut Transaction,
        member: Member,
        way: SignInWay,
        is_complete: bool,
        origin: &Origin,
    ) -> Result<SignedIn> {
        let doing = || "note the session".to_owned();
        let (now, access) = (self.clock().now(), &self.settings().access);
        let lasts = if is_complete { access.session_longest } else { access.sign_in_within };
        let session = Session {
            id: SessionId::new(now),
            member: member.id,
            way,
            is_complete,
            signed_in_at: now,
            last_seen_at: now,
            expires_at: now + lasts,
            ip: origin.ip.clone(),
            user_agent: origin.user_agent.as_deref().map(|text| text.chars().take(300).collect()),
        };
        let secret = new_secret();
        sessions::remove_ended(&mut **transaction, now, access.session_idle).await.doing(doing)?;
        sessions::insert(&mut **transaction, &session, &fingerprint(secret.expose())).await.doing(doing)?;
        members::seen(&mut **transaction, member.id, now).await.doing(doing)?;
        Ok(SignedIn { secret, session, member })
    }
}
