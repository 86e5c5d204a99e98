//! What auto backup says of itself: per org and per Object, with the light and its reason.

use chrono::{DateTime, Utc};
use holdfast_catalog::object_lists::{ListQuery, Word};
use holdfast_catalog::objects::{self, ObjectState, Phase};
use holdfast_catalog::orgs;
use holdfast_catalog::runs;
use holdfast_catalog::work_items;
use holdfast_domain::retry::Light;
use holdfast_domain::{ErrorCode, ObjectName};
use serde::Serialize;

use super::worker::{QUEUE, is_on};
use crate::completeness::Completeness;
use crate::engine::Engine;
use crate::error::{Doing, Result};
use crate::object_list::light_of_word;
use crate::orgs::OrgSummary;
use crate::runs::RunSummary;

/// One org's auto backup.
#[derive(Debug, Clone, Serialize)]
pub struct AutoStatus {
    pub org: OrgSummary,
    pub objects: Vec<ObjectStatus>,
    /// A process does the work of orgs that are switched on.
    pub is_served: bool,
    /// Why the last round could not be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem_code: Option<ErrorCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_run: Option<RunSummary>,
    /// Absent as long as nothing was captured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completeness: Option<Completeness>,
}

impl AutoStatus {
    /// True if and only if the org is switched on and no process does the work.
    pub fn waits_for_serve(&self) -> bool {
        is_on(self.org.auto_backup) && !self.is_served
    }
}

/// One Object's line on the dashboard.
#[derive(Debug, Clone, Serialize)]
pub struct ObjectStatus {
    pub object: ObjectName,
    pub phase: Phase,
    pub light: Light,
    /// `running`, `warning`, `stopped`, `waiting`, or `paused` if nothing is wrong and auto backup is not at work.
    pub word: &'static str,
    pub live_records: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_captured_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<ErrorCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Why the Object is not captured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_reason: Option<String>,
}

impl Engine {
    pub async fn auto_status(&self, org: Option<&str>) -> Result<Vec<AutoStatus>> {
        let all = match org {
            Some(name) => vec![self.find_org(name).await?],
            None => orgs::list(self.catalog().db()).await.doing(|| "list the orgs".to_owned())?,
        };
        let is_served = self.is_served().await?;
        let rounds = work_items::list(self.catalog().db(), QUEUE).await;
        let rounds = rounds.doing(|| "read the queue".to_owned())?;
        let mut statuses = Vec::with_capacity(all.len());
        for org in all {
            let db = self.catalog().db();
            let known = objects::list(db, &org.id).await.doing(|| "list the objects".to_owned())?;
            let last =
                runs::list_for_org(db, &org.id, None, 1).await.doing(|| "read the last run".to_owned())?;
            let (trouble, _) = self.round_of(&org).await?;
            let query = self.list_query(&org, trouble.as_ref()).await?;
            // Without a process that serves, nothing runs.
            let query = ListQuery { is_paused: query.is_paused || !is_served, ..query };
            let objects = known.into_iter().map(|state| object_status(state, &query)).collect();
            let last_run = last.into_iter().next().map(RunSummary::from);
            let round = rounds.iter().find(|item| item.dedupe_key.as_deref() == Some(org.id.as_str()));
            let problem = round.and_then(|item| item.failure.clone());
            statuses.push(AutoStatus {
                org: self.org(org.id.as_str()).await?,
                objects,
                is_served,
                problem_code: problem.as_ref().map(|failure| failure.code),
                problem: problem.map(|failure| failure.message),
                last_run,
                completeness: self.completeness(org.id.as_str()).await?,
            });
        }
        Ok(statuses)
    }
}

fn object_status(state: ObjectState, query: &ListQuery) -> ObjectStatus {
    let word = Word::of(&state, query);
    let failing_since = state.trouble.as_ref().map(|trouble| trouble.since);
    let failure = state.trouble.map(|trouble| trouble.failure);
    ObjectStatus {
        object: state.name,
        phase: state.phase,
        light: light_of_word(word),
        word: match word {
            Word::Stopped => "stopped",
            Word::Warning => "warning",
            Word::Paused => "paused",
            Word::Waiting => "waiting",
            Word::Running => "running",
        },
        live_records: state.live_records,
        last_captured_at: state.last_captured_at,
        failing_since,
        error_code: failure.as_ref().map(|failure| failure.code),
        error: failure.map(|failure| failure.message),
        stopped_reason: state.stopped_reason,
    }
}
