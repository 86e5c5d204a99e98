//! The lake itself and the small documents of an Org.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use holdfast_domain::manifest::{FileCounts, Manifest, ObjectEntry, RunStatus, Trigger};
use holdfast_domain::{ErrorCode, RunId, SchemaHash};
use holdfast_lake::store::DurableLocal;
use holdfast_lake::{Error, Lake, LakeLocation, LakeOptions};

use crate::tables::{DESCRIBE, TableUnderTest, account, later, org_id, org_in};

pub(crate) fn manifest(run: &str, version: Option<i64>, schema: Option<SchemaHash>) -> Manifest {
    let entry = ObjectEntry { table_version: version, schema, ..ObjectEntry::default() };
    Manifest {
        format: 1,
        run: run.parse().unwrap(),
        org: org_id(),
        previous: None,
        trigger: Trigger::Backup,
        status: RunStatus::Completed,
        started_at: "2026-01-02T03:04:05Z".parse().unwrap(),
        finished_at: "2026-01-02T03:05:05Z".parse().unwrap(),
        api_calls: 7,
        names_every_object: true,
        missing_permissions: None,
        objects: BTreeMap::from([(account(), entry)]),
        files: FileCounts::default(),
    }
}

pub(crate) const FIRST: &str = "01990000-0000-7000-8000-000000000001";
pub(crate) const SECOND: &str = "01990000-0000-7000-8000-000000000002";

#[tokio::test]
async fn a_lake_is_made_in_an_empty_place_and_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let location = LakeLocation::Local(folder.path().join("data/lake"));

    let lake = Lake::open(&location, LakeOptions::default()).await.unwrap();

    let document = fs::read_to_string(folder.path().join("data/lake/holdfast.json")).unwrap();
    assert_eq!(document, format!("{{\n  \"format\": 1,\n  \"id\": \"{}\"\n}}\n", lake.id()));
    let again = Lake::open(&location, LakeOptions::default()).await.unwrap();
    assert_eq!(again.id(), lake.id());
    assert_ne!(Lake::in_memory().id(), lake.id());
}

/// A place that is no lake is left as it is, and the message says why.
#[tokio::test]
async fn other_places_are_not_taken_for_a_lake() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("photo.jpg"), "x").unwrap();
    let occupied = LakeLocation::Local(folder.path().into());
    let absent = LakeLocation::Local(folder.path().join("absent"));
    let a_file = LakeLocation::Local(folder.path().join("photo.jpg"));

    let error = Lake::open(&occupied, LakeOptions::default()).await.unwrap_err();
    assert!(error.to_string().ends_with("holds other things than a lake: `photo.jpg`"), "{error}");
    assert_eq!(error.code(), ErrorCode::BadInput);
    let error = Lake::open_existing(&absent, LakeOptions::default()).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::NotFound);
    assert!(!folder.path().join("absent").exists());
    let error = Lake::open(&a_file, LakeOptions::default()).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::LakeUnreachable);
    assert!(!folder.path().join("holdfast.json").exists());
}

/// A lake of a newer format is refused before anything in it is touched.
#[tokio::test]
async fn a_lake_of_a_newer_format_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("holdfast.json"), r#"{"format": 2, "identity": {"new": "shape"}}"#).unwrap();
    let location = LakeLocation::Local(folder.path().into());

    for error in [
        Lake::open(&location, LakeOptions::default()).await.unwrap_err(),
        Lake::open_existing(&location, LakeOptions::default()).await.unwrap_err(),
    ] {
        assert_eq!(error.to_string(), "`holdfast.json` has format 2, and this version reads up to 1");
        assert_eq!(error.code(), ErrorCode::LakeTooNew);
    }
    fs::write(folder.path().join("holdfast.json"), "{\"for").unwrap();
    let error = Lake::open(&location, LakeOptions::default()).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::LakeDamaged);
}

#[tokio::test]
async fn two_processes_that_make_one_lake_agree_on_its_id() {
    let folder = tempfile::tempdir().unwrap();
    let tries: Vec<_> = (0..8)
        .map(|_| {
            let location = LakeLocation::Local(folder.path().join("lake"));
            tokio::spawn(async move {
                Lake::open(&location, LakeOptions::default()).await.unwrap().id().to_owned()
            })
        })
        .collect();
    let mut ids = Vec::new();
    for attempt in tries {
        ids.push(attempt.await.unwrap());
    }

    ids.dedup();
    assert_eq!(ids.len(), 1);
}

#[tokio::test]
async fn orgs_and_objects_are_those_that_have_something() {
    let lake = Lake::in_memory();
    assert_eq!(lake.orgs().await.unwrap(), []);

    let org = org_in(&lake).await;
    assert_eq!(org.objects().await.unwrap(), []);
    let mut table = TableUnderTest::of(&org);
    table.data_file(&["001A"]).await;
    assert_eq!(org.objects().await.unwrap(), [], "an orphan makes no table");
    table.append(&["001A"]).await.unwrap();

    assert_eq!(org.objects().await.unwrap(), [account()]);
    let orgs = lake.orgs().await.unwrap();
    assert_eq!(orgs.iter().map(|org| org.name.as_str()).collect::<Vec<_>>(), ["Acme"]);
}

#[tokio::test]
async fn describes_are_kept_once_and_byte_for_byte() {
    let org = org_in(&Lake::in_memory()).await;

    let hash = org.put_schema(&account(), DESCRIBE).await.unwrap();
    let other = org.put_schema(&account(), b"{}").await.unwrap();

    assert_eq!(hash, SchemaHash::of(DESCRIBE));
    assert_eq!(org.schema(&account(), &hash).await.unwrap().unwrap(), DESCRIBE);
    let mut found = org.schemas(&account()).await.unwrap();
    found.sort();
    let mut expected = vec![hash.clone(), other];
    expected.sort();
    assert_eq!(found, expected);
    assert!(org.schema(&"Contact".parse().unwrap(), &hash).await.unwrap().is_none());
}

#[tokio::test]
async fn manifests_are_listed_by_time_and_never_changed() {
    let org = org_in(&Lake::in_memory()).await;
    let (first, second) = (manifest(FIRST, Some(3), None), manifest(SECOND, None, None));

    org.put_manifest(&second).await.unwrap();
    org.put_manifest(&first).await.unwrap();
    org.put_manifest(&first).await.unwrap();
    let changed = org.put_manifest(&manifest(FIRST, Some(4), None)).await;

    assert!(matches!(changed, Err(Error::Damaged { .. })));
    assert_eq!(org.manifests().await.unwrap(), [first.run.clone(), second.run]);
    assert_eq!(org.manifest(&first.run).await.unwrap(), first);
    let absent: RunId = "01990000-0000-7000-8000-000000000003".parse().unwrap();
    assert_eq!(org.manifest(&absent).await.unwrap_err().code(), ErrorCode::NotFound);
}

#[tokio::test]
async fn staged_files_of_the_dead_are_cleaned_after_the_grace() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(DurableLocal::new(folder.path()).unwrap());
    let lake = Lake::with_store(store, "test", LakeOptions::default()).await.unwrap();
    fs::write(folder.path().join("staging/left"), "half a bo").unwrap();

    let grace = holdfast_lake::delta::Grace::default();
    assert_eq!(lake.clean_staging(later(), grace).await.unwrap(), 0);
    assert_eq!(lake.clean_staging(later() + grace.orphans, grace).await.unwrap(), 1);
    assert!(!folder.path().join("staging/left").exists());
}
