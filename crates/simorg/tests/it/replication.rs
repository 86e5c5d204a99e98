//! getUpdated and getDeleted.

use chrono::{Duration, SecondsFormat};
use reqwest::{Method, StatusCode};
use serde_json::json;
use simorg::SimOrg;

use crate::client::Client;

fn window(client: &Client, kind: &str, object: &str, back: Duration, ahead: Duration) -> String {
    let now = client.running.org().now();
    let text = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    format!("/sobjects/{object}/{kind}?start={}&end={}", text(now - back), text(now + ahead))
}

#[tokio::test]
async fn changes_and_deletes_of_a_window_are_told() {
    let client = Client::start(SimOrg::new().bare()).await;
    let kept = client.create("Account", json!({"Name": "Kept"})).await;
    let gone = client.create("Account", json!({"Name": "Gone"})).await;
    client.delete(&format!("/sobjects/Account/{gone}")).await;

    let (status, updated) =
        client.get(&window(&client, "updated", "Account", Duration::hours(1), Duration::minutes(2))).await;
    assert_eq!((status, &updated["ids"]), (StatusCode::OK, &json!([kept])));
    let (_, deleted) =
        client.get(&window(&client, "deleted", "Account", Duration::hours(1), Duration::minutes(2))).await;
    assert_eq!(deleted["deletedRecords"][0]["id"], json!(gone));
    assert!(deleted["earliestDateAvailable"].is_string() && deleted["latestDateCovered"].is_string());
}

#[tokio::test]
async fn an_open_transaction_holds_back_the_date_that_is_covered() {
    let client = Client::start(SimOrg::new().bare()).await;
    let org = client.running.org();
    let opened = org.now();
    org.open_transaction(&org.admin());
    org.clock().advance(Duration::minutes(9));

    let (_, updated) =
        client.get(&window(&client, "updated", "Account", Duration::hours(1), Duration::zero())).await;

    let covered = updated["latestDateCovered"].as_str().expect("a date");
    assert!(
        covered.starts_with(&opened.format("%Y-%m-%dT%H:%M:%S").to_string()),
        "{covered} against {opened}"
    );
}

#[tokio::test]
async fn windows_outside_what_is_kept_are_refused() {
    let client = Client::start(SimOrg::new().bare()).await;
    let cases = [
        (
            window(&client, "updated", "Account", Duration::days(31), Duration::zero()),
            "INVALID_REPLICATION_DATE",
        ),
        (
            window(&client, "deleted", "Account", Duration::days(16), Duration::zero()),
            "INVALID_REPLICATION_DATE",
        ),
        (
            window(&client, "deleted", "Account", Duration::seconds(30), Duration::zero()),
            "INVALID_REPLICATION_DATE",
        ),
        (
            window(&client, "updated", "Account", Duration::zero(), Duration::hours(-1)),
            "INVALID_REPLICATION_DATE",
        ),
        (
            window(&client, "updated", "AccountShare", Duration::hours(1), Duration::zero()),
            "INVALID_TYPE_FOR_OPERATION",
        ),
        ("/sobjects/Account/updated".to_owned(), "INVALID_REPLICATION_DATE"),
    ];
    for (path, code) in cases {
        let refused = client.refused(Method::GET, &path, json!({})).await;
        assert_eq!((refused.0, refused.1.as_str()), (400, code), "{path}: {refused:?}");
    }
}

#[tokio::test]
async fn a_purged_log_says_from_when_it_is_whole() {
    let client = Client::start(SimOrg::new().bare()).await;
    let id = client.create("Account", json!({"Name": "Gone"})).await;
    client.delete(&format!("/sobjects/Account/{id}")).await;
    let later = client.running.org().now() + Duration::seconds(5);
    client.running.org().purge_delete_log(later);

    let (_, deleted) =
        client.get(&window(&client, "deleted", "Account", Duration::hours(1), Duration::minutes(2))).await;

    assert_eq!(deleted["deletedRecords"], json!([]));
    assert!(
        deleted["earliestDateAvailable"]
            .as_str()
            .is_some_and(|text| text.starts_with(&later.format("%Y-%m-%dT%H:%M:%S").to_string()))
    );
}
