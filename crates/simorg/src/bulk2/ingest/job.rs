//! One ingest job: what was asked, what was uploaded, how far it is, and how it reads on the wire.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};

use super::super::csv::Format;
use super::super::job::{Phase, Polls};
use super::super::store::Finished;
use super::ledger::Ledger;
use crate::ingest::{Dialect, LineEnd, Operation};
use crate::model::value::datetime_text;
use crate::server::ApiVersion;
use crate::state::User;

#[derive(Debug)]
pub(crate) struct Job {
    pub id: String,
    pub object: String,
    /// The key prefix of the object's ids.
    pub prefix: String,
    pub operation: Operation,
    pub assignment_rule: Option<String>,
    pub format: Format,
    pub version: ApiVersion,
    pub created: DateTime<Utc>,
    pub user: Arc<User>,
    pub content: OnceLock<String>,
    /// What became of the rows, once no more of them are processed.
    pub(super) ledger: OnceLock<Ledger>,
    pub finished: Finished,
    is_cancelled: AtomicBool,
    progress: Mutex<Progress>,
}

#[derive(Debug)]
pub(super) struct Progress {
    pub phase: Phase,
    pub polls: u32,
    pub changed: DateTime<Utc>,
    pub processed: u64,
    pub failed: u64,
    /// How the work ended, to be shown when the polls are over.
    pub outcome: Option<Result<(), String>>,
    pub error: Option<String>,
}

/// What a new job is made of.
#[derive(Debug)]
pub(super) struct Order {
    pub object: String,
    pub prefix: String,
    pub operation: Operation,
    pub assignment_rule: Option<String>,
    pub format: Format,
    pub version: ApiVersion,
    pub user: Arc<User>,
}

impl Job {
    pub(super) fn new(id: String, order: Order, now: DateTime<Utc>) -> Job {
        Job {
            id,
            object: order.object,
            prefix: order.prefix,
            operation: order.operation,
            assignment_rule: order.assignment_rule,
            format: order.format,
            version: order.version,
            created: now,
            user: order.user,
            content: OnceLock::new(),
            ledger: OnceLock::new(),
            finished: Finished::default(),
            is_cancelled: AtomicBool::new(false),
            progress: Mutex::new(Progress {
                phase: Phase::Open,
                polls: 0,
                changed: now,
                processed: 0,
                failed: 0,
                outcome: None,
                error: None,
            }),
        }
    }

    pub(super) fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn phase(&self) -> Phase {
        self.progress().phase
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Relaxed)
    }

    /// Ends the job here and now; rows that were not processed yet never are.
    pub(super) fn stop(&self, phase: Phase, error: Option<String>, now: DateTime<Utc>) {
        self.is_cancelled.store(true, Ordering::Relaxed);
        let mut progress = self.progress();
        if progress.phase == Phase::Open {
            // Nothing was begun, so there is nothing to wait for.
            self.finished.set();
        }
        progress.phase = phase;
        progress.error = error;
        progress.changed = now;
    }

    /// The text of the upload; empty without one.
    pub(super) fn text(&self) -> &str {
        self.content.get().map_or("", String::as_str)
    }

    pub(super) fn dialect(&self) -> Dialect {
        Dialect {
            delimiter: u8::try_from(self.format.delimiter()).expect("all delimiters are ASCII"),
            line_end: if self.format.line_ending_name() == "LF" { LineEnd::Lf } else { LineEnd::CrLf },
        }
    }

    pub(super) async fn poll(&self, polls: Polls, now: DateTime<Utc>) {
        let seen = {
            let mut progress = self.progress();
            if progress.phase == Phase::Open || progress.phase.is_final() {
                return;
            }
            progress.polls = progress.polls.saturating_add(1);
            progress.polls
        };
        if polls.are_over(seen) {
            self.finished.wait().await;
        }
        self.settle(polls, now);
    }

    /// Moves on as far as the polls so far and the work allow.
    pub(in crate::bulk2) fn settle(&self, polls: Polls, now: DateTime<Utc>) {
        let mut progress = self.progress();
        if progress.phase == Phase::Open || progress.phase.is_final() {
            return;
        }
        let phase = match (polls.phase(progress.polls), progress.outcome.clone()) {
            (Phase::JobComplete, None) => Phase::InProgress,
            (Phase::JobComplete, Some(Err(error))) => {
                progress.error = Some(error);
                Phase::Failed
            }
            (phase, _) => phase,
        };
        if phase != progress.phase {
            progress.phase = phase;
            progress.changed = now;
        }
    }

    /// The job as creation and changes of its state answer it.
    pub(in crate::bulk2) fn to_json(&self) -> Json {
        let progress = self.progress();
        let version = self.version.text();
        let mut body = json!({
            "id": self.id,
            "operation": self.operation.name(),
            "object": self.object,
            "createdById": self.user.id,
            "createdDate": datetime_text(self.created.timestamp() * 1000, "+0000"),
            "systemModstamp": datetime_text(progress.changed.timestamp() * 1000, "+0000"),
            "state": progress.phase.text(),
        });
        if let Operation::Upsert { by } = &self.operation {
            body["externalIdFieldName"] = json!(by);
        }
        body["concurrencyMode"] = json!("Parallel");
        body["contentType"] = json!("CSV");
        body["apiVersion"] = json!(f64::from(self.version.0));
        if let Some(rule) = &self.assignment_rule {
            body["assignmentRuleId"] = json!(rule);
        }
        body["contentUrl"] = json!(format!("services/data/v{version}/jobs/ingest/{}/batches", self.id));
        body["lineEnding"] = json!(self.format.line_ending_name());
        body["columnDelimiter"] = json!(self.format.delimiter_name());
        body
    }

    /// The job as a poll answers it.
    pub(super) fn to_status_json(&self) -> Json {
        let mut body = self.to_json();
        let progress = self.progress();
        let spent = match progress.phase {
            Phase::Open => 0,
            _ => (progress.changed - self.created).num_milliseconds().max(0),
        };
        body["jobType"] = json!("V2Ingest");
        body["retries"] = json!(0);
        body["totalProcessingTime"] = json!(spent);
        body["apiActiveProcessingTime"] = json!(spent);
        body["apexProcessingTime"] = json!(0);
        body["numberRecordsProcessed"] = json!(progress.processed);
        body["numberRecordsFailed"] = json!(progress.failed);
        if let Some(error) = progress.error.as_deref().filter(|error| !error.is_empty()) {
            body["errorMessage"] = json!(error);
        }
        body
    }
}
