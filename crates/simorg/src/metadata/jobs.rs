//! Retrieves and deploys as jobs: queued, polled, done, cancelled.
//!
//! With no polls asked for, work is done when the request comes in and the first poll tells it. With some, that many polls
//! tell that it is under way, and the one after them does the work; until then a deploy can be cancelled.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::faults::{Effect, Endpoint};
use crate::model::ids;
use crate::state::{Org, User};

use super::deploy::{self, Options, Report, Status};
use super::retrieve::{Failure, Request, Retrieved};

/// How jobs behave.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// How many polls tell that a job is under way, before one tells that it is done.
    pub polls: u32,
    /// A zip is gone once it was fetched.
    pub deletes_fetched: bool,
    /// User permissions that this org does not know.
    pub missing_permissions: BTreeSet<String>,
}

/// How long a validation may be deployed, and how long other jobs are told of (Metadata API Developer Guide, "Deploying").
const LIFE_MS: i64 = 10 * 24 * 3600 * 1000;
/// The most retrieves whose zips are held; older ones are forgotten.
const MOST_RETRIEVES: usize = 100;

/// The key prefixes of retrieves and deploys.
const RETRIEVE: &str = "09S";
const DEPLOY: &str = "0Af";

#[derive(Debug, Default)]
pub struct State(Mutex<Jobs>);

#[derive(Debug, Default)]
struct Jobs {
    settings: Settings,
    next: u64,
    retrieves: BTreeMap<String, Arc<Mutex<RetrieveJob>>>,
    deploys: BTreeMap<String, Arc<Mutex<DeployJob>>>,
}

#[derive(Debug)]
pub(super) struct RetrieveJob {
    request: Request,
    user: Arc<User>,
    created_ms: i64,
    polls: u32,
    has_been_polled: bool,
    pub outcome: Option<Result<Retrieved, Failure>>,
    pub is_fetched: bool,
}

#[derive(Debug)]
pub(super) struct DeployJob {
    zip: Bytes,
    polls: u32,
    pub report: Report,
    pub validated: Option<String>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Jobs {
    /// Lets go of what is past its life. A job that is being worked on stays.
    fn forget_old(&mut self, now_ms: i64) {
        let is_alive = |created_ms: i64| now_ms - created_ms < LIFE_MS;
        self.deploys.retain(|_, job| {
            job.try_lock().map_or(true, |job| !job.report.status.is_done() || is_alive(job.report.created_ms))
        });
        let mut spare = self.retrieves.len().saturating_sub(MOST_RETRIEVES - 1);
        // By id, hence oldest first.
        self.retrieves.retain(|_, job| {
            let is_over = job
                .try_lock()
                .is_ok_and(|job| job.outcome.is_some() && (spare > 0 || !is_alive(job.created_ms)));
            spare -= usize::from(is_over && spare > 0);
            !is_over
        });
    }
}

impl State {
    pub fn settings(&self) -> Settings {
        locked(&self.0).settings.clone()
    }

    pub fn set(&self, settings: Settings) {
        locked(&self.0).settings = settings;
    }

    pub(super) fn retrieve(&self, org: &Org, request: Request, user: &Arc<User>) -> String {
        let mut jobs = locked(&self.0);
        jobs.forget_old(org.stamp_ms());
        jobs.next += 1;
        let id = ids::record_id(RETRIEVE, jobs.next);
        let job = RetrieveJob {
            request,
            user: user.clone(),
            created_ms: org.stamp_ms(),
            polls: jobs.settings.polls,
            has_been_polled: false,
            outcome: None,
            is_fetched: false,
        };
        jobs.retrieves.insert(id.clone(), Arc::new(Mutex::new(job)));
        id
    }

    pub(super) fn retrieve_job(&self, id: &str) -> Option<Arc<Mutex<RetrieveJob>>> {
        locked(&self.0).retrieves.get(&ids::canonical(id)?).cloned()
    }

    /// Queues a deploy; `validated` is the id of the validation that it repeats.
    pub(super) fn deploy(
        &self,
        org: &Org,
        user: &Arc<User>,
        zip: Bytes,
        options: Options,
        validated: Option<String>,
    ) -> String {
        let (id, job, polls) = {
            let mut jobs = locked(&self.0);
            jobs.forget_old(org.stamp_ms());
            jobs.next += 1;
            let id = ids::record_id(DEPLOY, jobs.next);
            let report = Report {
                id: id.clone(),
                options,
                user: user.clone(),
                created_ms: org.stamp_ms(),
                done_ms: None,
                status: Status::Pending,
                messages: Vec::new(),
                error: None,
                tests_run: 0,
                canceled_by: None,
            };
            let polls = jobs.settings.polls;
            let job = Arc::new(Mutex::new(DeployJob { zip, polls, report, validated }));
            jobs.deploys.insert(id.clone(), job.clone());
            (id, job, polls)
        };
        if polls == 0 {
            locked(&job).poll(org, &self.settings());
        }
        id
    }

    pub(super) fn deploy_job(&self, id: &str) -> Option<Arc<Mutex<DeployJob>>> {
        locked(&self.0).deploys.get(&ids::canonical(id)?).cloned()
    }

    /// A deploy after one more poll.
    pub(super) fn poll_deploy(&self, org: &Org, id: &str) -> Option<Report> {
        let job = self.deploy_job(id)?;
        let mut job = locked(&job);
        job.poll(org, &self.settings());
        Some(job.report.clone())
    }

    /// Runs `look` on a retrieve after one more poll.
    pub(super) fn poll_retrieve<R>(
        &self,
        org: &Org,
        id: &str,
        look: impl FnOnce(&mut RetrieveJob) -> R,
    ) -> Option<R> {
        let job = self.retrieve_job(id)?;
        let mut job = locked(&job);
        job.poll(org);
        Some(look(&mut job))
    }

    /// Cancels a deploy that is not done; `None` if there is none, `Some(false)` if it is done.
    pub(super) fn cancel(&self, org: &Org, user: &User, id: &str) -> Option<bool> {
        let job = self.deploy_job(id)?;
        let mut job = locked(&job);
        if job.report.status.is_done() {
            return Some(false);
        }
        job.report.status = Status::Canceled;
        job.report.canceled_by = Some(user.id.clone());
        job.report.done_ms = Some(org.stamp_ms());
        Some(true)
    }

    /// Deploys what was validated before; `None` if that was no successful validation.
    pub(super) fn deploy_validated(&self, org: &Org, user: &Arc<User>, id: &str) -> Option<String> {
        let job = self.deploy_job(id)?;
        let (zip, options) = {
            let job = locked(&job);
            let is_valid = job.report.options.check_only && job.report.is_success();
            is_valid.then(|| (job.zip.clone(), job.report.options.clone()))?
        };
        let options = Options { check_only: false, ..options };
        Some(self.deploy(org, user, zip, options, Some(id.to_owned())))
    }
}

/// What a fault on request does to a job.
enum Fate {
    StaysUnderWay,
    Fails(String),
}

fn fate(org: &Org, what: &str) -> Option<Fate> {
    match org.faults().semantic(Endpoint::Metadata, Some(what))? {
        Effect::JobFailed { message } => Some(Fate::Fails(message)),
        Effect::JobStuck => Some(Fate::StaysUnderWay),
        _ => None,
    }
}

impl RetrieveJob {
    /// `RetrieveStatus`.
    pub(super) fn status(&self) -> &'static str {
        match &self.outcome {
            Some(Ok(_)) => "Succeeded",
            Some(Err(_)) => "Failed",
            None if self.has_been_polled => "InProgress",
            None => "Pending",
        }
    }

    fn poll(&mut self, org: &Org) {
        if self.outcome.is_some() {
            return;
        }
        match fate(org, "retrieve") {
            Some(Fate::StaysUnderWay) => self.has_been_polled = true,
            Some(Fate::Fails(message)) => {
                let code = "UNKNOWN_EXCEPTION".to_owned();
                self.outcome = Some(Err(Failure { message: format!("{code}: {message}"), code }));
            }
            None if self.polls > 0 => {
                self.polls -= 1;
                self.has_been_polled = true;
            }
            None => self.outcome = Some(self.request.run(org, &self.user)),
        }
    }
}

impl DeployJob {
    fn poll(&mut self, org: &Org, settings: &Settings) {
        if self.report.status.is_done() {
            return;
        }
        match fate(org, "deploy") {
            Some(Fate::StaysUnderWay) => self.report.status = Status::InProgress,
            Some(Fate::Fails(message)) => {
                self.report.error = Some(("UNKNOWN_EXCEPTION".to_owned(), message));
                self.finish(org, Status::Failed);
            }
            None if self.polls > 0 => {
                self.polls -= 1;
                self.report.status = Status::InProgress;
            }
            None => self.run(org, settings),
        }
    }

    fn run(&mut self, org: &Org, settings: &Settings) {
        let report = &mut self.report;
        let outcome =
            deploy::run(org, &report.user, &self.zip, &report.options, &settings.missing_permissions);
        let has_errors = outcome.error.is_some() || outcome.messages.iter().any(deploy::Message::is_error);
        report.messages = outcome.messages;
        report.error = outcome.error;
        report.tests_run = outcome.tests_run;
        let status = match (has_errors, outcome.is_applied) {
            (false, _) => Status::Succeeded,
            (true, true) => Status::SucceededPartial,
            (true, false) => Status::Failed,
        };
        self.finish(org, status);
    }

    fn finish(&mut self, org: &Org, status: Status) {
        self.report.status = status;
        self.report.done_ms = Some(org.stamp_ms());
        // Only a validation that succeeded may be deployed once more.
        if !(self.report.options.check_only && self.report.is_success()) {
            self.zip = Bytes::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SimOrg;
    use crate::xml::Element;

    #[test]
    fn jobs_are_forgotten_and_what_they_hold_is_let_go_of() {
        let org = SimOrg::new().bare().build().unwrap();
        let (state, user) = (State::default(), org.admin());
        let request = || Request::of_xml(&Element::new("retrieveRequest"), "67.0");
        let deploy = |check_only| {
            let options = Options { check_only, ..Options::default() };
            state.deploy(&org, &user, Bytes::from_static(b"no zip"), options, None)
        };
        let holds = |id: &str| state.deploy_job(id).map(|job| locked(&job).zip.len());

        let first = state.retrieve(&org, request(), &user);
        for _ in 0..MOST_RETRIEVES {
            state.poll_retrieve(&org, &state.retrieve(&org, request(), &user), |_| ());
        }
        assert!(state.retrieve_job(&first).is_some(), "nobody has asked for it yet");
        assert!(locked(&state.0).retrieves.len() <= MOST_RETRIEVES + 1);
        let (deployed, validated) = (deploy(false), deploy(true));
        assert_eq!(
            (holds(&deployed), holds(&validated)),
            (Some(0), Some(0)),
            "neither can be deployed again"
        );

        org.clock().advance(chrono::Duration::days(11));
        deploy(false);
        assert_eq!((holds(&deployed), holds(&validated)), (None, None));
    }
}
