//! Formula fields, validation rules, roll-ups and defaults, as callers of the API meet them.

use chrono::{DateTime, Utc};
use reqwest::{Method, StatusCode};
use serde_json::{Value as Json, json};
use simorg::SimOrg;

use crate::client::{ADMIN, Client};

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_900_000_000 + second, 0).expect("a time")
}

async fn bare() -> Client {
    let mut client = Client::start(SimOrg::new().bare()).await;
    client.running.org().clock().stop_at(at(0));
    client.sign_in(ADMIN);
    client
}

async fn add_field(client: &Client, object: &str, notation: &str) {
    let path = format!("/objects/{object}/fields");
    let (status, answer) = client.admin(Method::POST, &path, json!({"notation": notation})).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
}

async fn field(client: &Client, object: &str, id: &str, name: &str) -> Json {
    let (_, row) = client.get(&format!("/sobjects/{object}/{id}?fields={name}")).await;
    row[name].clone()
}

#[tokio::test]
async fn results_are_typed_by_the_field_and_described() {
    let client = bare().await;
    for notation in [
        "Third__c:double(18,4) =Budget__c / 3",
        "Share__c:percent(18,1) =Budget__c / 300",
        "Cost__c:currency(18,2) =Budget__c * 0.005",
        "Ends__c:date =Start__c + 30",
        "Calls__c:datetime =Kick_Off__c + 0.5",
        "Late__c:boolean =Start__c < TODAY()",
        "Who__c:string(1300) =$User.FirstName & \" \" & $Profile.Name",
        "Broken__c:double(18,2) =1 / (Budget__c - 100)",
    ] {
        add_field(&client, "Project__c", notation).await;
    }
    let project = json!({"Name": "P", "Budget__c": 100, "Start__c": "2024-01-31", "Kick_Off__c": "2024-05-06T07:08:09Z"});

    let id = client.create("Project__c", project).await;

    let (_, row) = client.get(&format!("/sobjects/Project__c/{id}")).await;
    for (name, value) in [
        ("Third__c", json!(33.3333)),
        ("Share__c", json!(33.3)),
        ("Cost__c", json!(0.5)),
        ("Ends__c", json!("2024-03-01")),
        ("Calls__c", json!("2024-05-06T19:08:09.000+0000")),
        ("Late__c", json!(true)),
        ("Who__c", json!("Ada System Administrator")),
        ("Broken__c", Json::Null),
    ] {
        assert_eq!(row[name], value, "{name}");
    }
    let (_, describe) = client.get("/sobjects/Project__c/describe").await;
    let fields = describe["fields"].as_array().expect("fields");
    let third = fields.iter().find(|field| field["name"] == "Third__c").expect("the field");
    assert_eq!(third["calculatedFormula"], "Budget__c / 3");
    assert_eq!((&third["calculated"], &third["createable"]), (&json!(true), &json!(false)));
}

#[tokio::test]
async fn a_formula_field_that_is_wrong_is_refused_with_the_platforms_words() {
    let client = bare().await;
    for (notation, message) in [
        ("Bad__c:double(18,2) =Nothing__c + 1", "Field Nothing__c does not exist. Check spelling."),
        ("Bad__c:double(18,2) =ABS(1", "Syntax error.  Missing ')'"),
    ] {
        let body = json!({"notation": notation});
        let (status, answer) = client.admin(Method::POST, "/objects/Project__c/fields", body).await;
        assert_eq!((status, answer[0]["message"].as_str()), (StatusCode::BAD_REQUEST, Some(message)));
    }
}

#[tokio::test]
async fn formulas_are_filtered_and_read_for_generated_rows() {
    let client = Client::start(SimOrg::with_records("Project__c", 60)).await;

    let soql = "SELECT+Name,Label__c,Budget__c,Is_Large__c+FROM+Project__c+WHERE+Is_Large__c+=+true";
    let (status, answer) = client.get(&format!("/query?q={soql}")).await;

    assert_eq!(status, StatusCode::OK, "{answer}");
    let records = answer["records"].as_array().expect("records");
    assert!(!records.is_empty());
    for record in records {
        assert!(record["Budget__c"].as_f64().is_some_and(|budget| budget > 10_000.0), "{record}");
        let label = format!("Project: {}", record["Name"].as_str().expect("a name"));
        assert_eq!(record["Label__c"], json!(label));
    }
}

#[tokio::test]
async fn all_broken_rules_of_a_record_are_told_and_nothing_is_saved() {
    let client = bare().await;
    let rules = json!({"rules": [
        {"name": "Net_Positive", "formula": "Net__c < 0", "message": "Net must not be negative.", "error_field": "Net__c"},
        {"name": "Paid_Needs_Due", "formula": "AND(Is_Paid__c, ISBLANK(Due__c))", "message": "A paid invoice was due."},
        {"name": "Resting", "formula": "true", "message": "never", "active": false},
        {"name": "Elsewhere", "formula": "VLOOKUP(Name, Name, Name) = \"x\"", "message": "never"}]});
    let (status, answer) = client.admin(Method::PUT, "/objects/Invoice__c/rules", rules).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let enforced: Vec<&Json> =
        answer["rules"].as_array().expect("rules").iter().map(|rule| &rule["enforced"]).collect();
    assert_eq!(enforced, [&json!(true), &json!(true), &json!(false), &json!(false)]);
    assert!(answer["rules"][3]["problem"].as_str().is_some_and(|text| text.contains("VLOOKUP()")));
    let project = client.create("Project__c", json!({"Name": "P"})).await;

    let broken = json!({"Project__c": project, "Net__c": -1, "Is_Paid__c": true});
    let (status, answer) = client.send(Method::POST, "/sobjects/Invoice__c", broken).await;

    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(
        answer,
        json!([
            {"message": "Net must not be negative.", "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "fields": ["Net__c"]},
            {"message": "A paid invoice was due.", "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "fields": []}
        ])
    );
    assert_eq!(field(&client, "Project__c", &project, "Invoice_Count__c").await, json!(0.0));
    let id = client.create("Invoice__c", json!({"Project__c": project, "Net__c": 1})).await;
    let refused =
        client.refused(Method::PATCH, &format!("/sobjects/Invoice__c/{id}"), json!({"Net__c": -2})).await;
    assert_eq!(
        (refused.1.as_str(), refused.2.as_str()),
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Net must not be negative.")
    );
    assert_eq!(field(&client, "Project__c", &project, "Total_Billed__c").await, json!(1.0));
}

#[tokio::test]
async fn a_row_of_a_collection_fails_alone_with_all_that_is_wrong() {
    let client = bare().await;
    let rules = json!({"rules": [
        {"name": "One", "formula": "Net__c < 0", "message": "one", "error_field": "Net__c"},
        {"name": "Two", "formula": "Net__c < -5", "message": "two"}]});
    client.admin(Method::PUT, "/objects/Invoice__c/rules", rules).await;
    let project = client.create("Project__c", json!({"Name": "P"})).await;
    let invoice =
        |net: i32| json!({"attributes": {"type": "Invoice__c"}, "Project__c": project, "Net__c": net});

    let rows = json!({"allOrNone": false, "records": [invoice(-9), invoice(7)]});
    let (status, answer) = client.send(Method::POST, "/composite/sobjects", rows).await;

    assert_eq!(status, StatusCode::OK, "{answer}");
    let messages: Vec<&Json> =
        answer[0]["errors"].as_array().expect("errors").iter().map(|error| &error["message"]).collect();
    assert_eq!(messages, ["one", "two"]);
    assert_eq!(answer[1]["success"], json!(true));
    assert_eq!(field(&client, "Project__c", &project, "Total_Billed__c").await, json!(7.0));
}

#[tokio::test]
async fn rules_see_the_record_before_and_those_of_the_master_see_its_sums() {
    let client = bare().await;
    let rules = json!({"rules": [
        {"name": "Done_Is_Done", "formula": "AND(ISCHANGED(Stage__c), ISPICKVAL(PRIORVALUE(Stage__c), \"Done\"))", "message": "Done is done."},
        {"name": "Limit", "formula": "Total_Billed__c > 100", "message": "Too much was billed."},
        {"name": "Ratio", "formula": "100 / (Days__c - 7) > 1000", "message": "never"}]});
    let (status, answer) = client.admin(Method::PUT, "/objects/Project__c/rules", rules).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let id = client.create("Project__c", json!({"Name": "P", "Stage__c": "Done"})).await;
    let own = format!("/sobjects/Project__c/{id}");

    assert_eq!(client.send(Method::PATCH, &own, json!({"Name": "Q"})).await.0, StatusCode::NO_CONTENT);
    assert_eq!(client.refused(Method::PATCH, &own, json!({"Stage__c": "Running"})).await.2, "Done is done.");
    client.create("Invoice__c", json!({"Project__c": id, "Net__c": 60})).await;
    let second = json!({"Project__c": id, "Net__c": 60});
    assert_eq!(client.refused(Method::POST, "/sobjects/Invoice__c", second).await.2, "Too much was billed.");
    let refused = client.refused(Method::PATCH, &own, json!({"Days__c": 7})).await;
    assert_eq!(refused.1, "FIELD_INTEGRITY_EXCEPTION");
    assert!(refused.2.contains("\"Ratio\"") && refused.2.contains("Division by zero"), "{}", refused.2);
}

#[tokio::test]
async fn a_rule_that_is_no_rule_is_refused() {
    let client = bare().await;
    for (formula, field, message) in [
        ("Net__c", Json::Null, "incompatible with expected data type (true or false)"),
        ("Net__c < 0", json!("Nothing__c"), "Field Nothing__c does not exist. Check spelling."),
    ] {
        let rules =
            json!({"rules": [{"name": "R", "formula": formula, "message": "m", "error_field": field}]});
        let (status, answer) = client.admin(Method::PUT, "/objects/Invoice__c/rules", rules).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(answer[0]["message"].as_str().is_some_and(|text| text.contains(message)), "{answer}");
    }
    let motto = json!({"Name": "T", "Motto__c": "This is CONFIDENTIAL"});
    let refused = client.refused(Method::POST, "/sobjects/Team__c", motto).await;
    assert_eq!(refused.1, "FIELD_CUSTOM_VALIDATION_EXCEPTION");
}

const ROLL_UPS: [&str; 5] = [
    "Paid__c:currency(18,2) sum=Invoice__c.Project__c.Net__c where={Is_Paid__c equals True}",
    "Big__c:double(18,0) count=Invoice__c.Project__c where={Net__c greaterOrEqual 10} where={Net__c notEqual 11}",
    "Least__c:currency(18,2) min=Invoice__c.Project__c.Net__c",
    "Most__c:currency(18,2) max=Invoice__c.Project__c.Net__c",
    "Last_Due__c:date max=Invoice__c.Project__c.Due__c",
];

async fn sums(client: &Client, project: &str) -> Vec<Json> {
    let (_, row) = client.get(&format!("/sobjects/Project__c/{project}")).await;
    ["Invoice_Count__c", "Total_Billed__c", "Paid__c", "Big__c", "Least__c", "Most__c", "Last_Due__c"]
        .map(|name| row[name].clone())
        .into()
}

#[tokio::test]
async fn roll_ups_follow_every_change_of_a_detail() {
    let client = bare().await;
    for notation in ROLL_UPS {
        add_field(&client, "Project__c", notation).await;
    }
    let one = client.create("Project__c", json!({"Name": "One"})).await;
    let two = client.create("Project__c", json!({"Name": "Two"})).await;
    assert_eq!(
        sums(&client, &one).await,
        [json!(0.0), json!(0.0), json!(0.0), json!(0.0), json!(null), json!(null), json!(null)]
    );
    let invoice = |net: f64, due: &str, paid: bool| json!({"Project__c": one, "Net__c": net, "Due__c": due, "Is_Paid__c": paid});

    let first = client.create("Invoice__c", invoice(10.5, "2024-03-01", true)).await;
    client.create("Invoice__c", invoice(11.0, "2024-02-01", false)).await;
    let third = client.create("Invoice__c", invoice(-4.25, "2024-01-01", true)).await;
    let all =
        [json!(3.0), json!(17.25), json!(6.25), json!(1.0), json!(-4.25), json!(11.0), json!("2024-03-01")];
    assert_eq!(sums(&client, &one).await, all);

    client
        .send(
            Method::PATCH,
            &format!("/sobjects/Invoice__c/{third}"),
            json!({"Net__c": 12, "Is_Paid__c": false}),
        )
        .await;
    assert_eq!(
        sums(&client, &one).await,
        [json!(3.0), json!(33.5), json!(10.5), json!(2.0), json!(10.5), json!(12.0), json!("2024-03-01")]
    );
    client.delete(&format!("/sobjects/Invoice__c/{first}")).await;
    let without =
        [json!(2.0), json!(23.0), json!(0.0), json!(1.0), json!(11.0), json!(12.0), json!("2024-02-01")];
    assert_eq!(sums(&client, &one).await, without);
    client.admin(Method::POST, "/records", json!({"undelete": [first]})).await;
    assert_eq!(sums(&client, &one).await[..3], [json!(3.0), json!(33.5), json!(10.5)]);

    client.delete(&format!("/sobjects/Project__c/{one}")).await;
    client.admin(Method::POST, "/records", json!({"undelete": [one]})).await;
    assert_eq!(
        sums(&client, &one).await[..3],
        [json!(3.0), json!(33.5), json!(10.5)],
        "each is counted once"
    );
    assert_eq!(sums(&client, &two).await[0], json!(0.0));
}

#[tokio::test]
async fn a_roll_up_that_comes_later_counts_the_details_that_are_there() {
    let client = Client::start(SimOrg::with_records("Project__c", 2).records("Invoice__c", 6)).await;
    let written = client.create("Project__c", json!({"Name": "P"})).await;
    client.create("Invoice__c", json!({"Project__c": written, "Net__c": 2.5})).await;
    client.create("Invoice__c", json!({"Project__c": written, "Net__c": 3})).await;

    add_field(&client, "Project__c", "Again__c:currency(18,2) sum=Invoice__c.Project__c.Net__c").await;

    assert_eq!(field(&client, "Project__c", &written, "Again__c").await, json!(5.5));
    let (_, answer) = client.get("/query?q=SELECT+Again__c,Total_Billed__c+FROM+Project__c").await;
    for record in answer["records"].as_array().expect("records") {
        assert_eq!(record["Again__c"], record["Total_Billed__c"]);
    }
}

#[tokio::test]
async fn the_master_is_stamped_only_when_what_it_holds_may_change() {
    let client = bare().await;
    let org = client.running.org();
    let project = client.create("Project__c", json!({"Name": "P"})).await;
    let invoice = client.create("Invoice__c", json!({"Project__c": project, "Net__c": 5})).await;
    let stamp = |row: &Json| row["SystemModstamp"].as_str().expect("a stamp").to_owned();
    let before = stamp(&client.get(&format!("/sobjects/Project__c/{project}")).await.1);
    org.clock().stop_at(at(60));

    let path = format!("/sobjects/Invoice__c/{invoice}");
    client.send(Method::PATCH, &path, json!({"Remarks__c": "none"})).await;
    assert_eq!(stamp(&client.get(&format!("/sobjects/Project__c/{project}")).await.1), before);

    client.send(Method::PATCH, &path, json!({"Net__c": 6})).await;
    let (_, row) = client.get(&format!("/sobjects/Project__c/{project}")).await;
    assert!(stamp(&row) > before);
    assert_ne!(row["LastModifiedDate"], row["SystemModstamp"]);
}

#[tokio::test]
async fn generated_masters_keep_their_sums_when_they_are_written() {
    let client = Client::start(SimOrg::with_records("Project__c", 3).records("Invoice__c", 30)).await;
    let query = "/query?q=SELECT+Id,Total_Billed__c,Invoice_Count__c,(SELECT+Net__c+FROM+Invoices__r)+FROM+Project__c";
    let number = |value: &Json| value.as_f64().unwrap_or(0.0);
    let (_, answer) = client.get(query).await;
    let project = &answer["records"][0];
    let nets = project["Invoices__r"]["records"].as_array().expect("invoices");
    assert_eq!(project["Invoice_Count__c"], json!(10.0));
    let before = number(&project["Total_Billed__c"]);
    assert!((before - nets.iter().map(|row| number(&row["Net__c"])).sum::<f64>()).abs() < 0.005);
    let id = project["Id"].as_str().expect("an id");

    client.send(Method::PATCH, &format!("/sobjects/Project__c/{id}"), json!({"Name": "Changed"})).await;
    assert_eq!(field(&client, "Project__c", id, "Total_Billed__c").await, project["Total_Billed__c"]);

    client.create("Invoice__c", json!({"Project__c": id, "Net__c": 1})).await;
    let total = field(&client, "Project__c", id, "Total_Billed__c").await;
    assert!((number(&total) - before - 1.0).abs() < 0.005, "{total}");
    assert_eq!(field(&client, "Project__c", id, "Invoice_Count__c").await, json!(11.0));
}

#[tokio::test]
async fn defaults_are_computed_unless_null_was_given() {
    let client = bare().await;
    for notation in [
        "Review__c:date default={TODAY() + 30}",
        "Made_By__c:string(80) default={$User.FirstName & \" \" & $User.LastName}",
        "Discount__c:percent(5,2) default={0.15}",
        "Priority__c:picklist(255) {Low,^Normal,High}",
        "Wrong__c:double(5,2) default={1 / 0}",
    ] {
        add_field(&client, "Project__c", notation).await;
    }

    let filled = client.create("Project__c", json!({"Name": "P"})).await;
    let given = client
        .create(
            "Project__c",
            json!({"Name": "Q", "Review__c": null, "Made_By__c": "me", "Priority__c": null}),
        )
        .await;

    let (_, row) = client.get(&format!("/sobjects/Project__c/{filled}")).await;
    let shown = ["Review__c", "Made_By__c", "Discount__c", "Priority__c", "Wrong__c", "Is_Billable__c"]
        .map(|name| row[name].clone());
    assert_eq!(
        shown,
        [json!("2030-04-16"), json!("Ada Admin"), json!(15.0), json!("Normal"), json!(null), json!(false)]
    );
    let (_, row) = client.get(&format!("/sobjects/Project__c/{given}")).await;
    let shown = ["Review__c", "Made_By__c", "Priority__c"].map(|name| row[name].clone());
    assert_eq!(shown, [json!(null), json!("me"), json!(null)]);
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table of refusals")]
async fn values_that_do_not_fit_their_field_are_refused_with_salesforces_words() {
    let client = bare().await;
    add_field(&client, "Project__c", "Seats__c:int(3)").await;
    for (record, code, message) in [
        (
            json!({"Days__c": 1000}),
            "NUMBER_OUTSIDE_VALID_RANGE",
            "Days: value outside of valid range on numeric field: 1000.0",
        ),
        (
            json!({"Progress__c": -1000}),
            "NUMBER_OUTSIDE_VALID_RANGE",
            "Progress: value outside of valid range on numeric field: -1000.0",
        ),
        (
            json!({"Seats__c": 1000}),
            "NUMBER_OUTSIDE_VALID_RANGE",
            "Seats: value outside of valid range on numeric field: 1000.0",
        ),
        (json!({"Place__Latitude__s": 90.5}), "NUMBER_OUTSIDE_VALID_RANGE", "value outside of valid range"),
        (
            json!({"Place__Longitude__s": -180.5}),
            "NUMBER_OUTSIDE_VALID_RANGE",
            "value outside of valid range",
        ),
        (
            json!({"Start__c": "1699-12-31"}),
            "NUMBER_OUTSIDE_VALID_RANGE",
            "Start: invalid date: Thu Dec 31 00:00:00 GMT 1699",
        ),
        (
            json!({"Kick_Off__c": "4001-01-01T00:00:00Z"}),
            "NUMBER_OUTSIDE_VALID_RANGE",
            "Kick Off: invalid date: ",
        ),
        (
            json!({"Is_Billable__c": null}),
            "INVALID_TYPE_ON_FIELD_IN_RECORD",
            "Is Billable: value not of required type: ",
        ),
        (json!({"Is_Billable__c": "maybe"}), "JSON_PARSER_ERROR", "Cannot deserialize instance of boolean"),
        (json!({"Secret__c": "x".repeat(176)}), "STRING_TOO_LONG", "(max length=175)"),
        (json!({"Hotline__c": "1".repeat(41)}), "STRING_TOO_LONG", "(max length=40)"),
        (json!({"Site__c": "u".repeat(256)}), "STRING_TOO_LONG", "(max length=255)"),
        (
            json!({"Contact_Email__c": "a@b"}),
            "INVALID_EMAIL_ADDRESS",
            "Contact Email: invalid email address: a@b",
        ),
    ] {
        let mut record = record;
        record["Name"] = json!("P");
        let refused = client.refused(Method::POST, "/sobjects/Project__c", record.clone()).await;
        assert_eq!((refused.0, refused.1.as_str()), (400, code), "{record}: {refused:?}");
        assert!(refused.2.contains(message), "{record}: {refused:?}");
    }
    for record in [
        json!({"Start__c": "1700-01-01", "Is_Billable__c": "TRUE", "Seats__c": 999.0, "Place__Latitude__s": -90}),
        json!({"Start__c": "4000-12-31", "Country__c": "Nowhere in the list", "Progress__c": "999.99"}),
    ] {
        let mut record = record;
        record["Name"] = json!("P");
        client.create("Project__c", record).await;
    }
}
