//! Runs work that encodes, decodes or sorts rows on the blocking pool, together with the I/O between.

use std::future::Future;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::{Error, Result};

/// Starts `work` on a thread of the blocking pool. It goes on when the handle is dropped.
pub(crate) fn start_blocking<T, F>(work: impl FnOnce() -> F + Send + 'static) -> JoinHandle<Result<T>>
where
    T: Send + 'static,
    F: Future<Output = Result<T>>,
{
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || runtime.block_on(work()))
}

/// Waits for work that [`start_blocking`] started.
pub(crate) async fn wait_for<T>(task: JoinHandle<Result<T>>) -> Result<T> {
    task.await.map_err(|source| Error::TaskStopped { source })?
}

/// Starts `work` and waits for it.
pub(crate) async fn blocking<T, F>(work: impl FnOnce() -> F + Send + 'static) -> Result<T>
where
    T: Send + 'static,
    F: Future<Output = Result<T>>,
{
    wait_for(start_blocking(work)).await
}
