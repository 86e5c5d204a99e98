//! Lists that the database filters, sorts and cuts, the audit log, and sums.

use holdfast_catalog::audit_entries::{self, AuditEntry, Filter, Head};
use holdfast_catalog::blocks::{self, Block};
use holdfast_catalog::object_lists::{self, ListQuery, Sort, Word};
use holdfast_catalog::objects::{self, Captured, Kept, Phase, SeenObject};
use holdfast_catalog::{BlockId, Catalog, Failure, runs, statistics};
use holdfast_domain::capture::method::CaptureMethod;
use holdfast_domain::manifest::{Counts, RunStatus, Trigger};
use holdfast_domain::{ErrorCode, OrgId};

use crate::stand::{Stand, minutes, noon, object, run_id};

fn query() -> ListQuery {
    ListQuery {
        name_part: None,
        word: None,
        phase: None,
        has_error: None,
        sort: Sort::Name,
        is_descending: false,
        yellow_since_us: minutes(-60).timestamp_micros(),
        are_all_yellow: false,
        is_paused: false,
    }
}

/// Five Objects: captured, failing for long, failing since just now, stopped, and not looked at yet.
async fn with_objects(stand: &Stand) -> (Catalog, OrgId) {
    let (catalog, org) = stand.with_org().await;
    let db = catalog.db();
    let method = CaptureMethod::Whole;
    for (name, phase) in [
        ("Account", Phase::CapturingChanges),
        ("Case", Phase::CapturingChanges),
        ("Contact", Phase::FirstCapture),
        ("Lead", Phase::Stopped),
        ("a__c", Phase::Waiting),
    ] {
        let name = object(name);
        let seen =
            SeenObject { name: &name, method: Some(&method), schema: None, describe_last_modified: None };
        objects::upsert_seen(db, &org, &seen, noon()).await.unwrap();
        objects::set_phase(db, &org, &name, phase, Some("gone")).await.unwrap();
    }
    let captured = |live: u64| Captured {
        at: noon(),
        watermark_us: None,
        kept: Kept { live_records: live, versions: 2 * live, bytes: 9 },
        remaining_records: Some(0),
    };
    objects::record_success(db, &org, &object("Account"), captured(100)).await.unwrap();
    objects::set_verified(db, &org, &object("Account"), Some(minutes(3))).await.unwrap();
    objects::set_remaining(db, &org, &object("Contact"), 40).await.unwrap();
    let failure = Failure { code: ErrorCode::OrgBusy, message: "busy".to_owned() };
    objects::record_failure(db, &org, &object("Case"), &failure, minutes(-90), None).await.unwrap();
    objects::record_failure(db, &org, &object("Contact"), &failure, minutes(-1), None).await.unwrap();
    (catalog, org)
}

async fn names(catalog: &Catalog, org: &OrgId, query: &ListQuery) -> Vec<String> {
    let mut names = Vec::new();
    let mut after = None;
    loop {
        let page = object_lists::list(catalog.db(), org, query, after.as_ref(), 2).await.unwrap();
        let Some((_, place)) = page.last() else { break };
        after = Some(place.clone());
        names.extend(page.iter().map(|(state, _)| state.name.to_string()));
    }
    let total = object_lists::count(catalog.db(), org, query).await.unwrap();
    assert_eq!(total, names.len() as u64);
    names
}

pub(crate) async fn objects_come_in_pages_sorted_and_filtered(stand: Stand) {
    let (catalog, org) = with_objects(&stand).await;
    let sorted = |sort, is_descending| ListQuery { sort, is_descending, ..query() };
    for (query, expected) in [
        (query(), ["a__c", "Account", "Case", "Contact", "Lead"]),
        (sorted(Sort::Name, true), ["Lead", "Contact", "Case", "Account", "a__c"]),
        (sorted(Sort::Status, false), ["Case", "Contact", "Lead", "a__c", "Account"]),
        (sorted(Sort::LiveRecords, true), ["Account", "a__c", "Case", "Contact", "Lead"]),
        (sorted(Sort::RemainingRecords, true), ["Contact", "a__c", "Account", "Case", "Lead"]),
        (sorted(Sort::FailingSince, false), ["Case", "Contact", "a__c", "Account", "Lead"]),
    ] {
        let found = names(&catalog, &org, &query).await;
        let mut sorted = found.clone();
        sorted.sort_unstable_by_key(|name| name.to_lowercase());
        assert_eq!(sorted.len(), expected.len(), "each comes once");
        // Databases differ in whether `_` comes before letters; everything else is the same.
        let plain =
            |names: &[String]| names.iter().filter(|name| *name != "a__c").cloned().collect::<Vec<_>>();
        assert_eq!(plain(&found[..]), plain(&expected.map(str::to_owned)[..]), "{:?}", query.sort);
    }
    let named = ListQuery { name_part: Some("C".to_owned()), ..query() };
    assert_eq!(names(&catalog, &org, &named).await.len(), 4);
    let underscore = ListQuery { name_part: Some("__".to_owned()), ..query() };
    assert_eq!(names(&catalog, &org, &underscore).await, ["a__c"]);
    let failing = ListQuery { has_error: Some(true), phase: Some(Phase::FirstCapture), ..query() };
    assert_eq!(names(&catalog, &org, &failing).await, ["Contact"]);
}

pub(crate) async fn every_object_has_one_word_and_the_sums_agree(stand: Stand) {
    let (catalog, org) = with_objects(&stand).await;
    for (query, expected) in [
        (query(), [2, 1, 1, 0, 1]),
        (ListQuery { is_paused: true, ..query() }, [0, 1, 1, 2, 1]),
        (ListQuery { are_all_yellow: true, ..query() }, [0, 4, 1, 0, 0]),
    ] {
        let counts = object_lists::count_words(catalog.db(), &org, &query).await.unwrap();
        let counts = [counts.running, counts.warning, counts.stopped, counts.paused, counts.waiting];
        assert_eq!(counts, expected);
        let words = [Word::Running, Word::Warning, Word::Stopped, Word::Paused, Word::Waiting];
        for (word, count) in words.into_iter().zip(expected) {
            let of_word = ListQuery { word: Some(word), ..query.clone() };
            let page = object_lists::list(catalog.db(), &org, &of_word, None, 10).await.unwrap();
            assert_eq!(page.len() as u64, count, "{word:?}");
            assert!(page.iter().all(|(state, _)| Word::of(state, &query) == word), "{word:?}");
        }
    }
    let totals = object_lists::totals(catalog.db(), &org, query().yellow_since_us).await.unwrap();
    assert_eq!((totals.objects, totals.caught_up, totals.kept.live_records), (4, 2, 100));
    assert_eq!((totals.kept.versions, totals.kept.bytes), (200, 9));
    assert_eq!((totals.verified, totals.gone_fields), (1, 0));
    let largest = statistics::largest(catalog.db(), &org, 5).await.unwrap();
    let largest: Vec<_> = largest.iter().map(|own| (own.object.as_str(), own.versions, own.bytes)).collect();
    assert_eq!(largest, [("Account", 200, 9)]);
    assert_eq!((totals.remaining_records, totals.uncounted, totals.yellow), (40, 1, 1));
    assert_eq!((totals.oldest_verified_us, totals.unverified), (Some(minutes(3).timestamp_micros()), 1));
}

pub(crate) async fn runs_and_blocks_are_added_up(stand: Stand) {
    let (catalog, org) = stand.with_org().await;
    let db = catalog.db();
    for n in 0..3_u32 {
        let at = noon() + chrono::TimeDelta::days(i64::from(n / 2));
        runs::insert(db, &run_id(n), &org, Trigger::Auto, at).await.unwrap();
        let block = Block {
            id: BlockId::new(at),
            org: org.clone(),
            object: object("Account"),
            run: run_id(n),
            way: "rest".to_owned(),
            window_from_us: Some(at.timestamp_micros()),
            window_until_us: None,
            table_version: Some(i64::from(n)),
            counts: Counts { new: 10, changed: 2, bytes: 1000, ..Counts::default() },
            started_at: at,
            finished_at: at,
            failure: None,
        };
        blocks::insert(db, &block).await.unwrap();
        runs::finish(db, &run_id(n), RunStatus::Completed, at, 5, None).await.unwrap();
    }
    let days = statistics::days(db, &org, noon() - chrono::TimeDelta::days(5)).await.unwrap();
    assert_eq!(days.iter().map(|day| day.new).collect::<Vec<_>>(), [20, 10]);
    let span = statistics::run_span(db, &org).await.unwrap();
    assert_eq!(
        (span.first_started_at, span.last_started_at),
        (Some(noon()), Some(noon() + chrono::TimeDelta::days(1)))
    );
    let read = statistics::throughput(db, &org, minutes(1)).await.unwrap();
    assert_eq!((read.records, read.since), (12, Some(noon() + chrono::TimeDelta::days(1))));
    assert_eq!(statistics::oldest_window(db, &org).await.unwrap(), Some(noon()));
}

fn entry(number: u64, action: &str) -> AuditEntry {
    AuditEntry {
        number,
        at: minutes(i64::try_from(number).unwrap()),
        actor: "Ada".to_owned(),
        actor_id: (number == 2).then(|| "2".to_owned()),
        through: None,
        action: action.to_owned(),
        target: None,
        org_id: None,
        ip: None,
        details: "null".to_owned(),
        hash: format!("hash {number}"),
    }
}

pub(crate) async fn the_audit_log_grows_at_its_head_and_is_read_from_both_ends(stand: Stand) {
    let catalog = stand.open().await;
    for (number, action) in [(1, "session.created"), (2, "org.removed"), (3, "session.ended")] {
        let mut transaction = catalog.begin().await.unwrap();
        let head = audit_entries::lock_head(&mut transaction).await.unwrap();
        assert_eq!(head.number, number - 1);
        audit_entries::append(&mut transaction, &entry(number, action)).await.unwrap();
        holdfast_catalog::commit(transaction).await.unwrap();
    }
    let db = catalog.db();
    assert_eq!(audit_entries::head(db).await.unwrap(), Head { number: 3, hash: "hash 3".to_owned() });
    let list = |filter: Filter, before| async move {
        let listed = audit_entries::list(db, &filter, before, 10).await.unwrap();
        listed.into_iter().map(|entry| entry.number).collect::<Vec<_>>()
    };
    assert_eq!(list(Filter::default(), None).await, [3, 2, 1]);
    assert_eq!(list(Filter::default(), Some(3)).await, [2, 1]);
    assert_eq!(list(Filter { action: Some("session".to_owned()), ..Filter::default() }, None).await, [3, 1]);
    assert_eq!(list(Filter { actor_id: Some("2".to_owned()), ..Filter::default() }, None).await, [2]);
    let window = Filter { from: Some(minutes(2)), until: Some(minutes(3)), ..Filter::default() };
    assert_eq!(list(window, None).await, [2]);
    assert_eq!(audit_entries::list_after(db, 1, 1).await.unwrap(), [entry(2, "org.removed")]);
}
