//! Leases as the engine uses them: taken, kept while the work goes on, given back.

use std::future::Future;
use std::time::Duration;

use chrono::TimeDelta;
use holdfast_catalog::leases;
use holdfast_domain::{ObjectName, OrgId};
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;
use crate::error::{Doing, Error, Result};
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

impl Engine {
    /// Like [`Self::under_lease`], but waits up to `patience` for another process to give it back.
    pub(crate) async fn under_lease_when_free<T>(
        &self,
        name: &str,
        patience: Duration,
        cancel: &CancellationToken,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let begun = self.clock().now();
        loop {
            let held = match self.acquire(name).await {
                Ok(()) => break,
                Err(Error::LeaseHeld { name }) => Error::LeaseHeld { name },
                Err(error) => return Err(error),
            };
            if (self.clock().now() - begun).to_std().unwrap_or_default() >= patience {
                return Err(held);
            }
            tracing::info!(lease = name, "another run is under way; waiting for it to end");
            tokio::select! {
                () = cancel.cancelled() => return Err(Error::Cancelled),
                () = self.clock().sleep(LOOK_AGAIN) => {}
            }
        }
        self.work_under(name, work).await
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
