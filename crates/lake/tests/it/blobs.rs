//! Bodies of files.

use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use holdfast_domain::BlobHash;
use holdfast_lake::check::CheckOptions;
use holdfast_lake::delta::Grace;
use holdfast_lake::store::DurableLocal;
use holdfast_lake::{Blobs, Error, Lake, LakeOptions};
use object_store::ObjectStore;

use crate::tables::{later, org_in};

type Piece = Result<Bytes, std::io::Error>;

fn body(size: usize) -> Vec<u8> {
    (0..size).map(|n| (n.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0]).collect()
}

fn pieces(body: &[u8]) -> impl Stream<Item = Piece> + Send + use<> {
    let pieces: Vec<_> = body.chunks(70_001).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    stream::iter(pieces)
}

async fn content(blobs: &Blobs, hash: &BlobHash) -> Vec<u8> {
    let body = blobs.get(hash).await.unwrap();
    let pieces: Vec<Bytes> = body.bytes.try_collect().await.unwrap();
    let content = pieces.concat();
    assert_eq!(body.size, content.len() as u64);
    content
}

async fn lakes() -> (tempfile::TempDir, [Lake; 2]) {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(DurableLocal::new(folder.path()).unwrap());
    let local = Lake::with_store(store, "test", LakeOptions::default()).await.unwrap();
    (folder, [Lake::in_memory(), local])
}

/// a body comes back byte for byte, and is stored once however often it comes.
#[tokio::test]
async fn a_body_of_any_size_comes_back_and_is_kept_once() {
    let (_folder, lakes) = lakes().await;
    for lake in lakes {
        let blobs = org_in(&lake).await.blobs();
        for size in [0, 1, 70_001, 8 << 20, (8 << 20) + 1, 30_000_000] {
            let body = body(size);

            let written = blobs.put(pieces(&body)).await.unwrap();
            let again = blobs.put(pieces(&body)).await.unwrap();

            assert_eq!(written.hash, blake3::hash(&body).into());
            assert_eq!((written.size, written.was_there), (size as u64, false));
            assert_eq!((again.size, again.was_there, &again.hash), (size as u64, true, &written.hash));
            assert_eq!(blobs.size(&written.hash).await.unwrap(), Some(size as u64));
            assert!(content(&blobs, &written.hash).await == body, "{size} bytes");
        }
        let report = lake.check(CheckOptions { read_data: true }, &mut |_| {}).await.unwrap();
        assert_eq!((report.damage, report.left_over, report.counts.blobs), (vec![], vec![], 6));
    }
}

#[tokio::test]
async fn a_body_that_is_cut_off_is_not_stored_and_its_error_comes_back() {
    let (_folder, lakes) = lakes().await;
    for lake in lakes {
        let blobs = org_in(&lake).await.blobs();
        for size in [100, 20_000_000] {
            let broken = stream::iter([Err(std::io::Error::other("connection lost"))]);
            let error = blobs.put(pieces(&body(size)).chain(broken)).await.unwrap_err();

            let Error::BodyCutOff { source } = error else { panic!("{error}") };
            assert_eq!(source.downcast_ref::<std::io::Error>().unwrap().to_string(), "connection lost");
            assert!(!blobs.contains(&blake3::hash(&body(size)).into()).await.unwrap());
        }
        let left: Vec<_> =
            lake.store().list(None).map_ok(|meta| meta.location.to_string()).try_collect().await.unwrap();
        assert!(!left.iter().any(|path| path.contains("/files/") || path.contains("staging")), "{left:?}");
    }
}

/// A half-written body under its final name can only come from outside; it is written anew.
#[tokio::test]
async fn a_body_of_the_wrong_size_is_replaced() {
    let (folder, [_, lake]) = lakes().await;
    let blobs = org_in(&lake).await.blobs();
    let body = body(1000);
    let hash = blobs.put(pieces(&body)).await.unwrap().hash;
    let path = folder.path().join(format!("orgs/00Dxx0000001gPLEAY/files/{}/{hash}", &hash.as_str()[..2]));
    std::fs::write(&path, "short").unwrap();

    let again = blobs.put(pieces(&body)).await.unwrap();

    assert!(!again.was_there);
    assert_eq!(content(&blobs, &hash).await, body);
}

#[tokio::test]
async fn uploads_of_the_dead_are_cleaned_after_the_grace() {
    let (folder, [_, lake]) = lakes().await;
    let blobs = org_in(&lake).await.blobs();
    let left = folder.path().join("orgs/00Dxx0000001gPLEAY/files/temporary/x");
    std::fs::create_dir_all(left.parent().unwrap()).unwrap();
    std::fs::write(&left, "half").unwrap();

    let report = lake.check(CheckOptions::default(), &mut |_| {}).await.unwrap();
    assert_eq!((report.is_whole(), report.left_over.len()), (true, 1));
    assert_eq!(blobs.clean(later(), Grace::default()).await.unwrap(), 0);
    assert_eq!(blobs.clean(later(), Grace::NONE).await.unwrap(), 1);
    assert!(!left.exists());
}
