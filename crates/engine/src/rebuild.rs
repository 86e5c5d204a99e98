//! The catalog read back from the lake: orgs, Runs, and how far each Object is.
//!
//! Credentials and schedules are not in the lake; each org is shown as needing to be connected again.
//! What is damaged is left out and named, and everything else is read: a catalog without one Run is
//! of more use than none. Only a catalog that cannot be written ends the work.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use holdfast_catalog::objects::{self, Captured, Phase, SeenObject};
use holdfast_catalog::orgs::{self, AutoState, Org};
use holdfast_catalog::{api_calls, runs};
use holdfast_domain::budget::ApiBudget;
use holdfast_domain::capture::method::capture_method;
use holdfast_domain::manifest::Manifest;
use holdfast_domain::schema::ObjectSchema;
use holdfast_domain::{ErrorCode, ObjectName, OrgId, RunId, SchemaHash};
use holdfast_lake::blobs::BLOB_INDEX;
use holdfast_lake::{OrgDocument, OrgLake, Table};
use serde::Serialize;
use serde_json::json;

use crate::access::{Act, Actor};
use crate::capture::{CAUGHT_UP, WATERMARK, described, kept_in, lost, newest_describe};
use crate::engine::Engine;
use crate::error::{Doing, Error, Result, chain};

/// What was read back, and what could not be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RebuildReport {
    pub orgs: u64,
    pub objects: u64,
    pub runs: u64,
    pub not_read: Vec<NotRead>,
}

/// A part of the lake that could not be read: of an org one Object, one Run, or who it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotRead {
    pub org: OrgId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    pub code: ErrorCode,
    /// The damaged file by its path, where one file is to blame.
    pub message: String,
}

/// What all Manifests together tell of an Object.
#[derive(Default)]
struct Told {
    gone_fields: BTreeSet<String>,
    verified_at: Option<DateTime<Utc>>,
    /// Why it was stopped, if the newest word on it says so.
    stopped: Option<String>,
}

/// How far the table of an Object is, as the lake tells it.
struct Progress {
    table: Table,
    hash: SchemaHash,
    schema: ObjectSchema,
}

impl RebuildReport {
    /// What was read; a failure to read is noted, and any other ends the work.
    fn noted<T>(
        &mut self,
        read: Result<T>,
        org: &OrgId,
        object: Option<&ObjectName>,
        run: Option<&RunId>,
    ) -> Result<Option<T>> {
        let error = match read {
            Ok(read) => return Ok(Some(read)),
            Err(error @ Error::Catalog { .. }) => return Err(error),
            Err(error) => error,
        };
        let (object, run) = (object.cloned(), run.cloned());
        self.not_read.push(NotRead {
            org: org.clone(),
            object,
            run,
            code: error.code(),
            message: chain(&error),
        });
        Ok(None)
    }
}

impl Engine {
    /// Adds to the catalog whatever the lake has and the catalog has not; doing it twice changes nothing.
    pub async fn rebuild(&self) -> Result<RebuildReport> {
        let mut report = RebuildReport::default();
        for id in self.lake().org_ids().await.doing(|| "list the orgs of the lake".to_owned())? {
            let lake = self.lake().org(&id);
            let document = report.noted(who_it_is(&lake).await, &id, None, None)?;
            if self.rebuild_org(&id, document.as_ref()).await? {
                report.orgs += 1;
                self.rebuild_objects(&lake, &mut report).await?;
                for (object, told) in self.rebuild_runs(&lake, &mut report).await? {
                    let read_back = self.rebuild_told(&lake, &object, told).await;
                    report.noted(read_back, &id, Some(&object), None)?;
                }
                report.noted(self.recount_files(&id).await, &id, None, None)?;
            }
        }
        let counts = json!({ "orgs": report.orgs, "objects": report.objects, "runs": report.runs });
        self.note(&Actor::command_line(), Act::new("catalog.rebuilt").with(counts)).await?;
        Ok(report)
    }

    /// True if the catalog has the org now. Without its document nobody knows what it is called.
    async fn rebuild_org(&self, id: &OrgId, document: Option<&OrgDocument>) -> Result<bool> {
        let db = self.catalog().db();
        let doing = || format!("read back org `{id}`");
        if orgs::get(db, id).await.doing(doing)?.is_some() {
            return Ok(true);
        }
        let Some(document) = document else { return Ok(false) };
        let org = Org {
            id: id.clone(),
            name: document.name.clone(),
            instance_url: document.instance_url.clone(),
            organization_type: document.organization_type.clone(),
            is_sandbox: document.is_sandbox,
            auto_state: AutoState::Off,
            api_budget: ApiBudget::default(),
            connected_at: document.connected_at,
            owner: None,
        };
        orgs::insert(db, &org).await.doing(doing)?;
        Ok(true)
    }

    async fn rebuild_objects(&self, lake: &OrgLake, report: &mut RebuildReport) -> Result<()> {
        let names = lake.objects().await.doing(|| "list the tables".to_owned());
        for object in report.noted(names, lake.id(), None, None)?.unwrap_or_default() {
            // Holdfast's own table is no Object of the org.
            if object.as_str() == BLOB_INDEX {
                continue;
            }
            let progress = progress_of(lake, &object).await;
            if let Some(progress) = report.noted(progress, lake.id(), Some(&object), None)? {
                if let Some(progress) = &progress {
                    self.rebuild_object(lake.id(), &object, progress).await?;
                }
                report.objects += 1;
            }
        }
        Ok(())
    }

    async fn rebuild_object(&self, org: &OrgId, object: &ObjectName, progress: &Progress) -> Result<()> {
        let Progress { table, hash, schema } = progress;
        let db = self.catalog().db();
        let doing = || format!("read back `{object}`");
        let now = self.clock().now();
        let method = capture_method(schema);
        let seen = SeenObject {
            name: object,
            method: Some(&method),
            schema: Some(hash),
            describe_last_modified: None,
        };
        objects::upsert_seen(db, org, &seen, now).await.doing(doing)?;
        let captured = Captured {
            at: now,
            watermark_us: table.marks().0.get(WATERMARK).copied(),
            kept: kept_in(table),
            remaining_records: None,
        };
        objects::record_success(db, org, object, captured).await.doing(doing)?;
        let is_caught_up = table.marks().0.contains_key(CAUGHT_UP);
        let phase = if is_caught_up { Phase::CapturingChanges } else { Phase::FirstCapture };
        objects::set_phase(db, org, object, phase, None).await.doing(doing)
    }

    async fn rebuild_runs(
        &self,
        lake: &OrgLake,
        report: &mut RebuildReport,
    ) -> Result<BTreeMap<ObjectName, Told>> {
        let mut told = BTreeMap::<ObjectName, Told>::new();
        let ids = lake.manifests().await.doing(|| "list the manifests".to_owned());
        for id in report.noted(ids, lake.id(), None, None)?.unwrap_or_default() {
            let manifest = lake.manifest(&id).await.doing(|| format!("read the manifest of run `{id}`"));
            if let Some(manifest) = report.noted(manifest, lake.id(), None, Some(&id))? {
                self.rebuild_run(&manifest).await?;
                report.runs += 1;
                for (object, entry) in manifest.objects {
                    let told = told.entry(object).or_default();
                    told.stopped = entry.gap.as_ref().and_then(lost::reason_of).map(str::to_owned);
                    told.gone_fields.extend(entry.gone_fields);
                    // The newest verdict counts, and Manifests come in the order of their Runs.
                    if let Some(is_equal) = entry.is_verified {
                        told.verified_at = is_equal.then_some(manifest.finished_at);
                    }
                }
            }
        }
        Ok(told)
    }

    async fn rebuild_told(&self, lake: &OrgLake, object: &ObjectName, told: Told) -> Result<()> {
        let (db, org) = (self.catalog().db(), lake.id());
        let doing = || format!("read back what was told of `{object}`");
        let Some(known) = objects::get(db, org, object).await.doing(doing)? else { return Ok(()) };
        if let Some(at) = told.verified_at.filter(|at| known.verified_at.is_none_or(|known| known < *at)) {
            objects::set_verified(db, org, object, Some(at)).await.doing(doing)?;
        }
        if let Some(reason) = &told.stopped {
            objects::set_phase(db, org, object, Phase::Stopped, Some(reason)).await.doing(doing)?;
        }
        let Some(hash) = known.schema.filter(|_| !told.gone_fields.is_empty()) else { return Ok(()) };
        let schema = described(lake, object, &hash).await?;
        let fields: Vec<_> =
            told.gone_fields.into_iter().filter(|field| schema.field(field).is_none()).collect();
        objects::set_gone_fields(db, org, object, &fields).await.doing(doing)
    }

    async fn rebuild_run(&self, manifest: &Manifest) -> Result<()> {
        let db = self.catalog().db();
        let doing = || format!("read back run `{}`", manifest.run);
        if runs::get(db, &manifest.run).await.doing(doing)?.is_none() {
            let (calls, at) = (manifest.api_calls, manifest.started_at);
            api_calls::add(db, &manifest.org, calls, at).await.doing(doing)?;
        }
        runs::insert_finished(db, manifest).await.doing(doing)
    }
}

async fn who_it_is(lake: &OrgLake) -> Result<OrgDocument> {
    let document = lake.org_document().await.doing(|| format!("read who org `{}` is", lake.id()))?;
    document.ok_or_else(|| Error::NoOrgDocument { org: lake.id().clone() })
}

/// None if the table has had no describe so far: it tells nothing yet.
async fn progress_of(lake: &OrgLake, object: &ObjectName) -> Result<Option<Progress>> {
    let doing = || format!("read the table of `{object}`");
    let Some(table) = lake.table(object).await.doing(doing)? else { return Ok(None) };
    let Some(hash) = newest_describe(table.marks()) else { return Ok(None) };
    let schema = described(lake, object, &hash).await?;
    Ok(Some(Progress { table, hash, schema }))
}
