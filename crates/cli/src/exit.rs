//! What the process tells its caller when it ends.

use std::process::ExitCode;

use holdfast_domain::ErrorCode;

/// The exit codes; scripts rely on them, so they never change their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Done = 0,
    Failed = 1,
    Usage = 2,
    Gaps = 3,
    Interrupted = 130,
}

/// The section that ends `holdfast --help`.
pub(crate) const HELP: &str = "\
Exit codes:
  0    done; also `serve` and `demo` when they are told to stop
  1    failed; the error says what to do next
  2    the command line or the configuration is wrong; nothing was tried
  3    done with gaps: what could not be captured, or is damaged, is named
  130  interrupted; what was stored is safe, the next run goes on from there";

impl Exit {
    /// The exit code of a command that ended with an error.
    pub(crate) fn of(code: ErrorCode) -> Self {
        match code {
            ErrorCode::BadInput => Self::Usage,
            ErrorCode::Cancelled | ErrorCode::Interrupted => Self::Interrupted,
            ErrorCode::NotFound
            | ErrorCode::AlreadyExists
            | ErrorCode::NotSalesforce
            | ErrorCode::OrgUnreachable
            | ErrorCode::NeedsReauthorisation
            | ErrorCode::PermissionMissing
            | ErrorCode::ObjectNotCapturable
            | ErrorCode::RequestRefused
            | ErrorCode::ApiBudgetReached
            | ErrorCode::ApiLimitReached
            | ErrorCode::OrgBusy
            | ErrorCode::AnswerUnreadable
            | ErrorCode::LakeUnreachable
            | ErrorCode::LakeFull
            | ErrorCode::LakeReadOnly
            | ErrorCode::LakeTooNew
            | ErrorCode::LakeDamaged
            | ErrorCode::LakeDocumentLost
            | ErrorCode::CatalogUnreachable
            | ErrorCode::CatalogTooNew
            | ErrorCode::CatalogDamaged
            | ErrorCode::SecretKeyMismatch
            | ErrorCode::LeaseLost
            | ErrorCode::CountsDiffer
            | ErrorCode::NotSignedIn
            | ErrorCode::SignInRefused
            | ErrorCode::NotAllowed
            | ErrorCode::ForeignRequest
            | ErrorCode::LinkExpired
            | ErrorCode::StateForbids
            | ErrorCode::TooManyRequests
            | ErrorCode::TooLarge
            | ErrorCode::IdentityProviderFailed
            | ErrorCode::NotBuilt
            | ErrorCode::QueryRefused
            | ErrorCode::Internal => Self::Failed,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
