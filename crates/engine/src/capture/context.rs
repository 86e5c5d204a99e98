//! What one Run carries along, and the one place where it tries again, waits and stops.

use std::future::Future;
use std::time::Duration;

use chrono::{DateTime, Utc};
use holdfast_domain::budget::ApiBudget;
use holdfast_domain::capture::window::OrgSecond;
use holdfast_domain::manifest::Trigger;
use holdfast_domain::retry::{BackOff, Retry};
use holdfast_domain::{ObjectName, OrgId, RunId};
use holdfast_lake::OrgLake;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

use crate::calls::CountedClient;
use crate::coverage::permissions::Held;
use crate::engine::Engine;
use crate::error::{Error, Result, chain};
use crate::events::{Event, EventSink};

/// Shared by everything that happens in one Run.
pub(crate) struct RunContext {
    pub(crate) engine: Engine,
    pub(crate) org: OrgId,
    pub(crate) client: CountedClient,
    /// The client outlives the Run, and counts on.
    pub(crate) calls_before: u64,
    pub(crate) lake: OrgLake,
    pub(crate) budget: ApiBudget,
    pub(crate) run: RunId,
    pub(crate) trigger: Trigger,
    pub(crate) started_at: DateTime<Utc>,
    pub(crate) events: EventSink,
    pub(crate) cancel: CancellationToken,
    /// How long one failing request is repeated before its Object is given up for this Run.
    pub(crate) give_up_after: Duration,
    /// A person has said that records which are no longer visible are gone.
    pub(crate) accepts_missing: bool,
    /// Asked for when first needed.
    pub(crate) permissions: OnceCell<Held>,
}

/// How often one request has failed, and since when.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    count: u32,
    since: Option<DateTime<Utc>>,
}

impl RunContext {
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.engine.clock().now()
    }

    /// What the integration user may do.
    pub(crate) async fn permissions(&self) -> Result<&Held> {
        self.permissions.get_or_try_init(|| self.attempt(None, || Held::ask(&self.client))).await
    }

    /// API calls of this Run so far.
    pub(crate) fn calls(&self) -> u64 {
        self.client.calls() - self.calls_before
    }

    /// The org's idea of now; ours until the org has told.
    pub(crate) fn org_now(&self) -> OrgSecond {
        let now = self.client.org_clock().unwrap_or_else(|| self.now());
        OrgSecond(now.timestamp())
    }

    /// Called before each data call: stops at a request to stop, and at the API budget.
    pub(crate) fn may_go_on(&self) -> Result<()> {
        if self.cancel.is_cancelled() {
            return Err(Error::Cancelled);
        }
        match self.client.usage() {
            Some(usage) if !self.budget.permits(Some(usage)) => {
                Err(Error::BudgetReached { usage, percent: self.budget.percent })
            }
            _ => Ok(()),
        }
    }

    /// What stopped the Run before may be over: asks, because the answer that would tell is not asked for otherwise.
    pub(crate) async fn refresh_usage(&self) {
        if self.may_go_on().is_err()
            && let Err(error) = self.client.limits().await
        {
            tracing::info!(org.id = %self.org, "could not read the limits of the org: {}", chain(&error));
        }
    }

    /// Repeats a request to the org while its failure is transient, with growing pauses, up to `give_up_after`.
    pub(crate) async fn attempt<T, F>(
        &self,
        object: Option<&ObjectName>,
        mut request: impl FnMut() -> F + Send,
    ) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        let asked = || {
            let request = request();
            async move {
                self.may_go_on()?;
                self.unless_cancelled(request).await?
            }
        };
        self.persist(object, asked).await
    }

    /// The same for what asks nothing of the org: neither its budget nor a request to stop keeps that from being stored.
    pub(crate) async fn persist<T, F>(
        &self,
        object: Option<&ObjectName>,
        mut work: impl FnMut() -> F + Send,
    ) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
    {
        let mut failures = Failures::default();
        loop {
            match work().await {
                Ok(value) => return Ok(value),
                Err(error) => self.wait_to_repeat(object, &mut failures, error).await?,
            }
        }
    }

    /// What `request` comes to, unless the Run is stopped before.
    pub(crate) async fn unless_cancelled<T>(&self, request: impl Future<Output = T>) -> Result<T> {
        tokio::select! {
            () = self.cancel.cancelled() => Err(Error::Cancelled),
            outcome = request => Ok(outcome),
        }
    }

    /// Waits before a failed request is repeated; gives the failure back if that cannot help, or not any more.
    pub(crate) async fn wait_to_repeat(
        &self,
        object: Option<&ObjectName>,
        failures: &mut Failures,
        error: Error,
    ) -> Result<()> {
        if error.is_cursor_lost() {
            return Err(error);
        }
        failures.count += 1;
        let pause = match error.retry() {
            Retry::BackOff => BackOff::default().pause(failures.count, rand::random()),
            Retry::After(pause) => pause,
            Retry::Smaller | Retry::WhenLimitMoves | Retry::Never => return Err(error),
        };
        let since = *failures.since.get_or_insert_with(|| self.now());
        let lasted = (self.now() - since).to_std().unwrap_or_default();
        if lasted + pause > self.give_up_after {
            return Err(error);
        }
        self.tell_retry(object, failures.count, &error, pause);
        self.pause(pause).await
    }

    /// Tells of a failure and waits before the next try.
    pub(crate) async fn retry_later(
        &self,
        object: Option<&ObjectName>,
        attempt: u32,
        error: &Error,
    ) -> Result<()> {
        let pause = BackOff::default().pause(attempt, rand::random());
        self.tell_retry(object, attempt, error, pause);
        self.pause(pause).await
    }

    fn tell_retry(&self, object: Option<&ObjectName>, attempt: u32, error: &Error, pause: Duration) {
        let error = chain(error);
        let name = object.map_or("the org", ObjectName::as_str);
        tracing::warn!(org.id = %self.org, object = name, attempt, "trying again for {name}: {error}");
        let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        self.events.send(Event::Retrying { object: object.cloned(), attempt, error, pause_ms });
    }

    /// Waits on the engine's clock, or until the Run is stopped.
    pub(crate) async fn pause(&self, pause: Duration) -> Result<()> {
        tokio::select! {
            () = self.cancel.cancelled() => Err(Error::Cancelled),
            () = self.engine.clock().sleep(pause) => Ok(()),
        }
    }
}
