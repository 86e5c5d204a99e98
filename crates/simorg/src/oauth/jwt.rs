//! The JWT bearer grant: an assertion signed with a key whose public half was registered for the app.

use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde::Deserialize;

use super::OauthError;
use super::app::Form;
use super::store::Grant;
use crate::server::AppState;

#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    /// The username; some tools say `prn`.
    #[serde(alias = "prn")]
    sub: String,
    aud: Audience,
    exp: Seconds,
}

/// Seconds since 1970; the example in "OAuth 2.0 JWT Bearer Flow for Server-to-Server Integration" has them as text.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Seconds {
    Number(i64),
    Text(String),
}

impl Seconds {
    fn value(&self) -> Option<i64> {
        match self {
            Seconds::Number(number) => Some(*number),
            Seconds::Text(text) => text.parse().ok(),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Hosts that Salesforce takes for itself, beside the org's own.
const AUDIENCES: [&str; 2] = ["https://login.salesforce.com", "https://test.salesforce.com"];

pub(super) fn grant(state: &AppState, form: &Form) -> Result<Grant, OauthError> {
    let assertion = form.need("assertion")?;
    let claims = verified(state, assertion)?;
    let expires = claims.exp.value().ok_or_else(|| OauthError::invalid_grant("invalid assertion"))?;
    if expires < state.org.now().timestamp() {
        return Err(OauthError::invalid_grant("expired assertion"));
    }
    let audiences = match &claims.aud {
        Audience::One(one) => std::slice::from_ref(one),
        Audience::Many(many) => many.as_slice(),
    };
    if !audiences.iter().any(|audience| is_ours(state, audience)) {
        return Err(OauthError::invalid_grant("Audience validation failed"));
    }
    let user = state
        .org
        .user_by_name(&claims.sub)
        .ok_or_else(|| OauthError::invalid_grant("user hasn't approved this consumer"))?;
    if !user.active {
        return Err(OauthError::invalid_grant("inactive user"));
    }
    let store = state.oauth.lock();
    if !store.policy.preauthorized && !store.has_approved(&user.id, &claims.iss) {
        return Err(OauthError::invalid_grant("user hasn't approved this consumer"));
    }
    Ok(Grant { user_id: user.id.clone(), client_id: claims.iss, scope: "api".to_owned() })
}

fn verified(state: &AppState, assertion: &str) -> Result<Claims, OauthError> {
    let invalid = |_| OauthError::invalid_grant("invalid assertion");
    let algorithm = decode_header(assertion).map_err(invalid)?.alg;
    if !matches!(algorithm, Algorithm::RS256 | Algorithm::RS384 | Algorithm::RS512) {
        return Err(OauthError::invalid_grant("algorithm not supported"));
    }
    // Life and audience are looked at by the org's own clock and rules.
    let mut validation = Validation::new(algorithm);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let store = state.oauth.lock();
    let mut is_known = state.settings.client_id == issuer(assertion).unwrap_or_default();
    for key in &store.keys {
        if let Ok(token) = decode::<Claims>(assertion, &key.key, &validation)
            && token.claims.iss == key.client_id
        {
            return Ok(token.claims);
        }
        is_known |= issuer(assertion).is_some_and(|issuer| issuer == key.client_id);
    }
    if is_known {
        Err(OauthError::invalid_grant("invalid assertion"))
    } else {
        Err(OauthError::new("invalid_client_id", "client identifier invalid"))
    }
}

/// Who the assertion says it is from, not yet believed.
fn issuer(assertion: &str) -> Option<String> {
    use base64::Engine;
    let payload = assertion.split('.').nth(1)?;
    let json = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice::<Claims>(&json).ok().map(|claims| claims.iss)
}

fn is_ours(state: &AppState, audience: &str) -> bool {
    let audience = audience.trim_end_matches('/').trim_end_matches("/services/oauth2/token");
    if AUDIENCES.contains(&audience) || state.settings.instance_url.as_deref() == Some(audience) {
        return true;
    }
    if audience == state.settings.my_domain_url() {
        return true;
    }
    // The address that a loopback client came to.
    let host = audience.split("://").nth(1).unwrap_or(audience).split([':', '/']).next().unwrap_or_default();
    matches!(host, "127.0.0.1" | "localhost")
}
