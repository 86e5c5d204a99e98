//! Bulk 2.0 query jobs over HTTP.

use anyhow::{Context, Result};
use chrono::Duration;
use reqwest::Method;
use serde_json::json;
use simorg::{Effect, Endpoint, Fault, SimOrg};

use crate::caller::{Answer, Caller, read};

async fn job(caller: &Caller, operation: &str, soql: &str) -> Result<String> {
    let answer = caller.bulk(operation, soql).await?;
    Ok(answer.json()["id"].as_str().with_context(|| answer.text.clone())?.to_owned())
}

/// All pages of a finished job, as they came.
async fn pages(caller: &Caller, id: &str, max_records: usize) -> Result<Vec<Answer>> {
    let mut pages = Vec::new();
    let mut locator = None;
    loop {
        let mut request = caller
            .request(Method::GET, &format!("/jobs/query/{id}/results"))
            .query(&[("maxRecords", max_records)]);
        if let Some(locator) = &locator {
            request = request.query(&[("locator", locator)]);
        }
        let page = read(request).await?;
        let next = page.header("sforce-locator").context("a locator")?.to_owned();
        pages.push(page);
        if next == "null" {
            return Ok(pages);
        }
        locator = Some(next);
    }
}

fn rows(page: &Answer) -> Result<Vec<Vec<String>>> {
    let mut reader = csv::ReaderBuilder::new().from_reader(page.text.as_bytes());
    reader.records().map(|row| Ok(row?.iter().map(str::to_owned).collect())).collect()
}

#[tokio::test]
async fn a_job_is_queued_runs_and_gives_its_rows_in_pages() -> Result<()> {
    let caller = Caller::start(SimOrg::new().bare().records("Account", 2_500)).await?;
    caller.org.state().bulk2.set_polls(0, 1);
    let created = caller.bulk("query", "SELECT Id, Name FROM Account").await?;
    let body = created.json();
    assert_eq!(created.status, 200);
    assert_eq!(
        (&body["state"], &body["object"], &body["operation"]),
        (&json!("UploadComplete"), &json!("Account"), &json!("query"))
    );
    assert_eq!(
        (&body["contentType"], &body["columnDelimiter"], &body["lineEnding"]),
        (&json!("CSV"), &json!("COMMA"), &json!("LF"))
    );
    assert!(created.text.contains("\"apiVersion\":67.0"), "{}", created.text);
    let id = body["id"].as_str().context("an id")?;
    assert!(id.starts_with("750") && id.len() == 18);

    let early = caller.get(&format!("/jobs/query/{id}/results")).await?;
    assert_eq!(early.refusal(), "400 JOB_NOT_COMPLETE");
    let (done, states) = caller.finish(id).await?;
    assert_eq!(states, ["InProgress", "JobComplete"]);
    assert_eq!(
        (&done["numberRecordsProcessed"], &done["jobType"], &done["isPkChunkingSupported"]),
        (&json!(2500), &json!("V2Query"), &json!(true))
    );

    let pages = pages(&caller, id, 1000).await?;

    let counts: Vec<&str> = pages.iter().filter_map(|page| page.header("sforce-numberofrecords")).collect();
    assert_eq!(counts, ["1000", "1000", "500"]);
    assert!(pages.iter().all(|page| page.text.starts_with("\"Id\",\"Name\"\n\"001")));
    assert_eq!(pages[0].header("content-type"), Some("text/csv; charset=UTF-8"));
    let mut ids = Vec::new();
    for page in &pages {
        ids.extend(rows(page)?.into_iter().map(|row| row[0].clone()));
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 2_500);
    Ok(())
}

#[tokio::test]
async fn values_have_the_forms_of_bulk() -> Result<()> {
    let caller = Caller::start(SimOrg::new().bare()).await?;
    let account = caller
        .insert(
            "Account",
            &json!({"Name": "a \"b\",\r\nc ", "AnnualRevenue": 20_000_000, "NumberOfEmployees": 5}),
        )
        .await?;
    let id = job(
        &caller,
        "query",
        "SELECT Id, Name, AnnualRevenue, NumberOfEmployees, IsDeleted, Website, Owner.Username FROM Account",
    )
    .await?;
    caller.finish(&id).await?;

    let page = caller.get(&format!("/jobs/query/{id}/results")).await?;

    let name = caller.query("SELECT Name FROM Account").await?.json()["records"][0]["Name"]
        .as_str()
        .context("a name")?
        .replace('"', "\"\"");
    let expected = format!(
        "\"Id\",\"Name\",\"AnnualRevenue\",\"NumberOfEmployees\",\"IsDeleted\",\"Website\",\"Owner.Username\"\n\
         \"{account}\",\"{name}\",\"2.0E7\",\"5\",\"false\",\"\",\"admin@simorg.example\"\n"
    );
    assert_eq!(page.text, expected);
    assert_eq!(page.header("sforce-locator"), Some("null"));
    Ok(())
}

#[tokio::test]
async fn a_job_shows_the_org_as_it_was_when_it_was_made() -> Result<()> {
    let caller = Caller::start(SimOrg::new().bare()).await?;
    let first = caller.insert("Account", &json!({"Name": "First"})).await?;
    let id = job(&caller, "query", "SELECT Name FROM Account").await?;
    caller.insert("Account", &json!({"Name": "Second"})).await?;
    read(caller.request(Method::DELETE, &format!("/sobjects/Account/{first}"))).await?;
    caller.finish(&id).await?;
    assert_eq!(caller.get(&format!("/jobs/query/{id}/results")).await?.text, "\"Name\"\n\"First\"\n");

    let all = job(&caller, "queryAll", "SELECT Name, IsDeleted FROM Account ORDER BY Name").await?;
    caller.finish(&all).await?;
    let page = caller.get(&format!("/jobs/query/{all}/results")).await?;
    assert_eq!(page.text, "\"Name\",\"IsDeleted\"\n\"First\",\"true\"\n\"Second\",\"false\"\n");
    Ok(())
}

#[tokio::test]
async fn no_rows_give_the_header_alone_and_other_delimiters_are_kept() -> Result<()> {
    let caller = Caller::start(SimOrg::new().bare()).await?;
    let wanted = json!({"operation": "query", "query": "SELECT Id, Name FROM Lead", "columnDelimiter": "PIPE", "lineEnding": "CRLF"});
    let id = caller.post("/jobs/query", &wanted).await?.json()["id"].as_str().context("an id")?.to_owned();
    caller.finish(&id).await?;
    let page = caller.get(&format!("/jobs/query/{id}/results")).await?;
    assert_eq!(page.text, "\"Id\"|\"Name\"\r\n");
    assert_eq!(
        (page.header("sforce-locator"), page.header("sforce-numberofrecords")),
        (Some("null"), Some("0"))
    );
    Ok(())
}

#[tokio::test]
async fn what_bulk_does_not_take_is_refused_at_creation() -> Result<()> {
    let caller = Caller::start(SimOrg::new().bare()).await?;
    let cases = [
        ("SELECT BillingAddress FROM Account", "400 API_ERROR"),
        ("SELECT Body FROM Attachment", "400 API_ERROR"),
        ("SELECT COUNT(Id) FROM Account", "400 API_ERROR"),
        ("SELECT COUNT() FROM Account", "400 API_ERROR"),
        ("SELECT Industry FROM Account GROUP BY Industry", "400 API_ERROR"),
        ("SELECT Id FROM Account OFFSET 5", "400 API_ERROR"),
        ("SELECT (SELECT Id FROM Contacts) FROM Account", "400 API_ERROR"),
        ("SELECT TYPEOF Owner WHEN User THEN Name END FROM Case", "400 API_ERROR"),
        ("SELECT FIELDS(ALL) FROM Account", "400 MALFORMED_QUERY"),
        ("SELECT Id FROM TaskStatus", "400 INVALIDENTITY"),
        ("SELECT Id FROM Nope", "400 INVALID_TYPE"),
        ("SELECT Nope FROM Account", "400 INVALID_FIELD"),
        ("SELECT Id FORM Account", "400 MALFORMED_QUERY"),
    ];
    for (soql, expected) in cases {
        assert_eq!(caller.bulk("query", soql).await?.refusal(), expected, "{soql}");
    }
    assert_eq!(caller.bulk("insert", "SELECT Id FROM Account").await?.refusal(), "400 INVALIDJOB");
    let text = read(
        caller.request(Method::POST, "/jobs/query").header("content-type", "application/json").body("{"),
    )
    .await?;
    assert_eq!(text.refusal(), "400 JSON_PARSER_ERROR");
    caller.org.faults().add(Fault::at(Endpoint::BulkCreate, Effect::RefuseBulk).on_object("Lead"));
    assert_eq!(
        caller.bulk("query", "SELECT Id FROM Lead").await?.json()[0]["message"],
        "Entity 'Lead' is not supported by the Bulk API."
    );
    Ok(())
}

#[tokio::test]
async fn jobs_are_aborted_deleted_listed_and_forgotten() -> Result<()> {
    let caller = Caller::start(SimOrg::new().bare().records("Account", 10)).await?;
    caller.org.state().bulk2.set_polls(0, 1);
    let id = job(&caller, "query", "SELECT Id FROM Account").await?;
    let path = format!("/jobs/query/{id}");
    let delete = || read(caller.request(Method::DELETE, &path));
    let abort = || read(caller.request(Method::PATCH, &path).json(&json!({"state": "Aborted"})));

    assert_eq!(delete().await?.refusal(), "400 API_ERROR");
    assert_eq!(abort().await?.json()["state"], "Aborted");
    assert_eq!(abort().await?.refusal(), "400 INVALIDJOBSTATE");
    assert_eq!(delete().await?.status, 204);
    assert_eq!(caller.get(&path).await?.refusal(), "404 NOT_FOUND");

    let second = job(&caller, "query", "SELECT Id FROM Account").await?;
    caller.finish(&second).await?;
    let aborted = read(
        caller.request(Method::PATCH, &format!("/jobs/query/{second}")).json(&json!({"state": "Aborted"})),
    )
    .await?;
    assert_eq!(aborted.json()[0]["message"], "Aborting already Completed Job not allowed");
    let list = caller.get("/jobs/query").await?.json();
    assert_eq!((list["records"].as_array().map(Vec::len), &list["done"]), (Some(1), &json!(true)));
    assert_eq!(
        caller.get("/limits").await?.json()["DailyBulkV2QueryJobs"],
        json!({"Max": 10000, "Remaining": 9998})
    );

    caller.org.org().clock().advance(Duration::days(8));
    let caller = Caller {
        token: caller.org.state().oauth.open_session(
            caller.org.org().id(),
            &caller.org.org().admin().id,
            caller.org.org().now(),
        ),
        ..caller
    };
    assert_eq!(caller.get(&format!("/jobs/query/{second}")).await?.refusal(), "404 NOT_FOUND");
    Ok(())
}

#[tokio::test]
async fn pages_can_be_named_for_parallel_readers() -> Result<()> {
    let caller = Caller::start(SimOrg::new().bare().records("Account", 70)).await?;
    let id = job(&caller, "query", "SELECT Id FROM Account").await?;
    caller.finish(&id).await?;
    let first = caller.get(&format!("/jobs/query/{id}/resultPages?maxRecords=10")).await?.json();
    assert_eq!((first["resultPages"].as_array().map(Vec::len), &first["done"]), (Some(5), &json!(false)));
    let rest = caller.get(first["nextRecordsUrl"].as_str().context("more")?).await?.json();
    assert_eq!((rest["resultPages"].as_array().map(Vec::len), &rest["done"]), (Some(2), &json!(true)));

    let mut rows = Vec::new();
    for page in [&first, &rest].into_iter().filter_map(|list| list["resultPages"].as_array()).flatten() {
        let page = caller.get(page["resultUrl"].as_str().context("a page")?).await?;
        assert_eq!(page.header("sforce-numberofrecords"), Some("10"));
        rows.extend(page.text.lines().skip(1).map(str::to_owned));
    }
    let once: std::collections::BTreeSet<&String> = rows.iter().collect();
    assert_eq!((rows.len(), once.len()), (70, 70), "the pages together are the rows once");
    Ok(())
}

#[tokio::test]
async fn results_want_the_version_of_the_job_and_a_place_that_exists() -> Result<()> {
    let caller = Caller::start(SimOrg::new().bare().records("Account", 5)).await?;
    let id = job(&caller, "query", "SELECT Id FROM Account").await?;
    caller.finish(&id).await?;
    assert_eq!(caller.get(&format!("/services/data/v66.0/jobs/query/{id}/results")).await?.status, 409);
    assert_eq!(
        caller.get(&format!("/jobs/query/{id}/results?locator=nonsense!")).await?.refusal(),
        "400 INVALID_QUERY_LOCATOR"
    );
    assert_eq!(
        caller.get(&format!("/jobs/query/{id}/results?maxRecords=0")).await?.refusal(),
        "400 INVALIDJOB"
    );
    caller.org.faults().add(Fault::at(Endpoint::BulkResults, Effect::LocatorLost).once());
    assert_eq!(
        caller.get(&format!("/jobs/query/{id}/results")).await?.refusal(),
        "400 INVALID_QUERY_LOCATOR"
    );
    assert_eq!(caller.get(&format!("/jobs/query/{id}/results")).await?.status, 200);
    assert_eq!(caller.get("/jobs/query/750000000000000AAA").await?.refusal(), "404 NOT_FOUND");
    Ok(())
}

#[tokio::test]
async fn jobs_fail_or_hang_when_a_fault_says_so() -> Result<()> {
    let caller = Caller::start(SimOrg::new().bare().records("Account", 5)).await?;
    caller.org.faults().add(
        Fault::at(Endpoint::BulkStatus, Effect::JobFailed { message: "QUERY_TIMEOUT".to_owned() }).once(),
    );
    let id = job(&caller, "query", "SELECT Id FROM Account").await?;
    let (failed, _) = caller.finish(&id).await?;
    assert_eq!((&failed["state"], &failed["errorMessage"]), (&json!("Failed"), &json!("QUERY_TIMEOUT")));

    caller.org.faults().add(Fault::at(Endpoint::BulkStatus, Effect::JobStuck).times(3));
    let stuck = job(&caller, "query", "SELECT Id FROM Account").await?;
    for _ in 0..3 {
        assert_eq!(caller.get(&format!("/jobs/query/{stuck}")).await?.json()["state"], "InProgress");
    }
    assert_eq!(caller.finish(&stuck).await?.0["state"], "JobComplete");
    Ok(())
}

#[tokio::test]
async fn a_job_is_done_at_its_first_poll_unless_told_otherwise() -> Result<()> {
    let caller = Caller::start(SimOrg::new().bare().records("Account", 2_000)).await?;
    let id = job(&caller, "query", "SELECT Id FROM Account").await?;
    let first = caller.get(&format!("/jobs/query/{}", &id[..15])).await?.json();
    assert_eq!((&first["state"], &first["numberRecordsProcessed"]), (&json!("JobComplete"), &json!(2000)));
    assert!(first["apiActiveProcessingTime"].is_u64() && first["apexProcessingTime"].is_u64(), "{first}");

    let polls = caller
        .http
        .put(format!("{}/simorg/bulk", caller.org.url()))
        .json(&json!({"queued_polls": 1, "running_polls": 1}));
    assert_eq!(read(polls).await?.status, 200);
    let id = job(&caller, "query", "SELECT Id FROM Account").await?;
    let (_, states) = caller.finish(&id).await?;
    assert_eq!(states, ["UploadComplete", "InProgress", "JobComplete"]);
    Ok(())
}

#[tokio::test]
async fn a_body_may_come_compressed() -> Result<()> {
    let caller = Caller::start(SimOrg::new().bare()).await?;
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packer, br#"{"operation":"query","query":"SELECT Id FROM Account"}"#)?;
    let request = caller
        .request(Method::POST, "/jobs/query")
        .header("content-type", "application/json")
        .header("content-encoding", "gzip")
        .body(packer.finish()?);
    assert_eq!(read(request).await?.json()["object"], "Account");
    Ok(())
}
