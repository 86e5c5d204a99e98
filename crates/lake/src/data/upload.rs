//! The bytes of a new data file on their way to the storage, as they are encoded.

use std::sync::Arc;

use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, WriteMultipart};
use tokio::runtime::Handle;

use crate::{Error, Result};

/// Below this a file is stored in one request; above, in parts of this size.
const PART_BYTES: usize = 8 << 20;
/// Parts on their way at once.
const PARTS_UNDER_WAY: usize = 2;

pub(crate) struct FileUpload {
    store: Arc<dyn ObjectStore>,
    location: Path,
    state: State,
}

enum State {
    Small(Vec<u8>),
    Parts { upload: WriteMultipart, bytes: u64 },
}

impl FileUpload {
    pub(crate) fn new(store: Arc<dyn ObjectStore>, location: Path) -> Self {
        Self { store, location, state: State::Small(Vec::new()) }
    }

    pub(crate) async fn push(&mut self, encoded: Vec<u8>) -> Result<()> {
        if encoded.is_empty() {
            return Ok(());
        }
        match &mut self.state {
            State::Small(bytes) => {
                bytes.extend_from_slice(&encoded);
                if bytes.len() > PART_BYTES {
                    let bytes = std::mem::take(bytes);
                    let started = self.store.put_multipart(&self.location).await;
                    let started = started.map_err(|source| Error::writing(&self.location, source))?;
                    let mut upload = WriteMultipart::new_with_chunk_size(started, PART_BYTES);
                    let length = bytes.len() as u64;
                    upload.put(Bytes::from(bytes));
                    self.state = State::Parts { upload, bytes: length };
                }
            }
            State::Parts { upload, bytes } => {
                *bytes += encoded.len() as u64;
                for part in encoded.chunks(PART_BYTES) {
                    let room = upload.wait_for_capacity(PARTS_UNDER_WAY).await;
                    room.map_err(|source| Error::writing(&self.location, source))?;
                    upload.write(part);
                }
            }
        }
        Ok(())
    }

    /// Durable when this returns; how many bytes it has.
    pub(crate) async fn finish(mut self) -> Result<u64> {
        // Here dropping this still ends the upload; the last part is only sent by the upload's own end, which does not.
        if let State::Parts { upload, .. } = &mut self.state {
            let stored = upload.wait_for_capacity(0).await;
            stored.map_err(|source| Error::writing(&self.location, source))?;
        }
        let state = self.take();
        let failed = |source| Error::writing(&self.location, source);
        match state {
            State::Small(bytes) => {
                let size = bytes.len() as u64;
                self.store.put(&self.location, bytes.into()).await.map_err(failed)?;
                Ok(size)
            }
            State::Parts { upload, bytes } => {
                upload.finish().await.map_err(failed)?;
                Ok(bytes)
            }
        }
    }

    /// Leaves nothing; what the storage keeps of an upload that it could not end is its to clean up.
    pub(crate) async fn abandon(mut self) {
        if let State::Parts { upload, .. } = self.take() {
            end(upload, &self.location).await;
        }
    }

    fn take(&mut self) -> State {
        std::mem::replace(&mut self.state, State::Small(Vec::new()))
    }
}

/// A storage of objects keeps the parts of an upload that was never ended, out of sight, and has them paid.
impl Drop for FileUpload {
    fn drop(&mut self) {
        if let State::Parts { upload, .. } = self.take()
            && let Ok(runtime) = Handle::try_current()
        {
            let location = self.location.clone();
            runtime.spawn(async move { end(upload, &location).await });
        }
    }
}

async fn end(upload: WriteMultipart, location: &Path) {
    if let Err(error) = upload.abort().await {
        tracing::debug!(file = %location, %error, "could not end the upload of an unused data file");
    }
}
