//! The lake: one folder tree that holds all that is stored about all Orgs.
//!
//! `holdfast.json` names it and its format; below `orgs/` each Org has a folder of its own. A place is
//! taken for a lake if and only if it holds `holdfast.json`, and only an empty place is made into one.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::{FutureExt, TryStreamExt};
use holdfast_domain::OrgId;
use object_store::memory::InMemory;
use object_store::path::Path;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::delta::{Grace, LogOptions};
use crate::location::LakeLocation;
use crate::org::OrgLake;
use crate::store::{self, Created, STAGING, Store};
use crate::{Error, Result, Step, StepHook};

/// The format of the lake's layout that this version writes; all released ones are read.
pub const LAKE_FORMAT: u32 = 1;

/// The document `holdfast.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LakeDocument {
    pub format: u32,
    pub id: String,
}

impl LakeDocument {
    fn new() -> Self {
        Self { format: LAKE_FORMAT, id: uuid::Uuid::now_v7().hyphenated().to_string() }
    }
}

/// How a lake is used by this process.
#[derive(Debug, Clone, Default)]
pub struct LakeOptions {
    /// A local folder for what can always be made again from the lake; none: nothing is kept.
    pub cache_dir: Option<PathBuf>,
    /// How the tables' logs are kept; its hook is replaced by `hook`.
    pub log: LogOptions,
    pub hook: StepHook,
}

/// A handle on a lake; clones share it.
#[derive(Debug, Clone)]
pub struct Lake {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    store: Store,
    options: LakeOptions,
    document: LakeDocument,
}

impl Lake {
    /// The lake at `location`, which is made into one if it is empty.
    pub async fn open(location: &LakeLocation, options: LakeOptions) -> Result<Self> {
        let store = location.store(true).await?;
        Self::with_store(store, &location.to_string(), options).await
    }

    /// The lake at `location`; fails with [`Error::NoLake`] if there is none.
    pub async fn open_existing(location: &LakeLocation, options: LakeOptions) -> Result<Self> {
        let store = location.store(false).await?;
        let location = location.to_string();
        match read_document(&store).await {
            Ok(Some(document)) => Ok(Self::of(store, options, document)),
            Ok(None) if !has_orgs(&store).await? => Err(Error::NoLake { location }),
            Ok(None) | Err(Error::DamagedJson { .. }) => Err(Error::DocumentLost { location }),
            Err(error) => Err(error),
        }
    }

    /// The lake at `location`, whose own document is lost or damaged. It is written anew if this version can
    /// read what the Orgs in the lake say of themselves.
    pub async fn recover(location: &LakeLocation, options: LakeOptions) -> Result<Self> {
        match Self::open_existing(location, options.clone()).await {
            Err(Error::DocumentLost { .. }) => {}
            opened => return opened,
        }
        let document = LakeDocument::new();
        let lake = Self::of(location.store(false).await?, options, document.clone());
        for org in lake.org_ids().await? {
            if let Err(error @ Error::TooNew { .. }) = lake.org(&org).org_document().await {
                return Err(error);
            }
        }
        store::put(lake.store(), &document_path(), to_json(&document)?).await?;
        Ok(lake)
    }

    /// The lake in `store`, which is made into one if it is empty; `name` is what messages call it.
    pub async fn with_store(store: Store, name: &str, options: LakeOptions) -> Result<Self> {
        if let Some(document) = read_document(&store).await? {
            return Ok(Self::of(store, options, document));
        }
        refuse_occupied(&store, name).await?;
        let document = to_json(&LakeDocument::new())?;
        options.hook.before(Step::LakeDocument)?;
        store::create(&store, &document_path(), document).await?;
        // Another process may have been first: what is there counts.
        let document = read_document(&store).await?;
        let document = document.ok_or_else(|| Error::NotFound { path: document_path().to_string() })?;
        Ok(Self::of(store, options, document))
    }

    /// A lake that is gone with its last handle.
    pub fn in_memory() -> Self {
        let opened = Self::with_store(Arc::new(InMemory::new()), "memory", LakeOptions::default());
        opened.now_or_never().expect("memory never makes wait").expect("memory never fails")
    }

    fn of(store: Store, mut options: LakeOptions, document: LakeDocument) -> Self {
        options.log.hook = options.hook.clone();
        Self { inner: Arc::new(Inner { store, options, document }) }
    }

    /// What tells this lake from any other.
    pub fn id(&self) -> &str {
        &self.inner.document.id
    }

    /// The part of the lake that belongs to one Org; no I/O.
    pub fn org(&self, id: &OrgId) -> OrgLake {
        OrgLake::new(self.clone(), id.clone())
    }

    /// Every Org that has a document, in the order of ids.
    pub async fn orgs(&self) -> Result<Vec<OrgDocument>> {
        let mut orgs = Vec::new();
        for id in self.org_ids().await? {
            orgs.extend(self.org(&id).org_document().await?);
        }
        Ok(orgs)
    }

    /// Every Org that has a folder, in order; its document may be missing or damaged.
    pub async fn org_ids(&self) -> Result<Vec<OrgId>> {
        let names = store::folders(self.store(), &orgs_folder()).await?;
        Ok(names.iter().filter_map(|name| OrgId::parse(name).ok()).collect())
    }

    /// Removes what writers that died left in the staging folder of a local lake; says how many files.
    /// Files younger than `grace.orphans` may be in the making and stay.
    pub async fn clean_staging(&self, now: DateTime<Utc>, grace: Grace) -> Result<u64> {
        store::remove_older(self.store(), &Path::from(STAGING), now - grace.orphans).await
    }

    /// The object store with the lake's root at its root.
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    pub fn options(&self) -> &LakeOptions {
        &self.inner.options
    }
}

/// The document `orgs/<org id>/org.json`: who the Org is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrgDocument {
    pub format: u32,
    pub id: OrgId,
    /// What the user calls it.
    pub name: String,
    pub instance_url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_sandbox: Option<bool>,
    /// Salesforce's own word for the edition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_type: Option<String>,
    pub connected_at: DateTime<Utc>,
}

/// The format of `org.json` that this version writes.
pub const ORG_FORMAT: u32 = 1;

pub(crate) fn document_path() -> Path {
    Path::from("holdfast.json")
}

pub(crate) fn orgs_folder() -> Path {
    Path::from("orgs")
}

/// `holdfast.json`; a newer format is refused before its content is understood.
pub(crate) async fn read_document(store: &Store) -> Result<Option<LakeDocument>> {
    read_json(store, &document_path(), LAKE_FORMAT).await
}

async fn has_orgs(store: &Store) -> Result<bool> {
    Ok(!store::folders(store, &orgs_folder()).await?.is_empty())
}

async fn refuse_occupied(store: &Store, name: &str) -> Result<()> {
    let root = Path::default();
    let mut entries = store.list(None);
    while let Some(entry) = entries.try_next().await.map_err(|source| Error::listing(&root, source))? {
        // A process that died while it made the lake leaves a staged file.
        if entry.location.prefix_matches(&Path::from(STAGING)) || entry.location == document_path() {
            continue;
        }
        return Err(Error::NotEmpty { location: name.to_owned(), found: entry.location.to_string() });
    }
    Ok(())
}

#[derive(Deserialize)]
struct Format {
    format: u32,
}

/// A JSON document of a known format; none if and only if it is not there.
pub(crate) async fn read_json<T: DeserializeOwned>(
    store: &Store,
    path: &Path,
    known: u32,
) -> Result<Option<T>> {
    let Some(bytes) = store::get(store, path).await? else { return Ok(None) };
    let damaged = |source| Error::DamagedJson { path: path.to_string(), source };
    let found = serde_json::from_slice::<Format>(&bytes).map_err(damaged)?.format;
    if found > known {
        return Err(Error::TooNew { path: path.to_string(), found, known });
    }
    serde_json::from_slice(&bytes).map(Some).map_err(damaged)
}

pub(crate) fn to_json(document: &impl Serialize) -> Result<Bytes> {
    let mut bytes = serde_json::to_vec_pretty(document).map_err(|source| Error::NotEncoded { source })?;
    bytes.push(b'\n');
    Ok(bytes.into())
}

/// Writes a document that never changes. Something else under its name is a caller's mistake or damage.
pub(crate) async fn create_document(store: &Store, path: &Path, bytes: Bytes) -> Result<()> {
    match store::create(store, path, bytes).await? {
        Created::Now | Created::Before => Ok(()),
        Created::Taken => {
            let reason = "it holds something else than what is to be written there".to_owned();
            Err(Error::Damaged { path: path.to_string(), reason })
        }
    }
}
