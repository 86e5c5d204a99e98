//! Bulk jobs and the pages of their results.

use arrow_array::RecordBatch;
use axum::body::Body;
use axum::http::Method;
use futures::TryStreamExt;
use holdfast_domain::retry::Retry;
use holdfast_salesforce::{ApiErrorKind, BulkJobState, Client, Error};
use serde_json::{Value, json};

use crate::query_pages::{column, fields, id};
use crate::server::{Server, answer, api_error, breaking_off, chain, gzip, json_answer};

const JOBS: &str = "/services/data/v67.0/jobs/query";
const RESULTS: &str = "/services/data/v67.0/jobs/query/750R0000000zlh9IAA/results";
const JOB: &str = "750R0000000zlh9IAA";

fn csv(range: std::ops::Range<usize>) -> String {
    let record = |n| format!("\"{}\",\"Acme \"\"{n}\"\", Inc.\r\nsecond line é\",\"9.9213206E7\"\n", id(n));
    std::iter::once("\"Id\",\"Name\",\"Amount\"\n".to_owned()).chain(range.map(record)).collect()
}

async fn read_page(client: &Client) -> Result<Vec<RecordBatch>, Error> {
    let page = client.bulk_page(JOB, None, 50_000, &fields()).await?;
    page.rows.try_collect().await
}

#[tokio::test]
async fn a_job_is_made_watched_aborted_and_removed() {
    let server = Server::start(|seen| {
        let job = |state: &str| json_answer(200, &json!({"id": JOB, "operation": "queryAll", "object": "Account",
            "state": state, "numberRecordsProcessed": 500, "apiVersion": 67.0}));
        match (&seen.method, seen.path.as_str()) {
            (&Method::POST, JOBS) => {
                let body: Value = serde_json::from_slice(&seen.body).unwrap();
                let expected = json!({"operation": "queryAll", "query": "SELECT Id FROM Account", "contentType": "CSV",
                    "columnDelimiter": "COMMA", "lineEnding": "LF"});
                assert_eq!(body, expected);
                Some(job("UploadComplete"))
            }
            (&Method::PATCH, _) => {
                assert_eq!(seen.body, r#"{"state":"Aborted"}"#);
                Some(api_error(400, "INVALIDJOBSTATE", "Aborting already Completed Job not allowed"))
            }
            (&Method::DELETE, _) => Some(answer(204, &[], "")),
            (_, path) => (path == format!("{JOBS}/{JOB}")).then(|| job("JobComplete")),
        }
    })
    .await;
    let client = server.connect().await;

    let job = client.bulk_create("SELECT Id FROM Account", true).await.unwrap();
    assert_eq!(
        (job.id.as_str(), job.state, job.object.as_str()),
        (JOB, BulkJobState::UploadComplete, "Account")
    );
    let job = client.bulk_status(JOB).await.unwrap();
    assert!(job.is_finished());
    assert_eq!(job.records, Some(500));
    let error = client.bulk_abort(JOB).await.unwrap_err();
    assert_eq!(error.to_string(), format!("could not abort bulk job `{JOB}`"));
    client.bulk_delete(JOB).await.unwrap();
    assert_eq!(client.calls(), 4);
}

#[tokio::test]
async fn an_object_that_bulk_refuses_is_told_from_a_wrong_query() {
    for (code, message, kind) in [
        (
            "INVALIDENTITY",
            "entity type AccountFeed is not supported by the Bulk API",
            ApiErrorKind::BulkUnsupported,
        ),
        ("API_ERROR", "Selecting compound data not supported in Bulk Query", ApiErrorKind::BulkUnsupported),
        ("API_ERROR", "Implementation restriction: needs a filter", ApiErrorKind::FilterNeeded),
        ("INVALIDJOB", "unexpected token", ApiErrorKind::Refused),
    ] {
        let server =
            Server::start(move |seen| (seen.path == JOBS).then(|| api_error(400, code, message))).await;
        let error = server.connect().await.bulk_create("SELECT", false).await.unwrap_err();
        assert_eq!((error.api_error().unwrap().kind(), error.retry()), (kind, Retry::Never), "{message}");
    }
}

/// The last page says `null`, or says nothing; the charset is missing from some answers.
#[tokio::test]
async fn locators_are_followed_to_either_kind_of_end() {
    for last in [Some("null"), None] {
        let server = Server::start(move |seen| {
            let (range, locator) = match seen.parameter("locator").as_deref() {
                None => (0..9_000, Some("MTA+/=")),
                Some("MTA+/=") => (9_000..9_001, last),
                Some(_) => return None,
            };
            let count = range.len().to_string();
            let mut headers = vec![
                ("content-type", "text/csv"),
                ("content-encoding", "gzip"),
                ("sforce-numberofrecords", &count),
            ];
            headers.extend(locator.map(|locator| ("sforce-locator", locator)));
            (seen.path == RESULTS).then(|| answer(200, &headers, gzip(csv(range).as_bytes())))
        })
        .await;
        let client = server.connect().await;

        let first = client.bulk_page(JOB, None, 9_000, &fields()).await.unwrap();
        assert_eq!((first.expected, first.next.as_deref()), (Some(9_000), Some("MTA+/=")));
        let mut batches: Vec<_> = first.rows.try_collect().await.unwrap();
        let second = client.bulk_page(JOB, first.next.as_deref(), 9_000, &fields()).await.unwrap();
        assert_eq!(second.next, None);
        batches.extend(second.rows.try_collect::<Vec<_>>().await.unwrap());

        assert_eq!(batches.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [8_192, 808, 1]);
        assert_eq!(column(&batches, "Id"), (0..9_001).map(|n| Some(id(n))).collect::<Vec<_>>());
        assert_eq!(column(&batches, "Name")[9_000].as_deref(), Some("Acme \"9000\", Inc.\r\nsecond line é"));
        assert_eq!(column(&batches, "Amount")[0].as_deref(), Some("99213206"));
        assert_eq!(server.seen(RESULTS)[0].headers["accept"], "text/csv");
        assert_eq!(server.seen(RESULTS)[0].parameter("maxRecords").unwrap(), "9000");
    }
}

#[tokio::test]
async fn a_job_without_records_gives_none_in_every_form() {
    for (status, body) in [(200, "\"Id\",\"Name\",\"Amount\"\n"), (200, ""), (204, "")] {
        for headers in [vec![], vec![("sforce-numberofrecords", "0"), ("sforce-locator", "null")]] {
            let server =
                Server::start(move |seen| (seen.path == RESULTS).then(|| answer(status, &headers, body)))
                    .await;
            assert!(read_page(&server.connect().await).await.unwrap().is_empty());
        }
    }
}

#[tokio::test]
async fn no_page_passes_for_whole_that_is_not() {
    let whole = csv(0..3);
    let zipped = gzip(whole.as_bytes());
    let latin1: Vec<u8> = whole.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    for (count, body, encoding, says) in [
        ("4", Body::from(whole.clone()), None, "holds 3 records and says that it holds 4"),
        ("2", whole.clone().into(), None, "holds 3 records and says that it holds 2"),
        ("3", whole[..whole.len() - 4].to_owned().into(), None, "middle of record 3"),
        (
            "3",
            whole.replacen("\"\"0\"\"", "\"0\"", 1).into(),
            None,
            "a quote stands where none may stand, in record 1",
        ),
        ("3", breaking_off(whole.clone()), None, "broke off"),
        ("3", zipped[..zipped.len() - 10].to_vec().into(), Some("gzip"), "broke off"),
        ("3", latin1.into(), None, "not UTF-8"),
        ("3", whole.replace("\"Name\"", "\"Naam\"").into(), None, "`Naam` that was not asked for"),
        ("3", "".into(), None, "holds 0 records and says that it holds 3"),
    ] {
        let body = std::sync::Mutex::new(Some(body));
        let server = Server::start(move |seen| {
            let mut headers =
                vec![("content-type", "text/csv; charset=UTF-8"), ("sforce-numberofrecords", count)];
            headers.extend(encoding.map(|encoding| ("content-encoding", encoding)));
            (seen.path == RESULTS).then(|| answer(200, &headers, body.lock().unwrap().take().unwrap()))
        })
        .await;
        let error = read_page(&server.connect().await).await.unwrap_err();
        assert!(chain(&error).contains(says), "{says}: {}", chain(&error));
        assert!(error.to_string().contains("read page `first` of bulk job"), "{error}");
        assert_eq!(error.retry(), Retry::BackOff);
    }
}

#[tokio::test]
async fn a_page_of_html_is_not_read_as_csv() {
    let server = Server::start(|seen| {
        let headers = [("content-type", "text/html")];
        (seen.path == RESULTS).then(|| answer(200, &headers, "<html><title>Login</title></html>"))
    })
    .await;
    let error = read_page(&server.connect().await).await.unwrap_err();
    assert!(chain(&error).contains("a page titled `Login`"), "{}", chain(&error));
}

#[tokio::test]
async fn cells_of_megabytes_come_whole_and_columns_in_the_order_that_was_asked() {
    let huge = "x\n\"é\0".repeat(500_000);
    let body = format!("Name,Amount,Id\n\"{}\",\"\",\"{}\"\n", huge.replace('"', "\"\""), id(1));
    let server =
        Server::start(move |seen| (seen.path == RESULTS).then(|| answer(200, &[], body.clone()))).await;

    let batches = read_page(&server.connect().await).await.unwrap();

    let schema = batches[0].schema();
    assert_eq!(
        schema.fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>(),
        ["Id", "Name", "Amount"]
    );
    assert!(column(&batches, "Name")[0].as_deref() == Some(huge.as_str()));
    assert_eq!(column(&batches, "Amount"), [None]);
}
