//! Every way in which a call can fail, with what we were doing and whether trying again can help.

use std::sync::Arc;

use holdfast_domain::ErrorCode;
use holdfast_domain::retry::Retry;

use crate::api_error::ApiError;
use crate::defect::AnswerDefect;
use crate::doing::Doing;
use crate::oauth::OAuthError;

/// A cause whose type does not matter.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("`{url}` is not a Salesforce org: it answered {what}")]
    NotSalesforce { url: String, what: String },
    #[error("`{url}` cannot be used as an address: {reason}")]
    BadUrl { url: String, reason: &'static str },
    #[error("could not {doing}: {reason} (`{host}`)")]
    Unreachable {
        doing: Doing,
        host: String,
        reason: NoContact,
        #[source]
        source: reqwest::Error,
    },
    #[error("could not {doing}: `{host}` sent nothing for {seconds} s")]
    Silent { doing: Doing, host: String, seconds: u64 },
    #[error("could not {doing}: the answer broke off")]
    BrokenOff {
        doing: Doing,
        #[source]
        source: reqwest::Error,
    },
    #[error("could not {doing}: the answer sends us to another host, `{to}`")]
    Redirected { doing: Doing, to: String },
    #[error("could not {doing}")]
    Api {
        doing: Doing,
        #[source]
        source: Box<ApiError>,
    },
    #[error("could not {doing}: the answer cannot be read")]
    Unreadable {
        doing: Doing,
        #[source]
        source: AnswerDefect,
    },
    #[error("could not {doing}: the query needs an address of {length} bytes and Salesforce takes {longest}")]
    QueryTooLong { doing: Doing, length: usize, longest: usize },
    #[error("Salesforce does not let us sign in")]
    LoginRefused {
        #[source]
        source: OAuthError,
    },
    #[error("the session has ended, and an access token alone cannot be renewed")]
    SessionEnded {
        #[source]
        source: Box<ApiError>,
    },
    #[error("could not renew the session")]
    NotRenewed {
        #[source]
        source: Arc<Error>,
    },
    #[error("the new refresh token could not be stored, so the new session is not used")]
    RotationNotStored {
        #[source]
        source: BoxError,
    },
    #[error("could not get the turn to renew the session")]
    GrantNotLent {
        code: ErrorCode,
        #[source]
        source: BoxError,
    },
    #[error("the private key cannot be read: it must be an RSA key in PEM form")]
    KeyUnreadable {
        #[source]
        source: jsonwebtoken::errors::Error,
    },
    #[error("the sfdx auth URL cannot be read: it must look like `force://client:secret:refresh@host`")]
    BadSfdxAuthUrl,
    #[error("could not {doing}: Holdfast is stopping")]
    Stopping { doing: Doing },
}

/// Why no answer came at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoContact {
    #[error("there is no host of this name")]
    UnknownHost,
    #[error("the connection was refused")]
    Refused,
    #[error("no secure connection could be made; look at the certificate and at proxies")]
    Tls,
    #[error("the connection took too long")]
    TimedOut,
    #[error("the connection failed before an answer came")]
    Other,
}

impl NoContact {
    pub(crate) fn of(error: &reqwest::Error) -> Self {
        let first: &(dyn std::error::Error + 'static) = error;
        let chain: Vec<_> = std::iter::successors(Some(first), |e| e.source()).collect();
        let refused = |e: &&(dyn std::error::Error + 'static)| {
            e.downcast_ref::<std::io::Error>()
                .is_some_and(|io| io.kind() == std::io::ErrorKind::ConnectionRefused)
        };
        if chain.iter().any(refused) {
            return Self::Refused;
        }
        // The layers below hide their types, so DNS and TLS failures are told by their words.
        let words = chain.iter().map(|e| e.to_string().to_ascii_lowercase()).collect::<Vec<_>>().join(" ");
        if error.is_timeout() {
            Self::TimedOut
        } else if words.contains("dns error") {
            Self::UnknownHost
        } else if ["certificate", "tls", "corrupt message", "handshake"]
            .iter()
            .any(|word| words.contains(word))
        {
            Self::Tls
        } else {
            Self::Other
        }
    }
}

impl Error {
    /// The refusal of one describe among several that were asked for in one call.
    pub fn refused_describe(refusal: ApiError) -> Self {
        Self::Api { doing: Doing::Describe, source: Box::new(refusal) }
    }

    /// Whether trying again can help, and how.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Unreachable { .. }
            | Self::Silent { .. }
            | Self::BrokenOff { .. }
            | Self::Unreadable { .. }
            | Self::Redirected { .. }
            | Self::RotationNotStored { .. }
            | Self::GrantNotLent { .. }
            | Self::Stopping { .. } => Retry::BackOff,
            Self::Api { source, .. } => source.retry(),
            Self::LoginRefused { source } => source.retry(),
            // What gave a session before is an org, whatever answered this time.
            Self::NotRenewed { source } if matches!(**source, Self::NotSalesforce { .. }) => Retry::BackOff,
            Self::NotRenewed { source } => source.retry(),
            Self::NotSalesforce { .. }
            | Self::QueryTooLong { .. }
            | Self::BadUrl { .. }
            | Self::SessionEnded { .. }
            | Self::KeyUnreadable { .. }
            | Self::BadSfdxAuthUrl => Retry::Never,
        }
    }

    /// What the user is told.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::NotSalesforce { .. } => ErrorCode::NotSalesforce,
            Self::BadUrl { .. } | Self::KeyUnreadable { .. } | Self::BadSfdxAuthUrl => ErrorCode::BadInput,
            Self::Unreachable { .. }
            | Self::Silent { .. }
            | Self::BrokenOff { .. }
            | Self::Redirected { .. } => ErrorCode::OrgUnreachable,
            Self::Api { source, .. } => source.error_code(),
            Self::Unreadable { .. } => ErrorCode::AnswerUnreadable,
            Self::QueryTooLong { .. } => ErrorCode::RequestRefused,
            Self::LoginRefused { source } => source.error_code(),
            Self::SessionEnded { .. } => ErrorCode::NeedsReauthorisation,
            Self::NotRenewed { source } => source.code(),
            Self::RotationNotStored { .. } => ErrorCode::CatalogUnreachable,
            Self::GrantNotLent { code, .. } => *code,
            Self::Stopping { .. } => ErrorCode::OrgBusy,
        }
    }

    /// Salesforce's own words, where it answered with an error.
    pub fn api_error(&self) -> Option<&ApiError> {
        match self {
            Self::Api { source, .. } | Self::SessionEnded { source } => Some(source),
            Self::NotRenewed { source } => source.api_error(),
            Self::NotSalesforce { .. }
            | Self::BadUrl { .. }
            | Self::Unreachable { .. }
            | Self::Silent { .. }
            | Self::BrokenOff { .. }
            | Self::Redirected { .. }
            | Self::Unreadable { .. }
            | Self::QueryTooLong { .. }
            | Self::LoginRefused { .. }
            | Self::RotationNotStored { .. }
            | Self::GrantNotLent { .. }
            | Self::KeyUnreadable { .. }
            | Self::BadSfdxAuthUrl
            | Self::Stopping { .. } => None,
        }
    }
}
