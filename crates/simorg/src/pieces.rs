//! Bodies that are written on a thread of their own and sent while they are written, so that no result is held as one text.

use std::convert::Infallible;
use std::ops::ControlFlow;

use axum::body::Body;
use bytes::Bytes;
use futures::StreamExt;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

/// Pieces of about this size go over the wire.
const PIECE_BYTES: usize = 128 * 1024;
/// Pieces that may wait for a slow reader.
const WAITING_PIECES: usize = 4;

/// Where a body is written to.
pub(crate) struct Pieces {
    /// What comes next.
    pub(crate) text: String,
    to: mpsc::Sender<Bytes>,
}

impl Pieces {
    /// Sends the text if it is long enough. Breaks when nobody reads any more.
    pub(crate) fn send_full(&mut self) -> ControlFlow<()> {
        if self.text.len() < PIECE_BYTES {
            return ControlFlow::Continue(());
        }
        let full = std::mem::replace(&mut self.text, empty());
        match self.to.blocking_send(full.into()) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }
}

fn empty() -> String {
    String::with_capacity(PIECE_BYTES + PIECE_BYTES / 4)
}

/// The body that `write` writes.
pub(crate) fn body(write: impl FnOnce(&mut Pieces) + Send + 'static) -> Body {
    let (to, waiting) = mpsc::channel(WAITING_PIECES);
    tokio::task::spawn_blocking(move || {
        let mut pieces = Pieces { text: empty(), to };
        write(&mut pieces);
        // Whether anybody still reads does not matter at the end.
        pieces.to.blocking_send(pieces.text.into()).ok();
    });
    Body::from_stream(ReceiverStream::new(waiting).map(Ok::<_, Infallible>))
}
