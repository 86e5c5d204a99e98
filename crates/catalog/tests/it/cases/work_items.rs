//! The queue, also under contention.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use futures::future::join_all;
use holdfast_catalog::work_items::{self, NewWorkItem, WorkItem};
use holdfast_catalog::{Catalog, Failure, WorkItemId};
use holdfast_domain::ErrorCode;
use serde_json::json;

use crate::stand::{Stand, minutes, noon};

async fn enqueue(catalog: &Catalog, key: Option<&str>, due_at: DateTime<Utc>) -> WorkItemId {
    let input = json!({"org": "Acme", "text": "käse '\n"});
    let item = NewWorkItem { queue: "hourly", kind: "capture", dedupe_key: key, input: &input, due_at };
    work_items::enqueue(catalog.db(), &item, noon()).await.unwrap()
}

async fn claim(catalog: &Catalog, owner: &str, at_minute: i64) -> Option<WorkItem> {
    let until = minutes(at_minute + 5);
    work_items::claim(catalog.db(), "hourly", owner, until, minutes(at_minute)).await.unwrap()
}

/// No item is overtaken for ever: one that failed queues behind those that fell due before its next try.
pub(crate) async fn items_are_claimed_in_the_order_in_which_they_fell_due(stand: Stand) {
    let catalog = stand.open().await;
    let later = enqueue(&catalog, None, minutes(2)).await;
    let sooner = enqueue(&catalog, None, minutes(1)).await;
    let not_yet = enqueue(&catalog, None, minutes(60)).await;

    let nothing_due = claim(&catalog, "me", 0).await;
    let first = claim(&catalog, "me", 3).await.unwrap();
    let failure = Failure { code: ErrorCode::OrgBusy, message: "busy".into() };
    let retry = Some(minutes(3));
    work_items::fail(catalog.db(), first.id, "me", &failure, retry, minutes(3)).await.unwrap();
    let second = claim(&catalog, "me", 3).await.unwrap();
    let third = claim(&catalog, "me", 3).await.unwrap();
    let nothing_left = claim(&catalog, "me", 3).await;

    assert_eq!((nothing_due, nothing_left), (None, None));
    assert_eq!([first.id, second.id, third.id], [sooner, later, sooner]);
    assert_eq!((first.attempts, third.attempts, third.failure), (1, 2, Some(failure)));
    assert_eq!(first.input, json!({"org": "Acme", "text": "käse '\n"}));
    let ids: Vec<_> = work_items::list(catalog.db(), "hourly").await.unwrap().iter().map(|i| i.id).collect();
    assert_eq!(ids, [later, sooner, not_yet]);
}

pub(crate) async fn an_item_whose_owner_died_is_claimed_again(stand: Stand) {
    let catalog = stand.open().await;
    let id = enqueue(&catalog, None, noon()).await;

    claim(&catalog, "dies", 0).await.unwrap();
    work_items::renew(catalog.db(), id, "dies", minutes(7)).await.unwrap();
    let before = claim(&catalog, "heir", 6).await;
    let after = claim(&catalog, "heir", 7).await.unwrap();

    assert_eq!((before, after.id, after.attempts), (None, id, 2));
    let complete = work_items::complete(catalog.db(), id, "dies", minutes(8)).await.unwrap_err();
    let renew = work_items::renew(catalog.db(), id, "dies", minutes(99)).await.unwrap_err();
    assert_eq!((complete.code(), renew.code()), (ErrorCode::LeaseLost, ErrorCode::LeaseLost));
    work_items::complete(catalog.db(), id, "heir", minutes(8)).await.unwrap();
    assert!(work_items::list(catalog.db(), "hourly").await.unwrap().is_empty());
}

pub(crate) async fn an_item_is_taken_from_an_owner_that_is_known_to_be_dead(stand: Stand) {
    let catalog = stand.open().await;
    let id = enqueue(&catalog, None, noon()).await;
    claim(&catalog, "dies", 0).await.unwrap();

    work_items::release(catalog.db(), id, "somebody else", minutes(1)).await.unwrap();
    assert_eq!(claim(&catalog, "heir", 1).await, None);
    work_items::release(catalog.db(), id, "dies", minutes(1)).await.unwrap();
    assert_eq!(claim(&catalog, "heir", 1).await.unwrap().id, id);
}

pub(crate) async fn asking_twice_makes_one_item(stand: Stand) {
    let catalog = stand.open().await;

    let first = enqueue(&catalog, Some("Account"), minutes(9)).await;
    let sooner = enqueue(&catalog, Some("Account"), minutes(1)).await;
    let later = enqueue(&catalog, Some("Account"), minutes(20)).await;
    let other = enqueue(&catalog, Some("Contact"), minutes(2)).await;
    let unkeyed = [enqueue(&catalog, None, minutes(3)).await, enqueue(&catalog, None, minutes(4)).await];

    assert_eq!([sooner, later], [first, first]);
    let items = work_items::list(catalog.db(), "hourly").await.unwrap();
    let ids: Vec<_> = items.iter().map(|item| item.id).collect();
    assert_eq!(ids, [first, other, unkeyed[0], unkeyed[1]]);
    assert_eq!(items[0].due_at, minutes(1));
}

/// What changed after the work began is not lost.
pub(crate) async fn asking_again_for_an_item_under_way_runs_it_once_more(stand: Stand) {
    let catalog = stand.open().await;
    let id = enqueue(&catalog, Some("Account"), noon()).await;

    claim(&catalog, "me", 0).await.unwrap();
    let asked_again = enqueue(&catalog, Some("Account"), minutes(1)).await;
    let while_under_way = claim(&catalog, "other", 2).await;
    work_items::complete(catalog.db(), id, "me", minutes(3)).await.unwrap();
    let once_more = claim(&catalog, "other", 3).await.unwrap();
    work_items::complete(catalog.db(), id, "other", minutes(4)).await.unwrap();

    assert_eq!((asked_again, while_under_way, once_more.id), (id, None, id));
    assert_eq!(claim(&catalog, "me", 99).await, None);
}

pub(crate) async fn a_failed_item_waits_for_its_next_try_or_for_a_person(stand: Stand) {
    let catalog = stand.open().await;
    let db = catalog.db();
    let id = enqueue(&catalog, Some("Account"), noon()).await;
    let failure = Failure { code: ErrorCode::PermissionMissing, message: "no access".into() };

    claim(&catalog, "me", 0).await.unwrap();
    work_items::fail(db, id, "me", &failure, Some(minutes(10)), minutes(1)).await.unwrap();
    let too_early = claim(&catalog, "me", 9).await;
    claim(&catalog, "me", 10).await.unwrap();
    work_items::fail(db, id, "me", &failure, None, minutes(11)).await.unwrap();
    let given_up = claim(&catalog, "me", 99).await;
    let shown = work_items::list(db, "hourly").await.unwrap();
    enqueue(&catalog, Some("Account"), minutes(100)).await;
    let asked_for = claim(&catalog, "me", 100).await.unwrap();

    assert_eq!((too_early, given_up), (None, None));
    assert_eq!((shown[0].given_up_at, &shown[0].failure), (Some(minutes(11)), &Some(failure)));
    assert_eq!((asked_for.id, asked_for.attempts, asked_for.given_up_at), (id, 1, None));
    let late = work_items::fail(db, id, "other", &shown[0].failure.clone().unwrap(), None, noon()).await;
    assert_eq!(late.unwrap_err().code(), ErrorCode::LeaseLost);
}

pub(crate) async fn two_processes_share_the_queue_and_no_item_is_claimed_twice(stand: Stand) {
    const ITEMS: usize = 60;
    let processes = [stand.open().await, stand.open().await];
    let mut enqueued = BTreeSet::new();
    for _ in 0..ITEMS {
        enqueued.insert(enqueue(&processes[0], None, noon()).await);
    }

    let workers = (0..6).map(|n| {
        let catalog = processes[n % 2].clone();
        tokio::spawn(async move {
            let owner = format!("worker {n}");
            let mut claimed = Vec::new();
            while let Some(item) = claim(&catalog, &owner, 1).await {
                assert_eq!((item.owner.as_deref(), item.attempts), (Some(owner.as_str()), 1));
                claimed.push(item.id);
            }
            claimed
        })
    });
    let claimed: Vec<_> = join_all(workers).await.into_iter().flat_map(Result::unwrap).collect();

    assert_eq!(claimed.len(), ITEMS);
    assert_eq!(claimed.into_iter().collect::<BTreeSet<_>>(), enqueued);
}

pub(crate) async fn many_processes_asking_at_once_make_one_item(stand: Stand) {
    let processes = [stand.open().await, stand.open().await];

    let asking = (0..12).map(|n| {
        let catalog = processes[n % 2].clone();
        tokio::spawn(async move { enqueue(&catalog, Some("Account"), noon()).await })
    });
    let ids: BTreeSet<_> = join_all(asking).await.into_iter().map(Result::unwrap).collect();

    assert_eq!(ids.len(), 1);
    assert_eq!(work_items::list(processes[0].db(), "hourly").await.unwrap().len(), 1);
}
