//! The identity provider of single sign-on, spoken to by OpenID Connect: authorization code with PKCE and a nonce.
//!
//! What it says counts if and only if the id token is signed by one of the keys that the issuer publishes, with an algorithm
//! for public keys, names the issuer and us, has not expired, and repeats the nonce of this very sign-in (OpenID Connect
//! Core 1.0, section 3.1.3.7).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use holdfast_domain::ErrorCode;
use holdfast_engine::access::{Claims, SingleSignOn};
use holdfast_engine::error::chain;
use holdfast_salesforce::Secret;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use rand::RngCore as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::problem::{Refusal, Result};

/// Providers answer small documents, quickly or not at all.
const PATIENCE: Duration = Duration::from_secs(15);
const LONGEST_ANSWER: usize = 1 << 20;
/// How far the provider's clock may be from ours.
const LEEWAY_S: i64 = 60;
/// A key that anybody can read must not also be a key to sign with: no HMAC.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

pub(crate) struct Provider {
    http: reqwest::Client,
}

/// A sign-in that was begun.
pub(crate) struct Begun {
    pub(crate) url: Url,
    pub(crate) state: String,
    pub(crate) kept: Kept,
}

/// What must be known again when the browser comes back.
#[derive(Serialize, Deserialize)]
pub(crate) struct Kept {
    nonce: Secret,
    verifier: Secret,
    redirect_uri: Url,
    pub(crate) return_to: Option<String>,
}

/// What the provider publishes about itself (OpenID Connect Discovery 1.0, section 3).
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    userinfo_endpoint: Option<Url>,
    jwks_uri: Url,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: Option<String>,
    access_token: String,
}

#[derive(Deserialize)]
struct IdToken {
    iss: String,
    sub: String,
    aud: OneOrMany,
    azp: Option<String>,
    exp: i64,
    nonce: Option<String>,
    #[serde(flatten)]
    person: Person,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// Claims about the person; some providers tell them only when asked at the user info endpoint.
#[derive(Deserialize)]
struct Person {
    email: Option<String>,
    #[serde(default)]
    email_verified: bool,
    name: Option<String>,
}

#[derive(Deserialize)]
struct UserInfo {
    sub: String,
    #[serde(flatten)]
    person: Person,
}

impl Default for Provider {
    #[expect(clippy::disallowed_methods, reason = "the identity provider is an outside system of its own")]
    fn default() -> Self {
        let client = reqwest::Client::builder()
            .timeout(PATIENCE)
            // An answer that leads elsewhere could lead into the network that the service stands in.
            .redirect(reqwest::redirect::Policy::none())
            .build();
        Self { http: client.expect("the options are constants that are known to work") }
    }
}

impl Provider {
    /// Asks the provider what it can do; an error if it is not there, or is another.
    pub(crate) async fn check(&self, issuer: &str) -> Result<()> {
        let metadata = self.discover(issuer).await?;
        self.fetch::<JwkSet>(self.http.get(metadata.jwks_uri)).await.map(drop)
    }

    pub(crate) async fn begin(
        &self,
        set_up: &SingleSignOn,
        redirect_uri: Url,
        return_to: Option<String>,
    ) -> Result<Begun> {
        let metadata = self.discover(&set_up.issuer).await?;
        let (state, nonce, verifier) = (random_text(), random_text(), random_text());
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
        let mut url = metadata.authorization_endpoint;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &set_up.client_id)
            .append_pair("redirect_uri", redirect_uri.as_str())
            .append_pair("scope", "openid email profile")
            .append_pair("state", &state)
            .append_pair("nonce", &nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        let kept = Kept { nonce: nonce.into(), verifier: verifier.into(), redirect_uri, return_to };
        Ok(Begun { url, state, kept })
    }

    /// Trades the code for claims, and verifies them.
    pub(crate) async fn finish(
        &self,
        set_up: &SingleSignOn,
        kept: &Kept,
        code: &str,
        now: DateTime<Utc>,
    ) -> Result<Claims> {
        let metadata = self.discover(&set_up.issuer).await?;
        let tokens = self.exchange(&metadata, set_up, kept, code).await?;
        let id_token = tokens.id_token.ok_or_else(|| failed("it gave no id token"))?;
        let keys: JwkSet = self.fetch(self.http.get(metadata.jwks_uri)).await?;
        let IdToken { iss, sub, person, .. } =
            verified(&id_token, &keys, &metadata.issuer, &set_up.client_id, kept.nonce.expose(), now)?;
        let person = match (person.email.is_some(), metadata.userinfo_endpoint) {
            (false, Some(endpoint)) => {
                let asked = self.http.get(endpoint).bearer_auth(tokens.access_token);
                let told: UserInfo = self.fetch(asked).await?;
                // Section 5.3.2: somebody else's answer must not be mixed in.
                if told.sub != sub {
                    return Err(failed("it told of somebody else than who signed in"));
                }
                told.person
            }
            _ => person,
        };
        let Person { email, email_verified, name } = person;
        Ok(Claims { issuer: iss, subject: sub, email, is_email_verified: email_verified, name })
    }

    async fn discover(&self, issuer: &str) -> Result<Metadata> {
        let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let url: Url = address
            .parse()
            .map_err(|_| Refusal::bad_input(format!("`{issuer}` is not an address")).in_field("issuer"))?;
        let metadata: Metadata = self.fetch(self.http.get(url)).await?;
        if metadata.issuer.trim_end_matches('/') != issuer.trim_end_matches('/') {
            return Err(failed(&format!("it calls itself `{}`", metadata.issuer)));
        }
        Ok(metadata)
    }

    async fn exchange(
        &self,
        metadata: &Metadata,
        set_up: &SingleSignOn,
        kept: &Kept,
        code: &str,
    ) -> Result<Tokens> {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", kept.redirect_uri.as_str()),
            ("code_verifier", kept.verifier.expose()),
        ];
        let mut request = self.http.post(metadata.token_endpoint.clone());
        let methods = &metadata.token_endpoint_auth_methods_supported;
        match &set_up.client_secret {
            // Without a list, the header is what every provider must take (Discovery, section 3).
            Some(secret) if methods.is_empty() || methods.iter().any(|m| m == "client_secret_basic") => {
                request = request.basic_auth(encoded(&set_up.client_id), Some(encoded(secret.expose())));
            }
            secret => {
                form.push(("client_id", &set_up.client_id));
                form.extend(secret.iter().map(|secret| ("client_secret", secret.expose())));
            }
        }
        self.fetch(request.form(&form)).await
    }

    async fn fetch<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T> {
        let unreachable = |error: reqwest::Error| failed(&chain(&error.without_url()));
        let mut answer = request.header("accept", "application/json").send().await.map_err(unreachable)?;
        let status = answer.status();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
            body.extend_from_slice(&chunk);
            if body.len() > LONGEST_ANSWER {
                return Err(failed("its answer is too long"));
            }
        }
        if !status.is_success() {
            return Err(failed(&format!("it answered {status}")));
        }
        serde_json::from_slice(&body).map_err(|_| failed("its answer is not the document that was asked for"))
    }
}

/// The claims of an id token that is signed by the provider, for us, now, and for this sign-in.
fn verified(
    token: &str,
    keys: &JwkSet,
    issuer: &str,
    client_id: &str,
    nonce: &str,
    now: DateTime<Utc>,
) -> Result<IdToken> {
    let header = decode_header(token).map_err(|_| failed("its id token cannot be read"))?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(failed("its id token is signed with an algorithm that is not accepted"));
    }
    let key = match &header.kid {
        Some(id) => keys.find(id),
        None => keys.keys.first().filter(|_| keys.keys.len() == 1),
    };
    let key = key.ok_or_else(|| failed("its id token is signed with a key that it does not publish"))?;
    let key = DecodingKey::from_jwk(key).map_err(|_| failed("its key cannot be read"))?;
    let mut validation = Validation::new(header.alg);
    // Times are compared below, by the engine's clock; issuer and audience with what they are compared with.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let claims: IdToken = decode(token, &key, &validation)
        .map_err(|_| failed("the signature of its id token is wrong"))?
        .claims;
    let audience = match &claims.aud {
        OneOrMany::One(one) => std::slice::from_ref(one),
        OneOrMany::Many(many) => many.as_slice(),
    };
    let is_for_us = audience.iter().any(|name| name == client_id)
        && claims.azp.as_ref().is_none_or(|name| name == client_id)
        && (audience.len() == 1 || claims.azp.is_some());
    let reason = if claims.iss != issuer {
        "its id token names another issuer"
    } else if !is_for_us {
        "its id token is for somebody else"
    } else if claims.exp + LEEWAY_S <= now.timestamp() {
        "its id token has expired"
    } else if claims.nonce.as_deref() != Some(nonce) {
        "its id token belongs to another sign-in"
    } else {
        return Ok(claims);
    };
    Err(failed(reason))
}

/// RFC 6749, section 2.3.1: both parts are encoded as in a form before they go into the header.
fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn random_text() -> String {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

fn failed(reason: &str) -> Refusal {
    let title = "the identity provider did not answer as it should";
    Refusal::new(ErrorCode::IdentityProviderFailed, title).with_detail(reason)
}
