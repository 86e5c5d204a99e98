//! The process dies just before each durable step in turn: what is found then is the old state or the new one.

use std::sync::Arc;

use bytes::Bytes;
use futures::stream;
use holdfast_lake::check::CheckOptions;
use holdfast_lake::delta::{Grace, LogOptions};
use holdfast_lake::store::{DurableLocal, Store};
use holdfast_lake::{Error, Lake, LakeLocation, LakeOptions, Step, StepHook};

use crate::tables::{DESCRIBE, TableUnderTest, account, org_in, seen};

fn crash_at(step: Step, nth: usize) -> StepHook {
    StepHook::at(&format!("{}:{nth}", step.as_str()), || {}).unwrap()
}

fn options(hook: StepHook) -> LakeOptions {
    let log = LogOptions { checkpoint_every: 3, grace: Grace::NONE, ..LogOptions::default() };
    LakeOptions { log, hook, ..LakeOptions::default() }
}

async fn open(folder: &tempfile::TempDir, hook: StepHook) -> Lake {
    let store: Store = Arc::new(DurableLocal::new(folder.path()).unwrap());
    Lake::with_store(store, "test", options(hook)).await.unwrap()
}

async fn is_whole(lake: &Lake) {
    let report = lake.check(CheckOptions { read_data: true }, &mut |_| {}).await.unwrap();
    assert_eq!(report.damage, []);
}

/// G-26: each commit is there or is not, also when checkpoint and cleaning are cut off after it.
#[tokio::test]
async fn a_commit_cut_off_at_any_step_is_there_or_is_not() {
    let steps = [Step::Commit, Step::Committed, Step::Checkpoint, Step::LastCheckpoint, Step::CleanLog];
    for (step, nth) in steps.into_iter().flat_map(|step| (1..=3).map(move |nth| (step, nth))) {
        let folder = tempfile::tempdir().unwrap();
        let lake = open(&folder, crash_at(step, nth)).await;
        let mut table = TableUnderTest::of(&org_in(&lake).await);
        let mut old = None;
        let crash = loop {
            old = table.state.as_ref().map(seen).or(old);
            match table.append(&["001A", "001B"]).await {
                Ok(()) => assert!(table.version() < 40, "{} never came", step.as_str()),
                Err(crash) => break crash,
            }
        };
        assert!(matches!(crash, Error::StoppedAt { .. }), "{crash}");

        let lake = open(&folder, StepHook::default()).await;
        is_whole(&lake).await;
        let mut again = TableUnderTest::of(&org_in(&lake).await);
        let found = again.log.load().await.unwrap();
        let old_version = old.as_ref().map_or(-1, |old| old.0);
        let found_version = found.as_ref().map_or(-1, |found| found.version);
        let expected = if step == Step::Commit { old_version } else { old_version + 1 };
        assert_eq!(found_version, expected, "{} {nth}", step.as_str());
        if step == Step::Commit {
            assert_eq!(found.as_ref().map(seen), old);
        }

        again.state = found;
        for _ in 0..7 {
            again.append(&["001C"]).await.unwrap();
        }
        assert_eq!(again.reload().await.version, found_version + 7);
        is_whole(&lake).await;
    }
}

#[tokio::test]
async fn documents_cut_off_before_they_are_durable_are_not_there() {
    for step in [Step::OrgDocument, Step::Describe, Step::BlobPlace] {
        let folder = tempfile::tempdir().unwrap();
        let lake = open(&folder, StepHook::default()).await;
        let org =
            if step == Step::OrgDocument { lake.org(&crate::tables::org_id()) } else { org_in(&lake).await };
        let crashing = open(&folder, crash_at(step, 1)).await.org(org.id());
        let other = [DESCRIBE, b"\n"].concat();
        let body = vec![7; 20_000_000];
        let parts =
            stream::iter(body.chunks(1_000_000).map(|part| Ok::<_, Error>(Bytes::copy_from_slice(part))));

        let outcome = match step {
            Step::OrgDocument => {
                let document = serde_json::from_value(serde_json::json!({
                    "format": 1, "id": org.id(), "name": "n", "instance_url": "u", "connected_at": "2026-01-01T00:00:00Z"
                }));
                crashing.put_org_document(&document.unwrap()).await
            }
            Step::Describe => crashing.put_schema(&account(), &other).await.map(drop),
            _ => crashing.blobs().put(parts).await.map(drop),
        };

        assert!(matches!(outcome, Err(Error::StoppedAt { .. })));
        assert_eq!(org.org_document().await.unwrap().is_none(), step == Step::OrgDocument);
        assert_eq!(org.schemas(&account()).await.unwrap().len(), usize::from(step != Step::OrgDocument));
        let hash = blake3::hash(&body).into();
        assert!(!org.blobs().contains(&hash).await.unwrap());
    }
}

#[tokio::test]
async fn a_lake_that_was_not_finished_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let location = LakeLocation::Local(folder.path().join("lake"));
    let crash = Lake::open(&location, options(crash_at(Step::LakeDocument, 1))).await.unwrap_err();
    assert!(matches!(crash, Error::StoppedAt { .. }));
    assert!(matches!(
        Lake::open_existing(&location, LakeOptions::default()).await,
        Err(Error::NoLake { .. })
    ));

    let lake = Lake::open(&location, LakeOptions::default()).await.unwrap();

    let again = Lake::open_existing(&location, LakeOptions::default()).await.unwrap();
    assert_eq!(lake.id(), again.id());
}
