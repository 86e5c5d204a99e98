//! Does the work items that somebody asked for, inside [`Engine::serve`].

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use holdfast_catalog::work_items::{self, WorkItem};
use holdfast_catalog::{Failure, asked_work_items};
use holdfast_domain::{ErrorCode, OrgId};
use holdfast_lake::check::CheckProgress;
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::{CheckOutcome, CompactionOutcome, Work, WorkOutcome, WorkProgress};
use crate::capture::BackupOptions;
use crate::engine::Engine;
use crate::error::{Doing, Error, Result, chain};
use crate::events::{Event, EventSink};
use crate::process;

/// A backup never waits behind a check of hours.
const BACKUPS: &str = "asked_backups";
const UPKEEP: &str = "asked_upkeep";
/// How soon it is seen that work was cancelled, and how often is noted how far it is.
const TICK: Duration = Duration::from_secs(1);
/// How long claimed work may go without renewing.
const CLAIM: TimeDelta = TimeDelta::seconds(120);
/// How long work waits that another process stands in the way of.
const LOOK_AGAIN: TimeDelta = TimeDelta::seconds(15);
/// Between tries to note how work ended; together they are shorter than [`CLAIM`].
const PAUSES: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(15), Duration::from_secs(30)];
/// How long work stays after it ended, and how often is looked for what has stayed so long.
const KEPT: TimeDelta = TimeDelta::days(30);
const FORGET_EVERY: TimeDelta = TimeDelta::hours(1);
/// A service that dies so often while it does the same work would go on dying.
const MOST_TRIES: u64 = 3;

pub(super) fn queue_of(work: &Work) -> &'static str {
    match work {
        Work::Backup { .. } => BACKUPS,
        Work::Check { .. } | Work::Compaction => UPKEEP,
    }
}

/// How a try ended.
enum Ending {
    Done(Value),
    Failed(Failure),
    /// It is begun again then, and this try counts as none.
    Again(Failure, DateTime<Utc>),
}

/// The work items that this process is doing.
#[derive(Default)]
pub(crate) struct Workers {
    /// There is at most one of each org.
    backups: JoinSet<()>,
    /// One at a time: each of them reads all there is.
    upkeep: JoinSet<()>,
    forgot_at: Option<DateTime<Utc>>,
}

impl Workers {
    pub(crate) async fn tick(&mut self, engine: &Engine, cancel: &CancellationToken) -> Result<()> {
        for tasks in [&mut self.backups, &mut self.upkeep] {
            while let Some(ended) = tasks.try_join_next() {
                log_panic(ended);
            }
        }
        engine.release_dead_work().await?;
        // What is put back because this process stops would otherwise be taken up by it again.
        while !cancel.is_cancelled()
            && let Some(item) = engine.claim_item(BACKUPS).await?
        {
            self.backups.spawn(do_to_end(engine.clone(), item, cancel.child_token()));
        }
        if self.upkeep.is_empty()
            && !cancel.is_cancelled()
            && let Some(item) = engine.claim_item(UPKEEP).await?
        {
            self.upkeep.spawn(do_to_end(engine.clone(), item, cancel.child_token()));
        }
        let now = engine.clock().now();
        if self.forgot_at.is_none_or(|at| now - at >= FORGET_EVERY) {
            let forgotten = asked_work_items::remove_ended_before(engine.catalog().db(), now - KEPT).await;
            forgotten.doing(|| "forget work items that ended long ago".to_owned())?;
            self.forgot_at = Some(now);
        }
        Ok(())
    }

    /// Waits for what is under way, which has been asked to stop.
    pub(crate) async fn end(mut self) {
        for tasks in [&mut self.backups, &mut self.upkeep] {
            while let Some(ended) = tasks.join_next().await {
                log_panic(ended);
            }
        }
    }
}

/// What stopped in the middle keeps its claim until that runs out, and is then begun again.
fn log_panic(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!("a work item stopped in the middle: {}", chain(&error));
    }
}

async fn do_to_end(engine: Engine, item: WorkItem, cancel: CancellationToken) {
    if let Err(error) = engine.do_item(&item, cancel).await {
        tracing::error!("work item {} could not be ended: {}", item.id, chain(&error));
    }
}

impl Engine {
    async fn release_dead_work(&self) -> Result<()> {
        let (db, now) = (self.catalog().db(), self.clock().now());
        for queue in [BACKUPS, UPKEEP] {
            let claimed = asked_work_items::list_claimed(db, queue).await;
            for (item, owner) in claimed.doing(|| "look which work items are being done".to_owned())? {
                if process::has_died(&owner) {
                    let released = work_items::release(db, item, &owner, now).await;
                    released.doing(|| "take over the work of a process that died".to_owned())?;
                }
            }
        }
        Ok(())
    }

    async fn claim_item(&self, queue: &str) -> Result<Option<WorkItem>> {
        let now = self.clock().now();
        let claimed = work_items::claim(self.catalog().db(), queue, self.owner(), now + CLAIM, now).await;
        claimed.doing(|| "take up a work item".to_owned())
    }

    async fn do_item(&self, item: &WorkItem, cancel: CancellationToken) -> Result<()> {
        let db = self.catalog().db();
        let doing = || "take up a work item".to_owned();
        let Ok(work) = serde_json::from_value::<Work>(item.input.clone()) else {
            let message = "another version of Holdfast was asked for it; it waits for that one".to_owned();
            let failure = Failure { code: ErrorCode::CatalogTooNew, message };
            let due_at = self.clock().now() + LOOK_AGAIN;
            return self.note_ending(item, &Ending::Again(failure, due_at)).await;
        };
        // Beginning it would lose how far the try before was, which is told until there is another.
        if cancel.is_cancelled() {
            return self.note_ending(item, &self.ending_of(item, Err(Error::Cancelled))).await;
        }
        let begun = asked_work_items::begin(db, item.id, self.owner(), self.clock().now()).await;
        begun.doing(doing)?;
        let outcome = if item.attempts > MOST_TRIES {
            Err(Error::CutOffTooOften { times: MOST_TRIES })
        } else {
            let org = asked_work_items::get(db, item.id).await.doing(doing)?.and_then(|work| work.org);
            let (told, progress) = watch::channel(None);
            // Boxed: the states of a whole Run would otherwise be copied from future to future.
            let mut doing_it = Box::pin(self.do_work(work, org, told, cancel.clone()));
            // The watcher only asks the work to stop, so that it gives back what it holds.
            tokio::select! {
                outcome = &mut doing_it => outcome,
                () = self.watch_item(item, progress, &cancel) => doing_it.await,
            }
        };
        let ending = self.ending_of(item, outcome);
        self.note_ending(item, &ending).await
    }

    async fn do_work(
        &self,
        work: Work,
        org: Option<OrgId>,
        told: watch::Sender<Option<WorkProgress>>,
        cancel: CancellationToken,
    ) -> Result<WorkOutcome> {
        match (work, org) {
            (Work::Backup { objects, accept_missing, refetch_files }, Some(org)) => {
                let options = BackupOptions { objects, accept_missing, refetch_files };
                self.do_backup(&org, options, told, cancel).await
            }
            (Work::Backup { .. }, None) => {
                Err(Error::BadRequest { what: "a backup is of one org".to_owned() })
            }
            (Work::Check { read_data }, org) => tokio::select! {
                outcome = self.do_check(org.as_ref(), read_data, told) => outcome,
                () = cancel.cancelled() => Err(Error::Cancelled),
            },
            (Work::Compaction, org) => {
                let tables = self.compact(org.as_ref().map(OrgId::as_str), &cancel).await?;
                Ok(WorkOutcome::Compaction(CompactionOutcome::new(&tables)))
            }
        }
    }

    async fn do_backup(
        &self,
        org: &OrgId,
        options: BackupOptions,
        told: watch::Sender<Option<WorkProgress>>,
        cancel: CancellationToken,
    ) -> Result<WorkOutcome> {
        let (events, mut happened) = EventSink::channel();
        let events = events.and_live(org, self.live());
        // Ends with the backup, which drops the other end.
        let listening = async {
            while let Some(event) = happened.recv().await {
                if let Event::RunStarted { run } = event {
                    told.send_replace(Some(WorkProgress::Backup { run }));
                }
            }
        };
        let (manifest, ()) = tokio::join!(self.backup(org.as_str(), options, events, cancel), listening);
        Ok(WorkOutcome::from(&manifest?))
    }

    async fn do_check(
        &self,
        org: Option<&OrgId>,
        read_data: bool,
        told: watch::Sender<Option<WorkProgress>>,
    ) -> Result<WorkOutcome> {
        let mut progress = |CheckProgress { org, name, done, total }: CheckProgress| {
            let (done, total) = (done as u64, total as u64);
            told.send_replace(Some(WorkProgress::Check { org, name, done, total }));
        };
        let report = match org {
            Some(org) => self.check_org(org, read_data, &mut progress).await?,
            None => self.check(read_data, &mut progress).await?,
        };
        Ok(WorkOutcome::Check(CheckOutcome::new(&report, read_data)))
    }

    /// Keeps the claim and notes how far the work is; asks it to stop when it was cancelled or the claim is lost.
    async fn watch_item(
        &self,
        item: &WorkItem,
        mut progress: watch::Receiver<Option<WorkProgress>>,
        cancel: &CancellationToken,
    ) {
        let db = self.catalog().db();
        loop {
            self.clock().sleep(TICK).await;
            let until = self.clock().now() + CLAIM;
            let mut kept = work_items::renew(db, item.id, self.owner(), until).await;
            if progress.has_changed().unwrap_or(false) {
                let newest = serde_json::to_value(&*progress.borrow_and_update()).unwrap_or_default();
                kept = kept.and(asked_work_items::note_progress(db, item.id, self.owner(), &newest).await);
            }
            match kept {
                Err(holdfast_catalog::Error::LeaseLost { .. }) => {
                    cancel.cancel();
                    return;
                }
                Err(error) => tracing::warn!("could not note how far work item {} is: {error}", item.id),
                Ok(()) => {}
            }
        }
    }

    fn ending_of(&self, item: &WorkItem, outcome: Result<WorkOutcome>) -> Ending {
        let error = match outcome {
            Ok(outcome) => {
                let outcome = serde_json::to_value(&outcome).expect("texts and numbers are always JSON");
                return Ending::Done(outcome);
            }
            Err(error) => error,
        };
        let (now, gap) = (self.clock().now(), error.as_gap());
        let failure = Failure { code: gap.code, message: gap.message };
        match error {
            Error::Cancelled => {
                let message = "the service stopped before it was done; it is begun again".to_owned();
                Ending::Again(Failure { code: ErrorCode::Interrupted, message }, now)
            }
            Error::LeaseHeld { .. } => Ending::Again(failure, now + LOOK_AGAIN),
            _ => {
                tracing::warn!("work item {}, a {}, failed: {}", item.id, item.kind, failure.message);
                Ending::Failed(failure)
            }
        }
    }

    /// Tries again while the claim is held: what took hours is not lost to one statement that failed.
    async fn note_ending(&self, item: &WorkItem, ending: &Ending) -> Result<()> {
        let (db, now, owner) = (self.catalog().db(), self.clock().now(), self.owner());
        let mut pauses = PAUSES.into_iter();
        loop {
            let noted = match ending {
                Ending::Done(outcome) => asked_work_items::end(db, item.id, owner, Ok(outcome), now).await,
                Ending::Failed(failure) => asked_work_items::end(db, item.id, owner, Err(failure), now).await,
                Ending::Again(failure, due_at) => {
                    asked_work_items::put_back(db, item.id, owner, failure, *due_at).await
                }
            };
            let error = match noted {
                // Lost: it was cancelled, or another process has it by now.
                Ok(()) | Err(holdfast_catalog::Error::LeaseLost { .. }) => return Ok(()),
                Err(error) => error,
            };
            let Some(pause) = pauses.next() else {
                return Err(error).doing(|| format!("note the end of work item {}", item.id));
            };
            tracing::warn!("could not note the end of work item {} yet: {}", item.id, chain(&error));
            self.clock().sleep(pause).await;
        }
    }
}
