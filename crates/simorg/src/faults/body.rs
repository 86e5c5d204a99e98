//! Bodies that break, crawl or make no sense.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures::stream::{self, StreamExt};

type Piece = Result<Bytes, axum::Error>;

/// The first bytes of a body, or all of a shorter one; then either the connection breaks or the body simply ends.
pub fn cut(body: Body, after_bytes: u64, broken: bool) -> Body {
    let start: (BodyDataStream, u64, bool) = (body.into_data_stream(), after_bytes, false);
    Body::from_stream(stream::unfold(start, move |(mut pieces, left, done)| async move {
        if done {
            return None;
        }
        if left == 0 {
            // A pause lets what was sent so far leave before the connection breaks.
            tokio::task::yield_now().await;
            return broken.then(|| (Err(broken_connection()), (pieces, 0, true)));
        }
        let Some(piece) = pieces.next().await else {
            return broken.then(|| (Err(broken_connection()), (pieces, 0, true)));
        };
        match piece {
            Err(error) => Some((Err(error), (pieces, 0, true))),
            Ok(bytes) => {
                let keep = usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
                let left = left - keep as u64;
                Some((Ok(bytes.slice(..keep)), (pieces, left, false)))
            }
        }
    }))
}

fn broken_connection() -> axum::Error {
    axum::Error::new(std::io::Error::new(
        std::io::ErrorKind::ConnectionReset,
        "the connection is cut on request",
    ))
}

/// The body in small pieces with a pause before each.
pub fn slowed(body: Body, ms_per_chunk: u64) -> Body {
    const PIECE: usize = 1024;
    let pieces = body.into_data_stream().flat_map(|piece: Piece| {
        stream::iter(match piece {
            Err(error) => vec![Err(error)],
            Ok(bytes) => bytes.chunks(PIECE).map(|part| Ok(Bytes::copy_from_slice(part))).collect(),
        })
    });
    Body::from_stream(pieces.then(move |piece: Piece| async move {
        #[expect(clippy::disallowed_methods, reason = "slowness is what this fault is for")]
        tokio::time::sleep(Duration::from_millis(ms_per_chunk)).await;
        piece
    }))
}

/// The body with its middle turned into noise that is neither JSON nor CSV. Quotes alone would only be another value
/// of a CSV field, and what no UTF-8 text holds alone would be read over by lenient clients.
pub fn garbled(body: Body) -> Body {
    const NOISE: [u8; 8] = *b"\"\xFF\"\xFF\"\xFF\"\xFF";
    Body::from_stream(body.into_data_stream().map(|piece: Piece| {
        piece.map(|bytes| {
            let mut bytes = bytes.to_vec();
            let from = bytes.len() / 2;
            bytes[from..].iter_mut().zip(NOISE).for_each(|(byte, noise)| *byte = noise);
            Bytes::from(bytes)
        })
    }))
}
