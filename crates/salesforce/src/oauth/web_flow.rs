//! The web-server flow with PKCE: what the browser is sent to, and what the returned code is exchanged for.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngCore;
use sha2::{Digest, Sha256};
use url::Url;

use super::token::{self, Tokens, check_address};
use crate::client::ClientOptions;
use crate::error::Error;
use crate::secret::Secret;

/// The proof that whoever exchanges the code is whoever asked for it (RFC 7636).
#[derive(Debug, Clone)]
pub struct Pkce {
    pub verifier: Secret,
    pub challenge: String,
}

impl Pkce {
    pub fn new() -> Self {
        // 128 random bytes, the amount that Salesforce documents for its code verifier.
        Self::from_verifier(&random_text::<128>())
    }

    fn from_verifier(verifier: &str) -> Self {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        Self { verifier: verifier.into(), challenge }
    }
}

impl Default for Pkce {
    fn default() -> Self {
        Self::new()
    }
}

/// An unguessable `state`, to be compared with the one that comes back.
pub fn new_state() -> String {
    random_text::<32>()
}

fn random_text<const N: usize>() -> String {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Where the browser goes so that a person can grant access.
pub fn authorize_url(
    login_url: &Url,
    client_id: &str,
    redirect_uri: &str,
    scopes: &[&str],
    state: &str,
    pkce: &Pkce,
) -> Result<Url, Error> {
    let mut url = check_address(login_url.as_str())?;
    url.set_path("/services/oauth2/authorize");
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", client_id)
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("scope", &scopes.join(" "))
        .append_pair("state", state)
        .append_pair("code_challenge", &pkce.challenge)
        .append_pair("code_challenge_method", "S256");
    Ok(url)
}

/// Exchanges the code that came back for a session and its refresh token.
pub async fn exchange_code(
    login_url: &Url,
    client_id: &str,
    client_secret: Option<&Secret>,
    redirect_uri: &str,
    code: &Secret,
    pkce: &Pkce,
    options: &ClientOptions,
) -> Result<Tokens, Error> {
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code.expose()),
        ("client_id", client_id),
        ("redirect_uri", redirect_uri),
        ("code_verifier", pkce.verifier.expose()),
    ];
    form.extend(client_secret.map(|secret| ("client_secret", secret.expose())));
    token::request(&options.transport(), login_url, &form).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_the_one_of_the_standards_example() {
        let pkce = Pkce::from_verifier("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(pkce.challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn no_two_proofs_are_alike() {
        assert_ne!(Pkce::new().verifier, Pkce::new().verifier);
        assert_ne!(new_state(), new_state());
    }

    #[test]
    fn the_authorize_url_carries_everything_escaped() {
        let pkce = Pkce::from_verifier("v");
        let login: Url = "https://login.salesforce.com/".parse().unwrap();
        let url = authorize_url(
            &login,
            "app&id",
            "http://localhost:1717/cb?x=1",
            &["api", "refresh_token"],
            "s t",
            &pkce,
        )
        .unwrap();
        let pairs: Vec<_> = url.query_pairs().into_owned().collect();
        assert_eq!(url.path(), "/services/oauth2/authorize");
        for (key, value) in [
            ("client_id", "app&id"),
            ("redirect_uri", "http://localhost:1717/cb?x=1"),
            ("scope", "api refresh_token"),
            ("state", "s t"),
            ("code_challenge", &pkce.challenge),
        ] {
            assert!(pairs.contains(&(key.to_owned(), value.to_owned())), "{key}");
        }
    }
}
