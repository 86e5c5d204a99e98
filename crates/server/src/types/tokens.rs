//! API tokens.

use chrono::{DateTime, Utc};
use holdfast_salesforce::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::page::page;

/// What a token may do; never more than its member may. `team` stands for what owners do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum Scope {
    #[serde(rename = "view")]
    View,
    #[serde(rename = "browse")]
    Browse,
    #[serde(rename = "execute")]
    Execute,
    #[serde(rename = "edit")]
    Edit,
    #[serde(rename = "delete")]
    Delete,
    #[serde(rename = "restore")]
    Restore,
    #[serde(rename = "download")]
    Download,
    #[serde(rename = "team")]
    Team,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Token {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) scopes: Vec<Scope>,
    /// Absent: all orgs that the member has rights on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) org_ids: Option<Vec<String>>,
    pub(crate) created_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_used_at: Option<DateTime<Utc>>,
    /// Its first characters, to recognise it by.
    pub(crate) beginning: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewToken {
    pub(crate) name: String,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) org_ids: Option<Vec<String>>,
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct CreatedToken {
    pub(crate) token: Token,
    /// Shown once.
    #[schema(value_type = String)]
    pub(crate) secret: Secret,
}

page!(TokenPage, Token);
