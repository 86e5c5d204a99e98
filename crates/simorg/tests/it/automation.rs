//! Automations and refusals: what runs when a record is saved, and what stops it.

use reqwest::{Method, StatusCode};
use serde_json::{Value as Json, json};
use simorg::SimOrg;
use simorg::state::{Org, WriteOptions};

use crate::client::Client;

async fn bare() -> Client {
    Client::start(SimOrg::new().bare()).await
}

async fn automate(client: &Client, automation: Json) {
    let (status, answer) = client.admin(Method::POST, "/automations", automation).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
}

fn text(org: &Org, id: &str, field: &str) -> String {
    let view = org.admin_view();
    let def = view.object_of_id(id).expect("an object");
    view.row(&def, id).expect("a row").value_of(field).to_plain_text()
}

async fn refusal(client: &Client, object: &str, record: Json) -> (String, String) {
    let (_, code, message) = client.refused(Method::POST, &format!("/sobjects/{object}"), record).await;
    (code, message)
}

#[tokio::test]
async fn a_trigger_fails_with_its_words_until_it_is_switched_off() {
    let client = bare().await;
    let trigger = json!({
        "kind": "ApexTrigger", "full_name": "Guard", "object": "Account",
        "when": {"Rating": "Hot"}, "effect": {"fail": {"message": "System.NullPointerException: Attempt to de-reference a null object"}},
    });
    automate(&client, trigger).await;

    client.create("Account", json!({"Name": "Cold"})).await;
    let (code, message) = refusal(&client, "Account", json!({"Name": "A", "Rating": "Hot"})).await;
    assert_eq!(code, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY");
    assert_eq!(
        message,
        "Guard: execution of BeforeInsert\n\ncaused by: System.NullPointerException: Attempt to de-reference a null object\n\nTrigger.Guard: line 3, column 1"
    );

    let path = "/automations/ApexTrigger/Guard";
    assert_eq!(client.admin(Method::PUT, path, json!({"active": false})).await.0, StatusCode::OK);
    client.create("Account", json!({"Name": "A", "Rating": "Hot"})).await;
    assert!(client.running.org().set_automation_active("ApexTrigger", "guard", true));
    assert!(!client.running.org().set_automation_active("Flow", "Guard", true));
    assert_eq!(refusal(&client, "Account", json!({"Name": "A", "Rating": "Hot"})).await.0, code);
    client.admin(Method::DELETE, path, Json::Null).await;
    client.create("Account", json!({"Name": "A", "Rating": "Hot"})).await;
}

#[tokio::test]
async fn flows_slow_code_and_own_errors_have_their_own_words() {
    let client = bare().await;
    for (kind, object, effect, code, words) in [
        (
            "Flow",
            "Lead",
            json!({"fail": {"message": "boom"}}),
            "CANNOT_EXECUTE_FLOW_TRIGGER",
            "We can't save this record because the \"X\" process failed. Give your Salesforce admin these details. boom",
        ),
        (
            "ApexTrigger",
            "Contact",
            json!("cpu_limit"),
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
            "X: System.LimitException: Apex CPU time limit exceeded",
        ),
        (
            "ApexTrigger",
            "Case",
            json!({"fail": {"code": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "no"}}),
            "FIELD_CUSTOM_VALIDATION_EXCEPTION",
            "no",
        ),
    ] {
        automate(&client, json!({"kind": kind, "full_name": "X", "object": object, "effect": effect})).await;
        let answer = refusal(
            &client,
            object,
            json!({"LastName": "L", "Company": "C"}).as_object().map_or(Json::Null, |all| {
                let mut record = all.clone();
                if object != "Lead" {
                    record.remove("Company");
                }
                if object == "Case" {
                    record.remove("LastName");
                }
                Json::Object(record)
            }),
        )
        .await;
        assert_eq!((answer.0.as_str(), answer.1.as_str()), (code, words));
        client.admin(Method::DELETE, &format!("/automations/{kind}/X"), Json::Null).await;
    }
}

#[tokio::test]
async fn automations_set_fields_and_make_children() {
    let client = bare().await;
    let org = client.running.org();
    automate(&client, json!({"kind": "Flow", "full_name": "Rate", "object": "Account", "effect": {"set_field": {"field": "Rating", "value": "Warm"}}})).await;
    automate(&client, json!({"kind": "ApexTrigger", "full_name": "Follow", "object": "Account", "events": ["insert"],
        "effect": {"create_child": {"object": "Task", "parent_field": "WhatId", "values": {"Subject": "Welcome"}}}})).await;
    automate(&client, json!({"kind": "AutoResponseRule", "full_name": "Mail", "object": "Account", "events": ["insert"], "effect": "send_mail"})).await;

    let account = client.create("Account", json!({"Name": "A"})).await;

    assert_eq!(text(org, &account, "Rating"), "Warm");
    let view = org.admin_view();
    assert_eq!(view.count(&view.object("Task").expect("an object"), false), 1);
    assert_eq!(org.sent_mails(), 1);
}

#[tokio::test]
async fn triggers_that_set_each_other_off_stop_at_the_deepest() {
    let client = bare().await;
    automate(&client, json!({"kind": "ApexTrigger", "full_name": "Again", "object": "Account", "events": ["insert"],
        "effect": {"create_child": {"object": "Account", "parent_field": "ParentId", "values": {"Name": "Child"}}}})).await;
    let (code, message) = refusal(&client, "Account", json!({"Name": "A"})).await;
    assert_eq!(code, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY");
    assert!(message.contains("maximum trigger depth exceeded"), "{message}");
    let view = client.running.org().admin_view();
    assert_eq!(view.count(&view.object("Account").expect("an object"), true), 0, "nothing of it remains");
}

#[tokio::test]
async fn duplicate_rules_block_or_warn_and_tell_what_they_found() {
    let client = bare().await;
    let org = client.running.org();
    let first = client.create("Account", json!({"Name": "Acme"})).await;
    let rule = |alert: bool| {
        json!({"kind": "DuplicateRule", "full_name": "Account.Same_Name", "object": "Account",
        "effect": {"duplicate": {"fields": ["Name"], "alert": alert}}})
    };
    automate(&client, rule(true)).await;

    let (status, answer) = client.send(Method::POST, "/sobjects/Account", json!({"Name": "ACME"})).await;
    assert_eq!((status, &answer[0]["errorCode"]), (StatusCode::BAD_REQUEST, &json!("DUPLICATES_DETECTED")));
    let result = &answer[0]["duplicateResult"];
    assert_eq!((&result["allowSave"], &result["duplicateRule"]), (&json!(true), &json!("Same_Name")));
    assert_eq!(result["matchResults"][0]["matchRecords"][0]["record"]["Id"], json!(first));

    let insert = |allow_duplicates: bool| {
        org.write(&org.admin(), |transaction| {
            transaction.set_options(WriteOptions { allow_duplicates, ..WriteOptions::default() });
            transaction.insert("Account", json!({"Name": "Acme"}).as_object().expect("a record"))
        })
    };
    assert!(insert(true).is_ok());
    automate(&client, rule(false)).await;
    let blocked = insert(true).expect_err("a block rule stands");
    assert_eq!(blocked.duplicate_result.expect("a result")["allowSave"], json!(false));
    let path = format!("/sobjects/Account/{first}");
    assert_eq!(client.send(Method::PATCH, &path, json!({"Phone": "1"})).await.0, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn assignment_rules_run_unless_the_request_says_no() {
    let client = bare().await;
    let org = client.running.org();
    automate(&client, json!({"kind": "AssignmentRule", "full_name": "Lead.Route", "object": "Lead", "effect": {"reassign": {"owner": "Support_Queue"}}})).await;
    let insert = |auto_assign: Option<bool>| {
        org.write(&org.admin(), |transaction| {
            transaction.set_options(WriteOptions { auto_assign, ..WriteOptions::default() });
            transaction
                .insert("Lead", json!({"LastName": "L", "Company": "C"}).as_object().expect("a record"))
        })
        .expect("a lead")
    };
    let owners =
        [None, Some(true), Some(false)].map(|option| text(org, &insert(option), "OwnerId")[..3].to_owned());
    assert_eq!(owners, ["00G", "00G", "005"]);
}

#[tokio::test]
async fn a_delete_can_be_refused_by_a_trigger() {
    let client = bare().await;
    let account = client.create("Account", json!({"Name": "A"})).await;
    automate(&client, json!({"kind": "ApexTrigger", "full_name": "Keep", "object": "Account", "events": ["delete"], "effect": {"fail": {"message": "kept"}}})).await;
    let refused = client.refused(Method::DELETE, &format!("/sobjects/Account/{account}"), Json::Null).await;
    assert!(refused.2.starts_with("Keep: execution of BeforeDelete"), "{}", refused.2);
}

#[tokio::test]
async fn some_records_are_refused_on_request() {
    let client = bare().await;
    client
        .admin(
            Method::POST,
            "/row-faults",
            json!({"object": "Contact", "every": 3, "times": 2, "code": "UNABLE_TO_LOCK_ROW"}),
        )
        .await;
    let mut codes = Vec::new();
    for number in 0..9 {
        let (status, answer) =
            client.send(Method::POST, "/sobjects/Contact", json!({"LastName": format!("C{number}")})).await;
        codes.push(if status == StatusCode::CREATED {
            "ok".to_owned()
        } else {
            answer[0]["errorCode"].as_str().unwrap_or("").to_owned()
        });
    }
    let locked = "UNABLE_TO_LOCK_ROW";
    assert_eq!(codes, [locked, "ok", "ok", locked, "ok", "ok", "ok", "ok", "ok"]);

    client.admin(Method::DELETE, "/row-faults", Json::Null).await;
    client
        .admin(
            Method::POST,
            "/row-faults",
            json!({"object": "Contact", "when": {"LastName": "Odd"}, "code": "TooManyLockFailure"}),
        )
        .await;
    let answer = refusal(&client, "Contact", json!({"LastName": "Odd"})).await;
    assert_eq!(
        (answer.0.as_str(), answer.1.as_str()),
        ("TooManyLockFailure", "Too many lock failure 200 Trying again later.")
    );
    client.create("Contact", json!({"LastName": "Even"})).await;
}

#[tokio::test]
async fn an_org_in_maintenance_is_read_only() {
    let client = bare().await;
    let account = client.create("Account", json!({"Name": "A"})).await;
    client.admin(Method::PUT, "/setup", json!({"maintenance": true})).await;
    let code = "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE";
    assert_eq!(refusal(&client, "Account", json!({"Name": "B"})).await.0, code);
    let path = format!("/sobjects/Account/{account}");
    assert_eq!(client.refused(Method::PATCH, &path, json!({"Name": "B"})).await.1, code);
    assert_eq!(client.refused(Method::DELETE, &path, Json::Null).await.1, code);
    assert_eq!(client.get(&path).await.0, StatusCode::OK);
    client.admin(Method::PUT, "/setup", json!({"maintenance": false})).await;
    client.create("Account", json!({"Name": "B"})).await;
}

#[tokio::test]
async fn a_lookup_filter_refuses_what_does_not_match() {
    let client = bare().await;
    let hot = client.create("Account", json!({"Name": "A", "Rating": "Hot"})).await;
    let cold = client.create("Account", json!({"Name": "B", "Rating": "Cold"})).await;
    let filter =
        json!({"object": "Project__c", "field": "Account__c", "target_field": "Rating", "values": ["Hot"]});
    client.admin(Method::POST, "/lookup-filters", filter).await;

    client.create("Project__c", json!({"Name": "P", "Account__c": hot})).await;
    let answer = refusal(&client, "Project__c", json!({"Name": "P", "Account__c": cold})).await;
    assert_eq!(
        (answer.0.as_str(), answer.1.as_str()),
        ("FIELD_FILTER_VALIDATION_EXCEPTION", "Value does not exist or does not match filter criteria.")
    );

    let off = json!({"object": "Project__c", "field": "Account__c", "target_field": "Rating", "values": []});
    client.admin(Method::POST, "/lookup-filters", off).await;
    client.create("Project__c", json!({"Name": "P", "Account__c": cold})).await;
}

#[tokio::test]
async fn set_up_and_other_objects_do_not_mix_in_one_call() {
    let client = bare().await;
    let org = client.running.org();
    let mix = |one_kind: bool| {
        org.write(&org.admin(), |transaction| {
            transaction.set_options(WriteOptions { one_kind, ..WriteOptions::default() });
            transaction.insert("Account", json!({"Name": "A"}).as_object().expect("a record"))?;
            transaction
                .insert("Group", json!({"Name": "G", "Type": "Regular"}).as_object().expect("a record"))
        })
    };
    assert_eq!(mix(true).expect_err("a refusal").code, "MIXED_DML_OPERATION");
    assert!(mix(false).is_ok());

    let records = json!({"records": [
        {"attributes": {"type": "Account"}, "Name": "B"},
        {"attributes": {"type": "Group"}, "Name": "H", "Type": "Regular"},
    ]});
    let (_, answer) = client.send(Method::POST, "/composite/sobjects", records).await;
    assert_eq!(
        (&answer[0]["success"], &answer[1]["errors"][0]["statusCode"]),
        (&json!(true), &json!("MIXED_DML_OPERATION"))
    );
}

#[tokio::test]
async fn headers_of_a_request_pass_alerts_and_keep_assignment_rules_from_running() {
    let client = bare().await;
    let org = client.running.org();
    automate(&client, json!({"kind": "AssignmentRule", "full_name": "Lead.Route", "object": "Lead", "effect": {"reassign": {"owner": "Support_Queue"}}})).await;
    automate(&client, json!({"kind": "DuplicateRule", "full_name": "Lead.Same", "object": "Lead", "effect": {"duplicate": {"fields": ["LastName"], "alert": true}}})).await;
    let lead = json!({"LastName": "L", "Company": "C"});
    let first = client.create("Lead", lead.clone()).await;
    assert_eq!(&text(org, &first, "OwnerId")[..3], "00G");
    assert_eq!(refusal(&client, "Lead", lead.clone()).await.0, "DUPLICATES_DETECTED");

    let request = client
        .request(Method::POST, "/sobjects/Lead")
        .header("Sforce-Duplicate-Rule-Header", "allowSave=true")
        .header("Sforce-Auto-Assign", "FALSE");
    let answer: Json = request.json(&lead).send().await.expect("an answer").json().await.expect("JSON");
    let second = answer["id"].as_str().expect("an id");
    assert_eq!(&text(org, second, "OwnerId")[..3], "005");
}
