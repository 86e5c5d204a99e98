//! The same tables at different moments.

use holdfast_domain::{ErrorCode, RunId};
use holdfast_query::{AsOf, QueryEngine};

use crate::captured_org::{CapturedOrg, describe, id, lines};

const FIRST: [(&str, &str); 2] = [("Name", "string"), ("Rating__c", "currency")];

/// Run 1: two Accounts. Run 2: Contacts only. Run 3: an Account changed, one deleted, one new; `Rating__c` is gone
/// and `Phone` has come. Run 4, under way: one more Account, and the first Lead.
async fn org_with_a_past() -> (CapturedOrg, Vec<RunId>) {
    let mut org = CapturedOrg::new().await;
    let mut runs = Vec::new();
    let first = describe("Account", &FIRST);
    let records = [
        (id(1), vec![("Name", "One"), ("Rating__c", "1.5")]),
        (id(2), vec![("Name", "Two"), ("Rating__c", "2")]),
    ];
    org.capture(&first, &records, &[]).await;
    runs.push(org.end_run().await);

    org.capture(&describe("Contact", &[("Name", "string")]), &[(id(7), vec![("Name", "Ann")])], &[]).await;
    runs.push(org.end_run().await);

    let second = describe("Account", &[("Name", "string"), ("Phone", "phone")]);
    let records = [(id(1), vec![("Name", "One!"), ("Phone", "555")]), (id(3), vec![("Name", "Three")])];
    org.capture(&second, &records, &[id(2)]).await;
    runs.push(org.end_run().await);

    org.capture(&second, &[(id(4), vec![("Name", "Four")])], &[]).await;
    org.capture(&describe("Lead", &[("Company", "string")]), &[(id(8), vec![("Company", "New")])], &[]).await;
    (org, runs)
}

async fn at(org: &CapturedOrg, as_of: AsOf, sql: &str) -> Vec<String> {
    lines(&org.at(as_of).await, sql).await.unwrap()[1..].to_vec()
}

///
#[tokio::test]
async fn a_run_shows_the_state_that_it_left() {
    let (org, runs) = org_with_a_past().await;
    let names = "SELECT Name FROM Account ORDER BY Id";

    assert_eq!(at(&org, AsOf::Run(runs[0].clone()), names).await, ["One", "Two"]);
    assert_eq!(
        at(&org, AsOf::Run(runs[1].clone()), names).await,
        ["One", "Two"],
        "as the newest earlier run left it"
    );
    assert_eq!(at(&org, AsOf::Run(runs[2].clone()), names).await, ["One!", "Three"]);
    assert_eq!(
        at(&org, AsOf::Now, names).await,
        ["One!", "Three", "Four"],
        "with what is not in a Manifest yet"
    );
}

///
#[tokio::test]
async fn a_time_shows_what_the_last_run_before_it_left() {
    let (org, _) = org_with_a_past().await;
    let names = "SELECT Name FROM Account ORDER BY Id";
    let time = |text: &str| text.parse::<AsOf>().unwrap();

    assert_eq!(at(&org, time("2026-01-01T12:00:00Z"), names).await, ["One", "Two"]);
    assert_eq!(at(&org, time("2026-01-03T11:59:59Z"), names).await, ["One", "Two"]);
    assert_eq!(at(&org, time("2026-01-04"), names).await, ["One!", "Three"]);
}

#[tokio::test]
async fn tables_that_came_later_are_not_there_yet() {
    let (org, runs) = org_with_a_past().await;

    assert_eq!(at(&org, AsOf::Run(runs[0].clone()), "SHOW TABLES").await, ["Account"]);
    assert_eq!(at(&org, AsOf::Run(runs[2].clone()), "SHOW TABLES").await, ["Account", "Contact"]);
    assert_eq!(at(&org, AsOf::Now, "SHOW TABLES").await, ["Account", "Contact", "Lead"]);
    assert_eq!(at(&org, AsOf::Now, "SELECT Company FROM Lead").await, ["New"]);
    let error = lines(&org.at(AsOf::Run(runs[0].clone())).await, "SELECT * FROM Contact").await.unwrap_err();
    assert_eq!(error.to_string(), "there is no `Contact` at this moment");
}

///
#[tokio::test]
async fn columns_are_those_of_the_describe_in_force_and_what_was_captured_before() {
    let (org, runs) = org_with_a_past().await;
    let columns = |runs: &RunId| {
        let engine = org.at(AsOf::Run(runs.clone()));
        async { lines(&engine.await, "SELECT * FROM Account ORDER BY Id").await.unwrap() }
    };

    let before = columns(&runs[0]).await;
    let after = columns(&runs[2]).await;

    assert_eq!(before[0], "Id,IsDeleted,SystemModstamp,Name,Rating__c", "a later field is not there");
    assert_eq!(after[0], "Id,IsDeleted,SystemModstamp,Name,Phone,Rating__c", "a removed field stays");
    let ratings = at(&org, AsOf::Run(runs[2].clone()), "SELECT Rating__c * 2 FROM Account ORDER BY Id").await;
    assert_eq!(ratings, ["3", ""], "its last captured value stands, typed as it was");
}

/// deleted records are found too.
#[tokio::test]
async fn history_has_every_version_up_to_the_moment() {
    let (org, runs) = org_with_a_past().await;
    let versions = "SELECT Id, _seq, _change, Name FROM history.Account ORDER BY Id, _seq";
    let of_one = format!("SELECT Name, _seq, _run FROM history.Account WHERE Id = '{}' ORDER BY _seq", id(1));

    assert_eq!(
        at(&org, AsOf::Run(runs[0].clone()), versions).await,
        [format!("{},0,new,One", id(1)), format!("{},0,new,Two", id(2)),]
    );
    assert_eq!(at(&org, AsOf::Run(runs[2].clone()), versions).await.len(), 5);
    assert_eq!(at(&org, AsOf::Run(runs[0].clone()), &of_one).await, [format!("One,0,{}", runs[0])]);
    assert_eq!(
        at(&org, AsOf::Now, &of_one).await,
        [format!("One,0,{}", runs[0]), format!("One!,1,{}", runs[2])]
    );
    let raw = at(&org, AsOf::Now, "SELECT Rating__c FROM raw_history.Account WHERE Rating__c = '1.5'").await;
    assert_eq!(raw, ["1.5"]);
    let change = at(&org, AsOf::Now, "SELECT Id FROM history.Account WHERE _change = 'deleted'").await;
    assert_eq!(change, [id(2)]);
}

#[tokio::test]
async fn a_moment_that_is_not_there_is_named() {
    let (org, _) = org_with_a_past().await;
    let open = |as_of| QueryEngine::open(org.lake.clone(), as_of);

    let no_run =
        open(AsOf::Run(RunId::parse("0192a4b0-0000-7000-8000-000000000099").unwrap())).await.unwrap_err();
    let too_early = open("2025-12-31".parse().unwrap()).await.unwrap_err();

    assert_eq!(no_run.to_string(), "there is no run `0192a4b0-0000-7000-8000-000000000099`");
    assert_eq!(too_early.to_string(), "nothing had been captured by 2025-12-31T00:00:00+00:00");
    assert_eq!([no_run.code(), too_early.code()], [ErrorCode::NotFound; 2]);
}

#[tokio::test]
async fn an_engine_goes_on_seeing_what_it_first_saw() {
    let (mut org, _) = org_with_a_past().await;
    let engine = org.at(AsOf::Now).await;
    let count = "SELECT COUNT(*) FROM Account";
    let before = lines(&engine, count).await.unwrap();

    let second = describe("Account", &[("Name", "string"), ("Phone", "phone")]);
    org.capture(&second, &[(id(5), vec![("Name", "Five")])], &[]).await;

    assert_eq!(lines(&engine, count).await.unwrap(), before);
    assert_eq!(org.query(count).await[1..], ["4"]);
}
