//! The state of each Object.

use holdfast_catalog::objects::{self, Captured, Kept, ObjectState, Phase, SeenObject};
use holdfast_catalog::{Catalog, Failure, object_lists};
use holdfast_domain::capture::method::CaptureMethod;
use holdfast_domain::{ErrorCode, OrgId, SchemaHash};

use crate::stand::{Stand, minutes, noon, object};

async fn see(catalog: &Catalog, org: &OrgId, name: &str, at_minute: i64) {
    let method = CaptureMethod::Windows { stamp: "SystemModstamp".into() };
    let seen =
        SeenObject { name: &object(name), method: Some(&method), schema: None, describe_last_modified: None };
    objects::upsert_seen(catalog.db(), org, &seen, minutes(at_minute)).await.unwrap();
}

async fn get(catalog: &Catalog, org: &OrgId, name: &str) -> ObjectState {
    objects::get(catalog.db(), org, &object(name)).await.unwrap().unwrap()
}

/// G-12, G-24.
pub(crate) async fn an_object_starts_waiting_and_keeps_its_progress_when_seen_again(stand: Stand) {
    let (catalog, org) = stand.with_org().await;
    let (account, db) = (object("Account"), catalog.db());
    see(&catalog, &org, "Zebra__c", 0).await;
    see(&catalog, &org, "Account", 0).await;
    let fresh = get(&catalog, &org, "Account").await;

    objects::set_phase(db, &org, &account, Phase::FirstCapture, Some("not kept")).await.unwrap();
    let captured = Captured {
        at: minutes(3),
        watermark_us: Some(1_700_000_000_000_000),
        kept: Kept { live_records: 20_000, versions: 30_000, bytes: 7 },
        remaining_records: Some(5),
    };
    objects::record_success(db, &org, &account, captured).await.unwrap();
    let hash = SchemaHash::of(b"{}");
    let whole = CaptureMethod::Whole;
    let modified = Some("Sun, 01 Mar 2026 12:00:00 GMT");
    let seen = SeenObject {
        name: &account,
        method: Some(&whole),
        schema: Some(&hash),
        describe_last_modified: modified,
    };
    objects::upsert_seen(db, &org, &seen, minutes(4)).await.unwrap();
    see(&catalog, &org, "Account", 5).await;

    assert_eq!((fresh.phase, fresh.watermark_us, fresh.trouble), (Phase::Waiting, None, None));
    let account = get(&catalog, &org, "Account").await;
    assert_eq!((account.phase, account.stopped_reason), (Phase::FirstCapture, None));
    assert_eq!(account.watermark_us, captured.watermark_us);
    assert_eq!((account.live_records, account.versions), (20_000, 30_000));
    assert_eq!(account.remaining_records, Some(5));
    assert_eq!(account.method, Some(CaptureMethod::Windows { stamp: "SystemModstamp".into() }));
    assert_eq!((account.schema, account.describe_last_modified.as_deref()), (Some(hash), modified));
    assert_eq!((account.first_seen_at, account.last_seen_at), (noon(), minutes(5)));
    let names: Vec<_> = objects::list(db, &org).await.unwrap().into_iter().map(|o| o.name).collect();
    assert_eq!(names, [object("Account"), object("Zebra__c")]);
}

/// G-30, G-31: the light is computed from the first failure of a row.
pub(crate) async fn failures_in_a_row_keep_the_time_of_the_first(stand: Stand) {
    let (catalog, org) = stand.with_org().await;
    let (account, db) = (object("Account"), catalog.db());
    see(&catalog, &org, "Account", 0).await;
    let failure = |message: &str| Failure { code: ErrorCode::OrgBusy, message: message.into() };

    objects::record_failure(db, &org, &account, &failure("first"), minutes(1), None).await.unwrap();
    let next = Some(minutes(9));
    objects::record_failure(db, &org, &account, &failure("second"), minutes(5), next).await.unwrap();
    let failing = get(&catalog, &org, "Account").await.trouble.unwrap();
    let captured =
        Captured { at: minutes(10), watermark_us: None, kept: Kept::default(), remaining_records: None };
    objects::record_success(db, &org, &account, captured).await.unwrap();

    assert_eq!((failing.since, failing.attempts, failing.next_try_at), (minutes(1), 2, next));
    assert_eq!(failing.failure, failure("second"));
    assert_eq!(get(&catalog, &org, "Account").await.trouble, None);
    let unknown = objects::record_failure(db, &org, &object("Nope"), &failure("x"), noon(), None).await;
    assert_eq!(unknown.unwrap_err().to_string(), "there is no object `Nope`");
}

/// G-20.
pub(crate) async fn a_stopped_object_names_its_reason_until_it_goes_on(stand: Stand) {
    let (catalog, org) = stand.with_org().await;
    let (account, db) = (object("Account"), catalog.db());
    see(&catalog, &org, "Account", 0).await;

    objects::set_phase(db, &org, &account, Phase::Stopped, Some("no permission")).await.unwrap();
    let stopped = get(&catalog, &org, "Account").await;
    objects::set_phase(db, &org, &account, Phase::CapturingChanges, None).await.unwrap();
    objects::set_method(db, &org, &account, &CaptureMethod::Whole).await.unwrap();
    let going_on = get(&catalog, &org, "Account").await;

    assert_eq!((stopped.phase, stopped.stopped_reason.as_deref()), (Phase::Stopped, Some("no permission")));
    assert_eq!((going_on.phase, going_on.stopped_reason), (Phase::CapturingChanges, None));
    assert_eq!(going_on.method, Some(CaptureMethod::Whole));
}

/// G-18, S-88
pub(crate) async fn fields_that_are_gone_are_counted_and_what_is_kept_may_fall(stand: Stand) {
    let (catalog, org) = stand.with_org().await;
    let (account, db) = (object("Account"), catalog.db());
    see(&catalog, &org, "Account", 0).await;
    see(&catalog, &org, "Lead", 0).await;
    let kept = Kept { live_records: 2, versions: 3, bytes: 4 };

    objects::set_kept(db, &org, &account, kept).await.unwrap();
    objects::set_gone_fields(db, &org, &account, &["Site".to_owned(), "Fax".to_owned()]).await.unwrap();
    objects::set_phase(db, &org, &object("Lead"), Phase::Stopped, Some("gone")).await.unwrap();

    let totals = object_lists::totals(db, &org, 0).await.unwrap();
    assert_eq!((totals.kept, totals.gone_fields), (kept, 2));
    assert_eq!(get(&catalog, &org, "Account").await.gone_fields, ["Site", "Fax"]);
    assert_eq!(object_lists::count_stopped(db, &org, "gone").await.unwrap(), 0);
    assert_eq!(object_lists::count_stopped(db, &org, "another reason").await.unwrap(), 1);
    objects::set_gone_fields(db, &org, &account, &[]).await.unwrap();
    assert_eq!(object_lists::totals(db, &org, 0).await.unwrap().gone_fields, 0);
    objects::set_kept(db, &org, &object("Nope"), kept).await.unwrap();
}
