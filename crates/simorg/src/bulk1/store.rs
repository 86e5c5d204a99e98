//! The jobs of Bulk 1.0. Their ids are numbered together with those of Bulk 2.0.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use crate::bulk2::{LIFE, number_of, owns};
use crate::model::ids;
use crate::server::Session;

use super::batch::Batch;
use super::error::BulkError;
use super::job::Job;

/// What this API keeps between calls.
#[derive(Debug, Default)]
pub struct State {
    jobs: Mutex<BTreeMap<u64, Arc<Job>>>,
    batches: AtomicU64,
    whole_numbers_have_point: AtomicBool,
}

impl State {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Job>>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether results in CSV and XML show `5` as `5.0`: there are reports of both.
    pub fn whole_numbers_have_point(&self) -> bool {
        self.whole_numbers_have_point.load(Ordering::Relaxed)
    }

    pub fn set_whole_numbers_have_point(&self, have_point: bool) {
        self.whole_numbers_have_point.store(have_point, Ordering::Relaxed);
    }

    pub(super) fn add(&self, job: Arc<Job>, now: DateTime<Utc>) {
        let mut jobs = self.lock();
        jobs.retain(|_, job| now - job.created < LIFE);
        jobs.insert(job.number, job);
    }

    /// The number of a new batch.
    pub(super) fn new_batch(&self) -> u64 {
        self.batches.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The jobs that exist, oldest first.
    pub(crate) fn jobs(&self, now: DateTime<Utc>) -> Vec<Arc<Job>> {
        self.lock().values().filter(|job| now - job.created < LIFE).cloned().collect()
    }

    pub(super) fn find(
        &self,
        id: &str,
        session: &Session,
        now: DateTime<Utc>,
    ) -> Result<Arc<Job>, BulkError> {
        let job = number_of(id).and_then(|number| self.lock().get(&number).cloned());
        let job = job
            .filter(|job| now - job.created < LIFE)
            .ok_or_else(|| BulkError::new("InvalidJob", format!("Unable to find job for id: {id}")))?;
        if !owns(session, &job.user.id) {
            return Err(BulkError::new("InvalidUser", "The job was created by another user"));
        }
        Ok(job)
    }
}

/// The batch with this id of 15 or 18 characters.
pub(super) fn batch_of(job: &Job, id: &str) -> Result<Arc<Batch>, BulkError> {
    let full = ids::canonical(id);
    let batches = job.batches();
    let batch = batches.iter().find(|batch| full.as_deref() == Some(batch.id.as_str()));
    batch.cloned().ok_or_else(|| BulkError::new("InvalidBatch", format!("Unable to find batch for id: {id}")))
}
