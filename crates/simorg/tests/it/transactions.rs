//! Stamps, cascades, the recycle bin, roll-ups, and transactions that commit late.

use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use reqwest::{Method, StatusCode};
use serde_json::{Value as Json, json};
use simorg::SimOrg;
use simorg::model::Value;
use simorg::state::{Org, Row, Scan};

use crate::client::{ADMIN, Client};

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_900_000_000 + second, 0).expect("a time")
}

fn row(org: &Org, id: &str) -> Row {
    let view = org.admin_view();
    let def = view.object_of_id(id).expect("an object");
    view.row(&def, id).expect("a row")
}

fn exists(org: &Org, id: &str) -> bool {
    let view = org.admin_view();
    view.object_of_id(id).is_some_and(|def| view.row(&def, id).is_some_and(|row| !row.is_deleted()))
}

fn stamp(org: &Org, id: &str) -> i64 {
    row(org, id).stamp_ms() / 1000 - 1_900_000_000
}

async fn bare() -> Client {
    let mut client = Client::start(SimOrg::new().bare()).await;
    client.running.org().clock().stop_at(at(0));
    client.sign_in(ADMIN);
    client
}

#[tokio::test]
async fn deleting_an_account_takes_its_contacts_and_clears_other_lookups() {
    let client = bare().await;
    let org = client.running.org();
    let account = client.create("Account", json!({"Name": "Acme"})).await;
    let child = client.create("Account", json!({"Name": "Child", "ParentId": account})).await;
    let contact = client.create("Contact", json!({"LastName": "Doe", "AccountId": account})).await;
    let task = client.create("Task", json!({"Subject": "Call", "WhoId": contact})).await;
    org.clock().stop_at(at(60));

    assert_eq!(client.delete(&format!("/sobjects/Account/{account}")).await.0, StatusCode::NO_CONTENT);

    assert!(!exists(org, &contact) && !exists(org, &task) && exists(org, &child));
    assert_eq!(row(org, &child).value_of("ParentId"), Value::Null);
    for id in [&account, &contact, &task, &child] {
        assert_eq!(stamp(org, id), 60, "{id} moved with the delete");
    }
}

#[tokio::test]
async fn a_restricting_child_stops_the_delete_and_nothing_is_changed() {
    let client = bare().await;
    let account = client.create("Account", json!({"Name": "Acme"})).await;
    let contact = client.create("Contact", json!({"LastName": "Doe", "AccountId": account})).await;
    let cases = ["Broken", "Late"].map(|subject| json!({"Subject": subject, "AccountId": account}));
    for case in cases {
        client.create("Case", case).await;
    }

    let refused = client.refused(Method::DELETE, &format!("/sobjects/Account/{account}"), Json::Null).await;

    let (_, numbers) = client.get("/query?q=SELECT+CaseNumber+FROM+Case+ORDER+BY+CaseNumber").await;
    let number = |at: usize| numbers["records"][at]["CaseNumber"].as_str().unwrap_or_default().to_owned();
    let message = format!(
        "Your attempt to delete Acme could not be completed because it is associated with the following cases.: {}, {}\n",
        number(0),
        number(1)
    );
    assert_eq!(refused, (400, "DELETE_FAILED".to_owned(), message));
    assert!(exists(client.running.org(), &account) && exists(client.running.org(), &contact));
}

#[tokio::test]
async fn undelete_brings_back_what_went_in_the_same_delete_only() {
    let client = bare().await;
    let org = client.running.org();
    let account = client.create("Account", json!({"Name": "Acme"})).await;
    let before = client.create("Contact", json!({"LastName": "Before", "AccountId": account})).await;
    let with = client.create("Contact", json!({"LastName": "With", "AccountId": account})).await;
    client.delete(&format!("/sobjects/Contact/{before}")).await;
    client.delete(&format!("/sobjects/Account/{account}")).await;
    assert_eq!(org.deleted("Contact", 0, i64::MAX).len(), 2);
    org.clock().stop_at(at(90));

    let (status, _) = client.admin(Method::POST, "/records", json!({"undelete": [account]})).await;

    assert_eq!(status, StatusCode::OK);
    assert!(exists(org, &account) && exists(org, &with) && !exists(org, &before));
    assert_eq!(stamp(org, &with), 90);
    assert_eq!(org.deleted("Account", 0, i64::MAX).len(), 0);
    assert_eq!(org.deleted("Contact", 0, i64::MAX).len(), 1);
}

#[tokio::test]
async fn a_purged_row_is_gone_but_its_deletion_is_told() {
    let client = bare().await;
    let org = client.running.org();
    let account = client.create("Account", json!({"Name": "Acme"})).await;
    let contact = client.create("Contact", json!({"LastName": "Doe", "AccountId": account})).await;

    client.admin(Method::POST, "/records", json!({"purge": [account]})).await;

    let view = org.admin_view();
    for (object, id) in [("Account", &account), ("Contact", &contact)] {
        let def = view.object(object).expect("an object");
        assert!(view.row(&def, id).is_none());
        assert_eq!(view.count(&def, true), 0);
        assert_eq!(org.deleted(object, 0, i64::MAX).len(), 1);
    }
}

#[tokio::test]
async fn objects_without_a_bin_vanish_at_once() {
    let client = bare().await;
    let org = client.running.org();
    let group = client.create("Group", json!({"Name": "G", "Type": "Regular"})).await;
    let member =
        client.create("GroupMember", json!({"GroupId": group, "UserOrGroupId": org.admin().id})).await;

    assert_eq!(client.delete(&format!("/sobjects/GroupMember/{member}")).await.0, StatusCode::NO_CONTENT);

    let view = org.admin_view();
    assert!(view.row(&view.object("GroupMember").expect("an object"), &member).is_none());
}

#[tokio::test]
async fn price_lines_deleted_by_themselves_skip_the_bin() {
    let client = bare().await;
    let org = client.running.org();
    let view = org.admin_view();
    let mut book = String::new();
    view.scan(&view.object("Pricebook2").expect("an object"), Scan::default(), &mut |row| {
        row.id().clone_into(&mut book);
        ControlFlow::Break(())
    });
    let product = client.create("Product2", json!({"Name": "Thing"})).await;
    let entry = client
        .create("PricebookEntry", json!({"Pricebook2Id": book, "Product2Id": product, "UnitPrice": 5}))
        .await;
    let deal = json!({"Name": "Deal", "StageName": "Prospecting", "CloseDate": "2030-01-31"});
    let deal = client.create("Opportunity", deal).await;
    let line = json!({"OpportunityId": deal, "PricebookEntryId": entry, "Quantity": 1, "UnitPrice": 5});
    let single = client.create("OpportunityLineItem", line.clone()).await;
    let along = client.create("OpportunityLineItem", line).await;

    client.delete(&format!("/sobjects/OpportunityLineItem/{single}")).await;
    client.delete(&format!("/sobjects/Opportunity/{deal}")).await;

    let view = org.admin_view();
    let lines = view.object("OpportunityLineItem").expect("an object");
    assert!(view.row(&lines, &single).is_none());
    assert!(view.row(&lines, &along).is_some_and(|row| row.is_deleted()));
    assert_eq!(org.deleted("OpportunityLineItem", 0, i64::MAX).len(), 2);
}

#[tokio::test]
async fn details_move_the_sums_and_the_stamp_of_their_master() {
    let client = bare().await;
    let org = client.running.org();
    let project = client.create("Project__c", json!({"Name": "P"})).await;
    org.clock().stop_at(at(10));
    let first = client.create("Invoice__c", json!({"Project__c": project, "Net__c": 10.5})).await;
    client.create("Invoice__c", json!({"Project__c": project, "Net__c": 4.25})).await;
    let sums = || {
        let row = row(org, &project);
        (row.value_of("Total_Billed__c").to_plain_text(), row.value_of("Invoice_Count__c").to_plain_text())
    };
    assert_eq!((sums(), stamp(org, &project)), (("14.75".to_owned(), "2".to_owned()), 10));

    org.clock().stop_at(at(20));
    client.send(Method::PATCH, &format!("/sobjects/Invoice__c/{first}"), json!({"Net__c": 1})).await;
    assert_eq!((sums(), stamp(org, &project)), (("5.25".to_owned(), "2".to_owned()), 20));

    org.clock().stop_at(at(30));
    client.delete(&format!("/sobjects/Invoice__c/{first}")).await;
    assert_eq!((sums(), stamp(org, &project)), (("4.25".to_owned(), "1".to_owned()), 30));
}

#[tokio::test]
async fn formulas_never_move_a_stamp() {
    let client = bare().await;
    let org = client.running.org();
    let account = client.create("Account", json!({"Name": "Old"})).await;
    let project = client.create("Project__c", json!({"Name": "P", "Account__c": account})).await;
    org.clock().stop_at(at(50));

    client.send(Method::PATCH, &format!("/sobjects/Account/{account}"), json!({"Name": "New"})).await;

    assert_eq!(row(org, &project).value_of("Account_Name__c"), Value::Text("New".to_owned()));
    assert_eq!(stamp(org, &project), 0);
}

#[tokio::test]
async fn several_writes_are_all_done_or_none() {
    let client = bare().await;
    let org = client.running.org();
    let writes = json!({"create": [{"attributes": {"type": "Account"}, "Name": "One"}, {"attributes": {"type": "Account"}}]});

    let (status, _) = client.admin(Method::POST, "/records", writes).await;

    assert_eq!(status, StatusCode::BAD_REQUEST);
    let view = org.admin_view();
    assert_eq!(view.count(&view.object("Account").expect("an object"), true), 0);
}

#[tokio::test]
async fn a_late_commit_shows_rows_with_their_early_stamp() {
    let client = bare().await;
    let org = client.running.org();
    let held = client.create("Account", json!({"Name": "Held"})).await;
    let number = org.open_transaction(&org.admin());
    org.clock().stop_at(at(5));
    let (_, saved) = client
        .admin(Method::POST, "/records", json!({"transaction": number, "create": [{"attributes": {"type": "Account"}, "Name": "Late"}], "update": [{"attributes": {"type": "Account"}, "Id": held, "Name": "Changed"}]}))
        .await;
    let late = saved["ids"][0].as_str().expect("an id").to_owned();
    org.clock().stop_at(at(600));
    let other = client.create("Account", json!({"Name": "Other"})).await;

    assert!(!exists(org, &late), "nothing is seen before the commit");
    assert_ne!(late, other);
    assert_eq!(org.covered_until(), at(0), "the open transaction holds back what is covered");
    let refused =
        client.refused(Method::PATCH, &format!("/sobjects/Account/{held}"), json!({"Name": "Mine"})).await;
    assert_eq!(refused.1, "UNABLE_TO_LOCK_ROW");

    assert_eq!(
        client.admin(Method::POST, &format!("/transactions/{number}/commit"), Json::Null).await.0,
        StatusCode::OK
    );
    assert_eq!((stamp(org, &late), stamp(org, &held), stamp(org, &other)), (5, 5, 600));
    assert_eq!(row(org, &held).value_of("Name"), Value::Text("Changed".to_owned()));
    assert_eq!(org.covered_until(), at(600));
}

#[tokio::test]
async fn a_transaction_rolled_back_leaves_nothing() {
    let client = bare().await;
    let org = client.running.org();
    let (_, opened) = client.admin(Method::POST, "/transactions", json!({})).await;
    let number = opened["transaction"].as_u64().expect("a number");
    client.admin(Method::POST, "/records", json!({"transaction": number, "create": [{"attributes": {"type": "Lead"}, "LastName": "L", "Company": "C"}]})).await;

    client.admin(Method::POST, &format!("/transactions/{number}/rollback"), Json::Null).await;

    let view = org.admin_view();
    assert_eq!(view.count(&view.object("Lead").expect("an object"), true), 0);
    assert!(org.open_transactions().is_empty());
}

#[tokio::test]
async fn a_reader_keeps_the_state_that_it_began_with() {
    let client = bare().await;
    let org = client.running.org();
    let account = client.create("Account", json!({"Name": "Before"})).await;
    let view = org.admin_view();
    let def = view.object("Account").expect("an object");

    client.send(Method::PATCH, &format!("/sobjects/Account/{account}"), json!({"Name": "After"})).await;
    client.create("Account", json!({"Name": "Newer"})).await;

    assert_eq!(view.row(&def, &account).expect("a row").value_of("Name"), Value::Text("Before".to_owned()));
    assert_eq!(view.count(&def, true), 1);
}

#[tokio::test]
async fn what_is_written_into_an_open_transaction_is_taken_whole_or_not_at_all() {
    let client = bare().await;
    let (_, opened) = client.admin(Method::POST, "/transactions", json!({})).await;
    let number = &opened["transaction"];
    let account = |name: &str| json!({"attributes": {"type": "Account"}, "Name": name});
    let write = async |body: Json| client.admin(Method::POST, "/records", body).await;

    let half = json!({"create": [account("A"), {"attributes": {"type": "Account"}}], "transaction": number});
    assert_eq!(write(half).await.0, StatusCode::BAD_REQUEST);
    let archive = json!({"create": [account("B")], "archive_old_activities": true, "transaction": number});
    assert_eq!(write(archive).await.0, StatusCode::BAD_REQUEST);
    let (status, done) = write(json!({"create": [account("C"), account("D")], "transaction": number})).await;
    assert_eq!((status, done["ids"].as_array().map(Vec::len)), (StatusCode::OK, Some(2)));
    let merge =
        json!({"merge": [{"master": done["ids"][0], "losers": [done["ids"][1]]}], "transaction": number});
    assert_eq!(write(merge).await.1["merged"][0]["master"], done["ids"][0]);

    client.admin(Method::POST, &format!("/transactions/{number}/commit"), Json::Null).await;
    let (_, found) = client.get("/query?q=SELECT+Name+FROM+Account").await;
    assert_eq!((&found["totalSize"], &found["records"][0]["Name"]), (&json!(1), &json!("C")));
}
