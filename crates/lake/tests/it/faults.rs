//! Storage that fails under a lake: what is told, and that nothing stored before is lost.

use std::fmt;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream};
use holdfast_domain::ErrorCode;
use holdfast_domain::retry::Retry;
use holdfast_lake::{Lake, LakeOptions};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UploadPart,
};

use crate::check;
use crate::rows::{batch, context, id, plain, stamp};
use crate::tables::{TableUnderTest, account, org_in, seen};

/// Memory whose writes fail while it is told so.
#[derive(Debug)]
struct FailingStore {
    inner: InMemory,
    kind: ErrorKind,
    fails: Arc<AtomicBool>,
    /// Uploads in parts that were begun, and neither completed nor aborted.
    open_uploads: Arc<AtomicIsize>,
    /// The write is carried out all the same, as when the answer of a bucket is lost on its way.
    writes_anyway: bool,
}

impl FailingStore {
    fn new(kind: ErrorKind, writes_anyway: bool) -> Arc<Self> {
        let (inner, fails, open_uploads) = Default::default();
        Arc::new(Self { inner, kind, fails, open_uploads, writes_anyway })
    }

    fn failure(&self) -> object_store::Error {
        failure(self.kind)
    }

    fn set(&self, fails: bool) {
        self.fails.store(fails, Ordering::Relaxed);
    }
}

fn failure(kind: ErrorKind) -> object_store::Error {
    object_store::Error::Generic { store: "test", source: Box::new(io::Error::from(kind)) }
}

#[derive(Debug)]
struct FailingUpload {
    inner: Box<dyn MultipartUpload>,
    kind: ErrorKind,
    fails: Arc<AtomicBool>,
    open_uploads: Arc<AtomicIsize>,
}

#[async_trait]
impl MultipartUpload for FailingUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        if self.fails.load(Ordering::Relaxed) {
            let kind = self.kind;
            return Box::pin(async move { Err(failure(kind)) });
        }
        self.inner.put_part(data)
    }

    async fn complete(&mut self) -> Result<PutResult> {
        if self.fails.load(Ordering::Relaxed) {
            return Err(failure(self.kind));
        }
        self.open_uploads.fetch_sub(1, Ordering::Relaxed);
        self.inner.complete().await
    }

    async fn abort(&mut self) -> Result<()> {
        self.open_uploads.fetch_sub(1, Ordering::Relaxed);
        self.inner.abort().await
    }
}

impl fmt::Display for FailingStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FailingStore")
    }
}

#[async_trait]
impl ObjectStore for FailingStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let fails = self.fails.load(Ordering::Relaxed);
        if fails && self.writes_anyway {
            self.inner.put_opts(location, payload, options).await?;
            return Err(self.failure());
        }
        if fails { Err(self.failure()) } else { self.inner.put_opts(location, payload, options).await }
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        if self.fails.load(Ordering::Relaxed) {
            return Err(self.failure());
        }
        let inner = self.inner.put_multipart_opts(location, options).await?;
        self.open_uploads.fetch_add(1, Ordering::Relaxed);
        let (kind, fails, open_uploads) = (self.kind, self.fails.clone(), self.open_uploads.clone());
        Ok(Box::new(FailingUpload { inner, kind, fails, open_uploads }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

async fn lake_on(store: &Arc<FailingStore>) -> Lake {
    Lake::with_store(store.clone(), "test", LakeOptions::default()).await.unwrap()
}

/// G-29: each failure has its code, may be tried again, and the same call works when the cause is gone.
#[tokio::test]
async fn storage_that_refuses_writes_loses_nothing() {
    for (kind, code) in [
        (ErrorKind::StorageFull, ErrorCode::LakeFull),
        (ErrorKind::ReadOnlyFilesystem, ErrorCode::LakeReadOnly),
        (ErrorKind::PermissionDenied, ErrorCode::LakeReadOnly),
        (ErrorKind::ConnectionReset, ErrorCode::LakeUnreachable),
    ] {
        let store = FailingStore::new(kind, false);
        let lake = lake_on(&store).await;
        let org = org_in(&lake).await;
        let mut table = TableUnderTest::of(&org);
        table.append(&["001A"]).await.unwrap();
        let before = seen(table.state.as_ref().unwrap());
        let file = table.data_file(&["001B"]).await;
        let (small, large) = (vec![1; 10], vec![1; 9 << 20]);
        let body = |bytes: &[u8]| stream::iter([Ok::<_, io::Error>(Bytes::copy_from_slice(bytes))]);

        store.set(true);
        let commit = table.commit_of(vec![file.clone()], vec![]);
        let errors = [
            table.log.commit(table.state.as_ref(), commit).await.unwrap_err(),
            org.put_schema(&account(), b"{}").await.unwrap_err(),
            org.blobs().put(body(&small)).await.unwrap_err(),
            org.blobs().put(body(&large)).await.unwrap_err(),
        ];

        for error in errors {
            assert_eq!((error.code(), error.retry()), (code, Retry::BackOff), "{error}");
        }
        assert_eq!(seen(&table.reload().await), before);
        store.set(false);
        table.commit(vec![file], vec![]).await.unwrap();
        org.blobs().put(body(&large)).await.unwrap();
        assert_eq!(check::damage(&lake, true).await, []);
    }
}

async fn assert_no_upload_open(store: &FailingStore) {
    let begun = Instant::now();
    while store.open_uploads.load(Ordering::Relaxed) != 0 {
        assert!(begun.elapsed() < Duration::from_secs(10), "an upload stays open");
        tokio::task::yield_now().await;
    }
}

/// A bucket keeps the parts of an upload that nobody ended, and has them paid.
#[tokio::test]
async fn a_body_whose_last_part_fails_leaves_no_upload_open() {
    let store = FailingStore::new(ErrorKind::ConnectionReset, false);
    let org = org_in(&lake_on(&store).await).await;
    let begun = store.clone();
    let parts = [9 << 20, 1].into_iter().map(move |length| {
        begun.set(length == 1);
        Ok::<_, io::Error>(Bytes::from(vec![1; length]))
    });

    org.blobs().put(stream::iter(parts)).await.unwrap_err();

    assert_no_upload_open(&store).await;
}

/// The same of the files of a block.
#[tokio::test]
async fn a_block_that_fails_or_is_dropped_leaves_no_upload_open() {
    let store = FailingStore::new(ErrorKind::ConnectionReset, false);
    let lake = lake_on(&store).await;
    let org = org_in(&lake).await;
    let described = plain(&org).await;
    let is_open = || store.open_uploads.load(Ordering::Relaxed);
    // Compressed, about half of it is left.
    let name = |number: u32| {
        let word = |part: u32| blake3::hash(&[number.to_le_bytes(), part.to_le_bytes()].concat()).to_string();
        (0..1 << 14).map(word).collect::<String>()
    };
    let page = |number| batch(&described, &[vec![id(number).to_string(), name(number), stamp(1)]]);
    for fails in [true, false] {
        let mut writer = org.writer(&account()).await.unwrap();
        writer.set_chunk_budget(1 << 20);
        let mut block = writer.begin_block(context(&described)).await.unwrap();
        let mut number = 0;
        while is_open() == 0 {
            block.push_page(vec![page(number)]).await.unwrap();
            number += 1;
        }

        store.set(fails);
        if fails {
            block.flush().await.unwrap_err();
        }
        drop(block);
        store.set(false);

        assert_no_upload_open(&store).await;
    }
}

/// A commit whose answer was lost is found to be ours, so its block is not captured twice.
#[tokio::test]
async fn a_commit_that_succeeded_without_an_answer_counts() {
    let store = FailingStore::new(ErrorKind::ConnectionReset, true);
    let lake = lake_on(&store).await;
    let mut table = TableUnderTest::of(&org_in(&lake).await);
    let file = table.data_file(&["001A"]).await;

    store.set(true);
    table.commit(vec![file.clone()], vec![]).await.unwrap();

    assert_eq!(table.log.load().await.unwrap().unwrap().files, [file]);
}

/// The commit is durable before its checkpoint is tried, so a checkpoint that fails is no failure.
#[tokio::test]
async fn a_checkpoint_that_cannot_be_written_does_not_fail_its_commit() {
    let folder = tempfile::tempdir().unwrap();
    let location = holdfast_lake::LakeLocation::Local(folder.path().join("lake"));
    let log = holdfast_lake::delta::LogOptions { checkpoint_every: 2, ..Default::default() };
    let lake = Lake::open(&location, LakeOptions { log, ..LakeOptions::default() }).await.unwrap();
    let org = org_in(&lake).await;
    let mut table = TableUnderTest::of(&org);
    // A folder in its place is what no writer can replace.
    let checkpoint = format!("lake/{}/_delta_log/00000000000000000001.checkpoint.parquet", table.log.path());
    std::fs::create_dir_all(folder.path().join(checkpoint)).unwrap();

    for _ in 0..4 {
        table.append(&["001A"]).await.unwrap();
    }

    assert_eq!(seen(&table.reload().await).0, 3);
    assert_eq!(org.objects().await.unwrap(), [account()]);
}
