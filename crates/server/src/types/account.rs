//! The caller's own account, and signing in.

use chrono::{DateTime, Utc};
use holdfast_salesforce::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::problem::{MemberKind, Right, Role};
use crate::page::page;

/// What the sign-in page offers.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignInOptions {
    /// Nobody is a member yet: the link that the service printed at its start makes the first owner.
    pub(crate) needs_first_owner: bool,
    /// Absent if single sign-on is not set up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) single_sign_on: Option<SingleSignOnOffer>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SingleSignOnOffer {
    /// What the button says.
    pub(crate) label: String,
    /// Go there; add `?return_to=/path`.
    pub(crate) start_url: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FirstOwner {
    /// From the link's fragment.
    #[schema(value_type = String)]
    pub(crate) token: Secret,
    pub(crate) name: String,
    pub(crate) email: String,
    /// At least 12 characters.
    #[schema(value_type = String)]
    pub(crate) password: Secret,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    pub(crate) email: String,
    #[schema(value_type = String)]
    pub(crate) password: Secret,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecondFactor {
    /// Six digits of the authenticator, or a recovery code.
    #[schema(value_type = String)]
    pub(crate) code: Secret,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum SignInStep {
    #[serde(rename = "done")]
    Done,
    #[serde(rename = "second_factor")]
    SecondFactor,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SignInAnswer {
    /// `second_factor`: the cookie is good for `POST /session/second_factor` only.
    pub(crate) next: SignInStep,
    /// Once `next` is `done`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) me: Option<Me>,
}

/// Who is signed in, and what they may do.
#[derive(Serialize, ToSchema)]
pub(crate) struct Me {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) role: Role,
    pub(crate) kind: MemberKind,
    pub(crate) has_password: bool,
    pub(crate) has_totp: bool,
    pub(crate) recovery_codes_left: u64,
    pub(crate) is_linked_to_single_sign_on: bool,
    /// Of the team; rights on orgs are in `orgs`.
    pub(crate) permissions: Vec<TeamPermission>,
    /// Orgs on which there is any right.
    pub(crate) orgs: Vec<OrgRights>,
    /// Absent for an API token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) session: Option<OwnSession>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum TeamPermission {
    #[serde(rename = "team:manage")]
    TeamManage,
    #[serde(rename = "org:connect")]
    OrgConnect,
    #[serde(rename = "audit:read")]
    AuditRead,
    #[serde(rename = "settings:manage")]
    SettingsManage,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct OrgRights {
    pub(crate) org_id: String,
    pub(crate) rights: Vec<Right>,
    /// Owns the connection: all rights, which cannot be taken away.
    pub(crate) is_owner: bool,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct OwnSession {
    pub(crate) id: String,
    pub(crate) signed_in_at: DateTime<Utc>,
    pub(crate) idle_expires_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MeChange {
    pub(crate) name: Option<String>,
}

/// Ends all other sessions.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordChange {
    /// Needed if there is a password.
    #[schema(value_type = Option<String>)]
    pub(crate) current_password: Option<Secret>,
    #[schema(value_type = String)]
    pub(crate) new_password: Secret,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordProof {
    #[schema(value_type = Option<String>)]
    pub(crate) password: Option<Secret>,
    /// In place of the password for members without one.
    #[schema(value_type = Option<String>)]
    pub(crate) code: Option<Secret>,
}

/// Shown once; takes effect when a code confirms it.
#[derive(Serialize, ToSchema)]
pub(crate) struct TotpSetUp {
    /// Base32, for typing.
    #[schema(value_type = String)]
    pub(crate) secret: Secret,
    #[schema(value_type = String)]
    pub(crate) otpauth_url: Secret,
    /// The same as a picture.
    #[schema(value_type = String)]
    pub(crate) qr_svg: Secret,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TotpCode {
    #[schema(value_type = String)]
    pub(crate) code: Secret,
}

/// Shown once.
#[derive(Serialize, ToSchema)]
pub(crate) struct RecoveryCodes {
    #[schema(value_type = Vec<String>)]
    pub(crate) codes: Vec<Secret>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) is_current: bool,
    pub(crate) signed_in_at: DateTime<Utc>,
    pub(crate) last_seen_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ip: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_agent: Option<String>,
    pub(crate) way: SignInWay,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum SignInWay {
    #[serde(rename = "password")]
    Password,
    #[serde(rename = "single_sign_on")]
    SingleSignOn,
    #[serde(rename = "first_owner")]
    FirstOwner,
    #[serde(rename = "invitation")]
    Invitation,
}

page!(SessionPage, Session);
