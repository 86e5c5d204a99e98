//! One body from the org into the lake, streamed, and checked against what its record says.

use futures::{StreamExt, TryStreamExt};
use holdfast_domain::retry::Retry;
use md5::{Digest, Md5};
use std::sync::{Arc, Mutex};

use super::bodies::Body;
use super::candidates::{Candidate, Source};
use super::share::Share;
use crate::capture::context::RunContext;
use crate::error::{Doing, Error, Result, chain};

/// What became of a download.
pub(crate) enum Download {
    /// The body is stored, or the org will not give it and said why.
    Settled(Box<Body>),
    /// Worth trying again in the next Run.
    Unsettled,
}

/// Only what concerns the whole Run is an error.
pub(crate) async fn body(
    ctx: &RunContext,
    source: &Source,
    share: &Share,
    candidate: Candidate,
) -> Result<Download> {
    let fetching = ctx.attempt(Some(&source.object), || fetch(ctx, source, share, &candidate));
    let fetched = Box::pin(fetching).await;
    let (blob, size, failure) = match fetched {
        Ok(written) => (Some(written.hash), written.size, None),
        Err(error) if matches!(error, Error::Cancelled) || error.retry() == Retry::WhenLimitMoves => {
            return Err(error);
        }
        Err(error) => {
            let reason = chain(&error);
            tracing::error!(
                org.id = %ctx.org, object = %source.object, record = %candidate.id,
                "the body of {} {} is not captured: {reason}", source.object, candidate.id
            );
            if error.retry() != Retry::Never {
                return Ok(Download::Unsettled);
            }
            (None, 0, Some(reason))
        }
    };
    Ok(Download::Settled(Box::new(Body { candidate, source: source.clone(), blob, size, failure })))
}

async fn fetch(
    ctx: &RunContext,
    source: &Source,
    share: &Share,
    candidate: &Candidate,
) -> Result<holdfast_lake::BlobWritten> {
    let version = ctx.client.api_version();
    let path =
        format!("/services/data/v{version}/sobjects/{}/{}/{}", source.object, candidate.id, source.field);
    let doing = || format!("fetch the body of {} `{}`", source.object, candidate.id);
    share.take(ctx)?;
    let body = ctx.client.blob(&path).await.doing(doing)?;
    let md5 = Arc::new(Mutex::new(Md5::new()));
    let hasher = Arc::clone(&md5);
    let bytes = body.map_ok(move |bytes| {
        hasher.lock().expect("no code panics while holding this lock").update(&bytes);
        bytes
    });
    let written = ctx.lake.blobs().put(bytes.boxed()).await.doing(doing)?;
    if let Some(expected) = candidate.size.filter(|expected| *expected != written.size) {
        return Err(Error::BodyCutShort { expected, got: written.size });
    }
    let found = md5.lock().expect("no code panics while holding this lock").clone().finalize();
    let found = found.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    match &candidate.md5 {
        Some(expected) if *expected != found => {
            Err(Error::BodyChecksum { expected: expected.clone(), found })
        }
        _ => Ok(written),
    }
}
