//! The sign-in of an org as tests and the admin API steer it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Duration, Utc};

use serde::{Deserialize, Serialize};

use super::OauthError;
use super::app;
use super::policy::Policy;
use super::store::{Grant, Store};
use super::tokens::Mint;

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct State(Mutex<Store>);

impl State {
    /// Takes over what another one holds.
    pub(crate) fn restore(&self, saved: State) {
        *self.lock() = saved.0.into_inner().unwrap_or_else(PoisonError::into_inner);
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Store> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends all sessions; refresh tokens stay alive.
    pub fn expire_sessions(&self) {
        self.lock().expire_sessions();
    }

    /// Ends all grants: no session and no refresh token works any more.
    pub fn revoke_grants(&self) {
        self.lock().revoke_all();
    }

    pub fn policy(&self) -> Policy {
        self.lock().policy.clone()
    }

    pub fn set_policy(&self, policy: Policy) {
        self.change_policy(|held| *held = policy);
    }

    pub fn change_policy(&self, change: impl FnOnce(&mut Policy)) {
        let mut store = self.lock();
        change(&mut store.policy);
        debug_assert_eq!(store.policy.problem(), None);
    }

    /// With rotation each refresh gives a new refresh token and kills the one that was used.
    pub fn set_rotation(&self, rotates: bool) {
        self.change_policy(|policy| policy.rotates = rotates);
    }

    /// How long a session lives without being used.
    pub fn set_session_timeout(&self, timeout: Duration) {
        self.change_policy(|policy| policy.session_timeout_s = timeout.num_seconds());
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

    /// Gives a user a password of its own.
    pub fn set_password(&self, user_id: &str, password: &str) {
        self.lock().passwords.insert(user_id.to_owned(), password.to_owned());
    }

    /// Ends the session of this access token. False if there is none.
    pub fn end_session(&self, token: &str) -> bool {
        self.lock().end_session(token)
    }

    /// A session for a user without any sign-in.
    pub fn open_session(&self, org_id: &str, user_id: &str, now: DateTime<Utc>) -> String {
        let grant = Grant { user_id: user_id.to_owned(), client_id: String::new(), scope: "api".to_owned() };
        let mint = Mint { org_id: org_id.to_owned(), issuer: String::new(), jwt: false };
        self.lock().issue(&mint, grant, false, now).access_token
    }

    /// The user id of a live session, whose life is extended by this use.
    pub(super) fn use_session(&self, token: &str, now: DateTime<Utc>) -> Option<String> {
        self.lock().use_session(token, now)
    }
}
