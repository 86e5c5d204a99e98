//! One suite for every store that a lake lies on: what the lake relies on, and nothing else.

use std::sync::Arc;

use bytes::Bytes;
use futures::TryStreamExt;
use holdfast_lake::store::{self, Created, DurableLocal, STAGING, Store};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, WriteMultipart};

/// Calls `suite` for each store; the folder lives as long as the call.
async fn on_every_store(suite: impl AsyncFn(Store)) {
    suite(Arc::new(InMemory::new())).await;
    let folder = tempfile::tempdir().unwrap();
    suite(Arc::new(DurableLocal::new(folder.path()).unwrap())).await;
}

async fn names(store: &Store, prefix: &str) -> Vec<String> {
    let mut names: Vec<_> = store
        .list(Some(&Path::from(prefix)))
        .map_ok(|meta| meta.location.to_string())
        .try_collect()
        .await
        .unwrap();
    names.sort();
    names
}

#[tokio::test]
async fn what_is_put_is_read_and_replaced_and_removed() {
    on_every_store(async |store| {
        let path = Path::from("a/b/c.json");

        store::put(&store, &path, Bytes::from_static(b"one")).await.unwrap();
        store::put(&store, &path, Bytes::from_static(b"two")).await.unwrap();
        assert_eq!(store::get(&store, &path).await.unwrap().unwrap(), "two");
        assert_eq!(store::head(&store, &path).await.unwrap().unwrap().size, 3);

        store::remove(&store, &path).await.unwrap();
        store::remove(&store, &path).await.unwrap();
        assert_eq!(store::get(&store, &path).await.unwrap(), None);
        assert!(store::head(&store, &path).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn creating_never_replaces_and_tells_whose_bytes_are_there() {
    on_every_store(async |store| {
        let path = Path::from("log/1.json");
        let create = async |bytes| store::create(&store, &path, Bytes::from_static(bytes)).await.unwrap();

        assert_eq!(create(b"mine").await, Created::Now);
        assert_eq!(create(b"mine").await, Created::Before);
        assert_eq!(create(b"yours").await, Created::Taken);

        assert_eq!(store::get(&store, &path).await.unwrap().unwrap(), "mine");
    })
    .await;
}

#[tokio::test]
async fn of_many_writers_of_one_name_exactly_one_wins() {
    on_every_store(async |store| {
        let path = Path::from("log/1.json");
        let tries = (0..16).map(|n: u8| {
            let (store, path) = (store.clone(), path.clone());
            tokio::spawn(async move { store::create(&store, &path, vec![n].into()).await.unwrap() })
        });
        let tries: Vec<_> = tries.collect();

        let mut wins = 0;
        for attempt in tries {
            wins += usize::from(attempt.await.unwrap() == Created::Now);
        }

        assert_eq!(wins, 1);
    })
    .await;
}

#[tokio::test]
async fn an_upload_in_parts_appears_only_when_it_is_complete() {
    on_every_store(async |store| {
        let path = Path::from("files/aa/body");
        let mut upload = WriteMultipart::new_with_chunk_size(store.put_multipart(&path).await.unwrap(), 1000);
        let body: Vec<u8> = (0..10_007u32).map(|n| n.to_le_bytes()[0]).collect();
        for piece in body.chunks(333) {
            upload.write(piece);
        }
        assert!(store::head(&store, &path).await.unwrap().is_none());

        upload.finish().await.unwrap();

        assert_eq!(store::get(&store, &path).await.unwrap().unwrap(), body);
        let mut aborted = store.put_multipart(&Path::from("files/aa/other")).await.unwrap();
        aborted.put_part(body.into()).await.unwrap();
        aborted.abort().await.unwrap();
        assert_eq!(names(&store, "files").await, ["files/aa/body"]);
        assert_eq!(names(&store, STAGING).await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn a_rename_replaces_and_a_careful_one_does_not() {
    on_every_store(async |store| {
        let (from, to) = (Path::from("x/from"), Path::from("y/z/to"));
        store::put(&store, &from, Bytes::from_static(b"new")).await.unwrap();
        store::put(&store, &to, Bytes::from_static(b"old")).await.unwrap();

        assert!(store.rename_if_not_exists(&from, &to).await.is_err());
        assert_eq!(store::get(&store, &to).await.unwrap().unwrap(), "old");
        store.rename(&from, &to).await.unwrap();

        assert_eq!(store::get(&store, &to).await.unwrap().unwrap(), "new");
        assert!(store::get(&store, &from).await.unwrap().is_none());
        store.copy(&to, &Path::from("new/folder/copy")).await.unwrap();
        assert_eq!(names(&store, "new").await, ["new/folder/copy"]);
    })
    .await;
}

#[tokio::test]
async fn listings_are_by_whole_folders_and_in_order() {
    on_every_store(async |store| {
        for path in ["o/Account/1", "o/Account/2", "o/AccountShare/1", "o/top"] {
            store::put(&store, &Path::from(path), Bytes::from_static(b"-")).await.unwrap();
        }

        assert_eq!(names(&store, "o/Account").await, ["o/Account/1", "o/Account/2"]);
        assert_eq!(store::folders(&store, &Path::from("o")).await.unwrap(), ["Account", "AccountShare"]);
        let files = store::files(&store, &Path::from("o")).await.unwrap();
        assert_eq!(files.len(), 1);
        assert!(store::is_empty(&store, &Path::from("nowhere")).await.unwrap());
        assert_eq!(store::folders(&store, &Path::from("nowhere")).await.unwrap(), [""; 0]);
        let after = store.list_with_offset(Some(&Path::from("o/Account")), &Path::from("o/Account/1"));
        assert_eq!(after.try_collect::<Vec<_>>().await.unwrap().len(), 1);
    })
    .await;
}

/// Storage that cannot be written is told as such, and what was there stays.
#[tokio::test]
async fn a_name_that_cannot_be_written_fails_and_leaves_nothing_staged() {
    let folder = tempfile::tempdir().unwrap();
    let store: Store = Arc::new(DurableLocal::new(folder.path()).unwrap());
    store::put(&store, &Path::from("taken"), Bytes::from_static(b"a file")).await.unwrap();

    let error = store::put(&store, &Path::from("taken/below"), Bytes::from_static(b"-")).await.unwrap_err();

    assert_eq!(error.to_string(), "could not write `taken/below`");
    assert_eq!(std::fs::read_dir(folder.path().join(STAGING)).unwrap().count(), 0);
    assert_eq!(store::get(&store, &Path::from("taken")).await.unwrap().unwrap(), "a file");
}
