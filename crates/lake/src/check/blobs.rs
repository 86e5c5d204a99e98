//! The bodies of files: each under the hash of its bytes.

use blake3::Hasher;
use futures::TryStreamExt;
use holdfast_domain::BlobHash;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use super::{Check, Invariant};
use crate::org::OrgLake;
use crate::{Error, Result};

impl Check<'_> {
    pub(super) async fn check_blobs(&mut self, org: &OrgLake) -> Result<()> {
        let blobs = org.blobs();
        let mut files = self.lake.store().list(Some(blobs.folder()));
        while let Some(file) =
            files.try_next().await.map_err(|source| Error::listing(blobs.folder(), source))?
        {
            if file.location.prefix_matches(&blobs.temporary_folder()) {
                self.left_over(&file.location, "an upload that did not end left it");
                continue;
            }
            let hash = file.location.filename().and_then(|name| BlobHash::parse(name).ok());
            let Some(hash) = hash.filter(|hash| blobs.path(hash) == file.location) else {
                self.left_over(&file.location, "its name is no body's");
                continue;
            };
            self.report.counts.blobs += 1;
            self.report.counts.bytes += file.size;
            if self.options.read_data {
                self.read_blob(&file.location, &hash).await?;
            }
        }
        Ok(())
    }

    async fn read_blob(&mut self, path: &Path, hash: &BlobHash) -> Result<()> {
        let reading = |source| Error::reading(path, source);
        let body = match self.lake.store().get(path).await {
            Ok(body) => body,
            Err(object_store::Error::NotFound { .. }) => return Ok(()),
            Err(source) => return Err(reading(source)),
        };
        let mut bytes = body.into_stream();
        let mut hasher = Hasher::new();
        while let Some(part) = bytes.try_next().await.map_err(reading)? {
            hasher.update(&part);
        }
        let found = BlobHash::from(hasher.finalize());
        if found != *hash {
            self.damaged(path, Invariant::BlobIsItsHash, format!("its content has the hash `{found}`"));
        }
        Ok(())
    }
}
