//! The apps that may ask for tokens, how they prove who they are, and the scopes they may hold.

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::DecodingKey;
use serde::{Deserialize, Serialize};

use super::OauthError;
use super::policy::Policy;
use crate::server::AppState;

/// The consumer key that the official command line uses; a public client.
pub(super) const PLATFORM_CLI: &str = "PlatformCLI";

/// What an app holds when it asks for no scope.
pub(super) const DEFAULT_SCOPE: &str = "refresh_token api";

pub(super) const SCOPES: [&str; 13] = [
    "api",
    "refresh_token",
    "offline_access",
    "openid",
    "id",
    "profile",
    "email",
    "address",
    "phone",
    "web",
    "full",
    "visualforce",
    "custom_permissions",
];

/// A registered certificate's key.
#[derive(Serialize, Deserialize)]
#[serde(try_from = "Registered")]
pub(super) struct PublicKey {
    pub client_id: String,
    pem: String,
    #[serde(skip_serializing)]
    pub key: DecodingKey,
}

/// What a saved org holds of it.
#[derive(Deserialize)]
struct Registered {
    client_id: String,
    pem: String,
}

impl TryFrom<Registered> for PublicKey {
    type Error = String;

    fn try_from(saved: Registered) -> Result<Self, String> {
        Self::read(&saved.client_id, &saved.pem).map_err(|_| "not an RSA public key in PEM".to_owned())
    }
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PublicKey").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

impl PublicKey {
    pub(super) fn read(client_id: &str, pem: &str) -> Result<Self, OauthError> {
        let key = DecodingKey::from_rsa_pem(pem.as_bytes()).map_err(|error| {
            OauthError::new("invalid_request", format!("not an RSA public key in PEM: {error}"))
        })?;
        Ok(Self { client_id: client_id.to_owned(), pem: pem.to_owned(), key })
    }
}

/// The form of a token request with what `Authorization: Basic` adds.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Self {
        let mut fields: Vec<(String, String)> = url::form_urlencoded::parse(body).into_owned().collect();
        if let Some((id, secret)) = basic(headers) {
            fields.push(("client_id".to_owned(), id));
            fields.push(("client_secret".to_owned(), secret));
        }
        Self(fields)
    }

    pub(super) fn of_query(query: &str) -> Self {
        Self(url::form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    pub(super) fn need(&self, name: &str) -> Result<&str, OauthError> {
        self.get(name).ok_or_else(|| OauthError::missing(name))
    }
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

/// The consumer key of the form, if it is known and a secret, where given or required, is right.
pub(super) fn client(state: &AppState, form: &Form, needs_secret: bool) -> Result<String, OauthError> {
    let id = form.need("client_id")?;
    if id == PLATFORM_CLI && !needs_secret {
        return Ok(id.to_owned());
    }
    if id != state.settings.client_id {
        return Err(OauthError::new("invalid_client_id", "client identifier invalid"));
    }
    match form.get("client_secret") {
        Some(secret) if secret == state.settings.client_secret => Ok(id.to_owned()),
        None if !needs_secret => Ok(id.to_owned()),
        _ => Err(OauthError::new("invalid_client", "invalid client credentials")),
    }
}

/// The scope that an app asks for, if all its words are known and allowed.
pub(super) fn scope(policy: &Policy, asked: Option<&str>) -> Result<String, OauthError> {
    let allowed = |word: &str| policy.scopes.is_empty() || policy.scopes.iter().any(|scope| scope == word);
    let Some(asked) = asked else {
        let words: Vec<&str> = DEFAULT_SCOPE.split_whitespace().filter(|word| allowed(word)).collect();
        return Ok(words.join(" "));
    };
    if asked.split_whitespace().any(|word| !SCOPES.contains(&word)) {
        return Err(OauthError::new(
            "invalid_scope",
            "the requested scope is invalid, unknown, or malformed",
        ));
    }
    if asked.split_whitespace().any(|word| !allowed(word)) {
        return Err(OauthError::new("invalid_scope", "the requested scope is not allowed"));
    }
    Ok(asked.to_owned())
}

/// The part of a granted scope that a refresh asks for.
pub(super) fn narrowed(granted: &str, asked: &str) -> Result<String, OauthError> {
    let is_granted = |word: &str| granted.split_whitespace().any(|held| held == word);
    if asked.split_whitespace().all(is_granted) {
        return Ok(asked.to_owned());
    }
    Err(OauthError::new("invalid_scope", "the requested scope is not allowed"))
}

pub(super) fn is_refreshable(scope: &str) -> bool {
    scope.split_whitespace().any(|word| matches!(word, "refresh_token" | "offline_access"))
}
