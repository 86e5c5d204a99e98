//! The "sfdx auth URL" that `sf org display --verbose` prints.

use url::Url;

use crate::credentials::Credentials;
use crate::error::Error;
use crate::secret::Secret;

/// Reads `force://<client id>:<client secret>:<refresh token>@<host>`; the secret may be empty.
/// Ids and tokens hold characters that no URL parser takes unescaped, so it is taken apart by hand.
pub fn parse_sfdx_auth_url(text: &str) -> Result<Credentials, Error> {
    let bad = || Error::BadSfdxAuthUrl;
    let rest = text.trim().strip_prefix("force://").ok_or_else(bad)?;
    let (grant, host) = rest.rsplit_once('@').ok_or_else(bad)?;
    let mut parts = grant.splitn(3, ':');
    let (Some(client_id), Some(client_secret), Some(refresh_token)) =
        (parts.next(), parts.next(), parts.next())
    else {
        return Err(bad());
    };
    if client_id.is_empty() || refresh_token.is_empty() {
        return Err(bad());
    }
    let has_scheme = host.starts_with("http://") || host.starts_with("https://");
    let address = if has_scheme { host.to_owned() } else { format!("https://{host}") };
    let login_url: Url = address.parse().map_err(|_| bad())?;
    Ok(Credentials::RefreshToken {
        login_url,
        client_id: client_id.to_owned(),
        client_secret: Some(client_secret).filter(|secret| !secret.is_empty()).map(Secret::from),
        refresh_token: refresh_token.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_an_auth_url_are_found() {
        for (text, id, secret, token, host) in [
            (
                "force://PlatformCLI::5Aep861!x.y@acme.my.salesforce.com",
                "PlatformCLI",
                None,
                "5Aep861!x.y",
                "https://acme.my.salesforce.com/",
            ),
            (
                " force://3MVG9:s3cr3t:tok:en@acme.my.salesforce.com\n",
                "3MVG9",
                Some("s3cr3t"),
                "tok:en",
                "https://acme.my.salesforce.com/",
            ),
            ("force://a::t@http://127.0.0.1:8080", "a", None, "t", "http://127.0.0.1:8080/"),
        ] {
            let Credentials::RefreshToken { login_url, client_id, client_secret, refresh_token } =
                parse_sfdx_auth_url(text).unwrap()
            else {
                panic!("another kind of credentials");
            };
            assert_eq!(client_id, id);
            assert_eq!(client_secret.as_ref().map(Secret::expose), secret);
            assert_eq!(refresh_token.expose(), token);
            assert_eq!(login_url.as_str(), host);
        }
    }

    #[test]
    fn what_is_no_auth_url_is_refused_without_being_repeated() {
        for text in [
            "",
            "https://a:b:hidden@c",
            "force://a:b@c",
            "force://a:b:hidden",
            "force://::@c",
            "force://a::@c",
            "force://a::hidden@",
        ] {
            let error = parse_sfdx_auth_url(text).unwrap_err();
            assert!(!error.to_string().contains("hidden"), "{text}");
        }
    }
}
