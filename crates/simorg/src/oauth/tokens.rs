//! Tokens that say something: access tokens as JWTs, id tokens, and the keys that verify both.
//!
//! All simulated orgs sign with one key. It is no secret: nothing that it opens is worth opening.

use std::sync::LazyLock;

use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::identity::instance_url;
use super::secrets;
use super::store::Grant;
use crate::server::AppState;

const KEY_ID: &str = "268";

static SIGNING_KEY: LazyLock<EncodingKey> = LazyLock::new(|| {
    EncodingKey::from_rsa_pem(include_bytes!("signing.pem")).expect("the key beside this file is an RSA key")
});

/// Makes the tokens of one org as it was addressed by one request.
#[derive(Debug, Clone)]
pub(super) struct Mint {
    pub org_id: String,
    /// Whose tokens they are: the address of the org.
    pub issuer: String,
    pub jwt: bool,
}

impl Mint {
    pub(super) fn of(state: &AppState, headers: &HeaderMap) -> Self {
        Self {
            org_id: state.org.id().to_owned(),
            issuer: instance_url(state, headers),
            jwt: state.oauth.policy().jwt_access_tokens,
        }
    }

    pub(super) fn identity_url(&self, user_id: &str) -> String {
        format!("{}/id/{}/{user_id}", self.issuer, self.org_id)
    }

    pub(super) fn access_token(&self, grant: &Grant, issued: DateTime<Utc>, ends: DateTime<Utc>) -> String {
        if !self.jwt {
            return secrets::access_token(&self.org_id);
        }
        let claims = json!({
            "scp": grant.scope,
            "aud": [self.issuer],
            "sub": format!("uid:{}", grant.user_id),
            "iss": self.issuer,
            "mty": "oauth",
            // Two tokens of one second differ.
            "sfi": secrets::session_index(),
            "hsc": false,
            "client_id": grant.client_id,
            "nbf": issued.timestamp(),
            "iat": issued.timestamp(),
            "exp": ends.timestamp(),
        });
        let header = Header { typ: Some("JWT".to_owned()), ..Header::default() };
        signed(header, &claims)
    }

    /// Who signed in, for the app itself to read.
    pub(super) fn id_token(
        &self,
        grant: &Grant,
        nonce: Option<&str>,
        access_token: &str,
        issued: DateTime<Utc>,
    ) -> String {
        let digest = Sha256::digest(access_token.as_bytes());
        let mut claims = json!({
            "at_hash": URL_SAFE_NO_PAD.encode(&digest[..16]),
            "sub": self.identity_url(&grant.user_id),
            "aud": grant.client_id,
            "iss": self.issuer,
            "iat": issued.timestamp(),
            "exp": issued.timestamp() + 120,
        });
        if let Some(nonce) = nonce {
            claims["nonce"] = json!(nonce);
        }
        signed(Header::default(), &claims)
    }
}

fn signed(header: Header, claims: &Json) -> String {
    let header = Header { alg: Algorithm::RS256, kid: Some(KEY_ID.to_owned()), ..header };
    encode(&header, claims, &SIGNING_KEY).expect("an RSA key signs any claims")
}

/// What `/id/keys` answers.
pub(super) fn keys() -> Json {
    let mut key =
        Jwk::from_encoding_key(&SIGNING_KEY, Algorithm::RS256).expect("an RSA key has a public half");
    key.common.key_id = Some(KEY_ID.to_owned());
    key.common.public_key_use = Some(PublicKeyUse::Signature);
    json!({"keys": [key]})
}
