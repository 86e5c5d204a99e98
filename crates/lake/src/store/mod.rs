//! The stores under a lake, and the few ways in which the lake writes to them.
//!
//! Object stores make a finished put durable by themselves; the local disk does not, so
//! [`DurableLocal`] waits for it. Everything that the lake stores passes through the functions
//! here, which give a failed request its typed [`Error`].

mod durable_local;
mod failures;
mod upload;

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions};

pub use durable_local::{DurableLocal, STAGING};
pub use upload::put_in_parts;

use crate::{Error, Result};

/// What became of a put that must not overwrite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    Now,
    /// The same bytes were there already.
    Before,
    /// Something else is there under this name, and stays.
    Taken,
}

/// Any store, shared.
pub type Store = Arc<dyn ObjectStore>;

/// The whole of a small document; none if and only if it is not there.
pub async fn get(store: &dyn ObjectStore, path: &Path) -> Result<Option<Bytes>> {
    let result = match store.get(path).await {
        Ok(result) => result,
        Err(object_store::Error::NotFound { .. }) => return Ok(None),
        Err(source) => return Err(Error::reading(path, source)),
    };
    result.bytes().await.map(Some).map_err(|source| Error::reading(path, source))
}

/// What the store knows of `path`; none if and only if it is not there.
pub async fn head(store: &dyn ObjectStore, path: &Path) -> Result<Option<ObjectMeta>> {
    match store.head(path).await {
        Ok(meta) => Ok(Some(meta)),
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        Err(source) => Err(Error::reading(path, source)),
    }
}

/// Writes `bytes`, replacing what is there.
pub async fn put(store: &dyn ObjectStore, path: &Path, bytes: Bytes) -> Result<()> {
    let put = store.put(path, bytes.into()).await;
    put.map(drop).map_err(|source| Error::writing(path, source))
}

/// Writes `bytes` if and only if nothing is there.
///
/// A request that fails on its way may have been carried out all the same, and its repetition by the
/// store's client then finds its own work. What lies there is read back, so that the answer is true.
pub async fn create(store: &dyn ObjectStore, path: &Path, bytes: Bytes) -> Result<Created> {
    let options = PutOptions::from(PutMode::Create);
    let Err(failure) = store.put_opts(path, bytes.clone().into(), options).await else {
        return Ok(Created::Now);
    };
    let is_taken = matches!(
        failure,
        object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }
    );
    match get(store, path).await {
        Ok(Some(there)) if there == bytes => Ok(Created::Before),
        Ok(Some(_)) => Ok(Created::Taken),
        Err(error) if is_taken => Err(error),
        Ok(None) | Err(_) => Err(Error::writing(path, failure)),
    }
}

/// Removes `path`; that it is gone already is no failure.
pub async fn remove(store: &dyn ObjectStore, path: &Path) -> Result<()> {
    match store.delete(path).await {
        Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
        Err(source) => Err(Error::removing(path, source)),
    }
}

/// Removes everything below `folder` that was last written before `before`; says how many files.
pub async fn remove_older(store: &dyn ObjectStore, folder: &Path, before: DateTime<Utc>) -> Result<u64> {
    let mut entries = store.list(Some(folder));
    let mut removed = 0;
    while let Some(entry) = entries.try_next().await.map_err(|source| Error::listing(folder, source))? {
        if entry.last_modified <= before {
            remove(store, &entry.location).await?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// The names of the folders directly below `folder`, in order.
pub async fn folders(store: &dyn ObjectStore, folder: &Path) -> Result<Vec<String>> {
    let listing = store.list_with_delimiter(Some(folder)).await;
    let listing = listing.map_err(|source| Error::listing(folder, source))?;
    let mut names: Vec<_> =
        listing.common_prefixes.iter().filter_map(|path| path.filename().map(str::to_owned)).collect();
    names.sort_unstable();
    Ok(names)
}

/// The files directly below `folder`, in the order of their names.
pub async fn files(store: &dyn ObjectStore, folder: &Path) -> Result<Vec<ObjectMeta>> {
    let listing = store.list_with_delimiter(Some(folder)).await;
    let mut files = listing.map_err(|source| Error::listing(folder, source))?.objects;
    files.sort_unstable_by(|a, b| a.location.cmp(&b.location));
    Ok(files)
}

/// Whether anything at all lies below `folder`.
pub async fn is_empty(store: &dyn ObjectStore, folder: &Path) -> Result<bool> {
    let first = store.list(Some(folder)).try_next().await;
    first.map(|first| first.is_none()).map_err(|source| Error::listing(folder, source))
}
