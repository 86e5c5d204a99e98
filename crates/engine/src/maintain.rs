//! Keeping the lake well: checking it, and merging small files.

use holdfast_catalog::{orgs, runs};
use holdfast_domain::retry::Retry;
use holdfast_domain::{ObjectName, OrgId};
use holdfast_lake::check::{CheckOptions, CheckProgress, CheckReport, Finding, Invariant};
use holdfast_lake::delta::Grace;
use holdfast_lake::{CompactOptions, CompactReport};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;
use crate::error::{Doing, Error, Result};
use crate::lease;

/// What compaction did to one table.
#[derive(Debug, Clone, Serialize)]
pub struct Compacted {
    pub org: OrgId,
    pub object: ObjectName,
    pub report: CompactReport,
}

impl Engine {
    /// Proves from the storage alone that everything is there and whole, and then that the lake has every
    /// Snapshot that the catalog knows: that the newest one was lost shows nowhere else.
    pub async fn check(
        &self,
        read_data: bool,
        progress: &mut (dyn FnMut(CheckProgress) + Send + Sync),
    ) -> Result<CheckReport> {
        let report = self.lake().check(CheckOptions { read_data }, progress).await;
        let mut report = report.doing(|| "check the lake".to_owned())?;
        for org in orgs::list(self.catalog().db()).await.doing(|| "list the orgs".to_owned())? {
            self.check_newest_run(&org.id, &mut report).await?;
        }
        Ok(report)
    }

    /// The same for one org.
    pub async fn check_org(
        &self,
        org: &OrgId,
        read_data: bool,
        progress: &mut (dyn FnMut(CheckProgress) + Send + Sync),
    ) -> Result<CheckReport> {
        let report = self.lake().check_org(org, CheckOptions { read_data }, progress).await;
        let mut report = report.doing(|| format!("check what the lake holds of org `{org}`"))?;
        self.check_newest_run(org, &mut report).await?;
        Ok(report)
    }

    async fn check_newest_run(&self, org: &OrgId, report: &mut CheckReport) -> Result<()> {
        let lake = self.lake().org(org);
        let newest = runs::newest_with_manifest(self.catalog().db(), org).await;
        let Some(run) = newest.doing(|| "compare the runs of catalog and lake".to_owned())? else {
            return Ok(());
        };
        let path = lake.manifest_path(&run).to_string();
        match lake.manifest(&run).await {
            Ok(_) => Ok(()),
            Err(holdfast_lake::Error::NotFound { .. }) => {
                let detail = "it is missing; the catalog knows the run as finished".to_owned();
                report.damage.push(Finding { path, invariant: Invariant::ManifestIsThere, detail });
                Ok(())
            }
            // What is damaged or too new has been named by the check of the lake.
            Err(error) if error.retry() == Retry::Never => Ok(()),
            Err(error) => Err(error).doing(|| format!("look for the manifest of run `{run}`")),
        }
    }

    /// Merges the small files of every table, or of one org's; versions stay as they are. A `cancel` is heeded between two
    /// tables.
    pub async fn compact(&self, org: Option<&str>, cancel: &CancellationToken) -> Result<Vec<Compacted>> {
        let orgs = if let Some(name) = org {
            vec![self.find_org(name).await?.id]
        } else {
            let all = self.lake().orgs().await.doing(|| "list the orgs of the lake".to_owned())?;
            all.into_iter().map(|document| document.id).collect()
        };
        let mut compacted = Vec::new();
        for org in orgs {
            let objects = self.lake().org(&org).objects().await.doing(|| "list the tables".to_owned())?;
            for object in objects {
                if cancel.is_cancelled() {
                    return Err(Error::Cancelled);
                }
                let name = lease::of_table(&org, &object);
                match self.under_lease(&name, self.compact_table(&org, &object)).await {
                    Ok(report) => compacted.push(Compacted { org: org.clone(), object, report }),
                    // Whoever is writing it makes it small again soon enough.
                    Err(Error::LeaseHeld { .. }) => {
                        tracing::info!("{object} is being captured and stays as it is");
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        self.clean().await?;
        Ok(compacted)
    }

    /// Removes what writers that died left behind, once its time of grace is over.
    async fn clean(&self) -> Result<()> {
        let (now, grace) = (self.clock().now(), Grace::default());
        let doing = || "clean the lake".to_owned();
        self.lake().clean_staging(now, grace).await.doing(doing)?;
        for document in self.lake().orgs().await.doing(doing)? {
            self.lake().org(&document.id).blobs().clean(now, grace).await.doing(doing)?;
        }
        Ok(())
    }

    async fn compact_table(&self, org: &OrgId, object: &ObjectName) -> Result<CompactReport> {
        let doing = || format!("compact the table of `{object}`");
        let mut writer = self.lake().org(org).writer(object).await.doing(doing)?;
        let report = writer.compact(&CompactOptions::at(self.clock().now())).await.doing(doing)?;
        writer.vacuum(self.clock().now()).await.doing(doing)?;
        Ok(report)
    }
}
