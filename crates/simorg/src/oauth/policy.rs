//! What an administrator may set about sign-in, and what the documents leave open, to be played both ways.

use serde::{Deserialize, Serialize};

/// The settings of the org's connected app and of its sessions.
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// How long a session lives without being used, in seconds.
    pub session_timeout_s: i64,
    /// Each refresh gives a new refresh token and kills the one that was used.
    pub rotates: bool,
    /// How long a refresh token that was rotated away still works. The documents tell of no such grace.
    pub rotation_grace_s: i64,
    /// Access tokens are JWTs instead of opaque ones. They end at their time, used or not.
    pub jwt_access_tokens: bool,
    /// How long an authorization code may be used, in seconds.
    pub code_life_s: i64,
    /// The web-server flow needs a code challenge.
    pub pkce_required: bool,
    /// `code_challenge_method` is looked at and must be S256; otherwise every challenge is taken as S256.
    pub challenge_method_checked: bool,
    /// The web-server and the refresh flow need the consumer secret.
    pub secret_required: bool,
    /// Users may sign in by JWT without having approved the app before.
    pub preauthorized: bool,
    /// The username-password grant is off, as it is in new orgs.
    pub password_grant_blocked: bool,
    /// SOAP `login()` is off, as it is in new orgs.
    pub soap_login_blocked: bool,
    /// The scopes that the app may ask for; empty: all.
    pub scopes: Vec<String>,
}

/// The longest times that may be set; Salesforce's own settings end at 24 hours ("Modify Session Security Settings").
const LONGEST_S: i64 = 24 * 3600;

impl Policy {
    /// What is wrong with the settings, if anything.
    pub fn problem(&self) -> Option<String> {
        let times = [
            ("session_timeout_s", self.session_timeout_s),
            ("rotation_grace_s", self.rotation_grace_s),
            ("code_life_s", self.code_life_s),
        ];
        let wrong = times.into_iter().find(|(_, seconds)| !(0..=LONGEST_S).contains(seconds));
        wrong.map(|(name, seconds)| {
            format!("{name} is {seconds}, which does not lie between 0 and {LONGEST_S}")
        })
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            session_timeout_s: 2 * 3600,
            rotates: false,
            rotation_grace_s: 0,
            jwt_access_tokens: false,
            code_life_s: 15 * 60,
            pkce_required: false,
            challenge_method_checked: false,
            secret_required: false,
            preauthorized: true,
            password_grant_blocked: false,
            soap_login_blocked: false,
            scopes: Vec::new(),
        }
    }
}
