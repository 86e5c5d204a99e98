//! The life of a query job. It goes on in the org whatever becomes of us: its id is what to keep.

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::job_path;
use crate::api_error::ApiError;
use crate::client::Client;
use crate::doing::Doing;
use crate::error::Error;
use crate::transport::Request;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub enum BulkJobState {
    Open,
    UploadComplete,
    InProgress,
    JobComplete,
    Failed,
    Aborted,
    #[serde(untagged)]
    Other(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BulkJob {
    pub id: String,
    #[serde(default)]
    pub object: String,
    pub state: BulkJobState,
    #[serde(default, rename = "numberRecordsProcessed")]
    pub records: Option<u64>,
    /// Salesforce's words on a failed job; sometimes absent.
    #[serde(default)]
    pub error_message: Option<String>,
}

impl BulkJob {
    pub fn is_finished(&self) -> bool {
        matches!(self.state, BulkJobState::JobComplete | BulkJobState::Failed | BulkJobState::Aborted)
    }

    /// Why the job gave no results, read like any other refusal of Salesforce; none unless it failed.
    pub fn failure(&self) -> Option<Error> {
        let (code, message) = match (&self.state, self.error_message.as_deref()) {
            (BulkJobState::Aborted, message) => ("ABORTED", message.unwrap_or("the job was aborted")),
            (BulkJobState::Failed, Some(message)) => message.split_once(':').unwrap_or((message, message)),
            (BulkJobState::Failed, None) => ("UNKNOWN", "the job failed, and no reason was given"),
            _ => return None,
        };
        let (code, message) = (code.trim(), message.trim());
        // A failed write of results, and a reason nobody named, have gone away with smaller windows.
        let code = match message {
            _ if message.contains("Failed to write query result") => "QUERY_TIMEOUT",
            _ if code.contains(' ') => "BULK_JOB_FAILED",
            _ => code,
        };
        let source =
            ApiError { status: 200, code: code.to_owned(), message: message.to_owned(), retry_after: None };
        Some(Error::Api { doing: Doing::ReadBulkJob { job: self.id.clone() }, source: Box::new(source) })
    }
}

impl Client {
    /// Makes a query job; with `all`, records in the recycle bin and archived ones too.
    pub async fn bulk_create(&self, soql: &str, all: bool) -> Result<BulkJob, Error> {
        let operation = if all { "queryAll" } else { "query" };
        let body = json!({"operation": operation, "query": soql, "contentType": "CSV",
            "columnDelimiter": "COMMA", "lineEnding": "LF"});
        self.fetch(&Request::json(Doing::CreateBulkJob, Method::POST, self.data_path("/jobs/query"), &body))
            .await
    }

    pub async fn bulk_status(&self, job: &str) -> Result<BulkJob, Error> {
        self.fetch(&Request::get(Doing::ReadBulkJob { job: job.to_owned() }, job_path(self, job))).await
    }

    pub async fn bulk_abort(&self, job: &str) -> Result<BulkJob, Error> {
        let doing = Doing::AbortBulkJob { job: job.to_owned() };
        self.fetch(&Request::json(doing, Method::PATCH, job_path(self, job), &json!({"state": "Aborted"})))
            .await
    }

    /// Removes a finished job and its results, which count for the org's storage until then.
    pub async fn bulk_delete(&self, job: &str) -> Result<(), Error> {
        let doing = Doing::DeleteBulkJob { job: job.to_owned() };
        let request = Request { method: Method::DELETE, ..Request::get(doing, job_path(self, job)) };
        self.send(&request).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use holdfast_domain::retry::Retry;

    use super::*;
    use crate::api_error::ApiErrorKind;

    fn job(state: &str, message: Option<&str>) -> BulkJob {
        let answer = json!({"id": "750x", "object": "Account", "state": state, "errorMessage": message, "apiVersion": 67.0});
        serde_json::from_value(answer).unwrap()
    }

    #[test]
    fn a_failed_job_says_why_and_whether_less_would_help() {
        for (message, kind) in [
            (Some("InternalServerError : Retried more than fifteen times"), ApiErrorKind::TooLarge),
            (Some("QUERY_TIMEOUT"), ApiErrorKind::TooLarge),
            (Some("Failed to write query result"), ApiErrorKind::TooLarge),
            (Some("INVALID_FIELD: No such column 'X'"), ApiErrorKind::SchemaChanged),
            (Some("something new"), ApiErrorKind::Refused),
            (None, ApiErrorKind::Busy),
        ] {
            let failure = job("Failed", message).failure().unwrap();
            assert_eq!(failure.api_error().unwrap().kind(), kind, "{message:?}");
        }
        assert!(job("JobComplete", None).failure().is_none());
        assert_eq!(job("Aborted", None).failure().unwrap().retry(), Retry::Never);
    }

    #[test]
    fn a_state_of_a_later_release_is_kept_and_not_taken_for_an_end() {
        let job = job("Paused", None);
        assert_eq!(job.state, BulkJobState::Other("Paused".into()));
        assert!(!job.is_finished());
    }
}
