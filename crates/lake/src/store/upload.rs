//! Uploads in parts that leave nothing behind if they do not come to their end.

use async_trait::async_trait;
use object_store::path::Path;
use object_store::{
    MultipartUpload, ObjectStoreExt, PutPayload, PutResult, Result, UploadPart, WriteMultipart,
};
use tokio::runtime::Handle;

use super::Store;
use crate::Error;

/// Begins an upload in parts of `part_bytes`. It is aborted if it fails, or is dropped before its end.
pub async fn put_in_parts(store: &Store, path: &Path, part_bytes: usize) -> crate::Result<WriteMultipart> {
    let begun = store.put_multipart(path).await.map_err(|source| Error::writing(path, source))?;
    let upload = Upload { begun: Some(begun), path: path.clone() };
    Ok(WriteMultipart::new_with_chunk_size(Box::new(upload), part_bytes))
}

/// A storage of objects keeps the parts of an upload that was never ended, out of sight, and has them paid.
#[derive(Debug)]
struct Upload {
    /// None once it has ended, either way.
    begun: Option<Box<dyn MultipartUpload>>,
    path: Path,
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        match &mut self.begun {
            Some(begun) => begun.put_part(data),
            None => Box::pin(async { Err(already_ended()) }),
        }
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let begun = self.begun.as_mut().ok_or_else(already_ended)?;
        let completed = begun.complete().await?;
        self.begun = None;
        Ok(completed)
    }

    async fn abort(&mut self) -> Result<()> {
        match self.begun.take() {
            Some(mut begun) => begun.abort().await,
            None => Ok(()),
        }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Some(mut begun) = self.begun.take()
            && let Ok(runtime) = Handle::try_current()
        {
            let path = self.path.clone();
            runtime.spawn(async move {
                if let Err(error) = begun.abort().await {
                    tracing::debug!(file = %path, %error, "could not end the upload of an unused file");
                }
            });
        }
    }
}

fn already_ended() -> object_store::Error {
    let source = "the upload has already ended".into();
    object_store::Error::Generic { store: "Upload", source }
}
