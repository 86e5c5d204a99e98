//! The bytes of a new data file on their way to the storage, as they are encoded.

use std::sync::Arc;

use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectStore, WriteMultipart};

use crate::store::{self, put_in_parts};
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
                    let mut upload = put_in_parts(&self.store, &self.location, PART_BYTES).await?;
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
    pub(crate) async fn finish(self) -> Result<u64> {
        match self.state {
            State::Small(bytes) => {
                let size = bytes.len() as u64;
                store::put(&self.store, &self.location, bytes.into()).await?;
                Ok(size)
            }
            State::Parts { upload, bytes } => {
                upload.finish().await.map_err(|source| Error::writing(&self.location, source))?;
                Ok(bytes)
            }
        }
    }

    /// Leaves nothing; what the storage keeps of an upload that it could not end is its to clean up.
    pub(crate) async fn abandon(self) {
        if let State::Parts { upload, .. } = self.state
            && let Err(error) = upload.abort().await
        {
            tracing::debug!(file = %self.location, %error, "could not end the upload of an unused data file");
        }
    }
}
