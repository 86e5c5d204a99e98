//! Bulk 2.0 ingest jobs over HTTP.

use std::fmt::Write;

use anyhow::{Context, Result};
use chrono::Duration;
use reqwest::Method;
use serde_json::{Value as Json, json};
use simorg::{Effect, Endpoint, Fault, SimOrg};

use crate::caller::{Answer, Caller, read};

async fn start() -> Result<Caller> {
    Caller::start(SimOrg::new().bare()).await
}

/// A new job; `more` is laid over object and operation.
async fn create(caller: &Caller, object: &str, operation: &str, more: Json) -> Result<Answer> {
    let mut wanted = json!({"object": object, "operation": operation, "contentType": "CSV"});
    for (name, value) in more.as_object().context("an object")? {
        wanted[name] = value.clone();
    }
    caller.post("/jobs/ingest", &wanted).await
}

async fn upload(caller: &Caller, id: &str, csv: &str) -> Result<Answer> {
    let request = caller
        .request(Method::PUT, &format!("/jobs/ingest/{id}/batches"))
        .header("content-type", "text/csv; charset=UTF-8")
        .body(csv.to_owned());
    read(request).await
}

async fn set_state(caller: &Caller, id: &str, state: &str) -> Result<Answer> {
    read(caller.request(Method::PATCH, &format!("/jobs/ingest/{id}")).json(&json!({"state": state}))).await
}

async fn finish(caller: &Caller, id: &str) -> Result<Json> {
    for _ in 0..1000 {
        let job = caller.get(&format!("/jobs/ingest/{id}")).await?.json();
        if matches!(job["state"].as_str(), Some("JobComplete" | "Failed" | "Aborted")) {
            return Ok(job);
        }
    }
    anyhow::bail!("the job never ends")
}

/// Runs a job to its end: its id and how it ended.
async fn run(
    caller: &Caller,
    object: &str,
    operation: &str,
    more: Json,
    csv: &str,
) -> Result<(String, Json)> {
    let created = create(caller, object, operation, more).await?;
    let id = created.json()["id"].as_str().with_context(|| created.text.clone())?.to_owned();
    assert_eq!(upload(caller, &id, csv).await?.status, 201);
    assert_eq!(set_state(caller, &id, "UploadComplete").await?.json()["state"], "UploadComplete");
    let job = finish(caller, &id).await?;
    Ok((id, job))
}

async fn results(caller: &Caller, id: &str, kind: &str) -> Result<String> {
    let answer = caller.get(&format!("/jobs/ingest/{id}/{kind}")).await?;
    assert_eq!(answer.status, 200, "{}", answer.text);
    Ok(answer.text)
}

fn counts(job: &Json) -> (&str, u64, u64) {
    let count = |name: &str| job[name].as_u64().unwrap_or(u64::MAX);
    (job["state"].as_str().unwrap_or("?"), count("numberRecordsProcessed"), count("numberRecordsFailed"))
}

#[tokio::test]
async fn a_job_takes_its_rows_once_and_tells_what_became_of_each() -> Result<()> {
    let caller = start().await?;
    let created = create(&caller, "account", "insert", json!({})).await?;
    let body = created.json();
    let id = body["id"].as_str().context("an id")?.to_owned();
    assert_eq!(
        (created.status.as_u16(), &body["state"], &body["object"]),
        (200, &json!("Open"), &json!("Account"))
    );
    assert_eq!(body["contentUrl"], json!(format!("services/data/v67.0/jobs/ingest/{id}/batches")));
    assert!(created.text.contains("\"apiVersion\":67.0"), "{}", created.text);
    assert_eq!((&body["columnDelimiter"], &body["lineEnding"]), (&json!("COMMA"), &json!("LF")));

    let uploaded = upload(&caller, &id, "Name,Industry\n\"A \"\"x\"\"\nb\",\n,Banking\n").await?;
    assert_eq!((uploaded.status.as_u16(), uploaded.text.as_str()), (201, ""));
    assert_eq!(upload(&caller, &id, "Name\nB\n").await?.refusal(), "400 BULK_API_ERROR");
    set_state(&caller, &id, "UploadComplete").await?;
    let job = caller.get(&format!("/jobs/ingest/{id}")).await?.json();

    assert_eq!(counts(&job), ("JobComplete", 2, 1));
    for name in ["retries", "totalProcessingTime", "apiActiveProcessingTime", "apexProcessingTime"] {
        assert!(job[name].is_u64(), "{name}: {job}");
    }
    assert_eq!(job["jobType"], "V2Ingest");
    let account = caller.query("SELECT Id, Name FROM Account").await?.json()["records"][0].clone();
    assert_eq!(account["Name"], "A \"x\"\nb");
    assert_eq!(
        results(&caller, &id, "successfulResults/").await?,
        format!(
            "\"sf__Id\",\"sf__Created\",\"Name\",\"Industry\"\n\"{}\",\"true\",\"A \"\"x\"\"\nb\",\"\"\n",
            account["Id"].as_str().context("an id")?
        )
    );
    assert_eq!(
        results(&caller, &id, "failedResults").await?,
        "\"sf__Id\",\"sf__Error\",\"Name\",\"Industry\"\n\
         \"\",\"REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --\",\"\",\"Banking\"\n"
    );
    assert_eq!(results(&caller, &id, "unprocessedrecords/").await?, "\"Name\",\"Industry\"\n");
    Ok(())
}

#[tokio::test]
async fn updates_leave_empty_values_alone_and_empty_what_is_not_available() -> Result<()> {
    let caller = start().await?;
    let id = caller
        .insert("Account", &json!({"Name": "A", "Phone": "1", "Fax": "2", "Industry": "Banking"}))
        .await?;
    let csv = format!("Id|Name|Phone|Fax\r\n{}||#N/A|3\r\n", &id[..15]);
    let format = json!({"columnDelimiter": "PIPE", "lineEnding": "CRLF"});
    let (job, ended) = run(&caller, "Account", "update", format, &csv).await?;
    assert_eq!(counts(&ended), ("JobComplete", 1, 0));
    let row = caller.get(&format!("/sobjects/Account/{id}?fields=Name,Phone,Fax,Industry")).await?.json();
    assert_eq!(
        (&row["Name"], &row["Phone"], &row["Fax"], &row["Industry"]),
        (&json!("A"), &Json::Null, &json!("3"), &json!("Banking"))
    );
    assert_eq!(
        results(&caller, &job, "successfulResults").await?,
        format!(
            "\"sf__Id\"|\"sf__Created\"|\"Id\"|\"Name\"|\"Phone\"|\"Fax\"\r\n\"{id}\"|\"false\"|\"{}\"|\"\"|\"#N/A\"|\"3\"\r\n",
            &id[..15]
        )
    );
    Ok(())
}

#[tokio::test]
async fn upserts_find_rows_by_their_key_and_parents_by_theirs() -> Result<()> {
    let caller = start().await?;
    let notation = json!({"notation": "= Ship__c a7Q Ships | CUDQRTZ\nS; Owner(U); Name:string(80) N; Key__c:string(40) ext unique; Parent__c > Ship__c [Ships]"});
    let made = read(caller.http.post(format!("{}/simorg/objects", caller.org.url())).json(&notation)).await?;
    assert!(made.status.is_success(), "{}", made.text);
    let by_key = || json!({"externalIdFieldName": "Key__c"});
    let csv = "Key__c,Name\nk1,One\nk2,Two\n,None\n";
    let (id, first) = run(&caller, "Ship__c", "upsert", by_key(), csv).await?;
    assert_eq!(counts(&first), ("JobComplete", 3, 1));
    assert_eq!(first["externalIdFieldName"], "Key__c");
    assert!(
        results(&caller, &id, "failedResults").await?.contains("MISSING_ARGUMENT:Key__c not specified:--")
    );

    let csv = "Key__c,Name,Parent__r.Key__c\nk2,Two again,k1\nk3,Three,k1\n";
    let (id, second) = run(&caller, "Ship__c", "upsert", by_key(), csv).await?;
    assert_eq!(counts(&second), ("JobComplete", 2, 0), "{}", results(&caller, &id, "failedResults").await?);
    let created: Vec<bool> = results(&caller, &id, "successfulResults")
        .await?
        .lines()
        .skip(1)
        .map(|l| l.contains("\"true\""))
        .collect();
    assert_eq!(created, [false, true]);
    let rows = caller.query("SELECT Name, Parent__r.Name FROM Ship__c ORDER BY Key__c").await?.json();
    assert_eq!(rows["totalSize"], 3);
    assert_eq!(
        (&rows["records"][1]["Name"], &rows["records"][1]["Parent__r"]["Name"]),
        (&json!("Two again"), &json!("One"))
    );
    Ok(())
}

#[tokio::test]
async fn deletes_go_to_the_bin_and_hard_deletes_do_not() -> Result<()> {
    let caller = start().await?;
    let first = caller.insert("Account", &json!({"Name": "A"})).await?;
    let second = caller.insert("Account", &json!({"Name": "B"})).await?;
    let (id, ended) =
        run(&caller, "Account", "delete", json!({}), &format!("Id\n{first}\n001000000000000AAA\n")).await?;
    assert_eq!(counts(&ended), ("JobComplete", 2, 1));
    assert!(
        results(&caller, &id, "successfulResults")
            .await?
            .contains(&format!("\"{first}\",\"false\",\"{first}\""))
    );
    assert!(
        results(&caller, &id, "failedResults")
            .await?
            .contains("\n\"001000000000000AAA\",\"INVALID_CROSS_REFERENCE_KEY:")
    );
    let (_, ended) = run(&caller, "Account", "hardDelete", json!({}), &format!("Id\n{second}\n")).await?;
    assert_eq!(counts(&ended), ("JobComplete", 1, 0));
    let all = caller.query_all("SELECT Name, IsDeleted FROM Account").await?.json();
    assert_eq!(
        (&all["totalSize"], &all["records"][0]["Name"], &all["records"][0]["IsDeleted"]),
        (&json!(1), &json!("A"), &json!(true))
    );
    let (_, failed) = run(&caller, "Account", "delete", json!({}), "Id,Name\n1,2\n").await?;
    assert_eq!(failed["errorMessage"], "InvalidBatch : The 'delete' batch must contain only ids");
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_read_fails_the_job_before_any_row() -> Result<()> {
    let caller = start().await?;
    let cases = [
        ("Name,Nope\nA,B\n", "InvalidBatch : Field name not found : Nope"),
        (
            "Name\r\nA\r\n",
            "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF",
        ),
        (
            "Name,Phone\nA,1\nB, \"2\"\n",
            "InvalidBatch : Failed to parse CSV. Found unescaped quote. A value with quote should be within a quote",
        ),
        ("Name\nA\n\"B\n", "InvalidBatch : Failed to parse CSV. EOF reached before closing an opened quote"),
        ("Name\n", "InvalidBatch : Records not found"),
        (
            "Name,User:Owner.Username\nA,b\n",
            "InvalidBatch : type is not needed for non polymorphic foreign key references: Owner",
        ),
    ];
    for (csv, expected) in cases {
        let (id, failed) = run(&caller, "Account", "insert", json!({}), csv).await?;
        assert_eq!(
            (counts(&failed), failed["errorMessage"].as_str()),
            (("Failed", 0, 0), Some(expected)),
            "{csv:?}"
        );
        assert_eq!(results(&caller, &id, "failedResults").await?.lines().count(), 1);
    }
    let (id, _) = run(&caller, "Account", "insert", json!({}), "Name,Nope\nA,B\nC,D\n").await?;
    assert_eq!(
        results(&caller, &id, "unprocessedrecords").await?,
        "\"Name\",\"Nope\"\n\"A\",\"B\"\n\"C\",\"D\"\n"
    );
    assert_eq!(caller.query("SELECT COUNT() FROM Account").await?.json()["totalSize"], 0);
    Ok(())
}

#[tokio::test]
async fn jobs_that_cannot_be_are_refused_at_creation() -> Result<()> {
    let caller = start().await?;
    let cases = [
        ("Nope", "insert", json!({}), "400 INVALIDJOB", "Unable to find object: Nope"),
        ("Account", "query", json!({}), "400 INVALIDJOB", "Invalid operation: query"),
        (
            "TaskStatus",
            "insert",
            json!({}),
            "400 INVALIDENTITY",
            "Entity 'TaskStatus' is not supported by the Bulk API.",
        ),
        (
            "Account",
            "insert",
            json!({"contentType": "JSON"}),
            "400 INVALIDJOB",
            "Content type JSON is not supported for ingest jobs",
        ),
        (
            "Account",
            "insert",
            json!({"lineEnding": "CR"}),
            "400 INVALIDJOB",
            "Invalid columnDelimiter or lineEnding",
        ),
        (
            "Account",
            "upsert",
            json!({}),
            "400 INVALIDJOB",
            "External ID was blank for Account. An External ID must be specified for upsert.",
        ),
        (
            "Account",
            "upsert",
            json!({"externalIdFieldName": "Phone"}),
            "400 INVALIDJOB",
            "Field name provided, Phone does not match an External ID for Account",
        ),
    ];
    for (object, operation, more, refusal, message) in cases {
        let answer = create(&caller, object, operation, more).await?;
        assert_eq!(
            (answer.refusal().as_str(), answer.json()[0]["message"].as_str()),
            (refusal, Some(message))
        );
    }
    let org = caller.org.org();
    org.set_permissions(&org.admin().id, |held| assert!(held.set("BulkApiHardDelete", false)));
    let refused = create(&caller, "Account", "hardDelete", json!({})).await?;
    assert_eq!(refused.refusal(), "400 FEATURENOTENABLED");
    Ok(())
}

#[tokio::test]
async fn multipart_brings_the_rows_with_the_job_and_closes_it() -> Result<()> {
    let caller = start().await?;
    let body = "--b\r\nContent-Type: application/json\r\nContent-Disposition: form-data; name=\"job\"\r\n\r\n\
                {\"object\":\"Account\",\"operation\":\"insert\",\"contentType\":\"CSV\"}\r\n\
                --b\r\nContent-Type: text/csv\r\nContent-Disposition: form-data; name=\"content\"; filename=\"content\"\r\n\r\n\
                Name\nA\nB\n\r\n--b--\r\n";
    let request = caller
        .request(Method::POST, "/jobs/ingest")
        .header("content-type", "multipart/form-data; boundary=b");
    let created = read(request.body(body)).await?.json();
    assert_eq!(created["state"], "UploadComplete", "{created}");
    let job = finish(&caller, created["id"].as_str().context("an id")?).await?;
    assert_eq!(counts(&job), ("JobComplete", 2, 0), "{job}");
    Ok(())
}

#[tokio::test]
async fn states_are_kept_in_their_order() -> Result<()> {
    let caller = start().await?;
    caller.org.state().bulk2.set_polls(1, 1);
    let id = create(&caller, "Account", "insert", json!({})).await?.json()["id"]
        .as_str()
        .context("an id")?
        .to_owned();
    let path = format!("/jobs/ingest/{id}");
    let delete = || read(caller.request(Method::DELETE, &path));
    assert_eq!(delete().await?.refusal(), "400 API_ERROR");
    let wrong = read(caller.request(Method::PUT, &format!("{path}/batches")).json(&json!([]))).await?;
    assert_eq!(wrong.status, 415);
    upload(&caller, &id, "Name\nA\n").await?;
    assert_eq!(set_state(&caller, &id, "InProgress").await?.refusal(), "400 INVALIDJOBSTATE");
    set_state(&caller, &id, "UploadComplete").await?;
    let again = set_state(&caller, &id, "UploadComplete").await?;
    assert_eq!(again.json()[0]["message"], "Closing already UploadComplete Job not allowed");
    assert_eq!(upload(&caller, &id, "Name\nB\n").await?.refusal(), "400 INVALIDJOBSTATE");
    assert_eq!(caller.get(&format!("{path}/successfulResults")).await?.refusal(), "400 JOB_NOT_COMPLETE");
    let mut states = Vec::new();
    for _ in 0..3 {
        states.push(caller.get(&path).await?.json()["state"].as_str().context("a state")?.to_owned());
    }
    assert_eq!(states, ["UploadComplete", "InProgress", "JobComplete"]);
    let aborted = set_state(&caller, &id, "Aborted").await?;
    assert_eq!(aborted.json()[0]["message"], "Aborting already Completed Job not allowed");
    assert_eq!(caller.get(&format!("/jobs/ingest/{}", &id[..15])).await?.status, 200);
    assert_eq!(delete().await?.status, 204);
    assert_eq!(caller.get(&path).await?.refusal(), "404 NOT_FOUND");
    Ok(())
}

#[tokio::test]
async fn an_aborted_job_gives_its_rows_back_unprocessed() -> Result<()> {
    let caller = start().await?;
    let id = create(&caller, "Account", "insert", json!({})).await?.json()["id"]
        .as_str()
        .context("an id")?
        .to_owned();
    upload(&caller, &id, "Name\nA\nB\n").await?;
    assert_eq!(set_state(&caller, &id, "Aborted").await?.json()["state"], "Aborted");
    assert_eq!(results(&caller, &id, "unprocessedrecords").await?, "\"Name\"\n\"A\"\n\"B\"\n");
    assert_eq!(results(&caller, &id, "successfulResults").await?, "\"sf__Id\",\"sf__Created\",\"Name\"\n");
    Ok(())
}

/// `Name` and so many rows.
fn names(rows: usize) -> String {
    (0..rows).fold("Name\n".to_owned(), |mut csv, row| {
        writeln!(csv, "row {row:04}").expect("writing to a string");
        csv
    })
}

#[tokio::test]
async fn results_tell_of_every_row_once_in_an_order_of_their_own() -> Result<()> {
    let caller = start().await?;
    let (id, ended) = run(&caller, "Account", "insert", json!({}), &names(450)).await?;
    assert_eq!(counts(&ended), ("JobComplete", 450, 0));
    let text = results(&caller, &id, "successfulResults").await?;
    let mut rows: Vec<(&str, &str)> = text
        .lines()
        .skip(1)
        .map(|line| (&line[line.len() - 9..line.len() - 1], line.get(1..19).unwrap_or("?")))
        .collect();
    assert_ne!(rows[0].0, "row 0000", "not the order of the upload");
    rows.sort_unstable();
    assert_eq!((rows.len(), rows[0].0, rows[449].0), (450, "row 0000", "row 0449"));
    let row = caller.get(&format!("/sobjects/Account/{}?fields=Name", rows[123].1)).await?.json();
    assert_eq!(row["Name"], "row 0123", "each row goes with its own id");
    Ok(())
}

#[tokio::test]
async fn faults_lock_rows_fail_jobs_half_way_and_hold_them_up() -> Result<()> {
    let caller = start().await?;
    let faults = caller.org.faults();
    faults.add(Fault::at(Endpoint::IngestRows, Effect::RowLocked).after(1).once());
    let (id, ended) = run(&caller, "Account", "insert", json!({}), &names(450)).await?;
    assert_eq!(counts(&ended), ("JobComplete", 450, 200));
    let failed = results(&caller, &id, "failedResults").await?;
    assert!(
        failed
            .lines()
            .skip(1)
            .all(|line| line.contains("UNABLE_TO_LOCK_ROW:unable to obtain exclusive access"))
    );

    let message = "InternalServerError : Retried more than fifteen times".to_owned();
    faults
        .add(Fault::at(Endpoint::IngestRows, Effect::JobFailed { message: message.clone() }).after(2).once());
    let (id, ended) = run(&caller, "Account", "insert", json!({}), &names(450)).await?;
    assert_eq!((counts(&ended), &ended["errorMessage"]), (("Failed", 400, 0), &json!(message)));
    assert_eq!(results(&caller, &id, "successfulResults").await?.lines().count(), 401);
    let left = results(&caller, &id, "unprocessedrecords").await?;
    assert_eq!((left.lines().count(), left.lines().nth(1)), (51, Some("\"row 0400\"")));

    faults.add(Fault::at(Endpoint::IngestStatus, Effect::JobStuck).times(2));
    let stuck = create(&caller, "Account", "insert", json!({})).await?.json()["id"]
        .as_str()
        .context("an id")?
        .to_owned();
    upload(&caller, &stuck, "Name\nA\n").await?;
    set_state(&caller, &stuck, "UploadComplete").await?;
    for _ in 0..2 {
        assert_eq!(caller.get(&format!("/jobs/ingest/{stuck}")).await?.json()["state"], "InProgress");
    }
    assert_eq!(counts(&finish(&caller, &stuck).await?), ("JobComplete", 1, 0));

    faults.add(Fault::at(Endpoint::IngestCreate, Effect::RefuseBulk).once());
    assert_eq!(create(&caller, "Account", "insert", json!({})).await?.refusal(), "400 INVALIDENTITY");
    faults.add(Fault::status(Endpoint::IngestUpload, 503, "SERVER_UNAVAILABLE", "busy").once());
    let id = create(&caller, "Account", "insert", json!({})).await?.json()["id"]
        .as_str()
        .context("an id")?
        .to_owned();
    assert_eq!(upload(&caller, &id, "Name\nA\n").await?.status, 503);
    assert_eq!(upload(&caller, &id, "Name\nA\n").await?.status, 201);
    Ok(())
}

#[tokio::test]
async fn jobs_of_all_kinds_are_listed_a_thousand_a_page() -> Result<()> {
    let caller = start().await?;
    create(&caller, "Account", "insert", json!({})).await?;
    caller.bulk("query", "SELECT Id FROM Account").await?;
    for path in ["/jobs/ingest", "/jobs/query?jobType=V2Ingest", "/jobs/ingest?concurrencyMode=parallel"] {
        let list = caller.get(path).await?.json();
        assert_eq!(
            (list["records"].as_array().map(Vec::len), &list["records"][0]["jobType"]),
            (Some(1), &json!("V2Ingest")),
            "{path}"
        );
    }
    assert_eq!(caller.get("/jobs/ingest?isPkChunkingEnabled=true").await?.json()["records"], json!([]));
    for _ in 0..1000 {
        create(&caller, "Account", "insert", json!({})).await?;
    }
    let filtered = caller
        .get("/jobs/query?jobType=V2Ingest&concurrencyMode=parallel&isPkChunkingEnabled=false")
        .await?
        .json();
    let next = filtered["nextRecordsUrl"].as_str().context("more")?;
    for asked in ["jobType=V2Ingest", "concurrencyMode=parallel", "isPkChunkingEnabled=false"] {
        assert!(next.contains(asked), "{next}");
    }
    assert_eq!(caller.get(next).await?.json()["records"].as_array().map(Vec::len), Some(1));
    let first = caller.get("/jobs/ingest").await?.json();
    assert_eq!((first["records"].as_array().map(Vec::len), &first["done"]), (Some(1000), &json!(false)));
    let rest = caller.get(first["nextRecordsUrl"].as_str().context("more")?).await?.json();
    assert_eq!(
        (rest["records"].as_array().map(Vec::len), &rest["done"], &rest["nextRecordsUrl"]),
        (Some(1), &json!(true), &Json::Null)
    );
    Ok(())
}

#[tokio::test]
async fn jobs_are_their_creators_live_a_week_and_count() -> Result<()> {
    let caller = start().await?;
    let (id, _) = run(&caller, "Account", "insert", json!({}), "Name\nA\n").await?;
    let made = caller.bulk("query", "SELECT Id FROM Account").await?.json();
    let query = made["id"].as_str().context("an id")?;
    assert_eq!(
        caller.get("/limits").await?.json()["DailyBulkApiBatches"],
        json!({"Max": 15000, "Remaining": 14999})
    );
    let org = caller.org.org();
    let other = org.user_by_name("standard@simorg.example").context("the other user")?;
    let session = |user: &str| caller.org.state().oauth.open_session(org.id(), user, org.now());
    let stranger = Caller { token: session(&other.id), org: caller.org, http: caller.http.clone() };
    for path in [format!("/jobs/ingest/{id}"), format!("/jobs/query/{query}")] {
        assert_eq!(stranger.get(&path).await?.refusal(), "403 INVALIDUSER");
    }
    assert_eq!(stranger.get("/jobs/ingest").await?.json()["records"], json!([]));
    let org = stranger.org.org();
    org.clock().advance(Duration::days(8));
    let token = stranger.org.state().oauth.open_session(org.id(), &org.admin().id, org.now());
    let caller = Caller { token, ..stranger };
    assert_eq!(caller.get(&format!("/jobs/ingest/{id}")).await?.refusal(), "404 NOT_FOUND");
    Ok(())
}
