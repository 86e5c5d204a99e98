//! The remote control of the org.

use reqwest::{Method, StatusCode};
use serde_json::{Value as Json, json};
use simorg::SimOrg;

use crate::client::Client;

#[tokio::test]
async fn fields_come_change_their_type_and_go_without_touching_rows() {
    let client = Client::start(SimOrg::new().bare().records("Account", 3)).await;
    let (_, before) = client.get("/sobjects/Account/describe").await;
    let id = client.create("Account", json!({"Name": "A"})).await;
    let (_, row) = client.get(&format!("/sobjects/Account/{id}")).await;
    let stamp = row["SystemModstamp"].clone();

    let (status, _) = client
        .admin(Method::POST, "/objects/Account/fields", json!({"notation": "Score__c:double(10,2)"}))
        .await;
    assert_eq!(status, StatusCode::OK);
    client.send(Method::PATCH, &format!("/sobjects/Account/{id}"), json!({"Score__c": 12.5})).await;
    client.admin(Method::PATCH, "/objects/Account/fields/Score__c", json!({"type": "string"})).await;
    let (_, row) = client.get(&format!("/sobjects/Account/{id}?fields=Score__c")).await;
    assert_eq!(row["Score__c"], "12.5");

    client.admin(Method::DELETE, "/objects/Account/fields/Score__c", Json::Null).await;
    client.admin(Method::POST, "/objects/Account/fields", json!({"notation": "Other__c:string(20)"})).await;
    let (_, row) = client.get(&format!("/sobjects/Account/{id}")).await;
    assert!(
        row.get("Score__c").is_none() && row["Other__c"].is_null(),
        "a new field never shows an old one's values"
    );
    let (_, after) = client.get("/sobjects/Account/describe").await;
    assert_eq!(
        after["fields"].as_array().map(Vec::len),
        before["fields"].as_array().map(|fields| fields.len() + 1)
    );
    assert!(stamp.is_string());
}

#[tokio::test]
async fn objects_come_and_go() {
    let client = Client::start(SimOrg::new().bare()).await;
    let notation =
        "= Ship__c a7Q Ships | CUDQRTZ\nS; Owner(U); Name:string(80) N; Account__c > Account [Ships__r]";
    assert_eq!(
        client.admin(Method::POST, "/objects", json!({"notation": notation})).await.1,
        json!({"objects": ["Ship__c"]})
    );
    let account = client.create("Account", json!({"Name": "A"})).await;
    let ship = client.create("Ship__c", json!({"Name": "S", "Account__c": account})).await;
    assert!(ship.starts_with("a7Q"));
    let (_, describe) = client.get("/sobjects/Account/describe").await;
    assert!(
        describe["childRelationships"]
            .as_array()
            .is_some_and(|list| list.iter().any(|c| c["relationshipName"] == "Ships__r"))
    );

    client.admin(Method::DELETE, "/objects/Ship__c", Json::Null).await;
    assert_eq!(client.get("/sobjects/Ship__c/describe").await.0, StatusCode::NOT_FOUND);
    assert_eq!(client.delete(&format!("/sobjects/Account/{account}")).await.0, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn expired_sessions_are_refused_until_the_next_sign_in() {
    let mut client = Client::start(SimOrg::new().bare()).await;
    client.admin(Method::POST, "/sessions/expire", Json::Null).await;
    let (status, answer) = client.get("/sobjects").await;
    assert_eq!(
        (status, answer),
        (
            StatusCode::UNAUTHORIZED,
            json!([{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}])
        )
    );
    client.sign_in(crate::client::ADMIN);
    assert_eq!(client.get("/sobjects").await.0, StatusCode::OK);
}

#[tokio::test]
async fn statistics_tell_rows_and_calls() {
    let client = Client::start(SimOrg::new().bare().records("Lead", 40)).await;
    client.get("/sobjects/Lead/describe").await;
    client.get("/sobjects/Lead/describe").await;
    let (_, stats) = client.admin(Method::GET, "/stats", Json::Null).await;
    assert_eq!(
        (&stats["rows"]["Lead"], &stats["calls"]["describe"]),
        (&json!({"live": 40, "with_deleted": 40}), &json!(2))
    );
}

#[tokio::test]
async fn requests_that_make_no_sense_are_refused() {
    let client = Client::start(SimOrg::new().bare()).await;
    for (method, path, body) in [
        (Method::POST, "/records", json!({"create": [{"Name": "no type"}]})),
        (Method::POST, "/records", json!({"unknown": []})),
        (Method::POST, "/transactions/77/commit", Json::Null),
        (Method::POST, "/objects/Account/fields", json!({"notation": "Bad__c:nonsense"})),
        (Method::DELETE, "/faults/9", Json::Null),
    ] {
        let status = client.admin_request(method, path).json(&body).send().await.expect("an answer").status();
        assert!(status.is_client_error(), "{path}: {status}");
    }
}
