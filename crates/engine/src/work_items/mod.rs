//! Work that somebody asks for and does not wait for: a backup now, a check, a compaction.
//!
//! Each is a WorkItem that stays after it ended, with what came of it. Whoever serves takes it up. One that was cut off,
//! because the service stopped or died, is begun again by the next one that serves; one that takes the service down with it
//! again and again is told as interrupted.

mod outcome;
mod worker;

use chrono::{DateTime, Utc};
use holdfast_catalog::{Failure, WorkItemId, asked_work_items, orgs};
use holdfast_domain::access::{Right, TeamPermission};
use holdfast_domain::{ErrorCode, ObjectName, OrgId, RunId};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::access::{AccessError, Act, Caller};
use crate::engine::Engine;
use crate::error::{Doing, Error, Result};
use crate::process;

pub use outcome::{CheckOutcome, CheckedFinding, CompactionOutcome, WorkOutcome};
pub(crate) use worker::Workers;

/// What a work item is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Work {
    Backup {
        /// Only these; empty means everything that the integration user may see.
        objects: Vec<ObjectName>,
        accept_missing: bool,
        refetch_files: bool,
    },
    Check {
        read_data: bool,
    },
    Compaction,
}

impl Work {
    pub fn kind(&self) -> WorkKind {
        match self {
            Self::Backup { .. } => WorkKind::Backup,
            Self::Check { .. } => WorkKind::Check,
            Self::Compaction => WorkKind::Compaction,
        }
    }
}

/// The kinds of this version. A work item of another version is not shown if it is of another kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkKind {
    Backup,
    Check,
    Compaction,
}

impl WorkKind {
    const ALL: [Self; 3] = [Self::Backup, Self::Check, Self::Compaction];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Backup => "backup",
            Self::Check => "check",
            Self::Compaction => "compaction",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkState {
    /// Nobody is at work on it: not yet, or not any more and it is begun again.
    Waiting,
    Running,
    Done,
    Failed,
    /// It was cancelled, or the service did not live to see its end; the code of the failure tells which.
    Interrupted,
}

/// How far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WorkProgress {
    /// A backup that waits for another Run of its org has no Run yet.
    Backup { run: RunId },
    /// Tables of this org that are done, and all of them.
    Check { org: OrgId, name: String, done: u64, total: u64 },
}

#[derive(Debug, Clone)]
pub struct WorkItem {
    pub id: WorkItemId,
    /// None if it is about the whole lake.
    pub org: Option<OrgId>,
    pub kind: WorkKind,
    pub asked_by: String,
    pub asked_at: DateTime<Utc>,
    pub state: WorkState,
    /// Of the newest try.
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    /// How often the service died over it.
    pub cut_off: u64,
    pub progress: Option<WorkProgress>,
    pub outcome: Option<WorkOutcome>,
    /// Why it ended without an outcome, or why it is begun again.
    pub failure: Option<Failure>,
}

impl Engine {
    /// Adds a work item; without an org it is about the whole lake. Who asks for the same again is given what is not ended yet.
    pub async fn ask(&self, caller: &Caller, org: Option<&OrgId>, work: Work) -> Result<WorkItem> {
        may(caller, org, Right::Execute)?;
        let doing = || "add a work item".to_owned();
        let name = match org {
            Some(id) => {
                let found = orgs::get(self.catalog().db(), id).await.doing(doing)?;
                Some(found.ok_or_else(|| Error::HiddenOrg { org: id.clone() })?.name)
            }
            None => None,
        };
        let now = self.clock().now();
        let input = serde_json::to_value(&work).expect("words and names are always JSON");
        let kind = work.kind();
        let key = format!("{}/{}", kind.as_str(), org.map_or("lake", OrgId::as_str));
        let new = asked_work_items::NewAskedWorkItem {
            queue: worker::queue_of(&work),
            kind: kind.as_str(),
            key: &key,
            input: &input,
            org,
            asked_by: &caller.member.name,
        };
        let mut transaction = self.begin().await?;
        let (there, is_new) = asked_work_items::ask(&mut transaction, &new, now).await.doing(doing)?;
        if is_new {
            let action = format!("{}.asked", kind.as_str());
            let mut act = Act::new(&action).with(input);
            act.target = name;
            act.org = org;
            self.write_audit(&mut transaction, &caller.actor(), act).await?;
        } else if there.item.input != input {
            return Err(Error::AskedOtherwise { kind: kind.as_str(), id: there.item.id.to_string() });
        }
        self.commit(transaction).await?;
        Ok(self.shown(kind, there))
    }

    /// The work items of one org, or about the whole lake; the newest first.
    pub async fn work_items(
        &self,
        caller: &Caller,
        org: Option<&OrgId>,
        before: Option<WorkItemId>,
        limit: u32,
    ) -> Result<Vec<WorkItem>> {
        may(caller, org, Right::View)?;
        let kinds = WorkKind::ALL.map(WorkKind::as_str);
        let listed = asked_work_items::list(self.catalog().db(), org, &kinds, before, limit).await;
        let listed = listed.doing(|| "list the work items".to_owned())?;
        let shown =
            |work: asked_work_items::AskedWorkItem| Some(self.shown(WorkKind::parse(&work.item.kind)?, work));
        Ok(listed.into_iter().filter_map(shown).collect())
    }

    pub async fn work_item(&self, caller: &Caller, id: WorkItemId) -> Result<WorkItem> {
        self.allowed(caller, id, Right::View).await
    }

    /// Ends work that waits at once, and work under way as soon as whoever does it sees it.
    pub async fn cancel_work_item(&self, caller: &Caller, id: WorkItemId) -> Result<()> {
        let work = self.allowed(caller, id, Right::Execute).await?;
        let doing = || "cancel the work item".to_owned();
        let message = format!("{} cancelled it", caller.member.name);
        let failure = Failure { code: ErrorCode::Cancelled, message };
        let mut transaction = self.begin().await?;
        let cancelled = asked_work_items::cancel(&mut *transaction, id, &failure, self.clock().now()).await;
        if cancelled.doing(doing)? {
            let action = format!("{}.cancelled", work.kind.as_str());
            let mut act = Act::new(&action).with(json!({ "work_item": id.to_string() }));
            act.org = work.org.as_ref();
            self.write_audit(&mut transaction, &caller.actor(), act).await?;
        }
        self.commit(transaction).await
    }

    /// The work of an org that the caller does not see is not there, nor is that of the whole lake for who does not manage the
    /// service.
    async fn allowed(&self, caller: &Caller, id: WorkItemId, right: Right) -> Result<WorkItem> {
        let found = asked_work_items::get(self.catalog().db(), id).await;
        let found = found.doing(|| "look for the work item".to_owned())?;
        let unknown = || AccessError::Unknown { what: "work item", id: id.to_string() };
        let found = found.ok_or_else(unknown)?;
        let kind = WorkKind::parse(&found.item.kind).ok_or_else(unknown)?;
        if let Err(refused) = may(caller, found.org.as_ref(), right) {
            let is_seen = found.org.is_some() && !matches!(refused, Error::HiddenOrg { .. });
            return Err(if is_seen { refused } else { unknown().into() });
        }
        Ok(self.shown(kind, found))
    }

    fn shown(&self, kind: WorkKind, work: asked_work_items::AskedWorkItem) -> WorkItem {
        let item = work.item;
        let now = self.clock().now();
        let is_at_work = item.owner.as_deref().is_some_and(|owner| !process::has_died(owner))
            && item.lease_until.is_some_and(|until| now < until);
        let state = match (work.ended_at, &item.failure) {
            (None, _) if is_at_work => WorkState::Running,
            (None, _) => WorkState::Waiting,
            (Some(_), None) => WorkState::Done,
            (Some(_), Some(Failure { code: ErrorCode::Cancelled | ErrorCode::Interrupted, .. })) => {
                WorkState::Interrupted
            }
            (Some(_), Some(_)) => WorkState::Failed,
        };
        WorkItem {
            id: item.id,
            org: work.org,
            kind,
            asked_by: work.asked_by,
            asked_at: item.created_at,
            state,
            started_at: work.started_at,
            ended_at: work.ended_at,
            // The try under way, or the last one, was not cut off.
            cut_off: item.attempts.saturating_sub(u64::from(state != WorkState::Waiting)),
            // What another version wrote, and this one does not know, is not shown.
            progress: work.progress.and_then(|json| serde_json::from_value(json).ok()),
            outcome: work.outcome.and_then(|json| serde_json::from_value(json).ok()),
            // While it is tried again, the failure is of the try before.
            failure: item.failure.filter(|_| state != WorkState::Running),
        }
    }
}

/// What is about the whole lake is about the orgs of all, so it is the business of those who manage the service.
fn may(caller: &Caller, org: Option<&OrgId>, right: Right) -> Result<()> {
    match org {
        Some(org) => caller.may_on(org, right),
        None => caller.may(TeamPermission::SettingsManage),
    }
}
