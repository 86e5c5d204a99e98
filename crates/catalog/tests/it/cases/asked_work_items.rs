//! Work items that somebody asked for.

use chrono::{DateTime, Utc};
use holdfast_catalog::asked_work_items::{self, AskedWorkItem, NewAskedWorkItem};
use holdfast_catalog::work_items::{self, WorkItem};
use holdfast_catalog::{Catalog, Failure, orgs};
use holdfast_domain::{ErrorCode, OrgId};
use serde_json::{Value, json};

use crate::stand::{Stand, minutes, noon};

async fn ask(
    catalog: &Catalog,
    org: Option<&OrgId>,
    key: &str,
    input: &Value,
    at: DateTime<Utc>,
) -> (AskedWorkItem, bool) {
    let new = NewAskedWorkItem { queue: "upkeep", kind: "check", key, input, org, asked_by: "Ada" };
    let mut transaction = catalog.begin().await.unwrap();
    let asked = asked_work_items::ask(&mut transaction, &new, at).await.unwrap();
    holdfast_catalog::commit(transaction).await.unwrap();
    asked
}

async fn claim(catalog: &Catalog, owner: &str, at_minute: i64) -> Option<WorkItem> {
    let until = minutes(at_minute + 5);
    work_items::claim(catalog.db(), "upkeep", owner, until, minutes(at_minute)).await.unwrap()
}

async fn get(catalog: &Catalog, work: &AskedWorkItem) -> AskedWorkItem {
    asked_work_items::get(catalog.db(), work.item.id).await.unwrap().unwrap()
}

pub(crate) async fn work_that_was_asked_for_tells_how_far_it_is_and_what_came_of_it(stand: Stand) {
    let (catalog, org) = stand.with_org().await;
    let db = catalog.db();
    let (asked, _) = ask(&catalog, Some(&org), "a", &json!({ "read_data": true }), noon()).await;
    let (of_lake, _) = ask(&catalog, None, "b", &json!({}), minutes(1)).await;
    assert_eq!((asked.org.as_ref(), asked.asked_by.as_str()), (Some(&org), "Ada"));
    assert_eq!((asked.started_at, &asked.progress, asked.ended_at), (None, &None, None));

    let id = claim(&catalog, "me", 2).await.unwrap().id;
    assert_eq!(id, asked.item.id);
    asked_work_items::begin(db, id, "me", minutes(2)).await.unwrap();
    asked_work_items::note_progress(db, id, "me", &json!({ "done": 3 })).await.unwrap();
    let running = get(&catalog, &asked).await;
    assert_eq!((running.started_at, running.progress), (Some(minutes(2)), Some(json!({ "done": 3 }))));
    let claimed = asked_work_items::list_claimed(db, "upkeep").await.unwrap();
    assert_eq!(claimed, [(id, "me".to_owned())]);
    let foreign = asked_work_items::note_progress(db, id, "other", &json!(1)).await.unwrap_err();
    assert_eq!(foreign.code(), ErrorCode::LeaseLost);

    asked_work_items::end(db, id, "me", Ok(&json!({ "is_whole": true })), minutes(3)).await.unwrap();
    let done = get(&catalog, &asked).await;
    assert_eq!((done.ended_at, done.outcome), (Some(minutes(3)), Some(json!({ "is_whole": true }))));
    assert_eq!((done.item.owner, done.item.failure), (None, None));
    assert_eq!(
        claim(&catalog, "me", 99).await.unwrap().id,
        of_lake.item.id,
        "what has ended is not begun again"
    );
    assert_eq!(claim(&catalog, "me", 99).await, None);

    let ids = async |org: Option<&OrgId>, before| {
        let listed = asked_work_items::list(db, org, &["check"], before, 10).await.unwrap();
        listed.iter().map(|work| work.item.id).collect::<Vec<_>>()
    };
    let (later, _) = ask(&catalog, Some(&org), "a", &json!({}), minutes(4)).await;
    assert_eq!(ids(Some(&org), None).await, [later.item.id, id]);
    assert_eq!(ids(Some(&org), Some(later.item.id)).await, [id]);
    assert_eq!(ids(None, None).await, [of_lake.item.id]);
    let others = asked_work_items::list(db, None, &["backup", "compaction"], None, 10).await.unwrap();
    assert_eq!(others, []);
    asked_work_items::remove_ended_before(db, minutes(3)).await.unwrap();
    assert_eq!(ids(Some(&org), None).await.len(), 2, "it ended just then");
    asked_work_items::remove_ended_before(db, minutes(4)).await.unwrap();
    assert_eq!(ids(Some(&org), None).await, [later.item.id]);
    orgs::remove(db, &org).await.unwrap();
    assert_eq!(ids(Some(&org), None).await, []);
}

pub(crate) async fn of_one_key_there_is_one_until_it_has_ended(stand: Stand) {
    let catalog = stand.open().await;
    let (first, is_new) = ask(&catalog, None, "a", &json!({ "read_data": false }), noon()).await;
    let (second, is_second_new) = ask(&catalog, None, "a", &json!({ "read_data": true }), minutes(1)).await;
    assert_eq!((is_new, is_second_new), (true, false));
    assert_eq!(second, first, "the input of the first one stays");

    claim(&catalog, "me", 1).await.unwrap();
    assert!(!ask(&catalog, None, "a", &json!({}), minutes(2)).await.1, "while it is being done");
    let failure = Failure { code: ErrorCode::LakeUnreachable, message: "away".into() };
    asked_work_items::end(catalog.db(), first.item.id, "me", Err(&failure), minutes(3)).await.unwrap();
    let ended = get(&catalog, &first).await;
    assert_eq!((ended.outcome, ended.item.failure), (None, Some(failure)));
    let (third, is_third_new) = ask(&catalog, None, "a", &json!({}), minutes(4)).await;
    assert!(is_third_new && third.item.id != first.item.id);
}

pub(crate) async fn work_that_was_cut_off_is_begun_again_and_cancelled_work_is_not(stand: Stand) {
    let catalog = stand.open().await;
    let db = catalog.db();
    let (asked, _) = ask(&catalog, None, "a", &json!({}), noon()).await;
    let id = asked.item.id;
    let failure = Failure { code: ErrorCode::Interrupted, message: "stopped".into() };

    claim(&catalog, "stops", 1).await.unwrap();
    asked_work_items::put_back(db, id, "stops", &failure, minutes(2)).await.unwrap();
    let waiting = get(&catalog, &asked).await;
    assert_eq!((waiting.ended_at, waiting.item.failure), (None, Some(failure.clone())));
    let again = claim(&catalog, "dies", 2).await.unwrap();
    assert_eq!((again.id, again.attempts), (id, 1), "a try that was put back is none");
    assert_eq!(claim(&catalog, "heir", 7).await.unwrap().attempts, 2, "its owner died");

    assert!(asked_work_items::cancel(db, id, &failure, minutes(8)).await.unwrap());
    assert!(!asked_work_items::cancel(db, id, &failure, minutes(9)).await.unwrap(), "it has ended");
    let lost = work_items::renew(db, id, "heir", minutes(99)).await.unwrap_err();
    assert_eq!(lost.code(), ErrorCode::LeaseLost, "whoever is at work is told");
    let end = asked_work_items::end(db, id, "heir", Ok(&json!({})), minutes(9)).await.unwrap_err();
    assert_eq!(end.code(), ErrorCode::LeaseLost);
    assert_eq!(get(&catalog, &asked).await.ended_at, Some(minutes(8)));
    assert_eq!(claim(&catalog, "me", 99).await, None);
}
