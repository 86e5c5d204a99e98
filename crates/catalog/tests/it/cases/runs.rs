//! Runs and their totals.

use holdfast_catalog::Failure;
use holdfast_catalog::runs::{self, RunTotals};
use holdfast_domain::ErrorCode;
use holdfast_domain::manifest::{
    Counts, FileCounts, MANIFEST_FORMAT, Manifest, ObjectEntry, RunStatus, Trigger,
};

use crate::stand::{Stand, minutes, noon, object, run_id};

const COUNTS: Counts = Counts { new: 1, changed: 2, deleted: 3, undeleted: 4, unchanged: 5, bytes: 6 };

fn totals() -> RunTotals {
    let files = FileCounts { stored: 8, bytes: 9, pending: 10, failed: 11 };
    RunTotals { objects: 12, counts: COUNTS, api_calls: 7, files }
}

pub(crate) async fn a_run_is_listed_newest_first_page_by_page(stand: Stand) {
    let (catalog, org) = stand.with_org().await;
    for n in [2, 1, 3] {
        runs::insert(catalog.db(), &run_id(n), &org, Trigger::Auto, noon()).await.unwrap();
    }

    let first_page = runs::list_for_org(catalog.db(), &org, None, 2).await.unwrap();
    let before = &first_page[1].id;
    let second_page = runs::list_for_org(catalog.db(), &org, Some(before), 2).await.unwrap();

    let ids: Vec<_> = first_page.iter().chain(&second_page).map(|run| run.id.clone()).collect();
    assert_eq!(ids, [run_id(3), run_id(2), run_id(1)]);
    let twice = runs::insert(catalog.db(), &run_id(1), &org, Trigger::Auto, noon()).await.unwrap_err();
    assert_eq!(twice.code(), ErrorCode::AlreadyExists);
}

pub(crate) async fn a_finished_run_tells_its_totals(stand: Stand) {
    let (catalog, org) = stand.with_org().await;
    let db = catalog.db();
    runs::insert(db, &run_id(1), &org, Trigger::Backup, noon()).await.unwrap();
    let unfinished = runs::list_unfinished(db, &org).await.unwrap();
    let failure = Failure { code: ErrorCode::LakeFull, message: "no space left".into() };

    let end = RunStatus::Failed;
    runs::finish(db, &run_id(1), end, minutes(2), &totals(), Some(&failure)).await.unwrap();

    let run = runs::get(db, &run_id(1)).await.unwrap().unwrap();
    assert_eq!((run.status, run.trigger, run.totals), (end, Trigger::Backup, totals()));
    assert_eq!((run.started_at, run.finished_at, run.failure), (noon(), Some(minutes(2)), Some(failure)));
    assert_eq!((unfinished.len(), unfinished[0].finished_at), (1, None));
    assert!(runs::list_unfinished(db, &org).await.unwrap().is_empty());
    let missing = runs::finish(db, &run_id(9), end, noon(), &totals(), None).await.unwrap_err();
    assert_eq!(missing.code(), ErrorCode::NotFound);
}

pub(crate) async fn a_manifest_is_put_back_over_what_is_held(stand: Stand) {
    let (catalog, org) = stand.with_org().await;
    let db = catalog.db();
    runs::insert(db, &run_id(1), &org, Trigger::Auto, noon()).await.unwrap();
    let entry = ObjectEntry { counts: COUNTS, ..ObjectEntry::default() };
    let manifest = Manifest {
        format: MANIFEST_FORMAT,
        run: run_id(1),
        org: org.clone(),
        trigger: Trigger::Backup,
        status: RunStatus::CompletedWithGaps,
        started_at: minutes(1),
        finished_at: minutes(2),
        api_calls: 7,
        names_every_object: true,
        objects: [(object("Account"), entry.clone()), (object("Contact"), entry)].into(),
        files: totals().files,
    };

    runs::insert_finished(db, &manifest).await.unwrap();
    runs::insert_finished(db, &manifest).await.unwrap();

    let run = runs::get(db, &run_id(1)).await.unwrap().unwrap();
    assert_eq!((run.status, run.trigger), (manifest.status, manifest.trigger));
    assert_eq!((run.started_at, run.finished_at), (minutes(1), Some(minutes(2))));
    let expected = RunTotals { objects: 2, counts: manifest.totals(), ..totals() };
    assert_eq!(run.totals, expected);
}

pub(crate) async fn a_run_is_found_by_the_beginning_of_its_id_and_forgotten(stand: Stand) {
    let (catalog, org) = stand.with_org().await;
    let db = catalog.db();
    for n in 1..=3 {
        runs::insert(db, &run_id(n), &org, Trigger::Auto, noon()).await.unwrap();
    }

    let one = runs::find(db, &run_id(2).as_str().to_uppercase()).await.unwrap();
    let several = runs::find(db, "019570a0").await.unwrap();
    let none = (runs::find(db, "%").await.unwrap(), runs::find(db, "").await.unwrap());
    runs::remove(db, &run_id(2)).await.unwrap();

    assert_eq!(one.iter().map(|run| run.id.clone()).collect::<Vec<_>>(), [run_id(2)]);
    assert_eq!((several.len(), none), (2, (vec![], vec![])));
    assert_eq!(runs::get(db, &run_id(2)).await.unwrap(), None);
}
