//! Problem documents, and words that many types use.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// RFC 9457. `code` is one of docs/errors.md.
#[derive(Serialize, ToSchema)]
pub(crate) struct Problem {
    /// `https://holdfast.invalid/errors/<code>`; an identifier, not an address.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// What happened, in a few words.
    pub(crate) title: String,
    pub(crate) status: u64,
    /// The message with its causes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<String>,
    pub(crate) code: String,
    /// What to do next.
    pub(crate) hint: String,
    pub(crate) request_id: String,
    /// The member of the body or the parameter that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after_s: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum Role {
    #[serde(rename = "owner")]
    Owner,
    #[serde(rename = "member")]
    Member,
}

/// Rights on one org; none unless given. `browse` implies `view`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum Right {
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
}

/// A service member is a shared inbox that receives messages and may be used by scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum MemberKind {
    #[serde(rename = "person")]
    Person,
    #[serde(rename = "service")]
    Service,
}
