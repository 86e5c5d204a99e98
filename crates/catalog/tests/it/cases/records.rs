//! Blocks, errors, Bulk jobs and settings.

use holdfast_catalog::blocks::{self, Block};
use holdfast_catalog::bulk_jobs::{self, BulkJob};
use holdfast_catalog::errors::{self, RecordedError};
use holdfast_catalog::{BlockId, ErrorId, Failure, runs, settings};
use holdfast_domain::ErrorCode;
use holdfast_domain::manifest::{Counts, Trigger};

use crate::stand::{Stand, minutes, noon, object, run_id};

/// G-32, G-33.
pub(crate) async fn the_timeline_shows_blocks_and_failures_newest_first(stand: Stand) {
    let (catalog, org) = stand.with_org().await;
    let db = catalog.db();
    runs::insert(db, &run_id(1), &org, Trigger::Auto, noon()).await.unwrap();
    let block = |at: i64, failure: Option<Failure>| Block {
        id: BlockId::new(minutes(at)),
        org: org.clone(),
        object: object("Account"),
        run: run_id(1),
        way: "rest".into(),
        window_from_us: None,
        window_until_us: Some(1_700_000_000_000_000),
        table_version: failure.is_none().then_some(3),
        counts: Counts { new: 5, bytes: 700, ..Counts::default() },
        started_at: minutes(at),
        finished_at: minutes(at + 1),
        failure,
    };
    let failure = Failure { code: ErrorCode::OrgBusy, message: "UNABLE_TO_LOCK_ROW".into() };
    let (older, newer) = (block(1, Some(failure)), block(2, None));
    let other = Block { object: object("Contact"), ..block(3, None) };
    for block in [&newer, &other, &older] {
        blocks::insert(db, block).await.unwrap();
    }

    let timeline = blocks::list_for_object(db, &org, &object("Account"), None, 10).await.unwrap();
    let of_org = blocks::list_for_org(db, &org, None, 10).await.unwrap();
    let rest_of_org = blocks::list_for_org(db, &org, Some(newer.id), 10).await.unwrap();
    let rest = blocks::list_for_object(db, &org, &object("Account"), Some(newer.id), 10).await.unwrap();
    let of_run = blocks::list_for_run(db, &run_id(1), None, 2).await.unwrap();

    assert_eq!(timeline, [newer.clone(), older.clone()]);
    assert_eq!(rest, std::slice::from_ref(&older));
    assert_eq!(of_org, [other.clone(), newer.clone(), older.clone()]);
    assert_eq!(rest_of_org, [older]);
    assert_eq!(of_run, [other, newer]);
}

/// G-34.
pub(crate) async fn errors_are_open_until_what_they_name_works_again(stand: Stand) {
    let (catalog, org) = stand.with_org().await;
    let db = catalog.db();
    runs::insert(db, &run_id(1), &org, Trigger::Auto, noon()).await.unwrap();
    let error = |at: i64, name: Option<&str>| RecordedError {
        id: ErrorId::new(minutes(at)),
        org: org.clone(),
        object: name.map(object),
        run: name.map(|_| run_id(1)),
        code: ErrorCode::RequestRefused,
        message: "MALFORMED_QUERY".into(),
        at: minutes(at),
        resolved_at: None,
    };
    let (whole_org, account, contact) =
        (error(1, None), error(2, Some("Account")), error(3, Some("Contact")));
    for error in [&whole_org, &account, &contact] {
        errors::insert(db, error).await.unwrap();
    }

    let of_run = errors::list_for_run(db, &run_id(1)).await.unwrap();
    let resolved = errors::resolve(db, &org, Some(&object("Account")), minutes(9)).await.unwrap();
    let open = errors::list_open(db, &org, 10).await.unwrap();
    errors::resolve(db, &org, None, minutes(9)).await.unwrap();

    assert_eq!(of_run, [account, contact.clone()]);
    assert_eq!(resolved, 1);
    assert_eq!(open, [contact.clone(), whole_org]);
    assert_eq!(errors::list_open(db, &org, 10).await.unwrap(), [contact]);
}

pub(crate) async fn bulk_jobs_under_way_are_listed_until_removed(stand: Stand) {
    let (catalog, org) = stand.with_org().await;
    let db = catalog.db();
    let job = BulkJob {
        org: org.clone(),
        job: "750xx000000005LAAQ".into(),
        object: object("Account"),
        soql: "SELECT Id FROM Account WHERE Name = 'O\\'Neil'".into(),
        window_from_us: Some(-1),
        window_until_us: None,
        created_at: noon(),
    };
    bulk_jobs::insert(db, &job).await.unwrap();

    assert_eq!(bulk_jobs::list(db, &org).await.unwrap(), vec![job.clone()]);
    bulk_jobs::remove(db, &org, &job.job).await.unwrap();
    bulk_jobs::remove(db, &org, &job.job).await.unwrap();
    assert!(bulk_jobs::list(db, &org).await.unwrap().is_empty());
}

pub(crate) async fn settings_hold_the_last_value(stand: Stand) {
    let catalog = stand.open().await;

    settings::set(catalog.db(), "paused", "false", noon()).await.unwrap();
    settings::set(catalog.db(), "paused", "true", minutes(1)).await.unwrap();

    assert_eq!(settings::get(catalog.db(), "paused").await.unwrap().as_deref(), Some("true"));
    assert_eq!(settings::get(catalog.db(), "other").await.unwrap(), None);
}
