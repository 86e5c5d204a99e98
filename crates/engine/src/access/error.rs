//! What access is refused for. Nothing here says whether an account exists to somebody who is not signed in.

use chrono::TimeDelta;
use holdfast_domain::ErrorCode;
use holdfast_domain::access::{Right, TeamPermission};

#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    #[error("nobody is signed in, or the session has ended")]
    NotSignedIn,
    #[error("the address or the password is wrong")]
    WrongPassword,
    #[error("the code is wrong, or was used before")]
    WrongCode,
    #[error("too many failures to sign in; {} s to wait", wait.num_seconds() + 1)]
    Throttled { wait: TimeDelta },
    #[error("this team signs in by single sign-on")]
    PasswordsOff,
    #[error("`{email}` is not admitted: somebody must invite it first")]
    NotAdmitted { email: String },
    #[error("the identity provider did not say that the address is verified")]
    AddressNotVerified,
    #[error("the right `{right}` on this org is not given to you")]
    RightMissing { right: Right },
    #[error("`{permission}` is not allowed to you")]
    PermissionMissing { permission: TeamPermission },
    #[error("this needs a person who is signed in, not an API token")]
    NeedsSession,
    #[error("this link is unknown, was used, or has expired")]
    LinkExpired,
    #[error("the team has an owner already")]
    OwnerExists,
    #[error("a team keeps at least one owner who can sign in")]
    LastOwner,
    #[error("the connection of this org belongs to another owner")]
    NotTheOwner,
    #[error("only an owner of the team can own a connection")]
    NotAnOwner,
    #[error("the password {reason}")]
    WeakPassword { reason: &'static str },
    #[error("`{email}` is not an e-mail address")]
    NotAnAddress { email: String },
    #[error("a name has 1 to 100 characters")]
    NotAName,
    #[error("a token needs at least one scope")]
    NoScope,
    #[error("there is no {what} `{id}`")]
    Unknown { what: &'static str, id: String },
    #[error("no authenticator is being set up")]
    NoAuthenticator,
    #[error("an authenticator is set up already; remove it first")]
    AuthenticatorExists,
    #[error("single sign-on is not set up")]
    NoSingleSignOn,
    #[error("single sign-on needs {what}")]
    SingleSignOnIncomplete { what: &'static str },
}

impl AccessError {
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::NotSignedIn => ErrorCode::NotSignedIn,
            Self::WrongPassword
            | Self::WrongCode
            | Self::PasswordsOff
            | Self::NotAdmitted { .. }
            | Self::AddressNotVerified => ErrorCode::SignInRefused,
            Self::Throttled { .. } => ErrorCode::TooManyRequests,
            Self::RightMissing { .. }
            | Self::PermissionMissing { .. }
            | Self::NeedsSession
            | Self::NotTheOwner => ErrorCode::NotAllowed,
            Self::LinkExpired => ErrorCode::LinkExpired,
            Self::OwnerExists
            | Self::LastOwner
            | Self::NotAnOwner
            | Self::NoAuthenticator
            | Self::AuthenticatorExists
            | Self::NoSingleSignOn => ErrorCode::StateForbids,
            Self::WeakPassword { .. }
            | Self::NotAnAddress { .. }
            | Self::NotAName
            | Self::NoScope
            | Self::SingleSignOnIncomplete { .. } => ErrorCode::BadInput,
            Self::Unknown { .. } => ErrorCode::NotFound,
        }
    }
}
