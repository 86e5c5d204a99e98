//! One batch: what was added, what came of it, and how far polls have seen it come.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;
use chrono::{DateTime, Utc};

use crate::bulk2::{Finished, Polls};
use crate::dml::Outcome;
use crate::model::ids;
use crate::soql::Plan;
use crate::state::View;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BatchPhase {
    Queued,
    InProgress,
    Completed,
    Failed,
    NotProcessed,
}

impl BatchPhase {
    pub(super) fn text(self) -> &'static str {
        match self {
            BatchPhase::Queued => "Queued",
            BatchPhase::InProgress => "InProgress",
            BatchPhase::Completed => "Completed",
            BatchPhase::Failed => "Failed",
            BatchPhase::NotProcessed => "NotProcessed",
        }
    }

    pub(super) fn is_final(self) -> bool {
        !matches!(self, BatchPhase::Queued | BatchPhase::InProgress)
    }
}

/// The rows that a query found.
#[derive(Debug)]
pub(super) struct FoundRows {
    pub plan: Plan,
    /// The org as it was when the batch was worked on.
    pub view: View,
    /// By counter.
    pub rows: Vec<u64>,
}

/// What came of a batch.
#[derive(Debug)]
pub(super) enum Yield {
    Found(Box<FoundRows>),
    Saved(Vec<Outcome>),
}

#[derive(Debug)]
pub(super) struct Batch {
    pub id: String,
    /// The id of its one result.
    pub result_id: String,
    pub request: Bytes,
    pub created: DateTime<Utc>,
    pub outcome: OnceLock<Yield>,
    pub finished: Finished,
    progress: Mutex<Progress>,
}

#[derive(Debug)]
pub(super) struct Progress {
    /// The state that polls have seen.
    pub shown: BatchPhase,
    /// The state that the work is in.
    pub reached: BatchPhase,
    pub polls: u32,
    pub message: Option<String>,
    pub changed: DateTime<Utc>,
    pub processed: u64,
    pub failed: u64,
}

impl Batch {
    pub(super) fn new(number: u64, request: Bytes, phase: BatchPhase, now: DateTime<Utc>) -> Batch {
        Batch {
            id: ids::record_id("751", number),
            result_id: ids::record_id("752", number),
            request,
            created: now,
            outcome: OnceLock::new(),
            finished: Finished::default(),
            progress: Mutex::new(Progress {
                shown: phase,
                reached: phase,
                polls: 0,
                message: None,
                changed: now,
                processed: 0,
                failed: 0,
            }),
        }
    }

    pub(super) fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn spent_ms(&self, progress: &Progress) -> i64 {
        (progress.changed - self.created).num_milliseconds().max(0)
    }

    /// The work on the batch came this far. What has ended stays as it is.
    pub(super) fn reach(&self, phase: BatchPhase, message: Option<String>, now: DateTime<Utc>) {
        {
            let mut progress = self.progress();
            if progress.reached.is_final() {
                return;
            }
            progress.reached = phase;
            progress.message = message;
            progress.changed = now;
        }
        if phase.is_final() {
            self.finished.set();
        }
    }

    /// Counts a poll; true if it may see the batch done.
    pub(super) fn note_poll(&self, polls: Polls) -> bool {
        let mut progress = self.progress();
        progress.polls = progress.polls.saturating_add(1);
        polls.are_over(progress.polls)
    }

    /// One more poll: some find the batch queued, some find it in progress, then they see how far it is.
    pub(super) async fn poll(&self, polls: Polls) {
        if self.note_poll(polls) {
            self.finished.wait().await;
        }
        self.settle(polls);
    }

    /// Shows what the polls so far may see.
    pub(super) fn settle(&self, polls: Polls) {
        let mut progress = self.progress();
        progress.shown = match progress.reached {
            BatchPhase::NotProcessed => BatchPhase::NotProcessed,
            reached if polls.are_over(progress.polls) => reached,
            _ if progress.polls > polls.queued => BatchPhase::InProgress,
            _ => BatchPhase::Queued,
        };
    }
}
