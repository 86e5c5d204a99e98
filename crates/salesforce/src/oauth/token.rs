//! The token endpoint: one form in, one session out, or a refusal with Salesforce's words.

use serde::Deserialize;
use url::{Host, Url};

use super::error::OAuthError;
use super::jwt;
use crate::api_error::{ApiError, describe_body};
use crate::client::ClientOptions;
use crate::credentials::Credentials;
use crate::doing::Doing;
use crate::error::Error;
use crate::secret::Secret;
use crate::transport::{Answer, Transport};

const LONGEST_ANSWER: usize = 256 * 1024;

/// What a successful sign-in gave. There is no expiry: the end of a session shows as a 401.
#[derive(Debug, Clone)]
pub struct Tokens {
    pub access_token: Secret,
    /// Present after the web flow, and after a refresh if and only if the grant rotates.
    pub refresh_token: Option<Secret>,
    /// Where all calls go; it may change from one sign-in to the next.
    pub instance_url: Url,
}

#[derive(Deserialize)]
struct TokenBody {
    access_token: Secret,
    #[serde(default)]
    refresh_token: Option<Secret>,
    instance_url: String,
}

/// Asks for a session with whatever the credentials allow. An access token is a session already.
pub(super) async fn sign_in(
    transport: &Transport,
    credentials: &Credentials,
) -> Result<Option<Tokens>, Error> {
    let tokens = match credentials {
        Credentials::AccessToken { .. } => return Ok(None),
        Credentials::RefreshToken { login_url, client_id, client_secret, refresh_token } => {
            let mut form = vec![
                ("grant_type", "refresh_token"),
                ("refresh_token", refresh_token.expose()),
                ("client_id", client_id),
            ];
            form.extend(client_secret.as_ref().map(|secret| ("client_secret", secret.expose())));
            request(transport, login_url, &form).await
        }
        Credentials::Jwt { login_url, audience, client_id, username, key_pem } => {
            let now = jwt::login_host_time(transport, login_url).await?;
            let audience = audience.clone().unwrap_or_else(|| login_url.origin().ascii_serialization());
            let assertion = jwt::sign(key_pem, client_id, username, &audience, now)?;
            let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
            request(transport, login_url, &[("grant_type", grant), ("assertion", assertion.expose())]).await
        }
        Credentials::ClientCredentials { login_url, client_id, client_secret } => {
            let form = [
                ("grant_type", "client_credentials"),
                ("client_id", client_id.as_str()),
                ("client_secret", client_secret.expose()),
            ];
            request(transport, login_url, &form).await
        }
    };
    tokens.map(Some)
}

pub(super) async fn request(
    transport: &Transport,
    login_url: &Url,
    form: &[(&str, &str)],
) -> Result<Tokens, Error> {
    let answer = transport.post_form(Doing::SignIn, endpoint(login_url, "token")?, form).await?;
    if !answer.status.is_success() {
        return Err(refusal(login_url, answer).await);
    }
    let body = answer.body.read(LONGEST_ANSWER).await?;
    let not_salesforce = |what: String| Error::NotSalesforce { url: login_url.to_string(), what };
    // The answer holds tokens, so it is described only when it is a page of HTML.
    let body: TokenBody = serde_json::from_slice(&body).map_err(|_| {
        let is_page = body.trim_ascii_start().starts_with(b"<");
        not_salesforce(if is_page { describe_body(&body) } else { "no token answer".to_owned() })
    })?;
    let instance_url = check_address(&body.instance_url)?;
    Ok(Tokens { access_token: body.access_token, refresh_token: body.refresh_token, instance_url })
}

/// Ends a grant in the org: the refresh token and every session that came from it.
pub async fn revoke(login_url: &Url, token: &Secret, options: &ClientOptions) -> Result<(), Error> {
    let transport = options.transport();
    let url = endpoint(login_url, "revoke")?;
    let answer = transport.post_form(Doing::SignIn, url, &[("token", token.expose())]).await?;
    if answer.status.is_success() { Ok(()) } else { Err(refusal(login_url, answer).await) }
}

async fn refusal(login_url: &Url, answer: Answer) -> Error {
    let ApiError { status, code, message, retry_after } = answer.into_api_error("").await;
    let is_client_error = (400..500).contains(&status);
    // Busy or under repair, the edge in front of Salesforce answers with pages of its own.
    let is_passing = matches!(status, 406 | 408 | 420 | 429 | 502 | 503 | 504)
        || (!is_client_error && is_salesforce_host(login_url));
    if code.starts_with("HTTP_") && status >= 400 && !is_passing {
        return Error::NotSalesforce {
            url: login_url.to_string(),
            what: format!("{message} (status {status})"),
        };
    }
    if !is_client_error {
        let source = Box::new(ApiError { status, code, message, retry_after });
        return Error::Api { doing: Doing::SignIn, source };
    }
    let description = Some(message).filter(|text| !text.is_empty());
    Error::LoginRefused { source: OAuthError { status, error: code, description } }
}

fn endpoint(login_url: &Url, name: &str) -> Result<Url, Error> {
    check_address(login_url.as_str())?
        .join(&format!("/services/oauth2/{name}"))
        .map_err(|_| Error::BadUrl { url: login_url.to_string(), reason: "it is not an http address" })
}

/// Takes an address of an org or a login host: its origin only, and plain http only toward a private address or a
/// name without a dot.
pub(crate) fn check_address(text: &str) -> Result<Url, Error> {
    let bad = |reason| Error::BadUrl { url: text.to_owned(), reason };
    let mut url: Url = text.trim().parse().map_err(|_| bad("it is not a URL"))?;
    if !matches!(url.scheme(), "https" | "http") || !url.has_host() {
        return Err(bad("it must begin with `https://`"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::BadUrl {
            url: url.host_str().unwrap_or_default().to_owned(),
            reason: "it must not hold a password",
        });
    }
    if url.scheme() == "http" && !is_near(&url) {
        return Err(bad("it must begin with `https://`: others could read what crosses the network"));
    }
    url.set_path("/");
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

fn is_salesforce_host(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    [".salesforce.com", ".force.com"].iter().any(|suffix| host.ends_with(suffix))
}

/// A simulated org may be on this machine, or in the network of its container, and speak plain http.
fn is_near(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback() || address.is_private(),
        Some(Host::Ipv6(address)) => address.is_loopback() || address.is_unique_local(),
        Some(Host::Domain(name)) => !name.contains('.') || name.ends_with(".localhost"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_cut_to_its_origin_and_bad_ones_are_named() {
        let ok = |text: &str| check_address(text).unwrap().to_string();
        assert_eq!(
            ok("https://acme.my.salesforce.com/lightning/page?x=1#y"),
            "https://acme.my.salesforce.com/"
        );
        for near in
            ["http://127.0.0.1:8080/", "http://[::1]:8080/", "http://10.0.0.7/", "http://simorg:8080/"]
        {
            assert_eq!(ok(near), near);
        }
        for text in [
            "acme",
            "ftp://acme.my.salesforce.com",
            "http://acme.my.salesforce.com",
            "http://login.example",
            "http://8.8.8.8",
            "https://u:p@acme.my.salesforce.com",
            "mailto:a@b.c",
        ] {
            let error = check_address(text).unwrap_err();
            assert!(matches!(error, Error::BadUrl { .. }), "{text}");
            assert!(!error.to_string().contains("u:p"));
        }
    }
}
