//! What sign-in keeps: sessions, grants with their refresh tokens, authorization codes, and the org's policy.
//!
//! A grant is one approval of a user for an app. Its sessions and refresh tokens die with it.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Duration, Utc};

use serde::{Deserialize, Serialize};

use super::OauthError;
use super::app;
use super::device::{Device, Devices};
use super::policy::Policy;
use super::secrets;
use super::tokens::Mint;

/// The most approvals of one user for one app; one more revokes the oldest.
const MAX_GRANTS: usize = 5;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Grant {
    pub user_id: String,
    pub client_id: String,
    pub scope: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Held {
    grant: Grant,
    refreshable: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct OpenSession {
    pub grant: u64,
    pub issued: DateTime<Utc>,
    /// When its life last began; use begins it anew, except for a token that says its own end.
    pub used: DateTime<Utc>,
    is_jwt: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Code {
    pub grant: Grant,
    pub redirect_uri: String,
    pub challenge: Option<String>,
    pub nonce: Option<String>,
    pub issued: DateTime<Utc>,
}

/// A refresh token: whose it is, and when it was rotated away.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Refresh {
    grant: u64,
    replaced: Option<DateTime<Utc>>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Store {
    /// By number, hence oldest first.
    grants: BTreeMap<u64, Held>,
    next_grant: u64,
    /// Users and the apps that they let in at a page.
    approvals: HashSet<(String, String)>,
    sessions: HashMap<String, OpenSession>,
    refresh_tokens: HashMap<String, Refresh>,
    #[serde(skip)]
    codes: HashMap<String, Code>,
    #[serde(skip)]
    pub devices: Devices,
    /// Who signed in at the login page, and when, by the value of the cookie.
    #[serde(skip)]
    browsers: HashMap<String, (String, DateTime<Utc>)>,
    /// When what is past its life was let go of.
    #[serde(skip)]
    swept: Option<DateTime<Utc>>,
    /// Passwords that were changed, by user id.
    pub passwords: HashMap<String, String>,
    pub keys: Vec<app::PublicKey>,
    pub callbacks: Vec<String>,
    pub policy: Policy,
}

/// What a grant gives out.
#[derive(Debug)]
pub(super) struct Issued {
    pub grant: Grant,
    pub access_token: String,
    pub refresh_token: Option<String>,
    pub nonce: Option<String>,
    pub at: DateTime<Utc>,
}

/// How often the store is looked through for what is past its life.
const SWEEP: Duration = Duration::minutes(1);
/// How long what has expired is still told apart from what never was.
const REMEMBERED: Duration = Duration::days(1);

impl Store {
    /// Lets go of what nobody can use any more, so that a process that runs for long does not grow with each sign-in.
    fn sweep(&mut self, now: DateTime<Utc>) {
        if self.swept.is_some_and(|at| (Duration::zero()..SWEEP).contains(&(now - at))) {
            return;
        }
        self.swept = Some(now);
        let timeout = self.timeout();
        self.sessions.retain(|_, session| now - session.used <= timeout);
        let used: HashSet<u64> = self.sessions.values().map(|session| session.grant).collect();
        self.grants.retain(|number, held| held.refreshable || used.contains(number));
        self.refresh_tokens.retain(|_, refresh| self.grants.contains_key(&refresh.grant));
        let code_life = Duration::seconds(self.policy.code_life_s) + REMEMBERED;
        self.codes.retain(|_, code| now - code.issued <= code_life);
        self.browsers.retain(|_, (_, at)| now - *at <= REMEMBERED);
        self.devices.forget_before(now - REMEMBERED);
    }

    pub(super) fn add_device(&mut self, code: String, device: Device) {
        self.sweep(device.issued());
        self.devices.add(code, device);
    }

    /// Takes note of who signed in at the login page, by the value of the cookie.
    pub(super) fn add_browser(&mut self, ticket: &str, user_id: &str, now: DateTime<Utc>) {
        self.sweep(now);
        self.browsers.insert(ticket.to_owned(), (user_id.to_owned(), now));
    }

    pub(super) fn user_of_browser(&self, ticket: &str) -> Option<String> {
        self.browsers.get(ticket).map(|(user_id, _)| user_id.clone())
    }

    fn timeout(&self) -> Duration {
        Duration::seconds(self.policy.session_timeout_s)
    }

    /// Opens a new grant with its first session.
    pub(super) fn issue(
        &mut self,
        mint: &Mint,
        grant: Grant,
        refreshable: bool,
        now: DateTime<Utc>,
    ) -> Issued {
        self.sweep(now);
        if refreshable {
            self.make_room(&grant);
        }
        let number = self.next_grant;
        self.next_grant += 1;
        self.grants.insert(number, Held { grant: grant.clone(), refreshable });
        let access_token = self.open(mint, number, &grant, now);
        let refresh_token = refreshable.then(|| self.new_refresh_token(number));
        Issued { grant, access_token, refresh_token, nonce: None, at: now }
    }

    fn make_room(&mut self, wanted: &Grant) {
        let same = |held: &Held| {
            held.refreshable
                && held.grant.user_id == wanted.user_id
                && held.grant.client_id == wanted.client_id
        };
        let held: Vec<u64> =
            self.grants.iter().filter(|(_, held)| same(held)).map(|(number, _)| *number).collect();
        if held.len() >= MAX_GRANTS {
            self.revoke(held[0]);
        }
    }

    pub(super) fn approve(&mut self, user_id: &str, client_id: &str) {
        self.approvals.insert((user_id.to_owned(), client_id.to_owned()));
    }

    /// Whether the user has approved the app before, and not taken it back.
    pub(super) fn has_approved(&self, user_id: &str, client_id: &str) -> bool {
        self.approvals.contains(&(user_id.to_owned(), client_id.to_owned()))
    }

    fn open(&mut self, mint: &Mint, number: u64, grant: &Grant, now: DateTime<Utc>) -> String {
        let token = mint.access_token(grant, now, now + self.timeout());
        let session = OpenSession { grant: number, issued: now, used: now, is_jwt: mint.jwt };
        self.sessions.insert(token.clone(), session);
        token
    }

    /// The user id of a live session, whose life is extended by this use.
    pub(super) fn use_session(&mut self, token: &str, now: DateTime<Utc>) -> Option<String> {
        let timeout = self.timeout();
        let session = self.sessions.get_mut(token)?;
        if now - session.used > timeout {
            self.sessions.remove(token);
            return None;
        }
        if !session.is_jwt {
            session.used = session.used.max(now);
        }
        let grant = session.grant;
        self.grants.get(&grant).map(|held| held.grant.user_id.clone())
    }

    fn new_refresh_token(&mut self, grant: u64) -> String {
        let token = secrets::refresh_token();
        self.refresh_tokens.insert(token.clone(), Refresh { grant, replaced: None });
        token
    }

    /// Ends a grant with all that it gave out.
    fn revoke(&mut self, grant: u64) {
        self.grants.remove(&grant);
        self.sessions.retain(|_, session| session.grant != grant);
    }

    pub(super) fn revoke_all(&mut self) {
        self.approvals.clear();
        self.grants.clear();
        self.sessions.clear();
    }

    pub(super) fn expire_sessions(&mut self) {
        self.sessions.clear();
    }

    /// A new session for a refresh token, with fewer scopes if that is asked for. A token that was rotated away counts as
    /// stolen: its grant ends. `may_sign_in` is asked for the user of the grant.
    pub(super) fn refresh(
        &mut self,
        mint: &Mint,
        token: &str,
        client_id: &str,
        scope: Option<&str>,
        may_sign_in: &dyn Fn(&str) -> Result<(), OauthError>,
        now: DateTime<Utc>,
    ) -> Result<Issued, OauthError> {
        let expired = || OauthError::invalid_grant("expired access/refresh token");
        let refresh = self.refresh_tokens.get(token).copied().ok_or_else(expired)?;
        let number = refresh.grant;
        let held = self.grants.get(&number).ok_or_else(expired)?;
        if held.grant.client_id != client_id {
            return Err(OauthError::invalid_grant("invalid refresh token for this client"));
        }
        let mut grant = held.grant.clone();
        let grace = Duration::seconds(self.policy.rotation_grace_s);
        if refresh.replaced.is_some_and(|at| now - at >= grace) {
            self.revoke(number);
            return Err(expired());
        }
        // Before anything moves: a user who is switched off for a while comes back with the same token.
        may_sign_in(&grant.user_id)?;
        if let Some(scope) = scope {
            grant.scope = app::narrowed(&grant.scope, scope)?;
        }
        let refresh_token = self.policy.rotates.then(|| {
            let replaced = refresh.replaced.or(Some(now));
            self.refresh_tokens.insert(token.to_owned(), Refresh { grant: number, replaced });
            self.new_refresh_token(number)
        });
        let access_token = self.open(mint, number, &grant, now);
        Ok(Issued { grant, access_token, refresh_token, nonce: None, at: now })
    }

    pub(super) fn add_code(&mut self, code: Code) -> String {
        self.sweep(code.issued);
        let text = secrets::authorization_code();
        self.codes.insert(text.clone(), code);
        text
    }

    /// The code, which works only once.
    pub(super) fn take_code(&mut self, code: &str, now: DateTime<Utc>) -> Result<Code, OauthError> {
        let code =
            self.codes.remove(code).ok_or_else(|| OauthError::invalid_grant("invalid authorization code"))?;
        if now - code.issued > Duration::seconds(self.policy.code_life_s) {
            return Err(OauthError::invalid_grant("expired authorization code"));
        }
        Ok(code)
    }

    pub(super) fn end_session(&mut self, token: &str) -> bool {
        self.sessions.remove(token).is_some()
    }

    /// Ends the session of an access token, or the whole grant of a refresh token. False if there is no such token.
    pub(super) fn revoke_token(&mut self, token: &str) -> bool {
        if self.end_session(token) {
            return true;
        }
        let Some(refresh) = self.refresh_tokens.remove(token) else { return false };
        if let Some(held) = self.grants.get(&refresh.grant) {
            self.approvals.remove(&(held.grant.user_id.clone(), held.grant.client_id.clone()));
        }
        self.revoke(refresh.grant);
        true
    }

    /// The live session and grant behind an access token, and when it ends.
    pub(super) fn look_up(
        &self,
        token: &str,
        now: DateTime<Utc>,
    ) -> Option<(OpenSession, Grant, DateTime<Utc>)> {
        let session = self.sessions.get(token)?;
        let ends = session.used + self.timeout();
        let grant = self.grants.get(&session.grant)?.grant.clone();
        (ends >= now).then(|| (session.clone(), grant, ends))
    }

    /// The grant of a live refresh token.
    pub(super) fn look_up_refresh(&self, token: &str) -> Option<Grant> {
        let refresh = self.refresh_tokens.get(token).filter(|refresh| refresh.replaced.is_none())?;
        self.grants.get(&refresh.grant).map(|held| held.grant.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_can_use_any_more_is_let_go_of() {
        let mut store = Store::default();
        let mint = Mint { org_id: "00D000000000001".to_owned(), issuer: String::new(), jwt: false };
        let grant = || Grant { user_id: "u".to_owned(), client_id: "c".to_owned(), scope: "api".to_owned() };
        let code = |issued| Code {
            grant: grant(),
            redirect_uri: String::new(),
            challenge: None,
            nonce: None,
            issued,
        };
        let start = DateTime::UNIX_EPOCH;
        for second in 0..100 {
            let now = start + Duration::seconds(second);
            store.issue(&mint, grant(), false, now);
            store.add_code(code(now));
            store.add_browser(&second.to_string(), "u", now);
        }
        let kept = store.issue(&mint, grant(), true, start);

        store.issue(&mint, grant(), false, start + Duration::days(3));

        assert_eq!((store.sessions.len(), store.grants.len(), store.refresh_tokens.len()), (1, 2, 1));
        assert_eq!((store.codes.len(), store.browsers.len()), (0, 0));
        assert!(store.look_up_refresh(&kept.refresh_token.expect("a refresh token")).is_some());
    }
}
