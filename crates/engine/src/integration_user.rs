//! Who an org is captured as, asked of the org now.

use holdfast_salesforce::{Client, Identity};

use crate::engine::Engine;
use crate::error::{Doing, Result};

/// The integration user, with the name of the profile if it may be read.
#[derive(Debug, Clone)]
pub struct IntegrationUser {
    pub identity: Identity,
    pub profile: Option<String>,
}

impl Engine {
    pub async fn integration_user(&self, org: &str) -> Result<IntegrationUser> {
        let org = self.find_org(org).await?;
        let client = self.connect(&org).await?;
        self.counting_calls(&org.id, &client, ask(&client)).await
    }
}

async fn ask(client: &Client) -> Result<IntegrationUser> {
    let identity = client.identity().await.doing(|| "read who the integration user is".to_owned())?;
    let id: String = identity.user_id.chars().filter(char::is_ascii_alphanumeric).collect();
    let soql = format!("SELECT Profile.Name FROM User WHERE Id = '{id}'");
    let rows = client.query_values(&soql, false).await.unwrap_or_default();
    let name = |row: &serde_json::Map<String, serde_json::Value>| {
        row.get("Profile")?.get("Name")?.as_str().map(str::to_owned)
    };
    Ok(IntegrationUser { profile: rows.first().and_then(name), identity })
}
