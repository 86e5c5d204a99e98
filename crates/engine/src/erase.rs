//! Erasing records from the backup: every version, and the bodies that no other record has.
//!
//! Nothing else may write meanwhile: the org's lease and those of both tables are held. The records' own rows go last, so that an
//! erasure that was cut off finds again what it was about when it is repeated. The audit log says what is about to be
//! erased before the first byte goes, and what was erased when all of it is gone. What the org still holds is captured again by
//! the next Run.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use arrow_array::cast::AsArray;
use chrono::TimeDelta;
use futures::TryStreamExt;
use holdfast_catalog::objects::{self, Kept};
use holdfast_domain::change::Change;
use holdfast_domain::{BlobHash, ObjectName, OrgId, RecordId};
use holdfast_lake::Table;
use holdfast_lake::blobs::{BLOB_HASH, BLOB_INDEX};
use holdfast_lake::data::CHANGE;
use holdfast_lake::delta::Grace;
use serde::Serialize;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::access::{Act, Actor};
use crate::capture::kept_in;
use crate::engine::Engine;
use crate::error::{Doing, Error, Result};
use crate::lease;

/// A Run or a compaction that is under way ends first.
const PATIENCE: Duration = Duration::from_mins(30);
/// What a writer left under a temporary name and has not touched for so long is nobody's any more.
const ABANDONED: TimeDelta = TimeDelta::minutes(10);

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
    /// Bodies of files that no other record has, those of Runs that died before they noted whose they are among them.
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
        self.erasable(&org.id, &erasure.object).await?;
        let waiting = CancellationToken::new();
        let work = Box::pin(self.erase_all(actor, &org.id, erasure));
        let of_index = lease::of_table(&org.id, &body_index());
        let work = Box::pin(self.under_lease_when_free(&of_index, PATIENCE, &waiting, work));
        let of_object = lease::of_table(&org.id, &erasure.object);
        let work = Box::pin(self.under_lease_when_free(&of_object, PATIENCE, &waiting, work));
        self.under_lease_when_free(&lease::of_org(&org.id), PATIENCE, &waiting, work).await
    }

    /// What [`Self::erase`] would do.
    pub async fn would_erase(&self, org: &str, erasure: &Erasure) -> Result<Erased> {
        let org = self.find_org(org).await?;
        let table = self.erasable(&org.id, &erasure.object).await?;
        let mut found = found(&table, erasure).await?;
        found.bodies = self.bodies(&org.id, &found.records).await?.len() as u64;
        Ok(found)
    }

    /// The table of an Object that was captured; another name is more likely misspelt than without records. Bodies are
    /// erased with the records that own them.
    async fn erasable(&self, org: &OrgId, object: &ObjectName) -> Result<Table> {
        if *object == body_index() {
            return Err(Error::UnknownObject { org: org.to_string(), object: object.to_string() });
        }
        self.table(org, object).await
    }

    async fn erase_all(&self, actor: &Actor, org: &OrgId, erasure: &Erasure) -> Result<Erased> {
        let table = self.erasable(org, &erasure.object).await?;
        let mut erased = found(&table, erasure).await?;
        let act = |action| Act::new(action).on(erasure.object.to_string()).of_org(org);
        let asked = json!({ "asked": erasure.ids, "reason": erasure.reason });
        self.note(actor, act("record.erasure_began").with(asked)).await?;
        if !erased.records.is_empty() {
            erased.bodies = self.erase_bodies(org, &erased.records).await?;
        }
        let kept = self.erase_rows(org, &erasure.object, &erasure.ids).await?;
        let noted = objects::set_kept(self.catalog().db(), org, &erasure.object, kept).await;
        noted.doing(|| format!("note what is left of `{}`", erasure.object))?;
        let Erased { records, versions, bodies, .. } = &erased;
        let done = json!({
            "asked": erasure.ids, "erased": records, "versions": versions, "bodies": bodies, "reason": erasure.reason,
        });
        self.note(actor, act("record.erased").with(done)).await?;
        Ok(erased)
    }

    /// What the table holds afterwards.
    async fn erase_rows(&self, org: &OrgId, object: &ObjectName, ids: &[RecordId]) -> Result<Kept> {
        let doing = || format!("erase records of `{object}`");
        let mut writer = self.lake().org(org).writer(object).await.doing(doing)?;
        writer.erase(ids, self.clock().now()).await.doing(doing)?;
        Ok(writer.table().as_ref().map(kept_in).unwrap_or_default())
    }

    /// The bodies before the rows that name them: were it the other way round, one that was left over would be found by nobody.
    async fn erase_bodies(&self, org: &OrgId, ids: &[RecordId]) -> Result<u64> {
        let bodies = self.bodies(org, ids).await?;
        let blobs = self.lake().org(org).blobs();
        for hash in &bodies {
            self.confirm(&lease::of_org(org)).await?;
            blobs.remove(hash).await.doing(|| format!("erase file body `{hash}`"))?;
        }
        let (now, grace) = (self.clock().now(), Grace { orphans: ABANDONED, ..Grace::default() });
        let doing = || "remove what writers left under temporary names".to_owned();
        blobs.clean(now, grace).await.doing(doing)?;
        self.lake().clean_staging(now, grace).await.doing(doing)?;
        self.erase_rows(org, &body_index(), ids).await?;
        self.recount_files(org).await?;
        Ok(bodies.len() as u64)
    }

    /// The bodies that no other record has.
    async fn bodies(&self, org: &OrgId, ids: &[RecordId]) -> Result<Vec<BlobHash>> {
        let doing = || "look which file bodies no other record has".to_owned();
        let lake = self.lake().org(org);
        // Where no index is, nothing tells whose a body is.
        let Some(table) = lake.table(&body_index()).await.doing(doing)? else { return Ok(Vec::new()) };
        let erased: HashSet<&str> = ids.iter().map(RecordId::as_str).collect();
        let mut of_others = HashSet::new();
        let columns = Some(vec![BLOB_HASH.to_owned()]);
        let mut rows = table.versions_between(-1, i64::MAX, columns).doing(doing)?;
        while let Some(batch) = rows.try_next().await.doing(doing)? {
            let (ids, hashes) = (batch.column(0).as_string::<i32>(), batch.column(1).as_string::<i32>());
            let others = ids.iter().zip(hashes).filter(|(id, _)| id.is_none_or(|id| !erased.contains(id)));
            let named = others.filter_map(|(_, hash)| BlobHash::parse(hash?).ok());
            of_others.extend(named.map(|hash| digest(&hash)));
        }
        lake.blobs().unnamed(|hash| of_others.contains(&digest(hash))).await.doing(doing)
    }
}

/// Half of a hash: millions of them are held at once.
fn digest(hash: &BlobHash) -> u128 {
    u128::from_str_radix(&hash.as_str()[..32], 16).expect("a hash is hexadecimal")
}

fn body_index() -> ObjectName {
    ObjectName::parse(BLOB_INDEX).expect("it is a well-formed name")
}

/// What the table holds of the records; says nothing of bodies.
async fn found(table: &Table, erasure: &Erasure) -> Result<Erased> {
    let doing = || format!("look for records of `{}`", erasure.object);
    let mut rows = table.histories(&erasure.ids).doing(doing)?;
    let (mut versions, mut is_live) = (0, BTreeMap::new());
    while let Some(batch) = rows.try_next().await.doing(doing)? {
        let changes = batch.column_by_name(CHANGE).map(AsArray::as_string::<i32>);
        let changes = changes.into_iter().flat_map(|changes| changes.iter());
        for (id, change) in batch.column(0).as_string::<i32>().iter().zip(changes) {
            let Some(id) = id.and_then(|id| RecordId::parse(id).ok()) else { continue };
            versions += 1;
            is_live.insert(id, change != Some(Change::Deleted.as_str()));
        }
    }
    let asked: BTreeSet<&RecordId> = erasure.ids.iter().collect();
    Ok(Erased {
        object: erasure.object.clone(),
        not_held: asked.into_iter().filter(|id| !is_live.contains_key(id)).cloned().collect(),
        versions,
        bodies: 0,
        live: is_live.values().filter(|is_live| **is_live).count() as u64,
        records: is_live.into_keys().collect(),
    })
}
