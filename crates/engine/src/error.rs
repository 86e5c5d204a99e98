//! Everything that can go wrong in a use case, by what we were doing.

use holdfast_domain::budget::ApiUsage;
use holdfast_domain::manifest::Gap;
use holdfast_domain::retry::Retry;
use holdfast_domain::{ErrorCode, ObjectName, OrgId};
use holdfast_salesforce::{ApiError, ApiErrorKind};

use crate::access::AccessError;
use crate::orgs::LONGEST_ORG_NAME;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("could not {doing}")]
    Salesforce {
        doing: String,
        #[source]
        source: holdfast_salesforce::Error,
    },
    #[error("could not {doing}")]
    Lake {
        doing: String,
        #[source]
        source: Box<holdfast_lake::Error>,
    },
    #[error("could not {doing}")]
    Catalog {
        doing: String,
        #[source]
        source: holdfast_catalog::Error,
    },
    #[error("could not capture `{object}`")]
    Object {
        object: ObjectName,
        #[source]
        source: Box<Error>,
    },
    #[error("there is no Holdfast data in `{path}`")]
    NoData { path: String },
    #[error("could not create `{path}`")]
    NoDirectory {
        path: String,
        #[source]
        source: std::io::Error,
    },
    #[error("could not set the damaged `{path}` aside")]
    NotSetAside {
        path: String,
        #[source]
        source: std::io::Error,
    },
    #[error("no org is called `{name}`; there {known}")]
    UnknownOrg { name: String, known: String },
    #[error("there is no org `{org}`")]
    HiddenOrg { org: OrgId },
    #[error(transparent)]
    Access { source: AccessError },
    #[error(
        "`{name}` cannot be the name of an org: use letters, digits, blanks, `-`, `_` and `.`, {longest} at most",
        longest = LONGEST_ORG_NAME
    )]
    NotAnOrgName { name: String },
    #[error("{what}")]
    BadRequest { what: String },
    #[error("the sign-in came back from another browser session than the one that began it")]
    ForeignSignIn,
    #[error("Salesforce refused the sign-in: {words}")]
    SignInRefused { words: String },
    #[error("there is no run `{run}`")]
    UnknownRun { run: String },
    #[error("more than one run begins with `{run}`")]
    AmbiguousRun { run: String },
    #[error("run `{run}` is not finished, so it has no snapshot")]
    NoSnapshot { run: String },
    #[error("`{org}` has no backed-up object `{object}`")]
    UnknownObject { org: String, object: String },
    #[error("`{object}` has no record `{id}` in the backup of `{org}`")]
    UnknownRecord { org: String, object: ObjectName, id: String },
    #[error("no object in the backup of `{org}` has a record `{id}`")]
    NoSuchRecord { org: String, id: String },
    #[error("`{name}` is already the name of another org ({org})")]
    NameTaken { name: String, org: OrgId },
    #[error("this org ({org}) is already connected as `{name}`")]
    OrgKnown { name: String, org: OrgId },
    #[error("`{since}` cannot be where the changes of run `{run}` begin: {reason}")]
    NoSpan { since: String, run: String, reason: &'static str },
    #[error("`{org}` has no connection")]
    NotConnected { org: String },
    #[error("`{name}` is not visible to the integration user, or does not exist")]
    ObjectNotVisible { name: ObjectName },
    #[error("the org's API use is {} of {}, and the budget is {percent} %", usage.used, usage.allowed)]
    BudgetReached { usage: ApiUsage, percent: u8 },
    #[error("file bodies have used their share of the org's daily API calls, {percent} %")]
    FilesBudgetReached { percent: u8 },
    #[error(
        "the table of `{object}` is lost: it held {records} records, and its log is not in the lake any more"
    )]
    TableLost { object: ObjectName, records: u64 },
    #[error("another Holdfast process holds the lease `{name}`")]
    LeaseHeld { name: String },
    #[error("Salesforce sent {got} records where it had announced {expected}")]
    RecordsMissing { expected: u64, got: u64 },
    #[error("Bulk job `{job}` over `{object}` neither ends nor goes on")]
    JobStuck { job: String, object: ObjectName },
    #[error("the file body has {got} bytes where its record says {expected}")]
    BodyCutShort { expected: u64, got: u64 },
    #[error("the file body has MD5 {found} where its record says {expected}")]
    BodyChecksum { expected: String, found: String },
    #[error("the stored describe `{hash}` of `{object}` does not parse")]
    DescribeUnreadable {
        object: ObjectName,
        hash: String,
        #[source]
        source: serde_json::Error,
    },
    #[error("the lake has no describe `{hash}` of `{object}`")]
    NoDescribe { object: ObjectName, hash: String },
    #[error("the lake does not say who org `{org}` is: its `org.json` is missing")]
    NoOrgDocument { org: OrgId },
    #[error("stopped on request")]
    Cancelled,
    #[error("another {kind} was asked for, with other options, and has not ended: work item `{id}`")]
    AskedOtherwise { kind: &'static str, id: String },
    #[error("the service ended {times} times while this was going on")]
    CutOffTooOften { times: u64 },
    #[error("a background task ended before its work was done")]
    TaskStopped {
        #[source]
        source: tokio::task::JoinError,
    },
    #[error("could not use the scratch file for ids")]
    Scratch {
        #[source]
        source: std::io::Error,
    },
}

impl Error {
    pub fn retry(&self) -> Retry {
        match self {
            Self::Salesforce { source, .. } => source.retry(),
            Self::Lake { source, .. } => source.retry(),
            Self::Catalog { source, .. } => source.retry(),
            Self::Object { source, .. } => source.retry(),
            Self::BudgetReached { .. } | Self::FilesBudgetReached { .. } => Retry::WhenLimitMoves,
            Self::RecordsMissing { .. }
            | Self::JobStuck { .. }
            | Self::BodyCutShort { .. }
            | Self::BodyChecksum { .. }
            | Self::LeaseHeld { .. }
            | Self::TaskStopped { .. }
            | Self::Scratch { .. } => Retry::BackOff,
            Self::NoData { .. }
            | Self::NoDirectory { .. }
            | Self::NotSetAside { .. }
            | Self::UnknownOrg { .. }
            | Self::HiddenOrg { .. }
            | Self::Access { .. }
            | Self::NotAnOrgName { .. }
            | Self::BadRequest { .. }
            | Self::ForeignSignIn
            | Self::SignInRefused { .. }
            | Self::UnknownRun { .. }
            | Self::AmbiguousRun { .. }
            | Self::NoSnapshot { .. }
            | Self::UnknownObject { .. }
            | Self::UnknownRecord { .. }
            | Self::NoSuchRecord { .. }
            | Self::NameTaken { .. }
            | Self::OrgKnown { .. }
            | Self::NoSpan { .. }
            | Self::NotConnected { .. }
            | Self::ObjectNotVisible { .. }
            | Self::DescribeUnreadable { .. }
            | Self::NoDescribe { .. }
            | Self::NoOrgDocument { .. }
            | Self::TableLost { .. }
            | Self::AskedOtherwise { .. }
            | Self::CutOffTooOften { .. }
            | Self::Cancelled => Retry::Never,
        }
    }

    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Salesforce { source, .. } => source.code(),
            Self::Lake { source, .. } => source.code(),
            Self::Catalog { source, .. } => source.code(),
            Self::Object { source, .. } => source.code(),
            Self::BudgetReached { .. } | Self::FilesBudgetReached { .. } => ErrorCode::ApiBudgetReached,
            Self::RecordsMissing { .. } | Self::BodyCutShort { .. } | Self::BodyChecksum { .. } => {
                ErrorCode::AnswerUnreadable
            }
            Self::JobStuck { .. } => ErrorCode::OrgBusy,
            Self::LeaseHeld { .. } => ErrorCode::LeaseLost,
            Self::Access { source } => source.code(),
            Self::ForeignSignIn => ErrorCode::ForeignRequest,
            Self::AmbiguousRun { .. }
            | Self::NoSpan { .. }
            | Self::NotAnOrgName { .. }
            | Self::BadRequest { .. } => ErrorCode::BadInput,
            Self::NoData { .. }
            | Self::HiddenOrg { .. }
            | Self::UnknownOrg { .. }
            | Self::UnknownRun { .. }
            | Self::NoSnapshot { .. }
            | Self::UnknownObject { .. }
            | Self::UnknownRecord { .. }
            | Self::NoSuchRecord { .. }
            | Self::ObjectNotVisible { .. } => ErrorCode::NotFound,
            Self::NameTaken { .. } | Self::OrgKnown { .. } => ErrorCode::AlreadyExists,
            Self::NotConnected { .. } | Self::SignInRefused { .. } => ErrorCode::NeedsReauthorisation,
            Self::NoDirectory { .. } | Self::NotSetAside { .. } => ErrorCode::LakeReadOnly,
            Self::DescribeUnreadable { .. }
            | Self::NoDescribe { .. }
            | Self::NoOrgDocument { .. }
            | Self::TableLost { .. } => ErrorCode::LakeDamaged,
            Self::Cancelled => ErrorCode::Cancelled,
            Self::CutOffTooOften { .. } => ErrorCode::Interrupted,
            Self::AskedOtherwise { .. } => ErrorCode::StateForbids,
            Self::TaskStopped { .. } | Self::Scratch { .. } => ErrorCode::Internal,
        }
    }

    /// True if and only if no call can succeed before a person connects the org again.
    pub(crate) fn needs_reauthorisation(&self) -> bool {
        self.code() == ErrorCode::NeedsReauthorisation
    }

    /// What Salesforce's refusal means, if it was one.
    pub(crate) fn api_kind(&self) -> Option<ApiErrorKind> {
        let Self::Salesforce { source, .. } = self else { return None };
        source.api_error().map(ApiError::kind)
    }

    /// True if and only if the org no longer has what its describe had named.
    pub(crate) fn is_schema_change(&self) -> bool {
        self.api_kind() == Some(ApiErrorKind::SchemaChanged)
    }

    /// True if and only if the org says that it has no such Object, or not for this user.
    pub(crate) fn denies_object(&self, object: &ObjectName) -> bool {
        let Self::Salesforce { source, .. } = self else { return false };
        // A relationship or another object of the query may be of an invalid type as well.
        let names_it = |message: &str| message.contains(&format!("'{object}'"));
        source.api_error().is_some_and(|error| error.code == "INVALID_TYPE" && names_it(&error.message))
    }

    /// True if and only if a query can only be begun again: its later pages are gone.
    pub(crate) fn is_cursor_lost(&self) -> bool {
        self.api_kind() == Some(ApiErrorKind::CursorLost)
    }

    /// The failure as it stands in a Manifest and beside an Object.
    pub(crate) fn as_gap(&self) -> Gap {
        Gap { code: self.code(), message: chain(self), is_expected: false }
    }
}

impl From<AccessError> for Error {
    fn from(source: AccessError) -> Self {
        Self::Access { source }
    }
}

/// The message with all its causes, for where one line must say everything.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// Names what was being done when one of the three neighbours failed.
pub(crate) trait Doing<T> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T>;
}

impl<T> Doing<T> for Result<T, holdfast_salesforce::Error> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| Error::Salesforce { doing: what(), source })
    }
}

impl<T> Doing<T> for Result<T, holdfast_lake::Error> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| Error::Lake { doing: what(), source: Box::new(source) })
    }
}

impl<T> Doing<T> for Result<T, holdfast_catalog::Error> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| Error::Catalog { doing: what(), source })
    }
}
