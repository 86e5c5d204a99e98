//! Who the integration user is, and of which org.

use holdfast_domain::OrgId;
use serde::Deserialize;

use crate::client::Client;
use crate::doing::Doing;
use crate::error::Error;
use crate::transport::Request;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Identity {
    #[serde(rename = "organization_id")]
    pub org_id: OrgId,
    pub user_id: String,
    #[serde(rename = "preferred_username")]
    pub username: String,
    #[serde(rename = "name", default)]
    pub display_name: String,
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub locale: Option<String>,
    #[serde(default, rename = "zoneinfo")]
    pub time_zone: Option<String>,
}

impl Client {
    pub async fn identity(&self) -> Result<Identity, Error> {
        self.fetch(&Request::get(Doing::ReadIdentity, "/services/oauth2/userinfo")).await
    }
}
