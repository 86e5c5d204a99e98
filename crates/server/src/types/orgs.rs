//! Orgs, their connections, and what can be seen of them.

use chrono::{DateTime, Utc};
use holdfast_salesforce::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auto_backup::AutoPhase;
use super::problem::Right;
use crate::page::page;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum AutoState {
    #[serde(rename = "off")]
    Off,
    #[serde(rename = "running")]
    Running,
    #[serde(rename = "files_paused")]
    FilesPaused,
    #[serde(rename = "paused")]
    Paused,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum ConnectionState {
    #[serde(rename = "works")]
    Works,
    #[serde(rename = "needs_reauthorisation")]
    NeedsReauthorisation,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum Light {
    #[serde(rename = "green")]
    Green,
    #[serde(rename = "yellow")]
    Yellow,
    /// Stopped, paused or off.
    #[serde(rename = "grey")]
    Grey,
    /// Its first capture is still to come; of an org, its first backup goes on.
    #[serde(rename = "blue")]
    Blue,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Org {
    /// Salesforce's id.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) instance_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) organization_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) is_sandbox: Option<bool>,
    pub(crate) auto_backup: AutoState,
    pub(crate) phase: AutoPhase,
    pub(crate) light: Light,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_captured_at: Option<DateTime<Utc>>,
    pub(crate) api_budget_percent: u64,
    /// Of the daily API calls, what file bodies may use.
    pub(crate) files_budget_percent: u64,
    pub(crate) connection: ConnectionState,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connection_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) integration_user: Option<String>,
    pub(crate) connected_at: DateTime<Utc>,
    /// The member who owns the connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) owner_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) owner_name: Option<String>,
    /// The caller's.
    pub(crate) rights: Vec<Right>,
}

page!(OrgPage, Org);

/// How to sign in to Salesforce.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "method", rename_all = "snake_case")]
pub(crate) enum NewCredentials {
    JwtBearer {
        login_url: String,
        client_id: String,
        username: String,
        /// PEM
        #[schema(value_type = String)]
        private_key: Secret,
    },
    ClientCredentials {
        /// My Domain
        login_url: String,
        client_id: String,
        #[schema(value_type = String)]
        client_secret: Secret,
    },
    SfdxAuthUrl {
        /// `force://…`, as `sf org display --verbose` shows it.
        #[schema(value_type = String)]
        auth_url: Secret,
    },
    AccessToken {
        instance_url: String,
        #[schema(value_type = String)]
        access_token: Secret,
    },
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewOrg {
    pub(crate) name: String,
    pub(crate) credentials: NewCredentials,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrgChange {
    pub(crate) name: Option<String>,
    /// 1 to 100
    pub(crate) api_budget_percent: Option<u64>,
    /// 1 to 100
    pub(crate) files_budget_percent: Option<u64>,
}

/// Begins the OAuth web-server flow with PKCE.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSignIn {
    /// For a new org.
    pub(crate) name: Option<String>,
    /// To connect a known org again.
    pub(crate) org_id: Option<String>,
    /// `https://login.salesforce.com`, `https://test.salesforce.com`, or My Domain.
    pub(crate) login_url: String,
    /// Consumer key of the connected app.
    pub(crate) client_id: String,
    /// If the app asks for one.
    #[schema(value_type = Option<String>)]
    pub(crate) client_secret: Option<Secret>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct StartedSignIn {
    /// Send the browser there.
    pub(crate) authorize_url: String,
    /// What the connected app must name as its callback.
    pub(crate) redirect_uri: String,
    pub(crate) expires_at: DateTime<Utc>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewConnection {
    pub(crate) credentials: NewCredentials,
}

/// Asked of the org now.
#[derive(Serialize, ToSchema)]
pub(crate) struct IntegrationUser {
    pub(crate) user_id: String,
    pub(crate) username: String,
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) profile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) time_zone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) locale: Option<String>,
}

/// `restorable`: can be created again. `readable_only`: kept, but Salesforce lets nobody write it. `never`: cannot be read by queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum Restorability {
    #[serde(rename = "restorable")]
    Restorable,
    #[serde(rename = "readable_only")]
    ReadableOnly,
    #[serde(rename = "never")]
    Never,
}

/// What the integration user can see, and what it cannot. Asked of the org now.
#[derive(Serialize, ToSchema)]
pub(crate) struct Coverage {
    pub(crate) asked_at: DateTime<Utc>,
    pub(crate) permissions: Vec<PermissionFinding>,
    pub(crate) objects_visible: u64,
    /// Absent if EntityDefinition cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) objects_hidden: Option<u64>,
    pub(crate) objects_not_queryable: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fields_hidden: Option<u64>,
    pub(crate) objects: Vec<CoveredObject>,
    /// What could not be found out, and why.
    pub(crate) could_not_tell: Vec<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct PermissionFinding {
    /// As Salesforce names it, such as `View All Data`.
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) is_granted: Option<bool>,
    /// What happens without it.
    pub(crate) matters_because: String,
    /// Needed only to put something back.
    pub(crate) is_for_restore: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum Visibility {
    #[serde(rename = "captured")]
    Captured,
    #[serde(rename = "hidden")]
    Hidden,
    #[serde(rename = "not_queryable")]
    NotQueryable,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct CoveredObject {
    pub(crate) object: String,
    pub(crate) visibility: Visibility,
    pub(crate) restorability: Restorability,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hidden_fields: Option<Vec<String>>,
}
