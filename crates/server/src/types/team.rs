//! Members, invitations and rights.

use chrono::{DateTime, Utc};
use holdfast_salesforce::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::account::OrgRights;
use super::problem::{MemberKind, Right, Role};
use crate::page::page;

#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Member {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) role: Role,
    pub(crate) kind: MemberKind,
    pub(crate) is_disabled: bool,
    pub(crate) has_password: bool,
    pub(crate) has_totp: bool,
    pub(crate) is_linked_to_single_sign_on: bool,
    pub(crate) created_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_seen_at: Option<DateTime<Utc>>,
    pub(crate) orgs: Vec<OrgRights>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MemberChange {
    pub(crate) name: Option<String>,
    pub(crate) role: Option<Role>,
    /// Ends all sessions and tokens.
    pub(crate) is_disabled: Option<bool>,
}

page!(MemberPage, Member);

#[derive(Serialize, ToSchema)]
pub(crate) struct Invitation {
    pub(crate) id: String,
    pub(crate) email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    pub(crate) role: Role,
    pub(crate) kind: MemberKind,
    pub(crate) invited_by: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewInvitation {
    pub(crate) email: String,
    pub(crate) name: Option<String>,
    pub(crate) role: Role,
    pub(crate) kind: Option<MemberKind>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct CreatedInvitation {
    pub(crate) invitation: Invitation,
    /// Shown once; hand it to the person who is invited.
    #[schema(value_type = String)]
    pub(crate) link: Secret,
}

page!(InvitationPage, Invitation);

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InvitationToken {
    /// From the link's fragment.
    #[schema(value_type = String)]
    pub(crate) token: Secret,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InvitationAcceptance {
    #[schema(value_type = String)]
    pub(crate) token: Secret,
    pub(crate) name: String,
    #[schema(value_type = String)]
    pub(crate) password: Secret,
}

/// What the invited person sees.
#[derive(Serialize, ToSchema)]
pub(crate) struct InvitationView {
    pub(crate) email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    pub(crate) role: Role,
    pub(crate) invited_by: String,
    pub(crate) expires_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct MemberRights {
    pub(crate) member_id: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) role: Role,
    /// What was given.
    pub(crate) granted: Vec<Right>,
    /// What follows: given, by role, and by owning the connection.
    pub(crate) rights: Vec<Right>,
    pub(crate) is_owner: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RightsChange {
    pub(crate) rights: Vec<Right>,
}

page!(MemberRightsPage, MemberRights);

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnerChange {
    /// An owner of the team.
    pub(crate) member_id: String,
}
