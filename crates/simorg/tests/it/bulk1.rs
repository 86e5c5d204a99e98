//! Bulk API 1.0 over HTTP, in XML, JSON and CSV.

use anyhow::{Context, Result};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value as Json, json};
use simorg::xml::Element;
use simorg::{Effect, Endpoint, Fault, SimOrg};

use crate::caller::{Answer, Caller, read};

const BASE: &str = "/services/async/62.0";

async fn start() -> Result<Caller> {
    Caller::start(SimOrg::new().bare()).await
}

fn request(caller: &Caller, method: Method, path: &str) -> RequestBuilder {
    let url = format!("{}{BASE}{path}", caller.org.url());
    caller.http.request(method, url).header("x-sfdc-session", &caller.token)
}

async fn get(caller: &Caller, path: &str) -> Result<Answer> {
    read(request(caller, Method::GET, path)).await
}

async fn post(caller: &Caller, path: &str, kind: &str, body: &str) -> Result<Answer> {
    read(request(caller, Method::POST, path).header("content-type", kind).body(body.to_owned())).await
}

/// A job made by XML: its id.
async fn job(caller: &Caller, operation: &str, object: &str, content: &str, more: &str) -> Result<String> {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><jobInfo xmlns=\"http://www.force.com/2009/06/asyncapi/dataload\">\
         <operation>{operation}</operation><object>{object}</object>{more}<contentType>{content}</contentType></jobInfo>"
    );
    let made = post(caller, "/job", "application/xml; charset=UTF-8", &body).await?;
    assert_eq!(made.status, 201, "{}", made.text);
    let info = Element::parse(made.text.as_bytes())?;
    Ok(info.text_of("id").context("an id")?.to_owned())
}

/// Adds a batch and polls it once: its path and its info.
async fn batch(caller: &Caller, job: &str, kind: &str, body: &str) -> Result<(String, Element)> {
    let added = post(caller, &format!("/job/{job}/batch"), kind, body).await?;
    assert_eq!(added.status, 201, "{}", added.text);
    let id = match Element::parse(added.text.as_bytes()) {
        Ok(info) => info.text_of("id").context("an id")?.to_owned(),
        Err(_) => added.json()["id"].as_str().context("an id")?.to_owned(),
    };
    let path = format!("/job/{job}/batch/{id}");
    let polled = read(request(caller, Method::GET, &path).header("accept", "application/xml")).await?;
    Ok((path, Element::parse(polled.text.as_bytes())?))
}

fn code(answer: &Answer) -> Result<(u16, String)> {
    let error = Element::parse(answer.text.as_bytes())?;
    Ok((answer.status.as_u16(), error.text_of("exceptionCode").unwrap_or("?").to_owned()))
}

#[tokio::test]
async fn a_query_in_xml_goes_from_job_to_result() -> Result<()> {
    let caller = start().await?;
    let account = caller
        .insert("Account", &json!({"Name": "A \"x\"", "NumberOfEmployees": 5, "AnnualRevenue": 20_000_000}))
        .await?;
    let job = job(&caller, "query", "Account", "CSV", "<concurrencyMode>Parallel</concurrencyMode>").await?;
    assert!(job.starts_with("750"));
    let soql = "SELECT Id, Name, NumberOfEmployees, AnnualRevenue, Website, Owner.Username FROM Account";
    let (path, info) = batch(&caller, &job, "text/csv; charset=UTF-8", soql).await?;
    assert_eq!(
        (info.name.as_str(), info.text_of("state"), info.text_of("jobId")),
        ("batchInfo", Some("Completed"), Some(job.as_str()))
    );
    assert_eq!((info.text_of("numberRecordsProcessed"), info.text_of("stateMessage")), (Some("1"), None));
    assert!(info.text_of("createdDate").is_some_and(|at| at.len() == 24 && at.ends_with('Z')));

    let list = get(&caller, &format!("{path}/result")).await?;
    let list = Element::parse(list.text.as_bytes())?;
    let result = list.text_of("result").context("a result")?;
    let rows = get(&caller, &format!("{path}/result/{result}")).await?;

    assert_eq!(
        rows.text,
        format!(
            "\"Id\",\"Name\",\"NumberOfEmployees\",\"AnnualRevenue\",\"Website\",\"Owner.Username\"\n\
             \"{account}\",\"A \"\"x\"\"\",\"5\",\"2.0E7\",\"\",\"admin@simorg.example\"\n"
        )
    );
    let asked = get(&caller, &format!("{path}/request")).await?;
    assert_eq!(asked.text, soql);
    let closed =
        post(&caller, &format!("/job/{job}"), "application/xml", "<jobInfo><state>Closed</state></jobInfo>")
            .await?;
    let closed = Element::parse(closed.text.as_bytes())?;
    assert_eq!(
        (closed.text_of("state"), closed.text_of("numberBatchesCompleted"), closed.text_of("apiVersion")),
        (Some("Closed"), Some("1"), Some("62.0"))
    );
    let late = post(&caller, &format!("/job/{job}/batch"), "text/csv", soql).await?;
    assert_eq!(code(&late)?, (400, "InvalidJobState".to_owned()));
    Ok(())
}

#[tokio::test]
async fn a_query_in_json_has_times_as_milliseconds() -> Result<()> {
    let caller = start().await?;
    caller.org.org().clock().stop_at("2024-11-07T07:00:00Z".parse()?);
    caller.insert("Contact", &json!({"LastName": "L", "Birthdate": "2000-01-01"})).await?;
    let wanted =
        json!({"operation": "queryAll", "object": "Contact", "contentType": "JSON", "concurrencyMode": 0});
    let made = post(&caller, "/job", "application/json", &wanted.to_string()).await?;
    let info = made.json();
    assert_eq!(
        (made.status.as_u16(), &info["state"], &info["concurrencyMode"]),
        (201, &json!("Open"), &json!("Parallel"))
    );
    assert_eq!(
        (&info["numberBatchesTotal"], &info["externalIdFieldName"], &info["fastPathEnabled"]),
        (&json!(0), &Json::Null, &json!(false))
    );
    assert_eq!(info["createdDate"], "2024-11-07T07:00:00.000+0000");
    let job = info["id"].as_str().context("an id")?;
    let soql = "SELECT Id, Birthdate, CreatedDate, Account.Name, Owner.Username FROM Contact";
    let added = post(&caller, &format!("/job/{job}/batch"), "application/json", soql).await?.json();
    assert_eq!((&added["state"], &added["stateMessage"]), (&json!("Queued"), &Json::Null));
    let batch = added["id"].as_str().context("an id")?;
    let path = format!("/job/{job}/batch/{batch}");
    assert_eq!(get(&caller, &path).await?.json()["state"], "Completed");
    assert_eq!(get(&caller, &format!("/job/{job}/batch")).await?.json()["batchInfo"][0]["id"], batch);

    let results = get(&caller, &format!("{path}/result")).await?.json();
    let result = results[0].as_str().context("a result")?;
    let rows = get(&caller, &format!("{path}/result/{result}")).await?.json();

    assert_eq!(rows[0]["attributes"]["type"], "Contact");
    assert_eq!(
        (&rows[0]["Birthdate"], &rows[0]["CreatedDate"]),
        (&json!(946_684_800_000_i64), &json!(1_730_962_800_000_i64))
    );
    assert_eq!(
        (&rows[0]["Account"], &rows[0]["Owner"]["Username"]),
        (&Json::Null, &json!("admin@simorg.example"))
    );
    Ok(())
}

#[tokio::test]
async fn rows_are_written_from_csv_json_and_xml_in_their_order() -> Result<()> {
    let caller = start().await?;
    let csv = job(&caller, "insert", "Account", "CSV", "").await?;
    let (path, info) = batch(&caller, &csv, "text/csv", "Name,Phone\r\nA,1\r\n,2\r\nB,#N/A\r\n").await?;
    assert_eq!(
        (info.text_of("numberRecordsProcessed"), info.text_of("numberRecordsFailed")),
        (Some("3"), Some("1"))
    );
    let results = get(&caller, &format!("{path}/result")).await?.text;
    let lines: Vec<&str> = results.lines().collect();
    assert_eq!(lines[0], "\"Id\",\"Success\",\"Created\",\"Error\"");
    assert!(lines[1].starts_with("\"001") && lines[1].ends_with("\",\"true\",\"true\",\"\""), "{}", lines[1]);
    assert_eq!(
        lines[2],
        "\"\",\"false\",\"false\",\"REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --\""
    );
    let first = lines[1][1..19].to_owned();

    let json_job = post(
        &caller,
        "/job",
        "application/json",
        "{\"operation\":\"update\",\"object\":\"Account\",\"contentType\":\"JSON\"}",
    )
    .await?
    .json();
    let json_job = json_job["id"].as_str().context("an id")?.to_owned();
    let rows = json!([{"Id": first, "Phone": null, "NumberOfEmployees": 7}, {"Id": first[..15], "Fax": "1"}, {"Name": "no id"}]);
    let (path, _) = batch(&caller, &json_job, "application/json", &rows.to_string()).await?;
    let results = get(&caller, &format!("{path}/result")).await?.json();
    assert_eq!(results[0], json!({"success": true, "created": false, "id": first, "errors": []}));
    assert_eq!(
        (&results[2]["success"], &results[2]["errors"][0]["statusCode"]),
        (&json!(false), &json!("MISSING_ARGUMENT"))
    );
    let row = caller.get(&format!("/sobjects/Account/{first}?fields=Phone,NumberOfEmployees")).await?.json();
    assert_eq!((&row["Phone"], &row["NumberOfEmployees"]), (&Json::Null, &json!(7)));

    let xml = job(&caller, "insert", "Contact", "XML", "").await?;
    let rows = "<?xml version=\"1.0\"?><sObjects xmlns=\"http://www.force.com/2009/06/asyncapi/dataload\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\
                <sObject><LastName>L &amp; M</LastName><Phone xsi:nil=\"true\"/><Fax/></sObject><sObject><FirstName>F</FirstName></sObject></sObjects>";
    let (path, _) = batch(&caller, &xml, "application/xml", rows).await?;
    let results = Element::parse(get(&caller, &format!("{path}/result")).await?.text.as_bytes())?;
    let results: Vec<&Element> = results.all("result").collect();
    assert!(results[0].is_true("success") && results[0].is_true("created"));
    let error = results[1].child("errors").context("an error")?;
    assert_eq!(
        (error.text_of("statusCode"), error.text_of("fields")),
        (Some("REQUIRED_FIELD_MISSING"), Some("LastName"))
    );
    assert_eq!(caller.query("SELECT LastName FROM Contact").await?.json()["records"][0]["LastName"], "L & M");
    Ok(())
}

#[tokio::test]
async fn a_query_without_rows_says_so_in_its_own_way() -> Result<()> {
    let caller = start().await?;
    for (content, expected) in [("CSV", "Records not found for this query"), ("JSON", "[]")] {
        let job = job(&caller, "query", "Account", content, "").await?;
        let (path, _) = batch(&caller, &job, "text/csv", "SELECT Id FROM Account").await?;
        let list = get(&caller, &format!("{path}/result")).await?.text;
        let at = list.find("752").context("a result")?;
        let rows = get(&caller, &format!("{path}/result/{}", &list[at..at + 18])).await?;
        assert_eq!(rows.text, expected);
    }
    caller.insert("Account", &json!({"Name": "A"})).await?;
    let job = job(&caller, "query", "Account", "XML", "").await?;
    let (path, _) = batch(&caller, &job, "application/xml", "SELECT Name, Phone FROM Account").await?;
    let list = Element::parse(get(&caller, &format!("{path}/result")).await?.text.as_bytes())?;
    let result = list.text_of("result").context("a result")?;
    let rows = Element::parse(get(&caller, &format!("{path}/result/{result}")).await?.text.as_bytes())?;
    let record = rows.child("records").context("a record")?;
    assert_eq!((record.text_of("type"), record.text_of("Name")), (Some("Account"), Some("A")));
    assert!(record.child("Phone").is_some_and(Element::is_nil));
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_worked_on_fails_its_batch() -> Result<()> {
    let caller = start().await?;
    let cases = [
        ("query", "SELECT Nope FROM Account", "InvalidBatch : Failed to process query: INVALID_FIELD: "),
        ("query", "SELECT BillingAddress FROM Account", "InvalidBatch : Failed to process query: "),
        ("insert", "Name,Nope\nA,B\n", "InvalidBatch : Field name not found : Nope"),
        ("insert", "Name\n", "InvalidBatch : Records not found"),
        ("delete", "Id,Name\n1,2\n", "InvalidBatch : The 'delete' batch must contain only ids"),
        (
            "insert",
            "Name\n\"A\"x\n",
            "InvalidBatch : Failed to parse CSV. Not expecting more text after end quote",
        ),
    ];
    for (operation, body, expected) in cases {
        let job = job(&caller, operation, "Account", "CSV", "").await?;
        let (path, info) = batch(&caller, &job, "text/csv", body).await?;
        let message = info.text_of("stateMessage").unwrap_or_default();
        assert_eq!(info.text_of("state"), Some("Failed"), "{body}");
        assert!(message.starts_with(expected), "{message}");
        let result = get(&caller, &format!("{path}/result")).await?;
        assert_eq!(code(&result)?, (400, "InvalidBatch".to_owned()));
    }
    Ok(())
}

#[tokio::test]
async fn refusals_have_the_shape_of_bulk_1() -> Result<()> {
    let caller = start().await?;
    let url = format!("{}{BASE}/job", caller.org.url());
    let unsigned = read(caller.http.post(&url).header("X-SFDC-SESSION", "00D!no").body("<jobInfo/>")).await?;
    assert_eq!(code(&unsigned)?, (400, "InvalidSessionId".to_owned()));
    let unsigned = read(caller.http.post(&url).header("content-type", "application/json").body("{}")).await?;
    assert_eq!(
        unsigned.json(),
        json!({"exceptionCode": "InvalidSessionId", "exceptionMessage": "Invalid session id"})
    );
    let bearer = read(caller.request(Method::GET, &format!("{BASE}/job/750000000000000AAA"))).await?;
    assert_eq!(code(&bearer)?, (400, "InvalidJob".to_owned()));
    let cases = [
        (
            "{\"operation\":\"insert\",\"object\":\"Nope\",\"contentType\":\"CSV\"}",
            "InvalidJob",
            "Unable to find object: Nope",
        ),
        (
            "{\"operation\":\"insert\",\"object\":\"TaskStatus\"}",
            "InvalidEntity",
            "Entity 'TaskStatus' is not supported by the Bulk API.",
        ),
        (
            "{\"operation\":\"upsert\",\"object\":\"Account\"}",
            "InvalidJob",
            "External ID was blank for Account. An External ID must be specified for upsert.",
        ),
        ("{\"operation\":\"merge\",\"object\":\"Account\"}", "InvalidJob", "Invalid operation: merge"),
    ];
    for (body, code, message) in cases {
        let refused = post(&caller, "/job", "application/json", body).await?;
        assert_eq!(
            (refused.status.as_u16(), refused.json()),
            (400, json!({"exceptionCode": code, "exceptionMessage": message}))
        );
    }
    let zip = post(
        &caller,
        "/job",
        "application/json",
        "{\"operation\":\"insert\",\"object\":\"Account\",\"contentType\":\"ZIP_CSV\"}",
    )
    .await?;
    assert_eq!(zip.status, 501);
    assert_eq!(read(request(&caller, Method::DELETE, "/job")).await?.status, 405);
    assert_eq!(get(&caller, "/nothing").await?.status, 501);
    caller.org.org().limits().set_max(1);
    assert_eq!(code(&get(&caller, "/job/750000000000000AAA").await?)?.1, "ExceededQuota");
    Ok(())
}

#[tokio::test]
async fn pk_chunking_cuts_a_query_by_ids() -> Result<()> {
    let caller = Caller::start(SimOrg::new().bare().records("Account", 250)).await?;
    let made = request(&caller, Method::POST, "/job")
        .header("content-type", "application/json")
        .header("Sforce-Enable-PKChunking", "chunkSize=100")
        .body("{\"operation\":\"query\",\"object\":\"Account\",\"contentType\":\"CSV\"}");
    let id = read(made).await?.json()["id"].as_str().context("an id")?.to_owned();
    let (_, first) = batch(&caller, &id, "text/csv", "SELECT Id FROM Account").await?;
    assert_eq!(first.text_of("state"), Some("NotProcessed"));
    let list = Element::parse(get(&caller, &format!("/job/{id}/batch")).await?.text.as_bytes())?;
    let counts: Vec<Option<&str>> =
        list.all("batchInfo").skip(1).map(|info| info.text_of("numberRecordsProcessed")).collect();
    assert_eq!(counts, [Some("100"), Some("100"), Some("50")]);
    let second = list.all("batchInfo").nth(1).and_then(|info| info.text_of("id")).context("an id")?;
    let asked = get(&caller, &format!("/job/{id}/batch/{second}/request")).await?.text;
    assert!(asked.starts_with("SELECT Id FROM Account WHERE Id >= '001"), "{asked}");
    let listed = caller.get("/jobs/query?isPkChunkingEnabled=true").await?.json();
    assert_eq!(
        (&listed["records"][0]["id"], &listed["records"][0]["jobType"]),
        (&json!(id), &json!("Classic"))
    );
    Ok(())
}

#[tokio::test]
async fn polls_and_faults_can_hold_batches_up() -> Result<()> {
    let caller = start().await?;
    caller.org.state().bulk2.set_polls(1, 1);
    let id = job(&caller, "insert", "Account", "CSV", "<concurrencyMode>Serial</concurrencyMode>").await?;
    let (path, polled) = batch(&caller, &id, "text/csv", "Name\nA\n").await?;
    assert_eq!(polled.text_of("state"), Some("Queued"));
    assert_eq!(code(&get(&caller, &format!("{path}/result")).await?)?, (400, "InvalidBatch".to_owned()));
    let mut states = Vec::new();
    for _ in 0..2 {
        let info = Element::parse(get(&caller, &path).await?.text.as_bytes())?;
        states.push(info.text_of("state").context("a state")?.to_owned());
    }
    assert_eq!(states, ["InProgress", "Completed"]);

    caller.org.state().bulk2.set_polls(0, 0);
    let message = "InternalServerError : no luck".to_owned();
    caller
        .org
        .faults()
        .add(Fault::at(Endpoint::AsyncBatch, Effect::JobFailed { message: message.clone() }).once());
    let (_, failed) = batch(&caller, &id, "text/csv", "Name\nB\n").await?;
    assert_eq!(
        (failed.text_of("state"), failed.text_of("stateMessage")),
        (Some("Failed"), Some(message.as_str()))
    );
    caller.org.faults().add(Fault::at(Endpoint::IngestRows, Effect::RowLocked).once());
    let (path, _) = batch(&caller, &id, "text/csv", "Name\nC\n").await?;
    assert!(get(&caller, &format!("{path}/result")).await?.text.contains("UNABLE_TO_LOCK_ROW:"));

    let aborted =
        post(&caller, &format!("/job/{id}"), "application/json", "{\"state\":\"Aborted\"}").await?.json();
    assert_eq!((&aborted["state"], &aborted["numberBatchesTotal"]), (&json!("Aborted"), &json!(3)));
    let again =
        post(&caller, &format!("/job/{id}"), "application/xml", "<jobInfo><state>Closed</state></jobInfo>")
            .await?;
    assert!(again.text.contains("Closing already Aborted Job not allowed"), "{}", again.text);
    Ok(())
}

#[tokio::test]
async fn batches_of_csv_jobs_are_told_as_xml_whatever_the_type_of_the_request() -> Result<()> {
    let caller = start().await?;
    caller.insert("Account", &json!({"Name": "A"})).await?;
    let job = job(&caller, "query", "Account", "CSV", "").await?;
    let (path, _) = batch(&caller, &job, "text/csv", "SELECT Id FROM Account").await?;
    let ask = |path: String, header: &'static str| {
        read(request(&caller, Method::GET, &path).header(header, "application/json"))
    };

    for (path, name) in [
        (path.clone(), "batchInfo"),
        (format!("/job/{job}/batch"), "batchInfoList"),
        (format!("{path}/result"), "result-list"),
    ] {
        let answer = ask(path, "content-type").await?;
        assert_eq!(Element::parse(answer.text.as_bytes())?.name, name, "{}", answer.text);
    }
    assert_eq!(ask(path, "accept").await?.json()["state"], "Completed");
    assert_eq!(ask(format!("/job/{job}"), "content-type").await?.json()["id"], job);
    Ok(())
}

#[tokio::test]
async fn what_became_of_rows_is_plain_csv() -> Result<()> {
    let caller = start().await?;
    let job = job(&caller, "insert", "Account", "CSV", "").await?;
    let (path, _) = batch(&caller, &job, "text/csv; charset=UTF-8", "Name\nA\n").await?;

    let results = get(&caller, &format!("{path}/result")).await?;

    assert_eq!(results.header("content-type"), Some("text/csv"));
    assert!(results.text.starts_with("\"Id\",\"Success\",\"Created\",\"Error\"\n"), "{}", results.text);
    Ok(())
}

#[tokio::test]
async fn whole_numbers_have_a_point_where_that_is_asked_for() -> Result<()> {
    let caller = start().await?;
    caller.insert("Account", &json!({"Name": "A", "NumberOfEmployees": 5})).await?;
    let settings = json!({"whole_numbers_have_point": true});
    let set = read(caller.http.put(format!("{}/simorg/bulk", caller.org.url())).json(&settings)).await?;
    assert_eq!(set.json(), json!({"queued_polls": 0, "running_polls": 0, "whole_numbers_have_point": true}));

    for (content, expected) in [("CSV", "\n\"5.0\"\n"), ("XML", ">5.0<"), ("JSON", ":5}")] {
        let job = job(&caller, "query", "Account", content, "").await?;
        let (path, _) = batch(&caller, &job, "text/csv", "SELECT NumberOfEmployees FROM Account").await?;
        let list = get(&caller, &format!("{path}/result")).await?.text;
        let at = list.find("752").context("a result")?;
        let rows = get(&caller, &format!("{path}/result/{}", &list[at..at + 18])).await?;
        assert!(rows.text.contains(expected), "{}", rows.text);
    }
    Ok(())
}
