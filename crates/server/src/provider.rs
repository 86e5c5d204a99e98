//! The identity provider of single sign-on, spoken to by OpenID Connect: authorization code with PKCE and a nonce.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use futures::FutureExt as _;
use holdfast_domain::ErrorCode;
use holdfast_engine::access::{Claims, SingleSignOn};
use holdfast_engine::error::chain;
use holdfast_salesforce::Secret;
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreUserInfoClaims};
use openidconnect::{
    AsyncHttpClient, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse, IssuerUrl,
    Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, TokenResponse as _,
};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::problem::{Refusal, Result};

/// Providers answer small documents, quickly or not at all.
const PATIENCE: Duration = Duration::from_secs(15);
const LONGEST_ANSWER: usize = 1 << 20;

pub(crate) struct Provider(Http);

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

impl Default for Provider {
    #[expect(clippy::disallowed_methods, reason = "the identity provider is an outside system of its own")]
    fn default() -> Self {
        let client = reqwest::Client::builder()
            .timeout(PATIENCE)
            // An answer that leads elsewhere could lead into the network that the service stands in.
            .redirect(reqwest::redirect::Policy::none())
            .build();
        Self(Http(client.expect("the options are constants that are known to work")))
    }
}

impl Provider {
    /// Asks the provider what it can do; an error if it is not there, or is another.
    pub(crate) async fn check(&self, issuer: &str) -> Result<()> {
        self.discover(issuer).await.map(drop)
    }

    pub(crate) async fn begin(
        &self,
        set_up: &SingleSignOn,
        redirect_uri: Url,
        return_to: Option<String>,
    ) -> Result<Begun> {
        let metadata = self.discover(&set_up.issuer).await?;
        let client = CoreClient::from_provider_metadata(metadata, client_id(set_up), client_secret(set_up))
            .set_redirect_uri(RedirectUrl::from_url(redirect_uri.clone()));
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state, nonce) = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
            .add_scope(Scope::new("email".to_owned()))
            .add_scope(Scope::new("profile".to_owned()))
            .set_pkce_challenge(challenge)
            .url();
        let (nonce, verifier) = (Secret::new(nonce.secret()), Secret::new(verifier.secret()));
        let kept = Kept { nonce, verifier, redirect_uri, return_to };
        Ok(Begun { url, state: state.secret().clone(), kept })
    }

    /// Trades the code for claims, and verifies them: signature, issuer, audience, time and nonce.
    pub(crate) async fn finish(
        &self,
        set_up: &SingleSignOn,
        kept: &Kept,
        code: &str,
        now: DateTime<Utc>,
    ) -> Result<Claims> {
        let metadata = self.discover(&set_up.issuer).await?;
        let client = CoreClient::from_provider_metadata(metadata, client_id(set_up), client_secret(set_up))
            .set_redirect_uri(RedirectUrl::from_url(kept.redirect_uri.clone()));
        let request = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|error| failed(&error))?
            .set_pkce_verifier(PkceCodeVerifier::new(kept.verifier.expose().to_owned()));
        let tokens = request.request_async(&self.0).await.map_err(|error| failed(&error))?;
        let id_token = tokens.id_token().ok_or_else(|| failed_because("it gave no id token"))?;
        let verifier = client.id_token_verifier().set_time_fn(move || now);
        let nonce = Nonce::new(kept.nonce.expose().to_owned());
        let claims = id_token.claims(&verifier, &nonce).map_err(|error| failed(&error))?;
        let mut found = Claims {
            issuer: claims.issuer().to_string(),
            subject: claims.subject().to_string(),
            email: claims.email().map(|email| email.to_string()),
            is_email_verified: claims.email_verified().unwrap_or(false),
            name: claims.name().and_then(|name| name.get(None)).map(|name| name.to_string()),
        };
        // Some providers tell no more than the subject in the token itself.
        if found.email.is_none()
            && let Ok(request) = client.user_info(tokens.access_token().clone(), Some(claims.subject().clone()))
        {
            let info: CoreUserInfoClaims = request.request_async(&self.0).await.map_err(|error| failed(&error))?;
            found.email = info.email().map(|email| email.to_string());
            found.is_email_verified = info.email_verified().unwrap_or(false);
            found.name = info.name().and_then(|name| name.get(None)).map(|name| name.to_string()).or(found.name);
        }
        Ok(found)
    }

    async fn discover(&self, issuer: &str) -> Result<CoreProviderMetadata> {
        let issuer = IssuerUrl::new(issuer.to_owned())
            .map_err(|_| Refusal::bad_input(format!("`{issuer}` is not an address")).in_field("issuer"))?;
        CoreProviderMetadata::discover_async(issuer, &self.0).await.map_err(|error| failed(&error))
    }
}

fn client_id(set_up: &SingleSignOn) -> ClientId {
    ClientId::new(set_up.client_id.clone())
}

fn client_secret(set_up: &SingleSignOn) -> Option<ClientSecret> {
    set_up.client_secret.as_ref().map(|secret| ClientSecret::new(secret.expose().to_owned()))
}

fn failed(error: &dyn std::error::Error) -> Refusal {
    failed_because(&chain(error))
}

fn failed_because(reason: &str) -> Refusal {
    let title = "the identity provider did not answer as it should";
    Refusal::new(ErrorCode::IdentityProviderFailed, title).with_detail(reason)
}

/// The HTTP client as the library asks for it.
struct Http(reqwest::Client);

#[derive(Debug, thiserror::Error)]
enum NoAnswer {
    #[error("the identity provider could not be reached")]
    Unreachable {
        #[source]
        source: reqwest::Error,
    },
    #[error("the identity provider's answer is too long")]
    TooLong,
    #[error("the identity provider's answer is not HTTP")]
    NotHttp {
        #[source]
        source: http::Error,
    },
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = NoAnswer;
    type Future = BoxFuture<'c, std::result::Result<HttpResponse, NoAnswer>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        async move {
            let unreachable = |source| NoAnswer::Unreachable { source };
            let request = reqwest::Request::try_from(request).map_err(unreachable)?;
            let mut answer = self.0.execute(request).await.map_err(unreachable)?;
            let mut response = http::Response::builder().status(answer.status());
            for (name, value) in answer.headers() {
                response = response.header(name, value);
            }
            let mut body = Vec::new();
            while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
                body.extend_from_slice(&chunk);
                if body.len() > LONGEST_ANSWER {
                    return Err(NoAnswer::TooLong);
                }
            }
            response.body(body).map_err(|source| NoAnswer::NotHttp { source })
        }
        .boxed()
    }
}
