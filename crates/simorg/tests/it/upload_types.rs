//! Values that are not of their field's type, in both Bulk APIs.

use anyhow::{Context, Result};
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use simorg::SimOrg;

use crate::caller::{Answer, Caller, read};

async fn put_csv(caller: &Caller, id: &str, csv: &str) -> Result<Answer> {
    let path = format!("/jobs/ingest/{id}/batches");
    read(caller.request(Method::PUT, &path).header("content-type", "text/csv").body(csv.to_owned())).await
}

#[tokio::test]
async fn bulk_2_refuses_the_row_whose_value_is_of_another_type() -> Result<()> {
    let caller = Caller::start(SimOrg::new().bare()).await?;
    let wanted = json!({"object": "Project__c", "operation": "insert"});
    let job = caller.post("/jobs/ingest", &wanted).await?.json();
    let id = job["id"].as_str().context("an id")?;
    let csv = "Name,Start__c,Is_Billable__c\nA,2000-02-29,yes\nB,tomorrow,no\nC,,maybe\n";
    assert_eq!(put_csv(&caller, id, csv).await?.status, 201);

    let path = format!("/jobs/ingest/{id}");
    read(caller.request(Method::PATCH, &path).json(&json!({"state": "UploadComplete"}))).await?;
    let job = caller.get(&path).await?.json();

    assert_eq!((&job["state"], &job["numberRecordsFailed"]), (&json!("JobComplete"), &json!(2)));
    let failed = caller.get(&format!("{path}/failedResults")).await?.text;
    for (error, fields) in [
        ("Start: value not of required type: tomorrow:Start__c", "\"B\",\"tomorrow\",\"no\""),
        ("Is Billable: value not of required type: maybe:Is_Billable__c", "\"C\",\"\",\"maybe\""),
    ] {
        let line = format!("\"\",\"INVALID_TYPE_ON_FIELD_IN_RECORD:{error} --\",{fields}\n");
        assert!(failed.contains(&line), "{failed}");
    }
    let made = caller.query("SELECT Is_Billable__c FROM Project__c").await?.json();
    assert_eq!((&made["totalSize"], &made["records"][0]["Is_Billable__c"]), (&json!(1), &json!(true)));
    Ok(())
}

fn asynchronous(caller: &Caller, path: &str, kind: &str) -> RequestBuilder {
    let url = format!("{}/services/async/67.0{path}", caller.org.url());
    caller.http.post(url).header("x-sfdc-session", &caller.token).header("content-type", kind)
}

#[tokio::test]
async fn bulk_1_refuses_it_in_json_too_and_keeps_what_is_of_its_type() -> Result<()> {
    let caller = Caller::start(SimOrg::new().bare()).await?;
    let wanted = json!({"operation": "insert", "object": "Project__c", "contentType": "JSON"});
    let job = read(asynchronous(&caller, "/job", "application/json").json(&wanted)).await?.json();
    let path = format!("/job/{}/batch", job["id"].as_str().context("an id")?);
    let rows = json!([
        {"Name": "A", "Is_Billable__c": true, "Start__c": "2000-01-01", "Days__c": null, "Summary__c": ""},
        {"Name": "B", "Is_Billable__c": 7},
        {"Name": "C", "Budget__c": "much"},
        {"Name": "D", "Is_Billable__c": "no", "Budget__c": 12.5},
    ]);

    let batch = read(asynchronous(&caller, &path, "application/json").json(&rows)).await?.json();
    let batch = batch["id"].as_str().context("an id")?;
    let get = async |path: &str| {
        let url = format!("{}/services/async/67.0{path}", caller.org.url());
        let request = caller.http.get(url).header("x-sfdc-session", &caller.token);
        anyhow::Ok(read(request.header("content-type", "application/json")).await?.json())
    };
    // A batch is done at its first poll.
    assert_eq!(get(&format!("{path}/{batch}")).await?["state"], "Completed");
    let results = get(&format!("{path}/{batch}/result")).await?;

    let successes: Vec<bool> =
        results.as_array().context("rows")?.iter().map(|row| row["success"] == true).collect();
    assert_eq!(successes, [true, false, false, true], "{results}");
    let error = &results[1]["errors"][0];
    assert_eq!(error["statusCode"], "INVALID_TYPE_ON_FIELD_IN_RECORD");
    assert_eq!(error["message"], "Is Billable: value not of required type: 7");
    assert_eq!(error["fields"], json!(["Is_Billable__c"]));
    Ok(())
}
