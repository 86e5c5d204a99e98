//! The part of a lake that belongs to one Org: its documents, tables and file bodies, each in its folder.

use futures::{StreamExt, TryStreamExt};
use holdfast_domain::{ObjectName, OrgId};
use object_store::path::Path;

use crate::blobs::Blobs;
use crate::delta::DeltaLog;
use crate::lake::{Lake, ORG_FORMAT, OrgDocument, orgs_folder, read_json, to_json};
use crate::store::{self, Store};
use crate::{Result, Step};

/// Folders looked into at once.
const LOOKS: usize = 16;

/// A handle on one Org's part; clones share the lake.
#[derive(Debug, Clone)]
pub struct OrgLake {
    lake: Lake,
    id: OrgId,
    folder: Path,
}

impl OrgLake {
    pub(crate) fn new(lake: Lake, id: OrgId) -> Self {
        let folder = orgs_folder().join(id.as_str());
        Self { lake, id, folder }
    }

    pub fn id(&self) -> &OrgId {
        &self.id
    }

    pub fn lake(&self) -> &Lake {
        &self.lake
    }

    /// Writes who the Org is, replacing what was known before.
    pub async fn put_org_document(&self, document: &OrgDocument) -> Result<()> {
        debug_assert_eq!(document.id, self.id, "invariant 2, org_is_named");
        let bytes = to_json(document)?;
        self.before(Step::OrgDocument)?;
        store::put(self.store(), &self.document_path(), bytes).await
    }

    pub async fn org_document(&self) -> Result<Option<OrgDocument>> {
        read_json(self.store(), &self.document_path(), ORG_FORMAT).await
    }

    /// Every Object that has a table, in the order of names.
    pub async fn objects(&self) -> Result<Vec<ObjectName>> {
        let names = store::folders(self.store(), &self.objects_folder()).await?;
        let names = names.into_iter().filter_map(|name| ObjectName::parse(&name).ok());
        // A folder without a log holds what a block left that was never committed.
        let tables = futures::stream::iter(names).map(|name| async move {
            let is_table = self.delta_log(&name).exists().await?;
            Ok(is_table.then_some(name))
        });
        tables.buffered(LOOKS).try_filter_map(|name| async move { Ok(name) }).try_collect().await
    }

    /// The log of one Object's table; no I/O, and the table need not exist.
    pub fn delta_log(&self, object: &ObjectName) -> DeltaLog {
        let path = self.table_folder(object);
        DeltaLog::open(self.store().clone(), path, self.lake.options().log.clone())
    }

    /// The bodies of this Org's files.
    pub fn blobs(&self) -> Blobs {
        Blobs::new(self.store().clone(), self.folder.clone().join("files"), self.lake.options().hook.clone())
    }

    pub fn table_folder(&self, object: &ObjectName) -> Path {
        self.objects_folder().join(object.as_str())
    }

    pub(crate) fn objects_folder(&self) -> Path {
        self.folder.clone().join("objects")
    }

    pub(crate) fn document_path(&self) -> Path {
        self.folder.clone().join("org.json")
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn store(&self) -> &Store {
        self.lake.store()
    }

    pub(crate) fn before(&self, step: Step) -> Result<()> {
        self.lake.options().hook.before(step)
    }
}
