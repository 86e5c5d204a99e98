//! The client of the Salesforce APIs: it signs in, describes, queries, reads bulk results and file bodies.
//!
//! Rows leave it as Arrow batches of canonical text (`holdfast_domain::value`), streamed: no page and no
//! CSV is ever held whole. It decides nothing about trying again: each error says whether that can help
//! ([`Error::retry`]). The one exception is an expired session, which is renewed once and the request
//! repeated once, because only the client can do that in the middle of a request.

mod api_error;
mod blob;
mod bulk;
mod client;
mod composite;
mod credentials;
mod defect;
mod describe;
mod doing;
mod error;
mod identity;
mod limits;
mod meter;
pub mod oauth;
mod query;
mod replication;
mod rows;
mod secret;
mod transport;

pub use api_error::{ApiError, ApiErrorKind};
pub use blob::BlobStream;
pub use bulk::{BulkJob, BulkJobState, BulkPage};
pub use client::{Client, ClientOptions};
pub use composite::{DESCRIBES_BESIDE_QUERIES, QUERIES_PER_CALL, QueryValues};
pub use credentials::Credentials;
pub use defect::AnswerDefect;
pub use describe::{DescribeAnswer, DescribedAndQueried, GlobalObject};
pub use doing::Doing;
pub use error::{BoxError, Error, NoContact};
pub use identity::Identity;
pub use limits::{Limit, Limits};
pub use oauth::{GrantGate, GrantHooks, LentGrant, NotLent, RotationHook};
pub use query::QueryPage;
pub use replication::{Deleted, DeletedRecord, Updated};
pub use rows::{BatchStream, QueryField};
pub use secret::Secret;

pub use holdfast_domain::budget::ApiUsage;
