//! Bringing one body into the lake.

use blake3::Hasher;
use bytes::{Bytes, BytesMut};
use futures::TryStreamExt;
use futures::stream::BoxStream;
use holdfast_domain::BlobHash;
use object_store::ObjectStoreExt;
use object_store::path::Path;

use super::{BlobWritten, Blobs};
use crate::{Error, Result, Step, store};

/// The size of one part. S3 wants at least 5 MiB and takes 10,000 parts, so this carries 80 GB.
pub(super) const PART: usize = 8 * 1024 * 1024;

/// Parts on their way at once; with the one being filled, all that is in memory of a body.
const PARTS_AT_ONCE: usize = 3;

type Body<'a> = BoxStream<'a, Result<Bytes>>;

pub(super) async fn put(blobs: &Blobs, mut body: Body<'_>) -> Result<BlobWritten> {
    let mut hasher = Hasher::new();
    let mut first = BytesMut::new();
    while let Some(bytes) = body.try_next().await? {
        hasher.update(&bytes);
        first.extend_from_slice(&bytes);
        if first.len() >= PART {
            return put_in_parts(blobs, hasher, first.freeze(), body).await;
        }
    }
    put_whole(blobs, &hasher, first.freeze()).await
}

async fn put_whole(blobs: &Blobs, hasher: &Hasher, bytes: Bytes) -> Result<BlobWritten> {
    let (hash, size) = (BlobHash::from(hasher.finalize()), bytes.len() as u64);
    let was_there = is_there(blobs, &hash, size).await?;
    if !was_there {
        blobs.hook.before(Step::BlobPlace)?;
        store::put(&blobs.store, &blobs.path(&hash), bytes).await?;
    }
    Ok(BlobWritten { hash, size, was_there })
}

async fn put_in_parts(
    blobs: &Blobs,
    mut hasher: Hasher,
    first: Bytes,
    body: Body<'_>,
) -> Result<BlobWritten> {
    let temporary = blobs.temporary_folder().join(uuid::Uuid::now_v7().simple().to_string());
    let size = upload(blobs, &temporary, &mut hasher, first, body).await?;
    let hash = BlobHash::from(hasher.finalize());
    let was_there = is_there(blobs, &hash, size).await?;
    if was_there {
        store::remove(&blobs.store, &temporary).await?;
        return Ok(BlobWritten { hash, size, was_there });
    }
    blobs.hook.before(Step::BlobPlace)?;
    // Whoever else brings this hash brings the same bytes, so replacing is as good as creating.
    let path = blobs.path(&hash);
    let renamed = blobs.store.rename(&temporary, &path).await;
    renamed.map_err(|source| Error::writing(&path, source))?;
    Ok(BlobWritten { hash, size, was_there })
}

async fn upload(
    blobs: &Blobs,
    path: &Path,
    hasher: &mut Hasher,
    first: Bytes,
    mut body: Body<'_>,
) -> Result<u64> {
    let writing = |source| Error::writing(path, source);
    let mut upload = store::put_in_parts(&blobs.store, path, PART).await?;
    let mut size = first.len() as u64;
    upload.put(first);
    loop {
        let bytes = match body.try_next().await {
            Ok(Some(bytes)) => bytes,
            Ok(None) => break,
            Err(error) => {
                // The stream's failure is what the caller must hear; parts left over are cleaned later.
                let _ = upload.abort().await;
                return Err(error);
            }
        };
        upload.wait_for_capacity(PARTS_AT_ONCE).await.map_err(writing)?;
        hasher.update(&bytes);
        size += bytes.len() as u64;
        upload.put(bytes);
    }
    upload.finish().await.map_err(writing)?;
    Ok(size)
}

/// A body of another size under the same hash is damaged, and is written again.
async fn is_there(blobs: &Blobs, hash: &BlobHash, size: u64) -> Result<bool> {
    Ok(blobs.size(hash).await? == Some(size))
}
