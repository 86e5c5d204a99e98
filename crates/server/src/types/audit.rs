//! The audit log.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::page::page;

#[derive(Serialize, ToSchema)]
pub(crate) struct AuditEntry {
    pub(crate) number: u64,
    pub(crate) at: DateTime<Utc>,
    /// A member's name and address, `command line`, or `system`.
    pub(crate) actor: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) actor_id: Option<String>,
    /// `session`, or the name of the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) through: Option<String>,
    /// Such as `session.created`, `org.removed`.
    pub(crate) action: String,
    /// What it was done to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) org_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ip: Option<String>,
    /// What else is worth knowing; never a secret.
    pub(crate) details: Value,
    pub(crate) hash: String,
}

page!(AuditEntryPage, AuditEntry);

#[derive(Serialize, ToSchema)]
pub(crate) struct AuditVerification {
    pub(crate) is_intact: bool,
    pub(crate) checked: u64,
    /// The number of the first entry that was changed, or whose predecessor is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first_broken: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// Write it down elsewhere: with it, cutting off the end shows too.
    pub(crate) head: String,
}
