//! Fields of standard objects that follow from others: in records that are written and in generated ones.

use std::ops::ControlFlow;

use chrono::{DateTime, Datelike, Utc};
use reqwest::{Method, StatusCode};
use serde_json::{Value as Json, json};
use simorg::SimOrg;
use simorg::model::Value;
use simorg::state::{Row, Scan};

use crate::client::Client;

async fn bare() -> Client {
    Client::start(SimOrg::new().bare()).await
}

/// These fields of a record, in their order.
async fn fields(client: &Client, object: &str, id: &str, names: &[&str]) -> Json {
    let (status, row) = client.get(&format!("/sobjects/{object}/{id}?fields={}", names.join(","))).await;
    assert_eq!(status, StatusCode::OK, "{row}");
    names.iter().map(|name| row[*name].clone()).collect()
}

async fn change(client: &Client, object: &str, id: &str, record: Json) {
    let (status, answer) = client.send(Method::PATCH, &format!("/sobjects/{object}/{id}"), record).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{answer}");
}

/// Every generated row of an object.
fn each(object: &str, mut visit: impl FnMut(&Row)) {
    let epoch: DateTime<Utc> = DateTime::from_timestamp(1_780_000_000, 0).expect("a time");
    let org = SimOrg::demo(3000).epoch(epoch).build().expect("an org");
    let view = org.admin_view();
    let def = view.object(object).expect("an object");
    let mut rows = 0;
    view.scan(&def, Scan::default(), &mut |row| {
        visit(row);
        rows += 1;
        ControlFlow::Continue(())
    });
    assert!(rows > 50, "{rows} rows of {object}");
}

fn text(row: &Row, name: &str) -> String {
    row.value_of(name).to_plain_text()
}

const DEAL: [&str; 10] = [
    "Probability",
    "IsClosed",
    "IsWon",
    "ForecastCategory",
    "ForecastCategoryName",
    "ExpectedRevenue",
    "Fiscal",
    "FiscalQuarter",
    "FiscalYear",
    "LastStageChangeDate",
];

#[tokio::test]
async fn stage_amount_and_close_date_decide_the_rest_of_an_opportunity() {
    let client = bare().await;
    let deal =
        json!({"Name": "D", "StageName": "Negotiation/Review", "CloseDate": "2026-05-31", "Amount": 1000.5});
    let id = client.create("Opportunity", deal).await;
    let told = fields(&client, "Opportunity", &id, &DEAL).await;
    assert_eq!(told, json!([90.0, false, false, "Pipeline", "Pipeline", 900.45, "2026 2", 2, 2026, null]));

    change(&client, "Opportunity", &id, json!({"Probability": 50, "CloseDate": "2027-01-01"})).await;
    let told = fields(&client, "Opportunity", &id, &DEAL).await;
    assert_eq!((&told[0], &told[5], &told[6]), (&json!(50.0), &json!(500.25), &json!("2027 1")));

    change(&client, "Opportunity", &id, json!({"Amount": null, "ForecastCategoryName": "Best Case"})).await;
    let told = fields(&client, "Opportunity", &id, &DEAL).await;
    assert_eq!((&told[3], &told[4], &told[5]), (&json!("BestCase"), &json!("Best Case"), &Json::Null));
    assert_eq!(told[0], json!(50.0), "the stage has not changed");

    change(&client, "Opportunity", &id, json!({"StageName": "Closed Won", "Amount": 7})).await;
    let told = fields(&client, "Opportunity", &id, &DEAL).await;
    assert_eq!(
        told.as_array().map(|told| &told[..6]),
        json!([100.0, true, true, "Closed", "Closed", 7.0]).as_array().map(Vec::as_slice)
    );
    assert!(told[9].is_string(), "{told}");
}

#[test]
fn generated_opportunities_are_as_their_stage_says() {
    each("Opportunity", |row| {
        let stage = text(row, "StageName");
        let closed = stage.starts_with("Closed");
        assert_eq!(row.value_of("IsClosed"), Value::Bool(closed), "{stage}");
        assert_eq!(row.value_of("IsWon"), Value::Bool(stage == "Closed Won"), "{stage}");
        let category =
            if closed { ["Omitted", "Closed"][usize::from(stage == "Closed Won")] } else { "Pipeline" };
        assert_eq!([text(row, "ForecastCategory"), text(row, "ForecastCategoryName")], [category, category]);
        let Value::Date(day) = row.value_of("CloseDate") else { panic!("no close date") };
        let quarter = day.month0() / 3 + 1;
        assert_eq!(text(row, "Fiscal"), format!("{} {quarter}", day.year()));
        assert_eq!(row.value_of("FiscalYear"), Value::Int(day.year().into()));
        assert_eq!(row.value_of("FiscalQuarter"), Value::Int(quarter.into()));
        match (row.value_of("Amount").as_f64(), row.value_of("ExpectedRevenue").as_f64()) {
            (None, None) => {}
            (Some(amount), Some(revenue)) => {
                let chance = row.value_of("Probability").as_f64().expect("a probability");
                let share = amount * chance / 100.0;
                assert!(
                    (share - revenue).abs() <= 0.006 + share.abs() * 1e-12,
                    "{amount} {chance} {revenue}"
                );
            }
            odd => panic!("{odd:?}"),
        }
    });
}

const EVENT: [&str; 6] =
    ["StartDateTime", "ActivityDateTime", "ActivityDate", "DurationInMinutes", "EndDateTime", "EndDate"];

#[tokio::test]
async fn the_times_of_an_event_follow_from_one_another() {
    let client = bare().await;
    let id = client
        .create("Event", json!({"ActivityDateTime": "2026-03-01T23:30:00.000Z", "DurationInMinutes": 60}))
        .await;
    let told = fields(&client, "Event", &id, &EVENT).await;
    let (start, end) = ("2026-03-01T23:30:00.000+0000", "2026-03-02T00:30:00.000+0000");
    assert_eq!(told, json!([start, start, "2026-03-01", 60, end, "2026-03-02"]));

    change(&client, "Event", &id, json!({"StartDateTime": "2026-03-05T08:00:00.000Z"})).await;
    let told = fields(&client, "Event", &id, &EVENT).await;
    let (start, end) = ("2026-03-05T08:00:00.000+0000", "2026-03-05T09:00:00.000+0000");
    assert_eq!(told, json!([start, start, "2026-03-05", 60, end, "2026-03-05"]), "the length stays");

    change(&client, "Event", &id, json!({"EndDateTime": "2026-03-05T08:15:00.000Z"})).await;
    assert_eq!(fields(&client, "Event", &id, &["DurationInMinutes"]).await, json!([15]));

    change(&client, "Event", &id, json!({"IsAllDayEvent": true})).await;
    let told = fields(&client, "Event", &id, &EVENT).await;
    let midnight = "2026-03-05T00:00:00.000+0000";
    assert_eq!(told, json!([midnight, null, "2026-03-05", 1440, midnight, "2026-03-05"]));

    let days = json!({"IsAllDayEvent": true, "ActivityDate": "2026-04-01", "EndDateTime": "2026-04-03T00:00:00.000Z"});
    let id = client.create("Event", days).await;
    assert_eq!(
        fields(&client, "Event", &id, &["DurationInMinutes", "EndDate"]).await,
        json!([4320, "2026-04-03"])
    );
}

#[tokio::test]
async fn times_of_an_event_that_contradict_each_other_are_refused() {
    let client = bare().await;
    let start = "2026-03-01T10:00:00.000Z";
    for (record, field) in [
        (json!({"StartDateTime": start, "DurationInMinutes": -5}), "DurationInMinutes"),
        (json!({"StartDateTime": start, "DurationInMinutes": 20161}), "DurationInMinutes"),
        (json!({"StartDateTime": start, "EndDateTime": "2026-03-01T09:00:00.000Z"}), "DurationInMinutes"),
        (
            json!({"StartDateTime": start, "DurationInMinutes": 5, "EndDateTime": "2026-03-01T11:00:00.000Z"}),
            "EndDateTime",
        ),
        (
            json!({"StartDateTime": start, "ActivityDateTime": "2026-03-01T11:00:00.000Z", "DurationInMinutes": 5}),
            "ActivityDateTime",
        ),
    ] {
        let (status, answer) = client.send(Method::POST, "/sobjects/Event", record.clone()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{record}");
        assert_eq!(answer[0]["errorCode"], "FIELD_INTEGRITY_EXCEPTION", "{record}");
        assert_eq!(answer[0]["fields"], json!([field]), "{record}");
    }
}

#[test]
fn generated_events_last_from_their_start_to_their_end() {
    each("Event", |row| {
        let at = |name: &str| row.value_of(name).as_ms().expect("a time");
        assert_eq!(at("StartDateTime"), at("ActivityDateTime"));
        let Value::Int(minutes) = row.value_of("DurationInMinutes") else { panic!("no length") };
        assert_eq!(at("EndDateTime") - at("StartDateTime"), minutes * 60_000);
        let day = |name: &str| DateTime::from_timestamp_millis(at(name)).map(|at| at.date_naive());
        assert_eq!(row.value_of("ActivityDate"), day("StartDateTime").map_or(Value::Null, Value::Date));
        assert_eq!(row.value_of("EndDate"), day("EndDateTime").map_or(Value::Null, Value::Date));
        assert!(text(row, "RecurrenceType").is_empty() && text(row, "IsRecurrence") == "false");
    });
}

#[tokio::test]
async fn a_case_shows_its_contact_and_when_it_was_closed() {
    let client = bare().await;
    let account = client.create("Account", json!({"Name": "A"})).await;
    let contact = json!({"LastName": "C", "AccountId": account, "Email": "c@x.example", "Phone": "1", "MobilePhone": "2", "Fax": "3"});
    let contact = client.create("Contact", contact).await;
    let id = client.create("Case", json!({"ContactId": contact, "Status": "Closed"})).await;
    let shown = ["AccountId", "ContactEmail", "ContactPhone", "ContactMobile", "ContactFax", "IsClosed"];
    let told = fields(&client, "Case", &id, &shown).await;
    assert_eq!(told, json!([account, "c@x.example", "1", "2", "3", true]));
    assert!(fields(&client, "Case", &id, &["ClosedDate"]).await[0].is_string());

    change(&client, "Contact", &contact, json!({"Email": "new@x.example"})).await;
    change(&client, "Case", &id, json!({"Status": "Working"})).await;
    let told = fields(&client, "Case", &id, &["ContactEmail", "IsClosed", "ClosedDate"]).await;
    assert_eq!(told, json!(["new@x.example", false, null]));
    let (_, found) = client.get("/query?q=SELECT+COUNT()+FROM+Case+WHERE+ContactEmail='new@x.example'").await;
    assert_eq!(found["totalSize"], 1);
}

#[test]
fn generated_cases_and_leads_are_in_possible_states() {
    each("Case", |row| {
        let closed = text(row, "Status") == "Closed";
        assert_eq!(row.value_of("IsClosed"), Value::Bool(closed));
        assert_eq!(row.value_of("ClosedDate").is_null(), !closed);
        if let Some(contact) = row.referenced(row_field(row, "ContactId").as_ref().expect("a field")) {
            assert_eq!(row.value_of("AccountId"), contact.value_of("AccountId"));
            assert_eq!(row.value_of("ContactEmail"), contact.value_of("Email"));
        } else {
            assert_eq!(row.value_of("ContactEmail"), Value::Null);
        }
    });
    each("Lead", |row| {
        let converted = row.value_of("IsConverted") == Value::Bool(true);
        assert_eq!(text(row, "Status") == "Closed - Converted", converted);
        for name in ["ConvertedDate", "ConvertedContactId", "ConvertedAccountId"] {
            assert_eq!(row.value_of(name).is_null(), !converted, "{name}");
        }
        assert_eq!(row.value_of("MasterRecordId"), Value::Null);
        let filled = |name: &str| !row.value_of(name).is_null();
        assert_eq!(filled("GeocodeAccuracy"), filled("Latitude"));
        assert_eq!(filled("Longitude"), filled("Latitude"));
    });
}

fn row_field(row: &Row, name: &str) -> Option<simorg::model::FieldDef> {
    simorg::schema::built_in()
        .iter()
        .find(|def| def.name == row.object_name())
        .and_then(|def| def.field(name).cloned())
}

#[tokio::test]
async fn a_task_is_completed_once_and_belongs_to_an_account() {
    let client = bare().await;
    let account = client.create("Account", json!({"Name": "A"})).await;
    let other = client.create("Account", json!({"Name": "B"})).await;
    let contact = client.create("Contact", json!({"LastName": "C", "AccountId": other})).await;
    let deal =
        json!({"Name": "D", "StageName": "Prospecting", "CloseDate": "2026-05-31", "AccountId": account});
    let deal = client.create("Opportunity", deal).await;
    let id = client.create("Task", json!({"WhatId": deal, "WhoId": contact, "Priority": "High"})).await;
    let shown = ["AccountId", "TaskSubtype", "IsClosed", "CompletedDateTime", "IsHighPriority"];
    let told = fields(&client, "Task", &id, &shown).await;
    assert_eq!(told, json!([account, "Task", false, null, true]));

    change(&client, "Task", &id, json!({"Status": "Completed", "WhatId": null, "Priority": "Low"})).await;
    let told = fields(&client, "Task", &id, &shown).await;
    assert_eq!((&told[0], &told[2], &told[4]), (&json!(other), &json!(true), &json!(false)));
    let completed = told[3].clone();
    assert!(completed.is_string(), "{told}");
    client.running.org().clock().advance(chrono::Duration::hours(1));
    change(&client, "Task", &id, json!({"Subject": "Call"})).await;
    assert_eq!(fields(&client, "Task", &id, &["CompletedDateTime"]).await[0], completed);
}

#[test]
fn generated_tasks_are_in_possible_states() {
    let (mut about, mut by_contact) = (0, 0);
    each("Task", |row| {
        let closed = text(row, "Status") == "Completed";
        assert_eq!(row.value_of("IsClosed"), Value::Bool(closed));
        assert_eq!(row.value_of("CompletedDateTime").is_null(), !closed);
        assert_eq!(row.value_of("IsHighPriority"), Value::Bool(text(row, "Priority") == "High"));
        assert!(row.value_of("CallType").is_null() || text(row, "TaskSubtype") == "Call");
        assert_eq!(row.value_of("ReminderDateTime").is_null(), text(row, "IsReminderSet") == "false");
        let what = row.referenced(row_field(row, "WhatId").as_ref().expect("a field"));
        let who = row.referenced(row_field(row, "WhoId").as_ref().expect("a field"));
        let account = match what.as_ref().map(Row::object_name) {
            Some("Account") => row.value_of("WhatId"),
            Some("Opportunity" | "Contract") => what.map_or(Value::Null, |what| what.value_of("AccountId")),
            _ => {
                by_contact += 1;
                who.filter(|who| who.object_name() == "Contact")
                    .map_or(Value::Null, |who| who.value_of("AccountId"))
            }
        };
        about += 1;
        assert_eq!(row.value_of("AccountId"), account, "{}", row.id());
    });
    assert!(by_contact > 10 && about > by_contact, "{about} {by_contact}");
}

#[tokio::test]
async fn activities_are_found_by_the_account_behind_them() {
    let client = Client::start(SimOrg::demo(3000)).await;
    let (_, one) = client.get("/query?q=SELECT+AccountId+FROM+Task+WHERE+AccountId!=null+LIMIT+1").await;
    let account = one["records"][0]["AccountId"].as_str().expect("an id").to_owned();
    let (_, found) =
        client.get(&format!("/query?q=SELECT+Id,AccountId+FROM+Task+WHERE+AccountId='{account}'")).await;
    let (_, all) = client.get("/query?q=SELECT+AccountId+FROM+Task").await;
    let expected =
        all["records"].as_array().expect("rows").iter().filter(|row| row["AccountId"] == account.as_str());
    assert_eq!(found["totalSize"], expected.count());
}

#[tokio::test]
async fn an_address_has_an_accuracy_only_with_coordinates() {
    let client = bare().await;
    let id = client.create("Account", json!({"Name": "A", "BillingGeocodeAccuracy": "Address"})).await;
    assert_eq!(fields(&client, "Account", &id, &["BillingGeocodeAccuracy"]).await, json!([null]));
    let place = json!({"BillingLatitude": 1.5, "BillingLongitude": 2.5, "BillingGeocodeAccuracy": "Zip"});
    change(&client, "Account", &id, place).await;
    assert_eq!(fields(&client, "Account", &id, &["BillingGeocodeAccuracy"]).await, json!(["Zip"]));
}

#[tokio::test]
async fn white_space_at_the_ends_of_a_text_is_not_kept() {
    let client = bare().await;
    let id = client
        .create("Account", json!({"Name": " \t A  B \r\n", "Description": "\n x \n", "Site": "   "}))
        .await;
    let told = fields(&client, "Account", &id, &["Name", "Description", "Site"]).await;
    assert_eq!(told, json!(["A  B", "x", null]));
    let hard = client.create("Account", json!({"Name": "\u{a0}A"})).await;
    assert_eq!(fields(&client, "Account", &hard, &["Name"]).await, json!(["\u{a0}A"]));
    let refused = client.refused(Method::POST, "/sobjects/Account", json!({"Name": "  "})).await;
    assert_eq!(refused.1, "REQUIRED_FIELD_MISSING");
    each("Project__c", |row| {
        for name in ["Name", "Summary__c", "Notes__c", "Hidden__c"] {
            let held = text(row, name);
            assert_eq!(held.trim_matches(|letter| letter <= ' '), held, "{name}");
        }
    });
}

#[tokio::test]
async fn values_of_a_multi_select_picklist_are_held_once_in_the_order_of_its_definition() {
    let client = bare().await;
    let id = client
        .create("Project__c", json!({"Name": "P", "Skills__c": "SQL;Rust;SQL; Apex ;;Other;Rust"}))
        .await;
    assert_eq!(fields(&client, "Project__c", &id, &["Skills__c"]).await, json!(["Rust;Apex;SQL;Other"]));
}

fn somebody(client: &Client) -> Json {
    let org = client.running.org();
    let view = org.admin_view();
    let def = view.object("User").expect("users");
    let admin = org.user_by_name(crate::client::ADMIN).expect("the administrator");
    let profile = view.row(&def, &admin.id).expect("a row").value_of("ProfileId").to_plain_text();
    json!({
        "Username": "new@simorg.example", "LastName": "New", "Email": "new@simorg.example", "Alias": "new",
        "CommunityNickname": "new", "TimeZoneSidKey": "Europe/Berlin", "LocaleSidKey": "de_DE",
        "EmailEncodingKey": "UTF-8", "LanguageLocaleKey": "de", "ProfileId": profile, "IsActive": true
    })
}

#[tokio::test]
async fn a_username_is_taken_once() {
    let client = bare().await;
    let record = somebody(&client);
    let id = client.create("User", record.clone()).await;
    let mut twin = record.clone();
    twin["Username"] = json!("NEW@simorg.example");
    let (_, answer) = client.send(Method::POST, "/sobjects/User", twin).await;
    let message = "Duplicate Username.<br>The username already exists in this or another Salesforce organization. Usernames must be unique across all Salesforce organizations. To resolve, use a different username (it doesn't need to match the user's email address). ";
    assert_eq!(
        answer,
        json!([{"message": message, "errorCode": "DUPLICATE_USERNAME", "fields": ["Username"]}])
    );
    let mut twin = record.clone();
    twin["Username"] = json!("other@simorg.example");
    assert_eq!(client.refused(Method::POST, "/sobjects/User", twin).await.1, "DUPLICATE_COMM_NICKNAME");
    change(&client, "User", &id, json!({"Username": "new@simorg.example", "LastName": "Same"})).await;
}

#[tokio::test]
async fn a_user_lives_in_a_place_that_exists() {
    let client = bare().await;
    for (field, wrong) in [
        ("TimeZoneSidKey", "Europe/Atlantis"),
        ("LocaleSidKey", "xx_XX"),
        ("LanguageLocaleKey", "klingon"),
        ("EmailEncodingKey", "EBCDIC"),
    ] {
        let mut record = somebody(&client);
        record[field] = json!(wrong);
        let refused = client.refused(Method::POST, "/sobjects/User", record).await;
        assert_eq!(refused.1, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "{field}");
        assert!(
            refused.2.ends_with(&format!("bad value for restricted picklist field: {wrong}")),
            "{}",
            refused.2
        );
    }
}
