//! Blocks, errors, Bulk jobs, files and settings.

use holdfast_catalog::blocks::{self, Block};
use holdfast_catalog::bulk_jobs::{self, BulkJob};
use holdfast_catalog::errors::{self, RecordedError};
use holdfast_catalog::files::{self, FileBody, FileState};
use holdfast_catalog::{BlockId, Catalog, ErrorId, Failure, runs, settings};
use holdfast_domain::manifest::{Counts, FileCounts, Trigger};
use holdfast_domain::{BlobHash, ErrorCode, OrgId, RecordId};

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
    let rest = blocks::list_for_object(db, &org, &object("Account"), Some(newer.id), 10).await.unwrap();
    let of_run = blocks::list_for_run(db, &run_id(1), None, 2).await.unwrap();

    assert_eq!(timeline, [newer.clone(), older.clone()]);
    assert_eq!(rest, [older]);
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

fn body(org: &OrgId, n: u32, stamp: &str) -> FileBody {
    FileBody {
        org: org.clone(),
        object: object("ContentVersion"),
        record: RecordId::parse(&format!("068xx00000{n:05}")).unwrap(),
        field: "VersionData".into(),
        stamp: stamp.into(),
        path: format!("/services/data/v67.0/sobjects/ContentVersion/068xx00000{n:05}/VersionData"),
        size_bytes: Some(100),
    }
}

async fn enqueue(catalog: &Catalog, bodies: &[FileBody]) -> u64 {
    let mut transaction = catalog.begin().await.unwrap();
    let added = files::enqueue(&mut transaction, bodies, noon()).await.unwrap();
    transaction.commit().await.unwrap();
    added
}

fn hash(of: &str) -> BlobHash {
    BlobHash::parse(&of.repeat(64)).unwrap()
}

pub(crate) async fn files_are_fetched_once_each_and_counted(stand: Stand) {
    let (catalog, org) = stand.with_org().await;
    let db = catalog.db();
    let bodies: Vec<_> = (0..3).map(|n| body(&org, n, "a")).collect();

    let added = enqueue(&catalog, &bodies).await;
    let again = enqueue(&catalog, &bodies).await;
    let first = files::claim_due(db, &org, "me", minutes(5), noon()).await.unwrap().unwrap();
    let second = files::claim_due(db, &org, "other", minutes(5), noon()).await.unwrap().unwrap();
    let is_noted = files::stored(db, &first.body, &hash("a"), 120).await.unwrap();
    let refused = Failure { code: ErrorCode::NotFound, message: "gone".into() };
    files::failed(db, &second.body, "other", &refused, None).await.unwrap();

    assert_eq!((added, again, is_noted), (3, 0, true));
    assert_eq!((first.body.clone(), first.attempts), (bodies[0].clone(), 1));
    assert_eq!(second.body, bodies[1]);
    let stored = files::get(db, &org, &first.body.record, "VersionData").await.unwrap().unwrap();
    assert_eq!(
        (stored.state, stored.hash, stored.body.size_bytes),
        (FileState::Stored, Some(hash("a")), Some(120))
    );
    let counts = files::counts(db, &org).await.unwrap();
    assert_eq!(counts, FileCounts { stored: 1, bytes: 120, pending: 1, failed: 1 });
}

pub(crate) async fn a_newer_body_is_fetched_although_the_older_one_is_under_way(stand: Stand) {
    let (catalog, org) = stand.with_org().await;
    let db = catalog.db();
    enqueue(&catalog, &[body(&org, 1, "old")]).await;
    let old = files::claim_due(db, &org, "me", minutes(5), noon()).await.unwrap().unwrap();

    enqueue(&catalog, &[body(&org, 1, "new")]).await;
    let is_wanted = files::stored(db, &old.body, &hash("a"), 120).await.unwrap();
    let new = files::claim_due(db, &org, "me", minutes(5), noon()).await.unwrap().unwrap();

    assert!(!is_wanted);
    assert_eq!((new.body.stamp.as_str(), new.state, new.hash), ("new", FileState::Pending, None));
}

pub(crate) async fn a_failed_file_waits_for_its_time_or_for_a_person(stand: Stand) {
    let (catalog, org) = stand.with_org().await;
    let db = catalog.db();
    enqueue(&catalog, &[body(&org, 1, "a")]).await;
    let failure = Failure { code: ErrorCode::OrgBusy, message: "busy".into() };
    let claim = |owner: &'static str, at: i64| {
        files::claim_due(catalog.db(), &org, owner, minutes(at + 5), minutes(at))
    };

    let first = claim("dies", 0).await.unwrap().unwrap();
    let during = claim("other", 1).await.unwrap();
    let taken_over = claim("other", 5).await.unwrap().unwrap();
    files::failed(db, &first.body, "dies", &failure, None).await.unwrap();
    files::failed(db, &first.body, "other", &failure, Some(minutes(20))).await.unwrap();
    let too_early = claim("other", 19).await.unwrap();
    let next_due = files::next_due(db, &org).await.unwrap();
    let in_time = claim("other", 20).await.unwrap().unwrap();
    files::failed(db, &first.body, "other", &failure, None).await.unwrap();
    let given_up = (claim("other", 90).await.unwrap(), files::next_due(db, &org).await.unwrap());
    files::retry_failed(db, &org, minutes(91)).await.unwrap();
    let asked_for = claim("other", 91).await.unwrap().unwrap();

    assert_eq!((during, too_early, given_up), (None, None, (None, None)));
    assert_eq!((taken_over.attempts, next_due), (2, Some(minutes(20))));
    assert_eq!((in_time.failure, asked_for.attempts), (Some(failure), 1));
}

pub(crate) async fn settings_hold_the_last_value(stand: Stand) {
    let catalog = stand.open().await;

    settings::set(catalog.db(), "paused", "false", noon()).await.unwrap();
    settings::set(catalog.db(), "paused", "true", minutes(1)).await.unwrap();

    assert_eq!(settings::get(catalog.db(), "paused").await.unwrap().as_deref(), Some("true"));
    assert_eq!(settings::get(catalog.db(), "other").await.unwrap(), None);
}
