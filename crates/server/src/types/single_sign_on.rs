//! How single sign-on is set up.

use holdfast_salesforce::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub(crate) struct SingleSignOn {
    pub(crate) is_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) issuer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_id: Option<String>,
    pub(crate) has_client_secret: bool,
    pub(crate) label: String,
    /// Whoever has a verified address there becomes a member without rights; everybody else needs an invitation.
    pub(crate) admitted_domains: Vec<String>,
    /// Passwords are refused, except those of owners.
    #[expect(clippy::struct_field_names, reason = "it says what is required")]
    pub(crate) requires_single_sign_on: bool,
    /// What the provider must allow.
    pub(crate) callback_url: String,
}

/// Checked against the provider before it is stored.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SingleSignOnChange {
    pub(crate) is_enabled: bool,
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    /// Absent keeps the one that is stored, as long as the issuer is the same; empty takes it away.
    #[schema(value_type = Option<String>)]
    pub(crate) client_secret: Option<Secret>,
    pub(crate) label: Option<String>,
    pub(crate) admitted_domains: Option<Vec<String>>,
    pub(crate) requires_single_sign_on: Option<bool>,
}
