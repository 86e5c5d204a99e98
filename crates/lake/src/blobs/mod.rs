//! Bodies of files by the BLAKE3 hash of their bytes: each is kept once, however many records name it.
//!
//! A body's hash is known only at its end. So a body larger than one part goes to a temporary name in
//! parts, and gets its own name when it is whole; a smaller one is written once, under its own name.
//! Either way no more than a few parts are in memory.

mod upload;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::stream::BoxStream;
use futures::{Stream, StreamExt, TryStreamExt};
use holdfast_domain::BlobHash;
use object_store::ObjectStoreExt;
use object_store::path::Path;

use crate::delta::Grace;
use crate::store::{self, Store};
use crate::{BoxError, Error, Result, StepHook};

/// The table that says which record's body has which hash. It is written and read as any Object's table:
/// `Id` is the record that owns the body, [`BLOB_HASH`] the name of the body.
pub const BLOB_INDEX: &str = "HoldfastFile";

/// The column of [`BLOB_INDEX`] that names a body.
pub const BLOB_HASH: &str = "BlobHash";

/// The file bodies of one Org.
#[derive(Debug, Clone)]
pub struct Blobs {
    store: Store,
    folder: Path,
    hook: StepHook,
}

/// What became of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobWritten {
    pub hash: BlobHash,
    pub size: u64,
    /// True if and only if the same bytes were stored before.
    pub was_there: bool,
}

/// A body on its way out.
pub struct BlobBody {
    pub size: u64,
    pub bytes: BoxStream<'static, Result<Bytes>>,
}

impl Blobs {
    pub(crate) fn new(store: Store, folder: Path, hook: StepHook) -> Self {
        Self { store, folder, hook }
    }

    /// Stores the body that `bytes` brings; when this returns it is durable under its hash.
    ///
    /// A failure of the stream itself comes back as [`Error::BodyCutOff`], with its own error as the
    /// source, and nothing is stored.
    pub async fn put<E: Into<BoxError>>(
        &self,
        bytes: impl Stream<Item = Result<Bytes, E>> + Send,
    ) -> Result<BlobWritten> {
        let bytes = bytes.map_err(|error| Error::BodyCutOff { source: error.into() });
        upload::put(self, bytes.boxed()).await
    }

    /// The size of a body; none if and only if it is not there.
    pub async fn size(&self, hash: &BlobHash) -> Result<Option<u64>> {
        let meta = store::head(&self.store, &self.path(hash)).await?;
        Ok(meta.map(|meta| meta.size))
    }

    pub async fn contains(&self, hash: &BlobHash) -> Result<bool> {
        Ok(self.size(hash).await?.is_some())
    }

    /// The body with this hash; [`Error::NotFound`] if it is not there.
    pub async fn get(&self, hash: &BlobHash) -> Result<BlobBody> {
        let path = self.path(hash);
        let result = self.store.get(&path).await.map_err(|source| Error::reading(&path, source))?;
        let size = result.meta.size;
        let bytes = result.into_stream().map_err(move |source| Error::reading(&path, source));
        Ok(BlobBody { size, bytes: bytes.boxed() })
    }

    /// The bodies for which `is_named` is false, such as those of a Run that died before it noted whose they are.
    pub async fn unnamed(&self, is_named: impl Fn(&BlobHash) -> bool) -> Result<Vec<BlobHash>> {
        let mut files = self.store.list(Some(&self.folder));
        let mut unnamed = Vec::new();
        while let Some(file) =
            files.try_next().await.map_err(|source| Error::listing(&self.folder, source))?
        {
            let hash = file.location.filename().and_then(|name| BlobHash::parse(name).ok());
            unnamed.extend(hash.filter(|hash| self.path(hash) == file.location && !is_named(hash)));
        }
        Ok(unnamed)
    }

    /// Removes a body, for good; the caller sees to it that no record names it any more.
    pub async fn remove(&self, hash: &BlobHash) -> Result<()> {
        store::remove(&self.store, &self.path(hash)).await
    }

    /// Removes what uploads that died left under temporary names; says how many files.
    pub async fn clean(&self, now: DateTime<Utc>, grace: Grace) -> Result<u64> {
        store::remove_older(&self.store, &self.temporary_folder(), now - grace.orphans).await
    }

    pub(crate) fn path(&self, hash: &BlobHash) -> Path {
        self.folder.clone().join(&hash.as_str()[..2]).join(hash.as_str())
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn temporary_folder(&self) -> Path {
        self.folder.clone().join("temporary")
    }
}
