//! What a save asks of the caller, and what follows from it in other rows.

use reqwest::{Method, StatusCode};
use serde_json::{Value as Json, json};
use simorg::SimOrg;

use crate::client::{ADMIN, Client, STANDARD};

async fn bare() -> Client {
    Client::start(SimOrg::new().bare()).await
}

async fn query(client: &Client, soql: &str) -> Vec<Json> {
    let request = client.request(Method::GET, "/query").query(&[("q", soql)]);
    let answer: Json = request.send().await.expect("an answer").json().await.expect("JSON");
    answer["records"].as_array().unwrap_or_else(|| panic!("{soql}: {answer}")).clone()
}

async fn patch(client: &Client, object: &str, id: &str, record: Json) -> (StatusCode, Json) {
    client.send(Method::PATCH, &format!("/sobjects/{object}/{id}"), record).await
}

fn user_id(client: &Client, username: &str) -> String {
    client.running.org().user_by_name(username).expect("a user").id.clone()
}

#[tokio::test]
async fn a_field_that_is_not_written_is_not_written_by_its_relationship_either() {
    let client = bare().await;
    let contact = client.create("Contact", json!({"LastName": "C"})).await;
    let maker = json!({"CreatedBy": {"Username": STANDARD}});
    let (status, answer) = patch(&client, "Contact", &contact, maker).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(answer[0]["errorCode"], "INVALID_FIELD_FOR_INSERT_UPDATE");
    assert_eq!(answer[0]["fields"], json!(["CreatedById"]));
}

#[tokio::test]
async fn the_type_of_a_parent_decides_where_it_is_looked_for() {
    let client = bare().await;
    let contact = client.create("Contact", json!({"LastName": "C", "Email": "x@x.example"})).await;
    let lead = client.create("Lead", json!({"LastName": "L", "Company": "Co", "Email": "x@x.example"})).await;
    for (kind, id) in [("Contact", &contact), ("Lead", &lead)] {
        let who = json!({"Who": {"attributes": {"type": kind}, "Email": "x@x.example"}});
        let task = client.create("Task", who).await;
        let (_, row) = client.get(&format!("/sobjects/Task/{task}?fields=WhoId")).await;
        assert_eq!(row["WhoId"], json!(id), "{kind}");
    }
    let either = json!({"Who": {"Email": "x@x.example"}});
    assert_eq!(client.refused(Method::POST, "/sobjects/Task", either).await.1, "DUPLICATE_EXTERNAL_ID");
}

#[tokio::test]
async fn who_does_not_manage_users_changes_only_what_is_harmless_of_the_own() {
    let mut client = bare().await;
    let (own, other) = (user_id(&client, STANDARD), user_id(&client, ADMIN));
    let profile =
        query(&client, "SELECT Id FROM Profile WHERE Name = 'System Administrator'").await[0]["Id"].clone();
    client.sign_in(STANDARD);
    for (id, record) in [
        (&own, json!({"ProfileId": profile})),
        (&own, json!({"Username": "else@simorg.example"})),
        (&other, json!({"LastName": "Changed"})),
        (&other, json!({"IsActive": false})),
    ] {
        let (_, answer) = patch(&client, "User", id, record.clone()).await;
        assert_eq!(answer[0]["errorCode"], "INSUFFICIENT_ACCESS_OR_READONLY", "{record}");
    }
    assert_eq!(patch(&client, "User", &own, json!({"Title": "Clerk"})).await.0, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_row_does_not_come_back_when_its_unique_value_was_taken() {
    let client = bare().await;
    let row = json!({"Name": "P", "External_Id__c": "K"});
    let id = client.create("Project__c", row.clone()).await;
    client.delete(&format!("/sobjects/Project__c/{id}")).await;
    let taken = client.create("Project__c", row).await;
    let undelete = || client.admin(Method::POST, "/records", json!({"undelete": [id]}));

    let (_, answer) = undelete().await;
    assert_eq!(answer[0]["errorCode"], "DUPLICATE_VALUE", "{answer}");
    client.delete(&format!("/sobjects/Project__c/{taken}")).await;
    assert_eq!(undelete().await.0, StatusCode::OK);
}

#[tokio::test]
async fn the_owners_share_follows_the_owner() {
    let client = bare().await;
    let (admin, clerk) = (user_id(&client, ADMIN), user_id(&client, STANDARD));
    for (object, share, parent) in
        [("Account", "AccountShare", "AccountId"), ("Project__c", "Project__Share", "ParentId")]
    {
        let id = client.create(object, json!({"Name": "A", "OwnerId": clerk})).await;
        patch(&client, object, &id, json!({"OwnerId": admin})).await;
        let soql = format!("SELECT UserOrGroupId, RowCause FROM {share} WHERE {parent} = '{id}'");
        let shares = query(&client, &soql).await;
        assert_eq!(shares.len(), 1, "{shares:?}");
        assert_eq!((&shares[0]["UserOrGroupId"], &shares[0]["RowCause"]), (&json!(admin), &json!("Owner")));
    }
}

#[tokio::test]
async fn the_direct_relation_follows_the_account_of_a_contact() {
    let client = bare().await;
    let one = client.create("Account", json!({"Name": "1"})).await;
    let two = client.create("Account", json!({"Name": "2"})).await;
    let contact = client.create("Contact", json!({"LastName": "C"})).await;
    let soql = format!(
        "SELECT AccountId FROM AccountContactRelation WHERE ContactId = '{contact}' AND IsDirect = true"
    );
    for account in [json!(one), json!(two), Json::Null, json!(one)] {
        patch(&client, "Contact", &contact, json!({"AccountId": account})).await;
        let told: Vec<Json> =
            query(&client, &soql).await.iter().map(|row| row["AccountId"].clone()).collect();
        let expected = if account.is_null() { Vec::new() } else { vec![account] };
        assert_eq!(told, expected);
    }
}

#[tokio::test]
async fn what_is_undone_uses_up_nothing() {
    let client = bare().await;
    client.admin(Method::PUT, "/setup", json!({"versions_a_day": 1})).await;
    let file = |title: &str| json!({"attributes": {"type": "ContentVersion"}, "Title": title, "PathOnClient": "a.txt", "VersionData": "YQ=="});
    let bad = json!({"attributes": {"type": "ContentVersion"}, "Title": "no path", "VersionData": "YQ=="});
    let rows = json!({"allOrNone": true, "records": [file("a"), bad]});
    let (_, answer) = client.send(Method::POST, "/composite/sobjects", rows).await;
    assert_eq!(answer[0]["success"], false, "{answer}");
    client.create("ContentVersion", file("b")).await;
    assert_eq!(client.refused(Method::POST, "/sobjects/ContentVersion", file("c")).await.1, "LIMIT_EXCEEDED");
}

#[tokio::test]
async fn numbers_are_equal_however_they_are_written() {
    let client = bare().await;
    let field = json!({"notation": "Key__c:double(10,2) ext unique"});
    client.admin(Method::POST, "/objects/Team__c/fields", field).await;
    client.create("Team__c", json!({"Name": "T", "Key__c": "5.10"})).await;
    let twin = json!({"Name": "T", "Key__c": 5.1});
    assert_eq!(client.refused(Method::POST, "/sobjects/Team__c", twin).await.1, "DUPLICATE_VALUE");
    let (status, _) = patch(&client, "Team__c", "Key__c/5.100", json!({"Name": "U"})).await;
    assert_eq!(status, StatusCode::OK, "the same row, updated");
}

#[tokio::test]
async fn history_keeps_values_as_they_are_and_both_names_and_ids() {
    let client = bare().await;
    let deal = json!({"Name": "D", "StageName": "Prospecting", "CloseDate": "2026-05-31", "Amount": 1});
    let deal = client.create("Opportunity", deal).await;
    let clerk = user_id(&client, STANDARD);
    patch(&client, "Opportunity", &deal, json!({"Amount": 2.5, "OwnerId": clerk})).await;
    let rows =
        query(&client, "SELECT Field, DataType, OldValue, NewValue FROM OpportunityFieldHistory ORDER BY Id")
            .await;
    let told: Vec<Json> =
        rows.iter().map(|row| json!([row["Field"], row["DataType"], row["NewValue"]])).collect();
    assert!(told.contains(&json!(["Amount", "Currency", 2.5])), "{told:?}");
    assert!(told.contains(&json!(["OwnerId", "Text", "Sam Standard"])), "{told:?}");
    assert!(told.contains(&json!(["OwnerId", "EntityId", clerk])), "{told:?}");
}

#[tokio::test]
async fn a_lead_is_converted_by_those_who_may_and_for_users_that_exist() {
    let mut client = bare().await;
    let lead = client.create("Lead", json!({"LastName": "L", "Company": "Co"})).await;
    let convert = |owner: &str| json!({"convert": [{"lead": lead, "owner": owner}]});
    let (_, answer) = client.admin(Method::POST, "/records", convert("005")).await;
    assert_eq!(answer[0]["errorCode"], "INVALID_CROSS_REFERENCE_KEY", "{answer}");
    client.sign_in(STANDARD);
    let mut by_clerk = convert(&user_id(&client, STANDARD));
    by_clerk["user"] = json!(STANDARD);
    let (status, _) = client.admin(Method::POST, "/records", by_clerk).await;
    assert!(status.is_client_error(), "{status}: it is somebody else's lead");
}

#[tokio::test]
async fn the_clock_stays_within_the_calendar() {
    let client = bare().await;
    for seconds in [i64::MAX, 1_000_000_000_000_000] {
        let (status, _) = client.admin(Method::PUT, "/clock", json!({"advance_seconds": seconds})).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
    }
    assert_eq!(client.get("/limits").await.0, StatusCode::OK);
}
