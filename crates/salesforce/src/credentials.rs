//! What the integration user signs in with, as it is sealed in the catalog.

use serde::{Deserialize, Serialize};
use url::Url;

use crate::secret::Secret;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Credentials {
    /// A session that somebody else opened; it cannot be renewed.
    AccessToken { access_token: Secret },
    /// The grant that the web flow left.
    RefreshToken { login_url: Url, client_id: String, client_secret: Option<Secret>, refresh_token: Secret },
    /// A signed statement instead of a password; `audience` is the login address unless given.
    Jwt { login_url: Url, audience: Option<String>, client_id: String, username: String, key_pem: Secret },
    /// The app's own "Run As" user; `login_url` must be the My Domain address.
    ClientCredentials { login_url: Url, client_id: String, client_secret: Secret },
}

impl Credentials {
    /// True if and only if a new session can be had without a person.
    pub fn can_renew(&self) -> bool {
        !matches!(self, Self::AccessToken { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_survive_storage_and_never_print_their_secrets() {
        let login_url: Url = "https://login.salesforce.com".parse().unwrap();
        let all = [
            Credentials::AccessToken { access_token: "hidden-1".into() },
            Credentials::RefreshToken {
                login_url: login_url.clone(),
                client_id: "app".into(),
                client_secret: Some("hidden-2".into()),
                refresh_token: "hidden-3".into(),
            },
            Credentials::Jwt {
                login_url: login_url.clone(),
                audience: None,
                client_id: "app".into(),
                username: "a@b.c".into(),
                key_pem: "hidden-4".into(),
            },
            Credentials::ClientCredentials {
                login_url,
                client_id: "app".into(),
                client_secret: "hidden-5".into(),
            },
        ];
        for credentials in all {
            let stored = serde_json::to_string(&credentials).unwrap();
            let read: Credentials = serde_json::from_str(&stored).unwrap();
            assert_eq!(serde_json::to_string(&read).unwrap(), stored);
            assert!(stored.contains("hidden-"));
            assert!(!format!("{credentials:?}").contains("hidden-"));
        }
    }
}
