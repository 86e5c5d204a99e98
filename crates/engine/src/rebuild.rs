//! The catalog read back from the lake: orgs, Runs, and how far each Object is.
//!
//! Credentials and schedules are not in the lake; each org is shown as needing to be connected again.

use holdfast_catalog::objects::{self, Captured, Phase, SeenObject};
use holdfast_catalog::orgs::{self, AutoState, Org};
use holdfast_catalog::runs;
use holdfast_domain::budget::ApiBudget;
use holdfast_domain::capture::method::capture_method;
use holdfast_domain::manifest::Manifest;
use holdfast_domain::schema::ObjectSchema;
use holdfast_domain::{ObjectName, OrgId};
use holdfast_lake::blobs::BLOB_INDEX;
use holdfast_lake::{OrgDocument, OrgLake};
use serde::Serialize;

use crate::capture::{CAUGHT_UP, WATERMARK, newest_describe};
use crate::engine::Engine;
use crate::error::{Doing, Error, Result};

/// What was read back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct RebuildReport {
    pub orgs: u64,
    pub objects: u64,
    pub runs: u64,
}

impl Engine {
    /// Adds to the catalog whatever the lake has and the catalog has not; doing it twice changes nothing.
    pub async fn rebuild(&self) -> Result<RebuildReport> {
        let mut report = RebuildReport::default();
        for document in self.lake().orgs().await.doing(|| "list the orgs of the lake".to_owned())? {
            self.rebuild_org(&document).await?;
            report.orgs += 1;
            let lake = self.lake().org(&document.id);
            for object in lake.objects().await.doing(|| "list the tables".to_owned())? {
                // Holdfast's own table is no Object of the org.
                if object.as_str() == BLOB_INDEX {
                    continue;
                }
                self.rebuild_object(&document.id, &lake, &object).await?;
                report.objects += 1;
            }
            for id in lake.manifests().await.doing(|| "list the manifests".to_owned())? {
                let manifest =
                    lake.manifest(&id).await.doing(|| format!("read the manifest of run `{id}`"))?;
                self.rebuild_run(&manifest).await?;
                report.runs += 1;
            }
        }
        Ok(report)
    }

    async fn rebuild_org(&self, document: &OrgDocument) -> Result<()> {
        let db = self.catalog().db();
        let doing = || format!("read back org `{}`", document.name);
        if orgs::get(db, &document.id).await.doing(doing)?.is_some() {
            return Ok(());
        }
        let org = Org {
            id: document.id.clone(),
            name: document.name.clone(),
            instance_url: document.instance_url.clone(),
            organization_type: document.organization_type.clone(),
            is_sandbox: document.is_sandbox,
            auto_state: AutoState::Off,
            api_budget: ApiBudget::default(),
            connected_at: document.connected_at,
        };
        orgs::insert(db, &org).await.doing(doing)
    }

    async fn rebuild_object(&self, org: &OrgId, lake: &OrgLake, object: &ObjectName) -> Result<()> {
        let db = self.catalog().db();
        let doing = || format!("read back `{object}`");
        let Some(table) = lake.table(object).await.doing(doing)? else { return Ok(()) };
        let Some(hash) = newest_describe(table.marks()) else { return Ok(()) };
        let Some(json) = lake.schema(object, &hash).await.doing(doing)? else { return Ok(()) };
        let schema = ObjectSchema::from_describe(&json).map_err(|source| Error::DescribeUnreadable {
            object: object.clone(),
            hash: hash.to_string(),
            source,
        })?;
        let now = self.clock().now();
        let method = capture_method(&schema);
        let seen =
            SeenObject { name: object, method: &method, schema: Some(&hash), describe_last_modified: None };
        objects::upsert_seen(db, org, &seen, now).await.doing(doing)?;
        let captured = Captured {
            at: now,
            watermark_us: table.marks().0.get(WATERMARK).copied(),
            live_records: table.live_count(),
            remaining_records: None,
        };
        objects::record_success(db, org, object, captured).await.doing(doing)?;
        let is_caught_up = table.marks().0.contains_key(CAUGHT_UP);
        let phase = if is_caught_up { Phase::CapturingChanges } else { Phase::FirstCapture };
        objects::set_phase(db, org, object, phase, None).await.doing(doing)
    }

    async fn rebuild_run(&self, manifest: &Manifest) -> Result<()> {
        let db = self.catalog().db();
        let doing = || format!("read back run `{}`", manifest.run);
        runs::insert_finished(db, manifest).await.doing(doing)
    }
}
