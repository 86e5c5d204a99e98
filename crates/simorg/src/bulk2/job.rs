//! One query job: what was asked, how far it is, and how it reads on the wire.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};

use super::csv::Format;
use super::store::Finished;
use crate::model::value::datetime_text;
use crate::server::ApiVersion;
use crate::soql::Plan;
use crate::state::View;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Waiting for its rows; ingest jobs only.
    Open,
    /// Waiting in the queue.
    UploadComplete,
    InProgress,
    JobComplete,
    Failed,
    Aborted,
}

impl Phase {
    /// Where a job stands that never gets any further.
    pub(super) fn stuck(self) -> Self {
        if self == Self::UploadComplete { Self::InProgress } else { self }
    }

    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Open => "Open",
            Self::UploadComplete => "UploadComplete",
            Self::InProgress => "InProgress",
            Self::JobComplete => "JobComplete",
            Self::Failed => "Failed",
            Self::Aborted => "Aborted",
        }
    }

    pub(super) fn is_final(self) -> bool {
        match self {
            Self::Open | Self::UploadComplete | Self::InProgress => false,
            Self::JobComplete | Self::Failed | Self::Aborted => true,
        }
    }

    /// What texts call the state.
    pub(super) fn held(self) -> &'static str {
        if self == Self::JobComplete { "Completed" } else { self.text() }
    }
}

#[derive(Debug)]
pub(super) struct Job {
    pub id: String,
    pub with_deleted: bool,
    pub plan: Plan,
    /// The org as it was when the job was made.
    pub view: View,
    pub format: Format,
    pub version: ApiVersion,
    pub created: DateTime<Utc>,
    pub created_by: String,
    /// The rows of the result by counter, once they have been found.
    pub rows: OnceLock<Vec<u64>>,
    pub finished: Finished,
    pub progress: Mutex<Progress>,
}

#[derive(Debug)]
pub(super) struct Progress {
    pub phase: Phase,
    pub polls: u32,
    pub changed: DateTime<Utc>,
    pub error: Option<String>,
}

impl Job {
    pub(super) fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn phase(&self) -> Phase {
        self.progress().phase
    }

    /// Moves on as polls come in: some find the job in the queue, some find it running, and it is complete only when its
    /// rows have been found.
    pub(super) async fn poll(&self, polls: Polls, now: DateTime<Utc>) {
        let seen = {
            let mut progress = self.progress();
            progress.polls = progress.polls.saturating_add(1);
            progress.polls
        };
        if polls.are_over(seen) {
            self.finished.wait().await;
        }
        self.settle(polls, now);
    }

    /// Moves on as far as the polls so far and the work allow.
    pub(super) fn settle(&self, polls: Polls, now: DateTime<Utc>) {
        let mut progress = self.progress();
        if progress.phase.is_final() {
            return;
        }
        let phase = match polls.phase(progress.polls) {
            Phase::JobComplete if !self.finished.is_set() => Phase::InProgress,
            phase => phase,
        };
        if phase != progress.phase {
            progress.phase = phase;
            progress.changed = now;
        }
    }

    pub(super) fn fail(&self, message: &str, now: DateTime<Utc>) {
        let mut progress = self.progress();
        progress.phase = Phase::Failed;
        progress.error = Some(message.to_owned());
        progress.changed = now;
    }

    /// The job as creation and abort answer it.
    pub(super) fn to_json(&self) -> Json {
        let progress = self.progress();
        json!({
            "id": self.id,
            "operation": if self.with_deleted { "queryAll" } else { "query" },
            "object": self.plan.object().name,
            "createdById": self.created_by,
            "createdDate": datetime_text(self.created.timestamp() * 1000, "+0000"),
            "systemModstamp": datetime_text(progress.changed.timestamp() * 1000, "+0000"),
            "state": progress.phase.text(),
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": f64::from(self.version.0),
            "lineEnding": self.format.line_ending_name(),
            "columnDelimiter": self.format.delimiter_name(),
        })
    }

    /// The job as a poll answers it.
    pub(super) fn to_status_json(&self) -> Json {
        let mut body = self.to_json();
        let progress = self.progress();
        let processed = match progress.phase {
            Phase::JobComplete => self.rows.get().map_or(0, Vec::len),
            _ => 0,
        };
        body["jobType"] = json!("V2Query");
        body["retries"] = json!(0);
        let spent = (progress.changed - self.created).num_milliseconds().max(0);
        body["totalProcessingTime"] = json!(spent);
        body["apiActiveProcessingTime"] = json!(spent);
        body["apexProcessingTime"] = json!(0);
        body["numberRecordsProcessed"] = json!(processed);
        body["isPkChunkingSupported"] = json!(self.plan.is_chunkable());
        if let Some(error) = progress.error.as_deref().filter(|error| !error.is_empty()) {
            body["errorMessage"] = json!(error);
        }
        body
    }
}

/// How many polls find a job waiting, and how many more find it running. By default none do.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Polls {
    pub queued: u32,
    pub running: u32,
}

impl Polls {
    /// True if and only if a job that was polled this often may be complete.
    pub(crate) fn are_over(self, seen: u32) -> bool {
        let wanted = self.queued.saturating_add(self.running);
        seen > wanted || wanted == 0
    }

    /// Where a job is that was polled this often, if its work is done.
    pub(super) fn phase(self, seen: u32) -> Phase {
        if self.are_over(seen) {
            Phase::JobComplete
        } else if seen > self.queued {
            Phase::InProgress
        } else {
            Phase::UploadComplete
        }
    }
}
