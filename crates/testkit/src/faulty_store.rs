//! An object store that is slow, throttled, full or read-only while it is told so.

use std::fmt;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt};
use holdfast_lake::store::Store;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UploadPart,
};

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StorageFault {
    /// It fails as the operating system or the bucket says it.
    Fails(ErrorKind),
    /// It is carried out, and its answer is lost.
    AnswerLost,
    Slow(Duration),
}

/// Which requests a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requests {
    Reads,
    Writes,
    All,
}

#[derive(Debug)]
struct Rule {
    on: Requests,
    fault: StorageFault,
    /// One of so many requests.
    every: u64,
    /// How often it strikes; without a number until it is cleared.
    left: Option<u64>,
    seen: u64,
    struck: u64,
}

/// A store with faults. Clones of the `Arc` share them.
#[derive(Debug)]
pub struct FaultyStore {
    inner: Store,
    rules: Arc<Mutex<Vec<Rule>>>,
}

impl FaultyStore {
    pub fn around(inner: Store) -> Arc<Self> {
        Arc::new(Self { inner, rules: Arc::default() })
    }

    /// Strikes one of `every` requests, `times` at most.
    pub fn add(&self, on: Requests, fault: StorageFault, every: u64, times: Option<u64>) {
        let rule = Rule { on, fault, every, left: times, seen: 0, struck: 0 };
        self.rules.lock().unwrap_or_else(PoisonError::into_inner).push(rule);
    }

    /// Ends all faults; says how often they struck.
    pub fn clear(&self) -> u64 {
        let rules = std::mem::take(&mut *self.rules.lock().unwrap_or_else(PoisonError::into_inner));
        rules.iter().map(|rule| rule.struck).sum()
    }
}

fn strike(rules: &Mutex<Vec<Rule>>, request: Requests) -> Option<StorageFault> {
    let mut rules = rules.lock().unwrap_or_else(PoisonError::into_inner);
    for rule in rules.iter_mut().filter(|rule| rule.on == Requests::All || rule.on == request) {
        rule.seen += 1;
        if rule.left == Some(0) || !rule.seen.is_multiple_of(rule.every) {
            continue;
        }
        rule.left = rule.left.map(|left| left - 1);
        rule.struck += 1;
        return Some(rule.fault);
    }
    None
}

/// Does the request, with the fault that strikes it.
async fn requested<T>(
    rules: &Mutex<Vec<Rule>>,
    request: Requests,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    match strike(rules, request) {
        None => work.await,
        Some(StorageFault::Fails(kind)) => Err(failure(kind)),
        Some(StorageFault::AnswerLost) => {
            work.await?;
            Err(failure(ErrorKind::ConnectionReset))
        }
        Some(StorageFault::Slow(pause)) => {
            wait(pause).await;
            work.await
        }
    }
}

fn failure(kind: ErrorKind) -> object_store::Error {
    object_store::Error::Generic { store: "FaultyStore", source: Box::new(io::Error::from(kind)) }
}

#[expect(clippy::disallowed_methods, reason = "slowness is what this fault is for")]
async fn wait(pause: Duration) {
    tokio::time::sleep(pause).await;
}

impl fmt::Display for FaultyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FaultyStore({})", self.inner)
    }
}

#[async_trait]
impl ObjectStore for FaultyStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        requested(&self.rules, Requests::Writes, self.inner.put_opts(location, payload, options)).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let begin = self.inner.put_multipart_opts(location, options);
        let inner = requested(&self.rules, Requests::Writes, begin).await?;
        Ok(Box::new(FaultyUpload { inner, rules: self.rules.clone() }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        requested(&self.rules, Requests::Reads, self.inner.get_opts(location, options)).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        match strike(&self.rules, Requests::Writes) {
            Some(StorageFault::Fails(kind)) => stream::once(async move { Err(failure(kind)) }).boxed(),
            _ => self.inner.delete_stream(locations),
        }
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match strike(&self.rules, Requests::Reads) {
            Some(StorageFault::Fails(kind)) => stream::once(async move { Err(failure(kind)) }).boxed(),
            _ => self.inner.list(prefix),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        requested(&self.rules, Requests::Reads, self.inner.list_with_delimiter(prefix)).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        requested(&self.rules, Requests::Writes, self.inner.copy_opts(from, to, options)).await
    }
}

#[derive(Debug)]
struct FaultyUpload {
    inner: Box<dyn MultipartUpload>,
    rules: Arc<Mutex<Vec<Rule>>>,
}

#[async_trait]
impl MultipartUpload for FaultyUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let (rules, part) = (self.rules.clone(), self.inner.put_part(data));
        async move { requested(&rules, Requests::Writes, part).await }.boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        requested(&self.rules, Requests::Writes, self.inner.complete()).await
    }

    async fn abort(&mut self) -> Result<()> {
        self.inner.abort().await
    }
}
