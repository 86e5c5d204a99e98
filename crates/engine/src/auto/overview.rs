//! One org's auto backup in a few numbers: where it stands, how far the first backup is, what is wrong.

use chrono::{DateTime, TimeDelta, Utc};
use holdfast_catalog::object_lists::{self, ListQuery, ObjectTotals, Sort, WordCounts};
use holdfast_catalog::orgs::{AutoState, Org};
use holdfast_catalog::statistics::{self, Throughput};
use holdfast_catalog::{Failure, runs, work_items};
use holdfast_domain::ErrorCode;
use holdfast_domain::manifest::FileCounts;
use holdfast_domain::retry::{Light, light};

use super::first_backup;
use super::worker::{QUEUE, is_on};
use crate::completeness::Completeness;
use crate::engine::Engine;
use crate::error::{Doing, Result};
use crate::orgs::OrgSummary;
use crate::runs::RunSummary;

/// Where an org stands as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AutoPhase {
    Off,
    /// Switched on, and nothing has been looked at yet.
    Waiting,
    FirstBackup,
    CapturingChanges,
    Paused,
}

/// Why the last round could not be done, and since when that is so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrgProblem {
    pub failure: Failure,
    pub since: DateTime<Utc>,
}

/// Progress of the first full backup.
#[derive(Debug, Clone, PartialEq)]
pub struct FirstBackup {
    pub objects_total: u64,
    pub objects_done: u64,
    pub records_done: u64,
    /// As far as they were counted.
    pub records_remaining: u64,
    /// Over the last minutes.
    pub records_per_second: Option<f64>,
    pub started_at: Option<DateTime<Utc>>,
    pub estimated_end_at: Option<DateTime<Utc>>,
}

/// One org in a list of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrgStanding {
    pub phase: AutoPhase,
    pub light: Light,
    pub last_captured_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone)]
pub struct AutoOverview {
    pub org: OrgSummary,
    pub phase: AutoPhase,
    pub light: Light,
    /// Why the light is yellow, or why nothing happens.
    pub reason: Option<String>,
    pub is_served: bool,
    pub problem: Option<OrgProblem>,
    pub words: WordCounts,
    pub live_records: u64,
    /// None as long as nothing was captured.
    pub completeness: Option<Completeness>,
    pub first_backup: Option<FirstBackup>,
    pub files: FileCounts,
    pub last_run: Option<RunSummary>,
    pub last_captured_at: Option<DateTime<Utc>>,
    /// The oldest time of any captured Object; none as long as one was never verified.
    pub last_verified_at: Option<DateTime<Utc>>,
    pub next_round_at: Option<DateTime<Utc>>,
}

/// The rate is told of this long a time, so that it is steady and still follows.
pub(crate) const RATE_OVER: TimeDelta = TimeDelta::minutes(5);

impl Engine {
    pub async fn auto_overview(&self, org: &str) -> Result<AutoOverview> {
        let org = self.find_org(org).await?;
        let db = self.catalog().db();
        let doing = || format!("read how auto backup of `{}` stands", org.name);
        let (problem, next_round_at) = self.round_of(&org).await?;
        let query = self.list_query(&org, problem.as_ref()).await?;
        let totals = object_lists::totals(db, &org.id, query.yellow_since_us).await.doing(doing)?;
        let words = object_lists::count_words(db, &org.id, &query).await.doing(doing)?;
        let last = runs::list_for_org(db, &org.id, None, 1).await.doing(doing)?;
        let files = statistics::files_kept(db, &org.id).await.doing(doing)?;
        let span = statistics::run_span(db, &org.id).await.doing(doing)?;
        let last_run = last.into_iter().next().map(RunSummary::from);
        let is_first_done = first_backup::is_done(self, &org.id).await?;
        let phase = phase(org.auto_state, &totals, is_first_done);
        let is_served = self.is_served().await?;
        let is_yellow = words.warning + totals.lost > 0 || query.are_all_yellow;
        let first_backup = match phase {
            AutoPhase::CapturingChanges | AutoPhase::Off => None,
            _ if is_first_done => None,
            _ => Some(self.first_backup(&org, &totals, span.first_started_at).await?),
        };
        let last_files = last_run.as_ref().map(|run| run.files).unwrap_or_default();
        Ok(AutoOverview {
            reason: reason(&org, (words.warning, totals.lost), problem.as_ref(), is_served),
            org: self.org(org.id.as_str()).await?,
            phase,
            light: light_of(phase, is_yellow),
            is_served,
            problem,
            words,
            live_records: totals.kept.live_records,
            completeness: self.completeness_of(&org.id, &totals).await?,
            first_backup,
            files: FileCounts { stored: files.files, bytes: files.bytes, ..last_files },
            last_run,
            last_captured_at: totals.last_captured_us.and_then(DateTime::from_timestamp_micros),
            last_verified_at: totals
                .oldest_verified_us
                .filter(|_| totals.unverified == 0)
                .and_then(DateTime::from_timestamp_micros),
            next_round_at,
        })
    }

    /// What a list of orgs says of one.
    pub async fn org_standing(&self, org: &str) -> Result<OrgStanding> {
        let org = self.find_org(org).await?;
        let (problem, _) = self.round_of(&org).await?;
        let query = self.list_query(&org, problem.as_ref()).await?;
        let totals = object_lists::totals(self.catalog().db(), &org.id, query.yellow_since_us).await;
        let totals = totals.doing(|| "add up the objects".to_owned())?;
        let is_first_done = first_backup::is_done(self, &org.id).await?;
        let is_yellow = totals.yellow + totals.lost > 0 || query.are_all_yellow;
        let phase = phase(org.auto_state, &totals, is_first_done);
        Ok(OrgStanding {
            phase,
            light: light_of(phase, is_yellow),
            last_captured_at: totals.last_captured_us.and_then(DateTime::from_timestamp_micros),
        })
    }

    /// How the Objects of the org are to be judged now; filters and order are the caller's to add.
    pub(crate) async fn list_query(&self, org: &Org, problem: Option<&OrgProblem>) -> Result<ListQuery> {
        let (now, patience) = (self.clock().now(), self.patience().await?);
        let is_long = |problem: &OrgProblem| light(Some(problem.since), now, patience) == Light::Yellow;
        Ok(ListQuery {
            name_part: None,
            word: None,
            phase: None,
            has_error: None,
            sort: Sort::default(),
            is_descending: false,
            yellow_since_us: (now - patience).timestamp_micros(),
            are_all_yellow: problem.is_some_and(is_long),
            is_paused: !is_on(org.auto_state),
        })
    }

    /// What stopped the last round, and when the next one is due.
    pub(crate) async fn round_of(&self, org: &Org) -> Result<(Option<OrgProblem>, Option<DateTime<Utc>>)> {
        if !is_on(org.auto_state) {
            return Ok((None, None));
        }
        let rounds = work_items::list(self.catalog().db(), QUEUE).await;
        let rounds = rounds.doing(|| "read the queue".to_owned())?;
        let round = rounds.into_iter().find(|item| item.dedupe_key.as_deref() == Some(org.id.as_str()));
        let Some(round) = round else { return Ok((None, None)) };
        // The item was made when the round before it had gone well.
        let problem = round.failure.map(|failure| OrgProblem { failure, since: round.created_at });
        Ok((problem, Some(round.due_at)))
    }

    async fn first_backup(
        &self,
        org: &Org,
        totals: &ObjectTotals,
        started_at: Option<DateTime<Utc>>,
    ) -> Result<FirstBackup> {
        let now = self.clock().now();
        let read = statistics::throughput(self.catalog().db(), &org.id, now - RATE_OVER).await;
        let read = read.doing(|| "measure how fast records are read".to_owned())?;
        let rate = per_second(read, now);
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let left = rate.map(|rate| totals.remaining_records as f64 / rate);
        // Where nobody has counted yet, an estimate would only be wrong.
        let left = left.filter(|_| totals.uncounted == 0);
        #[expect(clippy::cast_possible_truncation, reason = "whole seconds of an estimate")]
        let end = left.and_then(|seconds| now.checked_add_signed(TimeDelta::try_seconds(seconds as i64)?));
        Ok(FirstBackup {
            objects_total: totals.objects,
            objects_done: totals.caught_up,
            records_done: totals.kept.live_records,
            records_remaining: totals.remaining_records,
            records_per_second: rate,
            started_at,
            estimated_end_at: end,
        })
    }
}

/// None if there is too little to tell a rate by.
pub(crate) fn per_second(read: Throughput, now: DateTime<Utc>) -> Option<f64> {
    let seconds = (now - read.since?).as_seconds_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate is shown, not counted with")]
    let rate = read.records as f64 / seconds;
    Some(rate).filter(|rate| seconds >= 1.0 && *rate > 0.0)
}

fn phase(state: AutoState, totals: &ObjectTotals, is_first_done: bool) -> AutoPhase {
    match state {
        AutoState::Off => AutoPhase::Off,
        AutoState::Paused => AutoPhase::Paused,
        _ if is_first_done => AutoPhase::CapturingChanges,
        _ if totals.objects == 0 => AutoPhase::Waiting,
        _ => AutoPhase::FirstBackup,
    }
}

fn light_of(phase: AutoPhase, is_yellow: bool) -> Light {
    match phase {
        _ if is_yellow => Light::Yellow,
        AutoPhase::Off | AutoPhase::Paused => Light::Grey,
        AutoPhase::Waiting | AutoPhase::FirstBackup => Light::Blue,
        AutoPhase::CapturingChanges => Light::Green,
    }
}

fn reason(
    org: &Org,
    (failing, lost): (u64, u64),
    problem: Option<&OrgProblem>,
    is_served: bool,
) -> Option<String> {
    if is_on(org.auto_state) && !is_served {
        return Some("no `holdfast serve` is running, so nothing is captured now".to_owned());
    }
    if let Some(problem) = problem {
        let wait = match problem.failure.code {
            ErrorCode::ApiBudgetReached | ErrorCode::ApiLimitReached => "it goes on by itself",
            ErrorCode::NeedsReauthorisation => "connect the org again",
            _ => "it is tried again by itself",
        };
        return Some(format!("{}; {wait}", problem.failure.message));
    }
    let subject =
        |number| if number == 1 { "one object has".to_owned() } else { format!("{number} objects have") };
    let told: Vec<_> = [(failing, "been failing for long"), (lost, "stopped, and may be missed")]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{} {what}", subject(number)))
        .collect();
    Some(told.join("; ")).filter(|told| !told.is_empty())
}
