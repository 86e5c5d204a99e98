//! File bodies, streamed: they may be gigabytes.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt};

use crate::client::Client;
use crate::doing::Doing;
use crate::error::Error;
use crate::transport::Request;

/// The bytes of one file body, in order. It is whole if and only if it ends without an error.
pub struct BlobStream {
    content_length: Option<u64>,
    pieces: BoxStream<'static, Result<Bytes, Error>>,
}

impl BlobStream {
    /// What the answer says of its own length; the record's size field is the better witness.
    pub fn content_length(&self) -> Option<u64> {
        self.content_length
    }
}

impl Stream for BlobStream {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.pieces.as_mut().poll_next(cx)
    }
}

impl std::fmt::Debug for BlobStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BlobStream").field("content_length", &self.content_length).finish_non_exhaustive()
    }
}

impl Client {
    /// Reads the file body at `path`, the value of a base64 field in a query answer. The call is made
    /// again from the start if it breaks off: Salesforce documents no way to go on in the middle.
    pub async fn blob(&self, path: &str) -> Result<BlobStream, Error> {
        // Without compression in transfer the answer's length is that of the file.
        let request = Request::get(Doing::ReadBlob { path: path.to_owned() }, path)
            .accept("*/*")
            .header("accept-encoding", "identity");
        let body = self.send(&request).await?.body;
        let content_length = body.content_length();
        let pieces =
            stream::try_unfold(
                body,
                |mut body| async move { Ok(body.chunk().await?.map(|piece| (piece, body))) },
            );
        Ok(BlobStream { content_length, pieces: pieces.boxed() })
    }
}
