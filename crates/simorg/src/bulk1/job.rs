//! One job: what was asked, and the sums over its batches.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use crate::bulk2::Polls;
use crate::ingest::Operation;
use crate::server::ApiVersion;
use crate::state::User;

use super::batch::{Batch, BatchPhase};
use super::chunking::Chunking;

/// What the batches of a job do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Work {
    Query { with_deleted: bool },
    Load(Operation),
}

impl Work {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Work::Query { with_deleted: false } => "query",
            Work::Query { with_deleted: true } => "queryAll",
            Work::Load(operation) => operation.name(),
        }
    }

    /// The key of an upsert.
    pub(super) fn key(&self) -> Option<&str> {
        match self {
            Work::Load(Operation::Upsert { by }) => Some(by),
            Work::Load(_) | Work::Query { .. } => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ContentType {
    Csv,
    Json,
    Xml,
}

impl ContentType {
    pub(super) fn text(self) -> &'static str {
        match self {
            ContentType::Csv => "CSV",
            ContentType::Json => "JSON",
            ContentType::Xml => "XML",
        }
    }

    /// The media type of batches and results.
    pub(super) fn media_type(self) -> &'static str {
        match self {
            ContentType::Csv => "text/csv; charset=UTF-8",
            ContentType::Json => "application/json",
            ContentType::Xml => "application/xml",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Open,
    Closed,
    Aborted,
}

impl Phase {
    pub(super) fn text(self) -> &'static str {
        match self {
            Phase::Open => "Open",
            Phase::Closed => "Closed",
            Phase::Aborted => "Aborted",
        }
    }
}

#[derive(Debug)]
pub(crate) struct Job {
    pub id: String,
    pub number: u64,
    pub object: String,
    pub(super) work: Work,
    pub(super) content_type: ContentType,
    pub is_serial: bool,
    pub assignment_rule: Option<String>,
    pub(super) chunking: Option<Chunking>,
    pub version: ApiVersion,
    pub created: DateTime<Utc>,
    pub user: Arc<User>,
    pub(super) phase: Mutex<(Phase, DateTime<Utc>)>,
    pub(super) batches: Mutex<Vec<Arc<Batch>>>,
    /// Held by the batch of a serial job that is worked on.
    pub(super) turn: Mutex<()>,
}

impl Job {
    pub(crate) fn is_pk_chunked(&self) -> bool {
        self.chunking.is_some()
    }

    pub(super) fn phase(&self) -> (Phase, DateTime<Utc>) {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_phase(&self, phase: Phase, now: DateTime<Utc>) {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner) = (phase, now);
    }

    pub(super) fn batches(&self) -> MutexGuard<'_, Vec<Arc<Batch>>> {
        self.batches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more poll of all batches; waits for one of those that could be done by then.
    pub(super) async fn poll(&self, polls: Polls) {
        let batches = self.batches().clone();
        let mut unfinished = None;
        for batch in &batches {
            if batch.note_poll(polls) && !batch.finished.is_set() {
                unfinished = Some(batch);
            }
        }
        if let Some(batch) = unfinished {
            batch.finished.wait().await;
        }
        for batch in &batches {
            batch.settle(polls);
        }
    }
}

/// The sums over the batches of a job.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub queued: u64,
    pub running: u64,
    pub completed: u64,
    pub failed: u64,
    pub total: u64,
    pub rows_processed: u64,
    pub rows_failed: u64,
    pub spent_ms: i64,
}

impl Counts {
    pub(super) fn of(job: &Job) -> Counts {
        let mut counts = Counts::default();
        for batch in job.batches().iter() {
            let progress = batch.progress();
            counts.total += 1;
            match progress.shown {
                BatchPhase::Queued => counts.queued += 1,
                BatchPhase::InProgress => counts.running += 1,
                BatchPhase::Completed => counts.completed += 1,
                BatchPhase::Failed => counts.failed += 1,
                BatchPhase::NotProcessed => {}
            }
            counts.rows_processed += progress.processed;
            counts.rows_failed += progress.failed;
            counts.spent_ms += batch.spent_ms(&progress);
        }
        counts
    }
}
