//! What becomes of records: merge, conversion, undelete, the age of the recycle bin, archiving.

use chrono::Duration;
use reqwest::{Method, StatusCode};
use serde_json::{Value as Json, json};
use simorg::SimOrg;
use simorg::model::Value;
use simorg::state::{Org, Row};

use crate::client::{ADMIN, Client};

async fn bare() -> Client {
    Client::start(SimOrg::new().bare()).await
}

/// The row with this id, in the bin or not.
fn found(org: &Org, id: &str) -> Option<Row> {
    let view = org.admin_view();
    let def = view.object_of_id(id)?;
    view.row(&def, id)
}

fn row(org: &Org, id: &str) -> Row {
    found(org, id).expect("a row")
}

fn text(org: &Org, id: &str, field: &str) -> String {
    row(org, id).value_of(field).to_plain_text()
}

fn is_live(org: &Org, id: &str) -> bool {
    found(org, id).is_some_and(|row| !row.is_deleted())
}

async fn done(client: &Client, writes: Json) -> Json {
    let (status, answer) = client.admin(Method::POST, "/records", writes).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer
}

async fn refused(client: &Client, writes: Json) -> (String, String) {
    let (_, answer) = client.admin(Method::POST, "/records", writes).await;
    let part = |key: &str| answer[0][key].as_str().unwrap_or_default().to_owned();
    (part("errorCode"), part("message"))
}

#[tokio::test]
async fn merged_accounts_leave_their_children_to_the_master() {
    let client = bare().await;
    let org = client.running.org();
    let master = client.create("Account", json!({"Name": "Master"})).await;
    let loser = client.create("Account", json!({"Name": "Loser"})).await;
    let contact = client.create("Contact", json!({"LastName": "C", "AccountId": loser})).await;
    let case = client.create("Case", json!({"Subject": "S", "AccountId": loser})).await;
    let child = client.create("Account", json!({"Name": "Child", "ParentId": loser})).await;
    let before = row(org, &contact).stamp_ms();
    org.clock().advance(Duration::hours(1));

    let merge = json!({"merge": [{"master": master, "fields": {"Phone": "1"}, "losers": [loser]}]});
    let answer = done(&client, merge).await;

    assert_eq!(answer["merged"][0]["losers"], json!([loser]));
    assert!(answer["merged"][0]["moved"].as_array().is_some_and(|moved| moved.contains(&json!(contact))));
    for (id, field) in [(&contact, "AccountId"), (&case, "AccountId"), (&child, "ParentId")] {
        assert!(is_live(org, id));
        assert_eq!(text(org, id, field), master);
    }
    assert!(row(org, &contact).stamp_ms() > before);
    assert_eq!(text(org, &master, "Phone"), "1");
    assert!(row(org, &loser).is_deleted());
    assert_eq!(text(org, &loser, "MasterRecordId"), master);
    assert_eq!(org.deleted("Account", 0, i64::MAX).len(), 1);
    assert!(org.deleted("Contact", 0, i64::MAX).is_empty());
}

#[tokio::test]
async fn a_merged_loser_comes_back_without_its_children() {
    let client = bare().await;
    let org = client.running.org();
    let master = client.create("Lead", json!({"LastName": "M", "Company": "A"})).await;
    let loser = client.create("Lead", json!({"LastName": "L", "Company": "B"})).await;
    let task = client.create("Task", json!({"Subject": "Call", "WhoId": loser})).await;
    done(&client, json!({"merge": [{"master": master, "losers": [loser]}]})).await;

    done(&client, json!({"undelete": [loser]})).await;

    assert!(is_live(org, &loser));
    assert_eq!((text(org, &loser, "MasterRecordId"), text(org, &task, "WhoId")), (String::new(), master));
}

#[tokio::test]
async fn a_merge_keeps_one_of_two_memberships_and_one_of_two_file_links() {
    let client = bare().await;
    let org = client.running.org();
    let [master, loser] = ["M", "L"];
    let master = client.create("Contact", json!({"LastName": master})).await;
    let loser = client.create("Contact", json!({"LastName": loser})).await;
    let campaign = client.create("Campaign", json!({"Name": "C"})).await;
    for contact in [&master, &loser] {
        client.create("CampaignMember", json!({"CampaignId": campaign, "ContactId": contact})).await;
    }
    let file = json!({"Title": "T", "PathOnClient": "t.txt", "VersionData": "aGk=", "FirstPublishLocationId": master});
    let version = client.create("ContentVersion", file).await;
    let document = text(org, &version, "ContentDocumentId");
    let link = json!({"ContentDocumentId": document, "LinkedEntityId": loser, "ShareType": "V"});
    client.create("ContentDocumentLink", link).await;

    done(&client, json!({"merge": [{"master": master, "losers": [loser]}]})).await;

    let view = org.admin_view();
    let count = |object: &str| view.count(&view.object(object).expect("an object"), false);
    assert_eq!(
        (count("CampaignMember"), count("ContentDocumentLink")),
        (1, 2),
        "the owner's link and the master's"
    );
}

#[tokio::test]
async fn merges_that_make_no_sense_are_refused() {
    let client = bare().await;
    let account = client.create("Account", json!({"Name": "A"})).await;
    let contact = client.create("Contact", json!({"LastName": "C"})).await;
    let project = client.create("Project__c", json!({"Name": "P"})).await;
    for (master, losers, code) in [
        (&account, json!([contact]), "INVALID_TYPE"),
        (&account, json!([account]), "INVALID_ID_FIELD"),
        (&account, json!([]), "NUMBER_OUTSIDE_VALID_RANGE"),
        (&project, json!([project]), "INVALID_TYPE_FOR_OPERATION"),
    ] {
        let answer = refused(&client, json!({"merge": [{"master": master, "losers": losers}]})).await;
        assert_eq!(answer.0, code);
    }
}

#[tokio::test]
async fn a_converted_lead_becomes_account_contact_and_opportunity_and_is_read_only() {
    let client = bare().await;
    let org = client.running.org();
    let lead = json!({"FirstName": "Ann", "LastName": "Lee", "Company": "Acme", "Email": "a@b.example", "City": "Paris"});
    let lead = client.create("Lead", lead).await;
    let task = client.create("Task", json!({"Subject": "Call", "WhoId": lead})).await;

    let answer = done(&client, json!({"convert": [{"lead": lead}]})).await;

    let made = |key: &str| answer["converted"][0][key].as_str().expect("an id").to_owned();
    let (account, contact, deal) = (made("account"), made("contact"), made("opportunity"));
    assert_eq!(text(org, &account, "Name") + &text(org, &account, "BillingCity"), "AcmeParis");
    assert_eq!(
        text(org, &contact, "Email") + &text(org, &contact, "AccountId"),
        format!("a@b.example{account}")
    );
    assert_eq!(text(org, &deal, "Name"), "Acme-");
    assert_eq!((text(org, &task, "WhoId"), text(org, &task, "WhatId")), (contact.clone(), deal));
    assert_eq!(text(org, &lead, "Status"), "Closed - Converted");
    assert_eq!(text(org, &lead, "ConvertedContactId"), contact);

    let path = format!("/sobjects/Lead/{lead}");
    let answer = client.refused(Method::PATCH, &path, json!({"Title": "Dr."})).await;
    assert_eq!(
        (answer.1.as_str(), answer.2.as_str()),
        ("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
    );
    org.set_permissions(&org.admin().id, |own| assert!(own.set("AllowViewEditConvertedLeads", true)));
    assert_eq!(client.send(Method::PATCH, &path, json!({"Title": "Dr."})).await.0, StatusCode::NO_CONTENT);
    let again = refused(&client, json!({"convert": [{"lead": lead}]})).await;
    assert_eq!(again.0, "CANNOT_UPDATE_CONVERTED_LEAD");
}

#[tokio::test]
async fn a_lead_can_be_converted_into_records_that_exist() {
    let client = bare().await;
    let org = client.running.org();
    let account = client.create("Account", json!({"Name": "A"})).await;
    let lead = client.create("Lead", json!({"LastName": "L", "Company": "C"})).await;
    let wrong = json!({"lead": lead, "converted_status": "Open - Not Contacted"});
    assert_eq!(refused(&client, json!({"convert": [wrong]})).await.0, "INVALID_STATUS");

    let wanted = json!({"lead": lead, "account": account, "do_not_create_opportunity": true});
    let answer = done(&client, json!({"convert": [wanted]})).await;

    assert_eq!(
        (&answer["converted"][0]["account"], &answer["converted"][0]["opportunity"]),
        (&json!(account), &Json::Null)
    );
    let view = org.admin_view();
    assert_eq!(view.count(&view.object("Opportunity").expect("an object"), true), 0);
}

#[tokio::test]
async fn undelete_fills_the_lookups_again_that_the_delete_emptied() {
    let client = bare().await;
    let org = client.running.org();
    let account = client.create("Account", json!({"Name": "A"})).await;
    let other = client.create("Account", json!({"Name": "B"})).await;
    let kept = client.create("Project__c", json!({"Name": "P", "Account__c": account})).await;
    let replaced = client.create("Project__c", json!({"Name": "Q", "Account__c": account})).await;
    client.delete(&format!("/sobjects/Account/{account}")).await;
    assert_eq!(text(org, &kept, "Account__c"), "");
    client
        .send(Method::PATCH, &format!("/sobjects/Project__c/{replaced}"), json!({"Account__c": other}))
        .await;

    done(&client, json!({"undelete": [account]})).await;

    assert_eq!((text(org, &kept, "Account__c"), text(org, &replaced, "Account__c")), (account, other));
}

#[tokio::test]
async fn a_detail_does_not_come_back_without_its_master_and_a_junction_needs_both() {
    let client = bare().await;
    let org = client.running.org();
    let project = client.create("Project__c", json!({"Name": "P"})).await;
    let team = client.create("Team__c", json!({"Name": "T"})).await;
    let joint = client.create("Project_Team__c", json!({"Project__c": project, "Team__c": team})).await;
    client.delete(&format!("/sobjects/Team__c/{team}")).await;
    assert!(row(org, &joint).is_deleted());

    let answer = refused(&client, json!({"undelete": [joint]})).await;
    assert_eq!(answer.0, "UNDELETE_FAILED");
    assert_eq!(refused(&client, json!({"undelete": [project]})).await.1, "Entity is not in the recycle bin");

    done(&client, json!({"undelete": [team]})).await;
    assert!(is_live(org, &joint));
}

#[tokio::test]
async fn the_recycle_bin_is_emptied_on_request_and_after_fifteen_days() {
    let mut client = bare().await;
    let org = client.running.org().clone();
    let org = &org;
    let [old, new, live] = ["Old", "New", "Live"];
    let old = client.create("Account", json!({"Name": old})).await;
    let new = client.create("Account", json!({"Name": new})).await;
    let live = client.create("Account", json!({"Name": live})).await;
    client.delete(&format!("/sobjects/Account/{old}")).await;
    org.clock().advance(Duration::days(10));
    client.sign_in(ADMIN);
    client.delete(&format!("/sobjects/Account/{new}")).await;

    assert_eq!(refused(&client, json!({"empty_bin": [live]})).await.0, "INVALID_ID_FIELD");
    org.clock().advance(Duration::days(6));
    assert!(found(org, &old).is_none() && found(org, &new).is_some(), "the older one was purged");
    assert_eq!(org.deleted("Account", 0, i64::MAX).len(), 2);

    done(&client, json!({"empty_bin": [new]})).await;
    assert!(found(org, &new).is_none());
}

#[tokio::test]
async fn archived_activities_are_shown_by_query_all_only() {
    let client = bare().await;
    let org = client.running.org();
    let task = client
        .create("Task", json!({"Subject": "Call", "Status": "Completed", "ActivityDate": "2020-01-01"}))
        .await;
    let open = client.create("Task", json!({"Subject": "Call", "ActivityDate": "2020-01-01"})).await;

    assert_eq!(done(&client, json!({"archive_old_activities": true})).await["archived"], json!(1));
    done(&client, json!({"archive": [open]})).await;

    let view = org.admin_view();
    let def = view.object("Task").expect("an object");
    assert_eq!((view.count(&def, false), view.count(&def, true)), (0, 2));
    assert_eq!(row(org, &task).value_of("IsArchived"), Value::Bool(true));
    let account = client.create("Account", json!({"Name": "A"})).await;
    assert_eq!(refused(&client, json!({"archive": [account]})).await.0, "INVALID_TYPE_FOR_OPERATION");
}

#[tokio::test]
async fn a_held_merge_is_seen_at_commit() {
    let client = bare().await;
    let org = client.running.org();
    let [master, loser] = ["M", "L"];
    let master = client.create("Account", json!({"Name": master})).await;
    let loser = client.create("Account", json!({"Name": loser})).await;
    let number = org.open_transaction(&org.admin());
    done(&client, json!({"transaction": number, "merge": [{"master": master, "losers": [loser]}]})).await;
    assert!(is_live(org, &loser));
    org.commit(number).expect("a commit");
    assert_eq!(text(org, &loser, "MasterRecordId"), master);
}

#[tokio::test]
async fn a_detail_moves_to_another_master_only_where_its_field_allows_it() {
    let client = bare().await;
    let notation = "= Crate__c a7Q Crates | CUDQRTZ\nS; Name:string(80) N; Project__c > Project__c md0 reparent [Crates__r C]";
    client.admin(Method::POST, "/objects", json!({"notation": notation})).await;
    let [first, second] = ["P", "Q"];
    let first = client.create("Project__c", json!({"Name": first})).await;
    let second = client.create("Project__c", json!({"Name": second})).await;
    for (object, code) in [("Crate__c", 204), ("Invoice__c", 400)] {
        let id = client.create(object, json!({"Project__c": first})).await;
        let path = format!("/sobjects/{object}/{id}");
        let (status, answer) = client.send(Method::PATCH, &path, json!({"Project__c": second})).await;
        assert_eq!(status.as_u16(), code, "{answer}");
        if code == 400 {
            assert_eq!(answer[0]["errorCode"], "INVALID_FIELD_FOR_INSERT_UPDATE");
        }
    }
}
