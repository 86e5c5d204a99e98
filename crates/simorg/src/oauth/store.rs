//! What sign-in keeps: sessions, grants with their refresh tokens, authorization codes, and the org's policies.
//!
//! A grant is one approval of a user for an app. Its sessions and refresh tokens die with it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Duration, Utc};

use super::OauthError;
use super::app;
use super::secrets;

/// The most approvals of one user for one app; one more revokes the oldest.
const MAX_GRANTS: usize = 5;
const CODE_LIFE: Duration = Duration::minutes(15);

#[derive(Debug, Default)]
pub struct State(Mutex<Store>);

#[derive(Debug, Clone)]
pub(super) struct Grant {
    pub user_id: String,
    pub client_id: String,
    pub scope: String,
}

#[derive(Debug)]
struct Held {
    grant: Grant,
    refreshable: bool,
}

#[derive(Debug, Clone)]
pub(super) struct OpenSession {
    pub grant: u64,
    pub issued: DateTime<Utc>,
    pub used: DateTime<Utc>,
}

#[derive(Debug, Clone)]
pub(super) struct Code {
    pub grant: Grant,
    pub redirect_uri: String,
    pub challenge: Option<String>,
    issued: DateTime<Utc>,
}

#[derive(Debug)]
pub(super) struct Store {
    /// By number, hence oldest first.
    grants: std::collections::BTreeMap<u64, Held>,
    next_grant: u64,
    sessions: HashMap<String, OpenSession>,
    /// The grant of each refresh token, and whether it is the current one.
    refresh_tokens: HashMap<String, (u64, bool)>,
    codes: HashMap<String, Code>,
    pub keys: Vec<app::PublicKey>,
    pub callbacks: Vec<String>,
    rotates: bool,
    timeout: Duration,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            grants: std::collections::BTreeMap::new(),
            next_grant: 0,
            sessions: HashMap::new(),
            refresh_tokens: HashMap::new(),
            codes: HashMap::new(),
            keys: Vec::new(),
            callbacks: Vec::new(),
            rotates: false,
            timeout: Duration::hours(2),
        }
    }
}

/// What a grant gives out.
#[derive(Debug)]
pub(super) struct Issued {
    pub grant: Grant,
    pub access_token: String,
    pub refresh_token: Option<String>,
}

impl State {
    pub(super) fn lock(&self) -> MutexGuard<'_, Store> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends all sessions; refresh tokens stay alive.
    pub fn expire_sessions(&self) {
        self.lock().sessions.clear();
    }

    /// Ends all grants: no session and no refresh token works any more.
    pub fn revoke_grants(&self) {
        let mut store = self.lock();
        store.grants.clear();
        store.sessions.clear();
    }

    /// With rotation each refresh gives a new refresh token and kills the one that was used.
    pub fn set_rotation(&self, rotates: bool) {
        self.lock().rotates = rotates;
    }

    /// How long a session lives without being used.
    pub fn set_session_timeout(&self, timeout: Duration) {
        self.lock().timeout = timeout;
    }

    /// Lets a callback url take part in the web-server flow. As long as none is registered, all may.
    pub fn register_callback(&self, url: &str) {
        self.lock().callbacks.push(url.to_owned());
    }

    /// Lets the owner of the matching private key sign in by JWT as the app with this consumer key.
    pub fn register_public_key(&self, client_id: &str, pem: &str) -> Result<(), OauthError> {
        let key = app::PublicKey::read(client_id, pem)?;
        self.lock().keys.push(key);
        Ok(())
    }

    /// A session for a user without any sign-in.
    pub fn open_session(&self, org_id: &str, user_id: &str, now: DateTime<Utc>) -> String {
        let grant = Grant { user_id: user_id.to_owned(), client_id: String::new(), scope: "api".to_owned() };
        self.lock().issue(org_id, grant, false, now).access_token
    }

    /// The user id of a live session, whose life is extended by this use.
    pub(super) fn use_session(&self, token: &str, now: DateTime<Utc>) -> Option<String> {
        let mut store = self.lock();
        let timeout = store.timeout;
        let session = store.sessions.get_mut(token)?;
        if now - session.used > timeout {
            store.sessions.remove(token);
            return None;
        }
        session.used = session.used.max(now);
        let grant = session.grant;
        store.grants.get(&grant).map(|held| held.grant.user_id.clone())
    }
}

impl Store {
    /// Opens a new grant with its first session.
    pub(super) fn issue(
        &mut self,
        org_id: &str,
        grant: Grant,
        refreshable: bool,
        now: DateTime<Utc>,
    ) -> Issued {
        if refreshable {
            self.make_room(&grant);
        }
        let number = self.next_grant;
        self.next_grant += 1;
        self.grants.insert(number, Held { grant: grant.clone(), refreshable });
        let access_token = self.open(org_id, number, now);
        let refresh_token = refreshable.then(|| self.new_refresh_token(number));
        Issued { grant, access_token, refresh_token }
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

    fn open(&mut self, org_id: &str, grant: u64, now: DateTime<Utc>) -> String {
        let token = secrets::access_token(org_id);
        self.sessions.insert(token.clone(), OpenSession { grant, issued: now, used: now });
        token
    }

    fn new_refresh_token(&mut self, grant: u64) -> String {
        let token = secrets::refresh_token();
        self.refresh_tokens.insert(token.clone(), (grant, true));
        token
    }

    /// Ends a grant with all that it gave out.
    fn revoke(&mut self, grant: u64) {
        self.grants.remove(&grant);
        self.sessions.retain(|_, session| session.grant != grant);
    }

    /// A new session for a refresh token. A token that was rotated away counts as stolen: its grant ends.
    pub(super) fn refresh(
        &mut self,
        org_id: &str,
        token: &str,
        client_id: &str,
        now: DateTime<Utc>,
    ) -> Result<Issued, OauthError> {
        let expired = || OauthError::invalid_grant("expired access/refresh token");
        let (number, is_current) = self.refresh_tokens.get(token).copied().ok_or_else(expired)?;
        let held = self.grants.get(&number).ok_or_else(expired)?;
        if held.grant.client_id != client_id {
            return Err(OauthError::invalid_grant("invalid refresh token for this client"));
        }
        let grant = held.grant.clone();
        if !is_current {
            self.revoke(number);
            return Err(expired());
        }
        let refresh_token = self.rotates.then(|| {
            self.refresh_tokens.insert(token.to_owned(), (number, false));
            self.new_refresh_token(number)
        });
        Ok(Issued { grant, access_token: self.open(org_id, number, now), refresh_token })
    }

    pub(super) fn add_code(
        &mut self,
        grant: Grant,
        redirect_uri: String,
        challenge: Option<String>,
        now: DateTime<Utc>,
    ) -> String {
        let code = secrets::authorization_code();
        self.codes.insert(code.clone(), Code { grant, redirect_uri, challenge, issued: now });
        code
    }

    /// The code, which works only once.
    pub(super) fn take_code(&mut self, code: &str, now: DateTime<Utc>) -> Result<Code, OauthError> {
        let code =
            self.codes.remove(code).ok_or_else(|| OauthError::invalid_grant("invalid authorization code"))?;
        if now - code.issued > CODE_LIFE {
            return Err(OauthError::invalid_grant("expired authorization code"));
        }
        Ok(code)
    }

    /// Ends the session of an access token, or the whole grant of a refresh token. False if there is no such token.
    pub(super) fn revoke_token(&mut self, token: &str) -> bool {
        if self.sessions.remove(token).is_some() {
            return true;
        }
        let Some((grant, _)) = self.refresh_tokens.remove(token) else { return false };
        self.revoke(grant);
        true
    }

    /// The live session and grant behind an access token, and when it ends.
    pub(super) fn look_up(
        &self,
        token: &str,
        now: DateTime<Utc>,
    ) -> Option<(OpenSession, Grant, DateTime<Utc>)> {
        let session = self.sessions.get(token)?;
        let ends = session.used + self.timeout;
        let grant = self.grants.get(&session.grant)?.grant.clone();
        (ends >= now).then(|| (session.clone(), grant, ends))
    }

    /// The grant of a live refresh token.
    pub(super) fn look_up_refresh(&self, token: &str) -> Option<Grant> {
        let (grant, is_current) = self.refresh_tokens.get(token)?;
        self.grants.get(grant).filter(|_| *is_current).map(|held| held.grant.clone())
    }
}
