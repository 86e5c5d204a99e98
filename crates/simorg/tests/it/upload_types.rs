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
    let wanted = json!({"object": "Contact", "operation": "insert"});
    let job = caller.post("/jobs/ingest", &wanted).await?.json();
    let id = job["id"].as_str().context("an id")?;
    let csv = "LastName,Birthdate,DoNotCall\nA,2000-02-29,yes\nB,tomorrow,no\nC,,maybe\n";
    assert_eq!(put_csv(&caller, id, csv).await?.status, 201);

    let path = format!("/jobs/ingest/{id}");
    read(caller.request(Method::PATCH, &path).json(&json!({"state": "UploadComplete"}))).await?;
    let job = caller.get(&path).await?.json();

    assert_eq!((&job["state"], &job["numberRecordsFailed"]), (&json!("JobComplete"), &json!(2)));
    let failed = caller.get(&format!("{path}/failedResults")).await?.text;
    for (error, fields) in [
        ("Birthdate: value not of required type: tomorrow:Birthdate", "\"B\",\"tomorrow\",\"no\""),
        ("Do Not Call: value not of required type: maybe:DoNotCall", "\"C\",\"\",\"maybe\""),
    ] {
        let line = format!("\"\",\"INVALID_TYPE_ON_FIELD_IN_RECORD:{error} --\",{fields}\n");
        assert!(failed.contains(&line), "{failed}");
    }
    let made = caller.query("SELECT DoNotCall FROM Contact").await?.json();
    assert_eq!((&made["totalSize"], &made["records"][0]["DoNotCall"]), (&json!(1), &json!(true)));
    Ok(())
}

fn asynchronous(caller: &Caller, path: &str, kind: &str) -> RequestBuilder {
    let url = format!("{}/services/async/67.0{path}", caller.org.url());
    caller.http.post(url).header("x-sfdc-session", &caller.token).header("content-type", kind)
}

#[tokio::test]
async fn bulk_1_refuses_it_in_json_too_and_keeps_what_is_of_its_type() -> Result<()> {
    let caller = Caller::start(SimOrg::new().bare()).await?;
    let wanted = json!({"operation": "insert", "object": "Contact", "contentType": "JSON"});
    let job = read(asynchronous(&caller, "/job", "application/json").json(&wanted)).await?.json();
    let path = format!("/job/{}/batch", job["id"].as_str().context("an id")?);
    let rows = json!([
        {"LastName": "A", "DoNotCall": true, "Birthdate": "2000-01-01", "Phone": null, "Fax": ""},
        {"LastName": "B", "DoNotCall": 7},
        {"LastName": "C", "MailingLatitude": "north"},
        {"LastName": "D", "DoNotCall": "no", "MailingLatitude": 12.5},
    ]);

    let batch = read(asynchronous(&caller, &path, "application/json").json(&rows)).await?.json();
    let batch = batch["id"].as_str().context("an id")?;
    let request = caller
        .http
        .get(format!("{}/services/async/67.0{path}/{batch}/result", caller.org.url()))
        .header("x-sfdc-session", &caller.token)
        .header("content-type", "application/json");
    let results = read(request).await?.json();

    let successes: Vec<bool> =
        results.as_array().context("rows")?.iter().map(|row| row["success"] == true).collect();
    assert_eq!(successes, [true, false, false, true], "{results}");
    let error = &results[1]["errors"][0];
    assert_eq!(error["statusCode"], "INVALID_TYPE_ON_FIELD_IN_RECORD");
    assert_eq!(error["message"], "Do Not Call: value not of required type: 7");
    assert_eq!(error["fields"], json!(["DoNotCall"]));
    Ok(())
}
