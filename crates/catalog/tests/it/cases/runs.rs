//! Runs and their totals.

use holdfast_catalog::blocks::{self, Block};
use holdfast_catalog::runs::{self, RunTotals};
use holdfast_catalog::{BlockId, Failure, api_calls};
use holdfast_domain::manifest::{
    Counts, FileCounts, MANIFEST_FORMAT, Manifest, ObjectEntry, RunStatus, Trigger,
};
use holdfast_domain::{ErrorCode, OrgId, RunId};

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

pub(crate) async fn a_run_without_a_manifest_tells_what_its_blocks_stored(stand: Stand) {
    let (catalog, org) = stand.with_org().await;
    let db = catalog.db();
    for n in 1..=2 {
        runs::insert(db, &run_id(n), &org, Trigger::Backup, noon()).await.unwrap();
    }
    let unfinished = runs::list_unfinished(db, &org).await.unwrap();
    for (at, run, name) in [(1, 1, "Account"), (2, 1, "Account"), (3, 1, "Contact"), (4, 2, "Contact")] {
        blocks::insert(db, &block(&org, at, run_id(run), name)).await.unwrap();
    }
    let nothing_stored =
        Block { table_version: None, counts: Counts::default(), ..block(&org, 5, run_id(1), "Lead") };
    blocks::insert(db, &nothing_stored).await.unwrap();
    let failure = Failure { code: ErrorCode::LakeFull, message: "no space left".into() };

    let end = RunStatus::Failed;
    runs::finish(db, &run_id(1), end, minutes(2), 7, Some(&failure)).await.unwrap();

    let run = runs::get(db, &run_id(1)).await.unwrap().unwrap();
    let counts = Counts { new: 3, changed: 6, deleted: 9, undeleted: 12, unchanged: 15, bytes: 18 };
    let totals = RunTotals { objects: 2, counts, api_calls: 7, files: FileCounts::default() };
    assert_eq!((run.status, run.trigger, run.totals), (end, Trigger::Backup, totals));
    assert_eq!((run.started_at, run.finished_at, run.failure), (noon(), Some(minutes(2)), Some(failure)));
    assert_eq!((unfinished.len(), unfinished[0].finished_at), (2, None));
    assert_eq!(runs::list_unfinished(db, &org).await.unwrap().len(), 1);
    let missing = runs::finish(db, &run_id(9), end, noon(), 0, None).await.unwrap_err();
    assert_eq!(missing.code(), ErrorCode::NotFound);
}

fn block(org: &OrgId, at: i64, run: RunId, name: &str) -> Block {
    Block {
        id: BlockId::new(minutes(at)),
        org: org.clone(),
        object: object(name),
        run,
        way: "bulk".into(),
        window_from_us: None,
        window_until_us: None,
        table_version: Some(at),
        counts: COUNTS,
        started_at: minutes(at),
        finished_at: minutes(at),
        failure: None,
    }
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
        previous: None,
        trigger: Trigger::Backup,
        status: RunStatus::CompletedWithGaps,
        started_at: minutes(1),
        finished_at: minutes(2),
        api_calls: 7,
        names_every_object: true,
        missing_permissions: None,
        objects: [(object("Account"), entry.clone()), (object("Contact"), entry)].into(),
        files: totals().files,
    };

    let none = runs::newest_with_manifest(db, &org).await.unwrap();
    runs::insert_finished(db, &manifest).await.unwrap();
    runs::insert_finished(db, &manifest).await.unwrap();
    runs::insert(db, &run_id(2), &org, Trigger::Auto, noon()).await.unwrap();

    assert_eq!((none, runs::newest_with_manifest(db, &org).await.unwrap()), (None, Some(run_id(1))));
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

/// S-09
pub(crate) async fn a_run_that_goes_on_tells_how_far_it_is(stand: Stand) {
    let (catalog, org) = stand.with_org().await;
    let db = catalog.db();
    runs::insert(db, &run_id(1), &org, Trigger::Backup, noon()).await.unwrap();
    let counts = Counts { new: 10, changed: 2, bytes: 1000, ..Counts::default() };
    let files = FileCounts { stored: 3, bytes: 30, pending: 1, failed: 0 };

    runs::add_block(db, &run_id(1), counts, true).await.unwrap();
    runs::add_block(db, &run_id(1), counts, false).await.unwrap();
    runs::set_calls(db, &run_id(1), 7).await.unwrap();
    runs::set_files(db, &run_id(1), files).await.unwrap();

    let totals = runs::get(db, &run_id(1)).await.unwrap().unwrap().totals;
    assert_eq!((totals.counts.versions(), totals.counts.bytes), (24, 2000));
    assert_eq!((totals.objects, totals.api_calls, totals.files), (1, 7, files));
    runs::finish(db, &run_id(1), RunStatus::Interrupted, minutes(1), 8, None).await.unwrap();
    runs::add_block(db, &run_id(1), counts, true).await.unwrap();
    runs::set_calls(db, &run_id(1), 9).await.unwrap();
    let ended = runs::get(db, &run_id(1)).await.unwrap().unwrap().totals;
    assert_eq!(
        (ended.counts.versions(), ended.api_calls),
        (0, 8),
        "it has ended: its blocks tell, and there are none"
    );
}

/// S-38
pub(crate) async fn api_calls_are_added_up_by_day_and_by_the_quarter_of_an_hour(stand: Stand) {
    let (catalog, org) = stand.with_org().await;
    let db = catalog.db();
    for (calls, at) in [(5, minutes(0)), (7, minutes(1)), (11, minutes(20)), (100, minutes(60 * 24))] {
        api_calls::add(db, &org, calls, at).await.unwrap();
    }

    assert_eq!(api_calls::since(db, &org, minutes(14)).await.unwrap(), 123, "all of the quarter of an hour");
    assert_eq!(api_calls::since(db, &org, minutes(15)).await.unwrap(), 111);
    let days = api_calls::days(db, &org, minutes(-600)).await.unwrap();
    assert_eq!(days.iter().map(|(_, calls)| *calls).collect::<Vec<_>>(), [23, 100]);
}
