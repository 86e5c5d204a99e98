//! Describes, by the hash of their bytes: each is kept once, for as long as a row may name it.

use bytes::Bytes;
use holdfast_domain::{ObjectName, SchemaHash};
use object_store::path::Path;

use crate::lake::create_document;
use crate::org::OrgLake;
use crate::{Result, Step, store};

impl OrgLake {
    /// Stores a describe as it came and says its hash; one that is there already costs a look.
    pub async fn put_schema(&self, object: &ObjectName, describe: &[u8]) -> Result<SchemaHash> {
        let hash = SchemaHash::of(describe);
        let path = self.schema_path(object, &hash);
        if store::head(self.store(), &path).await?.is_none() {
            self.before(Step::Describe)?;
            create_document(self.store(), &path, Bytes::copy_from_slice(describe)).await?;
        }
        Ok(hash)
    }

    /// The describe as it was stored; none if and only if it is not there.
    pub async fn schema(&self, object: &ObjectName, hash: &SchemaHash) -> Result<Option<Bytes>> {
        store::get(self.store(), &self.schema_path(object, hash)).await
    }

    /// The hashes of all describes of an Object, in the order of their storing.
    pub async fn schemas(&self, object: &ObjectName) -> Result<Vec<SchemaHash>> {
        let mut files = store::files(self.store(), &self.schemas_folder().join(object.as_str())).await?;
        files.sort_by_key(|file| file.last_modified);
        Ok(files.iter().filter_map(|file| schema_hash(&file.location)).collect())
    }

    pub(crate) fn schemas_folder(&self) -> Path {
        self.folder().clone().join("schemas")
    }

    pub(crate) fn schema_path(&self, object: &ObjectName, hash: &SchemaHash) -> Path {
        self.schemas_folder().join(object.as_str()).join(format!("{hash}.json"))
    }
}

/// The hash that a describe's file name says.
pub(crate) fn schema_hash(path: &Path) -> Option<SchemaHash> {
    SchemaHash::parse(path.filename()?.strip_suffix(".json")?).ok()
}
