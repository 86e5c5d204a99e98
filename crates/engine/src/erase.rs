//! Erasing records from the backup: every version, and the bodies that only they had.
//!
//! The audit log says what is about to be erased before the first byte goes, and what was erased when all of it is gone. An
//! erasure that was cut off is completed by doing it again. What the org still holds is captured again by the next Run.

use std::collections::BTreeSet;
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use futures::TryStreamExt;
use holdfast_domain::change::Change;
use holdfast_domain::{BlobHash, ObjectName, OrgId, RecordId};
use holdfast_lake::EraseReport;
use holdfast_lake::blobs::{BLOB_HASH, BLOB_INDEX};
use holdfast_lake::data::CHANGE;
use serde::Serialize;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::access::{Act, Actor};
use crate::engine::Engine;
use crate::error::{Doing, Result};
use crate::lease;

/// A Run that is under way ends first.
const PATIENCE: Duration = Duration::from_mins(30);

/// What is to be erased, and why.
#[derive(Debug, Clone)]
pub struct Erasure {
    pub object: ObjectName,
    pub ids: Vec<RecordId>,
    /// For the audit log.
    pub reason: String,
}

/// What was erased.
#[derive(Debug, Clone, Serialize)]
pub struct Erased {
    pub object: ObjectName,
    pub records: Vec<RecordId>,
    pub versions: u64,
    /// Bodies of files.
    pub bodies: u64,
    /// Records that were not deleted, as far as the backup knew: the next Run captures again what the org still has.
    pub live: u64,
    /// The backup never held them, or they were erased before.
    pub not_held: Vec<RecordId>,
}

impl Engine {
    /// When this returns, no version of these records is in the lake, and no body that only they had.
    pub async fn erase(&self, actor: &Actor, org: &str, erasure: &Erasure) -> Result<Erased> {
        let org = self.find_org(org).await?;
        // An Object that was never captured has nothing to erase, and is more likely misspelt.
        self.table(&org.id, &erasure.object).await?;
        let act = |action| Act::new(action).on(erasure.object.to_string()).of_org(&org.id);
        let asked = json!({ "ids": erasure.ids, "reason": erasure.reason });
        self.note(actor, act("record.erasure_began").with(asked)).await?;
        let work = Box::pin(self.erase_all(&org.id, erasure));
        let waiting = CancellationToken::new();
        let erased = self.under_lease_when_free(&lease::of_org(&org.id), PATIENCE, &waiting, work).await?;
        let Erased { records, versions, bodies, .. } = &erased;
        let done =
            json!({ "ids": records, "versions": versions, "bodies": bodies, "reason": erasure.reason });
        self.note(actor, act("record.erased").with(done)).await?;
        Ok(erased)
    }

    async fn erase_all(&self, org: &OrgId, erasure: &Erasure) -> Result<Erased> {
        let bodies = self.erase_bodies(org, &erasure.ids).await?;
        let report = self.erase_rows(org, &erasure.object, &erasure.ids).await?;
        let not_held = erasure.ids.iter().filter(|id| report.records.binary_search(id).is_err());
        Ok(Erased {
            object: erasure.object.clone(),
            not_held: not_held.cloned().collect(),
            versions: report.versions,
            bodies,
            live: report.live,
            records: report.records,
        })
    }

    async fn erase_rows(&self, org: &OrgId, object: &ObjectName, ids: &[RecordId]) -> Result<EraseReport> {
        let doing = || format!("erase records of `{object}`");
        let work = async {
            let mut writer = self.lake().org(org).writer(object).await.doing(doing)?;
            writer.erase(ids, self.clock().now()).await.doing(doing)
        };
        self.under_lease(&lease::of_table(org, object), work).await
    }

    /// What [`Self::erase`] would do.
    pub async fn would_erase(&self, org: &str, erasure: &Erasure) -> Result<Erased> {
        let org = self.find_org(org).await?;
        let table = self.table(&org.id, &erasure.object).await?;
        let bodies = self.bodies(&org.id, &erasure.ids).await?;
        let mut erased = Erased {
            object: erasure.object.clone(),
            records: Vec::new(),
            versions: 0,
            bodies: bodies.only_theirs.len() as u64,
            live: 0,
            not_held: Vec::new(),
        };
        for id in &erasure.ids {
            let versions = table.history(id).await.doing(|| format!("look for record `{id}`"))?;
            let count: usize = versions.iter().map(RecordBatch::num_rows).sum();
            let list = if count > 0 { &mut erased.records } else { &mut erased.not_held };
            list.push(id.clone());
            erased.versions += count as u64;
            erased.live += u64::from(versions.last().is_some_and(is_live));
        }
        Ok(erased)
    }

    /// The bodies first: were it the other way round, one that was left over would be found by nobody.
    async fn erase_bodies(&self, org: &OrgId, ids: &[RecordId]) -> Result<u64> {
        let bodies = self.bodies(org, ids).await?;
        let blobs = self.lake().org(org).blobs();
        for hash in &bodies.only_theirs {
            blobs.remove(hash).await.doing(|| format!("erase file body `{hash}`"))?;
        }
        if bodies.are_indexed {
            self.erase_rows(org, &body_index(), ids).await?;
        }
        Ok(bodies.only_theirs.len() as u64)
    }

    async fn bodies(&self, org: &OrgId, ids: &[RecordId]) -> Result<Bodies> {
        let doing = || "look which file bodies the records have".to_owned();
        let table = self.lake().org(org).table(&body_index()).await.doing(doing)?;
        let Some(table) = table else { return Ok(Bodies::default()) };
        let erased: BTreeSet<&str> = ids.iter().map(RecordId::as_str).collect();
        let (mut bodies, mut of_others) = (Bodies::default(), BTreeSet::new());
        let columns = Some(vec![BLOB_HASH.to_owned()]);
        let mut rows = table.versions_between(-1, i64::MAX, columns).doing(doing)?;
        while let Some(batch) = rows.try_next().await.doing(doing)? {
            let (ids, hashes) = (batch.column(0).as_string::<i32>(), batch.column(1).as_string::<i32>());
            for (id, hash) in ids.iter().zip(hashes) {
                let is_theirs = id.is_some_and(|id| erased.contains(id));
                bodies.are_indexed |= is_theirs;
                let named = if is_theirs { &mut bodies.only_theirs } else { &mut of_others };
                named.extend(hash.and_then(|hash| BlobHash::parse(hash).ok()));
            }
        }
        bodies.only_theirs.retain(|hash| !of_others.contains(hash));
        Ok(bodies)
    }
}

/// The file bodies of some records.
#[derive(Default)]
struct Bodies {
    only_theirs: BTreeSet<BlobHash>,
    /// Whether the index names these records at all, be it with a failure.
    are_indexed: bool,
}

fn body_index() -> ObjectName {
    ObjectName::parse(BLOB_INDEX).expect("it is a well-formed name")
}

/// Whether the last of a record's versions says that it is not deleted.
fn is_live(versions: &RecordBatch) -> bool {
    let changes = versions.column_by_name(CHANGE).map(|column| column.as_string::<i32>());
    let last = changes.and_then(|changes| changes.iter().last().flatten());
    last.is_some_and(|change| change != Change::Deleted.as_str())
}
