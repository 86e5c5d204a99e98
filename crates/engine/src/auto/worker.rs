//! The loop that never ends: makes a round due for each org that is switched on, and does the rounds.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use holdfast_catalog::errors::{self, RecordedError};
use holdfast_catalog::orgs::{self, AutoState, Org};
use holdfast_catalog::work_items::{self, NewWorkItem, WorkItem};
use holdfast_catalog::{ErrorId, Failure};
use holdfast_domain::OrgId;
use holdfast_domain::manifest::Trigger;
use holdfast_domain::retry::{BackOff, Retry};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::pace::Pace;
use crate::capture::{Fetching, RoundOptions, Scope, round};
use crate::engine::Engine;
use crate::error::{Doing, Error, Result, chain};
use crate::events::EventSink;
use crate::process;
use crate::work_items::Workers;

pub(super) const QUEUE: &str = "auto";
const KIND: &str = "auto_round";
/// How soon a switch, a pause or a due round is noticed.
const TICK: Duration = Duration::from_secs(1);
/// A failing request of auto backup gives its Object up soon: the next round tries again.
const GIVE_UP_AFTER: Duration = Duration::from_secs(30);
/// How long a claimed round may go without renewing.
const CLAIM: chrono::TimeDelta = chrono::TimeDelta::seconds(120);

/// What is remembered of each org between rounds; a restart describes and looks at everything once.
type Memories = Arc<Mutex<HashMap<OrgId, Memory>>>;

#[derive(Default)]
struct Memory {
    pace: Pace,
    described: Option<(DateTime<Utc>, Scope)>,
}

impl Engine {
    /// Captures every org that is switched on, and does the work items, until `cancel`. `events` tells of all rounds.
    pub async fn serve(&self, events: EventSink, cancel: CancellationToken) -> Result<()> {
        let memories = Memories::default();
        let mut rounds = JoinSet::new();
        let mut workers = Workers::default();
        let mut beaten_at = None;
        tracing::info!("Auto backup is ready");
        while !cancel.is_cancelled() {
            let ticked = match self.beat(&mut beaten_at).await {
                Ok(()) => self.tick(&memories, &events, &cancel, &mut rounds).await,
                Err(error) => Err(error),
            };
            // The catalog may come back; what is due stays due.
            if let Err(error) = ticked {
                tracing::error!("auto backup could not go on: {}", chain(&error));
            }
            if let Err(error) = workers.tick(self, &cancel).await {
                tracing::error!("work items could not be taken up: {}", chain(&error));
            }
            while rounds.try_join_next().is_some() {}
            tokio::select! {
                () = cancel.cancelled() => {}
                () = self.clock().sleep(TICK) => {}
            }
        }
        while rounds.join_next().await.is_some() {}
        workers.end().await;
        if let Err(error) = self.end_beat().await {
            tracing::warn!("auto backup is shown as at work for a while: {}", chain(&error));
        }
        Ok(())
    }

    async fn tick(
        &self,
        memories: &Memories,
        events: &EventSink,
        cancel: &CancellationToken,
        rounds: &mut JoinSet<()>,
    ) -> Result<()> {
        let db = self.catalog().db();
        let now = self.clock().now();
        let queued = work_items::list(db, QUEUE).await.doing(|| "read the queue".to_owned())?;
        for org in orgs::list(db).await.doing(|| "list the orgs".to_owned())? {
            let is_queued = queued.iter().any(|item| item.dedupe_key.as_deref() == Some(org.id.as_str()));
            if is_on(org.auto_state) && !is_queued {
                self.enqueue(&org.id, now).await?;
            }
        }
        let dead = queued.iter().filter_map(|item| Some((item.id, item.owner.as_deref()?)));
        for (item, owner) in dead.filter(|(_, owner)| process::has_died(owner)) {
            let released = work_items::release(db, item, owner, now).await;
            released.doing(|| "take over the round of a process that died".to_owned())?;
        }
        while let Some(item) = work_items::claim(db, QUEUE, self.owner(), now + CLAIM, now)
            .await
            .doing(|| "take a round from the queue".to_owned())?
        {
            let (engine, memories) = (self.clone(), Arc::clone(memories));
            let (events, cancel) = (events.clone(), cancel.child_token());
            rounds.spawn(async move {
                if let Err(error) = engine.work(&item, &memories, events, cancel).await {
                    tracing::error!("a round of auto backup could not be ended: {}", chain(&error));
                }
            });
        }
        Ok(())
    }

    async fn enqueue(&self, org: &OrgId, due_at: DateTime<Utc>) -> Result<()> {
        let input = serde_json::json!({ "org": org });
        let item =
            NewWorkItem { queue: QUEUE, kind: KIND, dedupe_key: Some(org.as_str()), input: &input, due_at };
        let queued = work_items::enqueue(self.catalog().db(), &item, self.clock().now()).await;
        queued.map(drop).doing(|| "make a round due".to_owned())
    }

    /// Another Run has gone well, so that the round which waits to try again need not wait longer.
    pub(crate) async fn hasten_round(&self, org: &Org) -> Result<()> {
        match self.round_of(org).await? {
            (Some(_), _) => self.enqueue(&org.id, self.clock().now()).await,
            (None, _) => Ok(()),
        }
    }

    /// One claimed item: the round, and when the next one is due.
    async fn work(
        &self,
        item: &WorkItem,
        memories: &Memories,
        events: EventSink,
        cancel: CancellationToken,
    ) -> Result<()> {
        let db = self.catalog().db();
        let org = match item.input.get("org").and_then(serde_json::Value::as_str).map(OrgId::parse) {
            Some(Ok(id)) => orgs::get(db, &id).await.doing(|| "look for the org".to_owned())?,
            _ => None,
        };
        let Some(org) = org.filter(|org| is_on(org.auto_state)) else {
            return work_items::remove(db, item.id).await.doing(|| "take a round off the queue".to_owned());
        };
        let mut round = std::pin::pin!(self.one_round(&org, memories, events, cancel.clone()));
        // The watcher only asks the round to stop, so that the round gives back what it holds.
        let outcome = tokio::select! {
            outcome = &mut round => outcome,
            () = self.watch(item, &org.id, &cancel) => round.await,
        };
        self.settle(item, &org, outcome).await
    }

    async fn one_round(
        &self,
        org: &Org,
        memories: &Memories,
        events: EventSink,
        cancel: CancellationToken,
    ) -> Result<()> {
        let now = self.clock().now();
        let (leave_out, known_scope) = {
            let mut memories = memories.lock().await;
            let memory = memories.entry(org.id.clone()).or_default();
            let described = memory.described.take();
            let is_fresh =
                |at: DateTime<Utc>| (now - at).to_std().is_ok_and(|age| age < self.settings().describe_every);
            (memory.pace.not_due(now), described.filter(|(at, _)| is_fresh(*at)))
        };
        let described_at = known_scope.as_ref().map_or(now, |(at, _)| *at);
        let options = RoundOptions {
            trigger: Trigger::Auto,
            wanted: Vec::new(),
            leave_out,
            known_scope: known_scope.map(|(_, scope)| scope),
            files: if org.auto_state == AutoState::Running { Fetching::New } else { Fetching::Nothing },
            give_up_after: GIVE_UP_AFTER,
            accepts_missing: false,
        };
        let events = events.and_live(&org.id, self.live());
        let round = round(self, org, options, events, cancel).await?;
        let mut memories = memories.lock().await;
        let memory = memories.entry(org.id.clone()).or_default();
        for (object, has_changed) in round.looked {
            memory.pace.looked(&object, now, has_changed);
        }
        memory.described = round.scope.map(|scope| (described_at, scope));
        Ok(())
    }

    /// Keeps the claim, and asks the round to stop when the org is paused or the claim is lost.
    async fn watch(&self, item: &WorkItem, org: &OrgId, cancel: &CancellationToken) {
        let db = self.catalog().db();
        loop {
            self.clock().sleep(TICK).await;
            let until = self.clock().now() + CLAIM;
            let renewed = work_items::renew(db, item.id, self.owner(), until).await;
            let is_lost = matches!(renewed, Err(holdfast_catalog::Error::LeaseLost { .. }));
            // An unreadable catalog says nothing about a pause; the next look will.
            let is_paused =
                orgs::get(db, org).await.is_ok_and(|org| !org.is_some_and(|org| is_on(org.auto_state)));
            if is_lost || is_paused {
                cancel.cancel();
                return;
            }
        }
    }

    /// Ends the claimed item; what comes next depends on how the round went.
    async fn settle(&self, item: &WorkItem, org: &Org, outcome: Result<()>) -> Result<()> {
        let db = self.catalog().db();
        let now = self.clock().now();
        let settings = self.settings();
        let (failure, pause) = match outcome {
            Ok(()) => {
                let ended = work_items::complete(db, item.id, self.owner(), now).await;
                ended.doing(|| "end a round".to_owned())?;
                let resolved = errors::resolve(db, &org.id, None, now).await;
                resolved.doing(|| "close the errors of the org".to_owned())?;
                return self.enqueue(&org.id, now + settings.round_every).await;
            }
            Err(Error::Cancelled) => {
                return match work_items::complete(db, item.id, self.owner(), now).await {
                    // Another process has it by now.
                    Err(holdfast_catalog::Error::LeaseLost { .. }) => Ok(()),
                    ended => ended.doing(|| "take a round off the queue".to_owned()),
                };
            }
            Err(error) => {
                tracing::warn!(org.id = %org.id, "a round of {} stopped: {}", org.name, chain(&error));
                self.disconnect(&org.id, &error).await?;
                let pause = match error.retry() {
                    Retry::WhenLimitMoves | Retry::Never => settings.limit_check_every,
                    Retry::After(pause) => pause,
                    Retry::BackOff | Retry::Smaller => {
                        let attempt = u32::try_from(item.attempts).unwrap_or(u32::MAX);
                        BackOff::default().pause(attempt, rand::random())
                    }
                };
                let gap = error.as_gap();
                (Failure { code: gap.code, message: gap.message }, pause)
            }
        };
        let put_back = work_items::fail(db, item.id, self.owner(), &failure, Some(now + pause), now).await;
        put_back.doing(|| "put a round back".to_owned())?;
        self.note_problem(org, &failure, now).await
    }

    /// Told once, however often the round is tried in vain.
    async fn note_problem(&self, org: &Org, failure: &Failure, now: DateTime<Utc>) -> Result<()> {
        let db = self.catalog().db();
        let doing = || format!("note what is wrong with `{}`", org.name);
        // Switched off or paused while the round failed: nobody waits for it to be over.
        if !orgs::get(db, &org.id).await.doing(doing)?.is_some_and(|org| is_on(org.auto_state)) {
            return Ok(());
        }
        if errors::is_open_of_org(db, &org.id, failure).await.doing(doing)? {
            return Ok(());
        }
        let problem = RecordedError {
            id: ErrorId::new(now),
            org: org.id.clone(),
            object: None,
            run: None,
            code: failure.code,
            message: failure.message.clone(),
            at: now,
            resolved_at: None,
        };
        errors::insert(db, &problem).await.doing(doing)
    }
}

pub(super) fn is_on(state: AutoState) -> bool {
    matches!(state, AutoState::Running | AutoState::FilesPaused)
}
