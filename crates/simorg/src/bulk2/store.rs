//! The jobs of the org: numbered together, kept for seven days, counted for the daily limits.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration as Span;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Duration, Utc};
use serde_json::Value as Json;
use tokio::sync::watch;

use super::ingest;
use super::job::{Job, Polls};
use crate::errors::{ApiError, JSON};
use crate::limits::MAX_BATCHES;
use crate::model::ids;
use crate::server::Session;

/// How long a job and its results stay (Bulk API 2.0, "Limits").
pub(crate) const LIFE: Duration = Duration::days(7);
/// How long a poll waits for a job that could be done by then.
const LONGEST_WAIT: Span = Span::from_millis(500);

/// What this API keeps between calls.
#[derive(Debug, Default)]
pub struct State(Mutex<Jobs>);

#[derive(Debug, Default)]
struct Jobs {
    queries: BTreeMap<u64, Arc<Job>>,
    ingests: BTreeMap<u64, Arc<ingest::Job>>,
    made: u64,
    /// When query jobs were made, for the daily limit; also of those deleted since.
    created: Vec<DateTime<Utc>>,
    /// When how many batches of rows were taken, of both Bulk APIs.
    batches: Vec<(DateTime<Utc>, u64)>,
    polls: Polls,
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Jobs> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many polls find a new job in the queue, and how many more find it running.
    pub fn set_polls(&self, queued: u32, running: u32) {
        self.lock().polls = Polls { queued, running };
    }

    pub(crate) fn polls(&self) -> Polls {
        self.lock().polls
    }

    /// Query jobs created at or after this time.
    pub fn created_since(&self, since: DateTime<Utc>) -> u64 {
        self.lock().created.iter().filter(|at| **at >= since).count() as u64
    }

    /// Takes note of batches of rows of either Bulk API.
    pub(crate) fn count_batches(&self, now: DateTime<Utc>, batches: u64) {
        let mut jobs = self.lock();
        jobs.batches.retain(|(at, _)| now - *at < Duration::days(2));
        jobs.batches.push((now, batches));
    }

    /// Batches of rows taken at or after this time.
    pub fn batches_since(&self, since: DateTime<Utc>) -> u64 {
        self.lock().batches.iter().filter(|(at, _)| *at >= since).map(|(_, batches)| batches).sum()
    }

    /// Batches that may still be taken today.
    pub(crate) fn batches_left(&self, now: DateTime<Utc>) -> u64 {
        MAX_BATCHES.saturating_sub(self.batches_since(now - Duration::days(1)))
    }

    /// Jobs that exist now, whatever their state.
    pub fn count(&self) -> usize {
        let jobs = self.lock();
        jobs.queries.len() + jobs.ingests.len()
    }

    /// The number and the id of a new job of any Bulk API.
    pub(crate) fn new_id(&self) -> (u64, String) {
        let mut jobs = self.lock();
        jobs.made += 1;
        (jobs.made, ids::record_id("750", jobs.made))
    }

    /// Keeps a query job; `make` is given its id.
    pub(super) fn add(&self, now: DateTime<Utc>, make: impl FnOnce(String) -> Job) -> Arc<Job> {
        let (number, id) = self.new_id();
        let job = Arc::new(make(id));
        let mut jobs = self.lock();
        jobs.created.retain(|at| now - *at < Duration::days(2));
        jobs.queries.retain(|_, job| now - job.created < LIFE);
        jobs.created.push(now);
        jobs.queries.insert(number, job.clone());
        job
    }

    /// Keeps an ingest job; `make` is given its id.
    pub(super) fn add_ingest(
        &self,
        now: DateTime<Utc>,
        make: impl FnOnce(String) -> ingest::Job,
    ) -> Arc<ingest::Job> {
        let (number, id) = self.new_id();
        let job = Arc::new(make(id));
        let mut jobs = self.lock();
        jobs.ingests.retain(|_, job| now - job.created < LIFE);
        jobs.ingests.insert(number, job.clone());
        job
    }

    /// The query job with this id, if the user may see it.
    pub(super) fn find(&self, id: &str, session: &Session, now: DateTime<Utc>) -> Result<Arc<Job>, ApiError> {
        let job = number_of(id).and_then(|number| self.lock().queries.get(&number).cloned());
        let job = job.filter(|job| now - job.created < LIFE).ok_or_else(ApiError::not_found)?;
        check_owner(session, &job.created_by)?;
        Ok(job)
    }

    /// The ingest job with this id, if the user may see it.
    pub(super) fn find_ingest(
        &self,
        id: &str,
        session: &Session,
        now: DateTime<Utc>,
    ) -> Result<Arc<ingest::Job>, ApiError> {
        let job = number_of(id).and_then(|number| self.lock().ingests.get(&number).cloned());
        let job = job.filter(|job| now - job.created < LIFE).ok_or_else(ApiError::not_found)?;
        check_owner(session, &job.user.id)?;
        Ok(job)
    }

    pub(super) fn queries(&self, now: DateTime<Utc>) -> Vec<(u64, Arc<Job>)> {
        let jobs = self.lock();
        let alive = jobs.queries.iter().filter(|(_, job)| now - job.created < LIFE);
        alive.map(|(number, job)| (*number, job.clone())).collect()
    }

    pub(super) fn ingests(&self, now: DateTime<Utc>) -> Vec<(u64, Arc<ingest::Job>)> {
        let jobs = self.lock();
        let alive = jobs.ingests.iter().filter(|(_, job)| now - job.created < LIFE);
        alive.map(|(number, job)| (*number, job.clone())).collect()
    }

    /// Forgets a job of either kind.
    pub(super) fn remove(&self, id: &str) {
        if let Some(number) = ids::counter_of(id) {
            let mut jobs = self.lock();
            jobs.queries.remove(&number);
            jobs.ingests.remove(&number);
        }
    }
}

/// The number of a job by its id of 15 or 18 characters.
pub(crate) fn number_of(id: &str) -> Option<u64> {
    ids::canonical(id).filter(|id| id.starts_with("750")).and_then(|id| ids::counter_of(&id))
}

/// Jobs are their creator's, and those who may modify all data see all (Bulk API, "Errors": `InvalidUser`).
fn check_owner(session: &Session, created_by: &str) -> Result<(), ApiError> {
    if owns(session, created_by) {
        return Ok(());
    }
    let text = "The job was created by another user";
    Err(ApiError::new(StatusCode::FORBIDDEN, "INVALIDUSER", text))
}

pub(crate) fn owns(session: &Session, created_by: &str) -> bool {
    session.user.id == created_by || session.user.permissions.modify_all_data
}

pub(super) fn json_answer(body: &Json) -> Response {
    ([(header::CONTENT_TYPE, JSON)], body.to_string()).into_response()
}

/// Whether the work of a job in the background is done.
#[derive(Debug)]
pub(crate) struct Finished(watch::Sender<bool>);

impl Default for Finished {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Finished {
    pub(crate) fn set(&self) {
        self.0.send_replace(true);
    }

    pub(crate) fn is_set(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits for the end of the work, but not long: a poll has to answer.
    pub(crate) async fn wait(&self) {
        let mut seen = self.0.subscribe();
        // Too late and closed mean the same: not done at this poll.
        tokio::time::timeout(LONGEST_WAIT, seen.wait_for(|is_done| *is_done)).await.ok();
    }
}
