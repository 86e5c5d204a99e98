//! Leases as the engine uses them: taken, kept while the work goes on, given back.

use std::future::Future;
use std::time::Duration;

use chrono::TimeDelta;
use holdfast_catalog::leases;
use holdfast_domain::{ObjectName, OrgId};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;
use crate::error::{Doing, Error, Result, chain};
use crate::process;

/// A lease outlives three missed renewals.
const LEASE: TimeDelta = TimeDelta::seconds(120);
const RENEW_EVERY: Duration = Duration::from_secs(30);
/// How soon a lease that was given back is noticed.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// The lease of whoever writes an Object's table, and of the Bulk jobs that are read for it.
pub(crate) fn of_table(org: &OrgId, object: &ObjectName) -> String {
    format!("table/{org}/{object}")
}

/// The lease of whoever captures an org.
pub(crate) fn of_org(org: &OrgId) -> String {
    format!("capture/{org}")
}

/// The lease of whoever renews the session of an org.
pub(crate) fn of_grant(org: &OrgId) -> String {
    format!("grant/{org}")
}

/// A lease that is kept until it is given back, or dropped.
pub(crate) struct Lent {
    end: oneshot::Sender<()>,
    keeping: JoinHandle<Result<()>>,
}

impl Lent {
    /// Whoever comes next need not wait for the lease to run out.
    pub(crate) async fn give_back(self) {
        drop(self.end);
        match self.keeping.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!("a lease could not be given back: {}", chain(&error)),
            Err(error) => tracing::warn!("a lease could not be given back: {error}"),
        }
    }
}

impl Engine {
    /// Like [`Self::under_lease_when_free`], for work that must not be dropped half done.
    pub(crate) async fn lend(&self, name: &str, patience: Duration) -> Result<Lent> {
        self.acquire_when_free(name, patience, &CancellationToken::new()).await?;
        let (end, ended) = oneshot::channel();
        let (engine, name) = (self.clone(), name.to_owned());
        let keeping = tokio::spawn(async move {
            let work = async {
                // Both a sending and a dropping of the other end are the end.
                drop(ended.await);
                Ok(())
            };
            engine.work_under(&name, work).await
        });
        Ok(Lent { end, keeping })
    }

    /// Like [`Self::under_lease`], but waits up to `patience` for another process to give it back.
    pub(crate) async fn under_lease_when_free<T>(
        &self,
        name: &str,
        patience: Duration,
        cancel: &CancellationToken,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        self.acquire_when_free(name, patience, cancel).await?;
        self.work_under(name, work).await
    }

    async fn acquire_when_free(
        &self,
        name: &str,
        patience: Duration,
        cancel: &CancellationToken,
    ) -> Result<()> {
        let begun = self.clock().now();
        loop {
            let held = match self.acquire(name).await {
                Ok(()) => return Ok(()),
                Err(Error::LeaseHeld { name }) => Error::LeaseHeld { name },
                Err(error) => return Err(error),
            };
            if (self.clock().now() - begun).to_std().unwrap_or_default() >= patience {
                return Err(held);
            }
            tracing::info!(lease = name, "somebody else holds the lease {name}; waiting for it");
            tokio::select! {
                () = cancel.cancelled() => return Err(Error::Cancelled),
                () = self.clock().sleep(LOOK_AGAIN) => {}
            }
        }
    }

    /// Does `work` under the lease `name`. Work that outlives its lease is dropped where it stands.
    pub(crate) async fn under_lease<T>(
        &self,
        name: &str,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        self.acquire(name).await?;
        self.work_under(name, work).await
    }

    async fn work_under<T>(&self, name: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
        let outcome = tokio::select! {
            outcome = work => outcome,
            lost = self.keep(name) => Err(lost),
        };
        let released = leases::release(self.catalog().db(), name, self.owner()).await;
        let done = outcome?;
        released.doing(|| format!("give back the lease `{name}`"))?;
        Ok(done)
    }

    /// Fails if another process has the lease by now. Asked before each commit: a process that was stopped
    /// for longer than the lease lasts goes on before its own clock has told it.
    pub(crate) async fn confirm(&self, name: &str) -> Result<()> {
        let until = self.clock().now() + LEASE;
        match leases::renew(self.catalog().db(), name, self.owner(), until).await {
            Err(holdfast_catalog::Error::LeaseLost { .. }) => Err(Error::LeaseHeld { name: name.to_owned() }),
            renewed => renewed.doing(|| format!("renew the lease `{name}`")),
        }
    }

    async fn acquire(&self, name: &str) -> Result<()> {
        if self.try_acquire(name).await? {
            return Ok(());
        }
        let db = self.catalog().db();
        let doing = || format!("look who holds the lease `{name}`");
        let held = leases::list(db, self.clock().now()).await.doing(doing)?;
        if let Some(lease) = held.into_iter().find(|lease| lease.name == name)
            && process::has_died(&lease.owner)
        {
            leases::release(db, name, &lease.owner).await.doing(doing)?;
            if self.try_acquire(name).await? {
                return Ok(());
            }
        }
        Err(Error::LeaseHeld { name: name.to_owned() })
    }

    async fn try_acquire(&self, name: &str) -> Result<bool> {
        let now = self.clock().now();
        let taken = leases::acquire(self.catalog().db(), name, self.owner(), now + LEASE, now).await;
        taken.doing(|| format!("take the lease `{name}`"))
    }

    async fn keep(&self, name: &str) -> Error {
        let db = self.catalog().db();
        let mut held_until = self.clock().now() + LEASE;
        loop {
            self.clock().sleep(RENEW_EVERY).await;
            let now = self.clock().now();
            match leases::renew(db, name, self.owner(), now + LEASE).await {
                Ok(()) => held_until = now + LEASE,
                Err(holdfast_catalog::Error::LeaseLost { .. }) => {
                    return Error::LeaseHeld { name: name.to_owned() };
                }
                Err(error) if now >= held_until => {
                    return Error::Catalog { doing: format!("renew the lease `{name}`"), source: error };
                }
                Err(error) => tracing::warn!(lease = name, "could not renew the lease {name}: {error}"),
            }
        }
    }
}
