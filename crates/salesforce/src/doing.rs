//! What the client was doing when something went wrong, in words that finish "could not …".

use std::fmt;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doing {
    Connect,
    SignIn,
    ReadIdentity,
    ReadLimits,
    CountRecords,
    ListObjects,
    Describe,
    Query,
    NextPage,
    CreateBulkJob,
    ReadBulkJob { job: String },
    AbortBulkJob { job: String },
    DeleteBulkJob { job: String },
    ReadBulkPage { job: String, locator: Option<String> },
    ListDeleted { object: String },
    ListUpdated { object: String },
    ReadBlob { path: String },
}

impl fmt::Display for Doing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect => f.write_str("connect to the org"),
            Self::SignIn => f.write_str("sign in"),
            Self::ReadIdentity => f.write_str("read who the integration user is"),
            Self::ReadLimits => f.write_str("read the org's limits"),
            Self::CountRecords => f.write_str("read the org's record counts"),
            Self::ListObjects => f.write_str("list the org's objects"),
            Self::Describe => f.write_str("describe objects"),
            Self::Query => f.write_str("run a query"),
            Self::NextPage => f.write_str("read the next page of a query"),
            Self::CreateBulkJob => f.write_str("create a bulk job"),
            Self::ReadBulkJob { job } => write!(f, "read the state of bulk job `{job}`"),
            Self::AbortBulkJob { job } => write!(f, "abort bulk job `{job}`"),
            Self::DeleteBulkJob { job } => write!(f, "delete bulk job `{job}`"),
            Self::ReadBulkPage { job, locator } => {
                write!(f, "read page `{}` of bulk job `{job}`", locator.as_deref().unwrap_or("first"))
            }
            Self::ListDeleted { object } => write!(f, "list deleted records of `{object}`"),
            Self::ListUpdated { object } => write!(f, "list updated records of `{object}`"),
            Self::ReadBlob { path } => write!(f, "read the file body at `{path}`"),
        }
    }
}
