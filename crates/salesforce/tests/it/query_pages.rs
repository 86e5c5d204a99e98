//! Query pages: streamed, of any size, with exact digits.

use arrow_array::{Array, RecordBatch, StringArray};
use futures::TryStreamExt;
use holdfast_domain::ErrorCode;
use holdfast_domain::retry::Retry;
use holdfast_domain::schema::FieldKind;
use holdfast_salesforce::{ApiErrorKind, Client, Error, QueryField, QueryPage};
use serde_json::{Value, json};

use crate::server::{Server, answer, api_error, breaking_off, chain, gzip, json_answer};

const QUERY: &str = "/services/data/v67.0/query";

pub(crate) fn fields() -> Vec<QueryField> {
    vec![
        QueryField::new("Id", FieldKind::Id),
        QueryField::new("Name", FieldKind::String),
        QueryField::new("Amount", FieldKind::Currency),
    ]
}

pub(crate) fn id(n: usize) -> String {
    format!("001{n:012}AAA")
}

fn records(range: std::ops::Range<usize>) -> Vec<Value> {
    range.map(|n| json!({"attributes": {"type": "Account"}, "Id": id(n), "Name": format!("n{n}"), "Amount": 1.5})).collect()
}

pub(crate) fn column(batches: &[RecordBatch], name: &str) -> Vec<Option<String>> {
    let mut cells = Vec::new();
    for batch in batches {
        let column = batch.column_by_name(name).unwrap().as_any().downcast_ref::<StringArray>().unwrap();
        cells.extend((0..column.len()).map(|row| column.is_valid(row).then(|| column.value(row).to_owned())));
    }
    cells
}

async fn read_all(client: &Client, mut page: QueryPage) -> Result<Vec<RecordBatch>, Error> {
    let mut batches = Vec::new();
    loop {
        while let Some(batch) = page.rows.try_next().await? {
            batches.push(batch);
        }
        match page.rows.next_url() {
            Some(url) => page = client.next_page(url, &fields()).await?,
            None => return Ok(batches),
        }
    }
}

/// Page sizes are the org's choice: 3, none, 9,000, 1.
#[tokio::test]
async fn pages_of_any_size_are_followed_to_the_last() {
    let server = Server::start(|seen| {
        let page = |range: std::ops::Range<usize>, next: Option<&str>| {
            let mut body = json!({"totalSize": 9_004, "done": next.is_none(), "records": []});
            if let Some(next) = next {
                body["nextRecordsUrl"] = format!("{QUERY}/{next}").into();
            }
            body["records"] = records(range).into();
            answer(200, &[("content-encoding", "gzip")], gzip(body.to_string().as_bytes()))
        };
        assert!(!seen.path.contains("/query") || seen.headers["sforce-query-options"] == "batchSize=2000");
        match seen.path.strip_prefix(QUERY)? {
            "" => Some(page(0..3, Some("01g-3"))),
            "/01g-3" => Some(page(3..3, Some("01g-4"))),
            "/01g-4" => Some(page(3..9_003, Some("01g-9003"))),
            "/01g-9003" => Some(page(9_003..9_004, None)),
            _ => None,
        }
    })
    .await;
    let client = server.connect().await;
    let soql = "SELECT Id, Name, Amount FROM Account WHERE Name = 'a+b & c' AND CreatedDate < 2024-01-01T00:00:00+01:00";

    let page = client.query_page(soql, false, &fields()).await.unwrap();
    assert_eq!(page.total, Some(9_004));
    let batches = read_all(&client, page).await.unwrap();

    assert_eq!(server.seen(QUERY)[0].parameter("q").unwrap(), soql);
    assert!(batches.iter().all(|batch| batch.num_rows() <= 8_192));
    let expected: Vec<_> = (0..9_004).map(|n| Some(id(n))).collect();
    assert_eq!(column(&batches, "Id"), expected);
    assert_eq!(client.calls(), 4);
}

/// The totals of real answers stand before the records; an answer with another order is read as well.
#[tokio::test]
async fn a_page_is_read_whatever_the_order_of_its_parts() {
    let body = format!(
        r#" {{ "records" : [ {{"Name":"a","Amount":123456789012345678,"Id":"{}"}} ,
        {{"Id":"{}","Amount":1.44120928E7,"Name":null,"attributes":{{"type":"Account"}}}} ] , "done" : true , "totalSize" : 2 }} "#,
        id(1),
        id(2)
    );
    let server =
        Server::start(move |seen| (seen.path == QUERY).then(|| answer(200, &[], body.clone()))).await;
    let client = server.connect().await;

    let page = client.query_page("SELECT", false, &fields()).await.unwrap();
    assert_eq!(page.total, None);
    let batches = read_all(&client, page).await.unwrap();

    let some = |text: &str| Some(text.to_owned());
    assert_eq!(column(&batches, "Amount"), [some("123456789012345678"), some("14412092.8")]);
    assert_eq!(column(&batches, "Name"), [some("a"), None]);
}

#[tokio::test]
async fn all_records_are_asked_for_by_query_all() {
    let server = Server::start(|seen| {
        let body = json!({"totalSize": 0, "done": true, "records": []});
        seen.path.ends_with("/queryAll").then(|| json_answer(200, &body))
    })
    .await;
    let client = server.connect().await;
    let page = client.query_page("SELECT Id FROM Account", true, &fields()).await.unwrap();
    assert_eq!(page.total, Some(0));
    assert!(read_all(&client, page).await.unwrap().is_empty());
    assert_eq!(client.query_count("SELECT COUNT() FROM Account", true).await.unwrap(), 0);
}

#[tokio::test]
async fn no_page_passes_for_whole_that_is_not() {
    let whole = json!({"totalSize": 2, "done": true, "records": records(0..2)}).to_string();
    let cut = whole[..whole.len() - 30].to_owned();
    for (body, says) in [
        (axum::body::Body::from(cut.clone()), "middle of record 2"),
        (breaking_off(whole[..whole.len() - 1].to_owned()), "broke off"),
        (whole.replace(r#""done":true"#, r#""done":false"#).into(), "more records, but not where"),
        (whole.replace("\"Name\":\"n1\",", "").into(), "record 2 lacks `Name`"),
        (whole.replace("\"n1\"", "n1").into(), "record 2 is not well-formed"),
        (json!([{"errorCode": "X"}]).to_string().into(), "a list of records was due"),
        ("<html><title>Sorry</title></html>".into(), "a page titled `Sorry`"),
        ("".into(), "an empty answer"),
    ] {
        let body = std::sync::Mutex::new(Some(body));
        let server = Server::start(move |seen| {
            (seen.path == QUERY).then(|| answer(200, &[], body.lock().unwrap().take().unwrap()))
        })
        .await;
        let client = server.connect().await;
        let outcome = match client.query_page("SELECT", false, &fields()).await {
            Ok(page) => read_all(&client, page).await,
            Err(error) => Err(error),
        };
        let error = outcome.unwrap_err();
        assert!(chain(&error).contains(says), "{says}: {}", chain(&error));
        assert_eq!(error.retry(), Retry::BackOff);
    }
}

/// X-42
#[tokio::test]
async fn a_next_page_elsewhere_is_not_fetched() {
    let server = Server::start(|_| None).await;
    let client = server.connect().await;
    let error =
        client.next_page("https://evil.example/services/data/v67.0/query/01g", &fields()).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::AnswerUnreadable);
}

#[tokio::test]
async fn refused_queries_say_what_to_do() {
    for (code, message, kind, retry) in [
        ("INVALID_QUERY_LOCATOR", "invalid query locator", ApiErrorKind::CursorLost, Retry::BackOff),
        (
            "QUERY_TIMEOUT",
            "Your query request was running for too long.",
            ApiErrorKind::TooLarge,
            Retry::Smaller,
        ),
        ("INVALID_FIELD", "No such column 'X'", ApiErrorKind::SchemaChanged, Retry::Never),
    ] {
        let server =
            Server::start(move |seen| (seen.path == QUERY).then(|| api_error(400, code, message))).await;
        let error = server.connect().await.query_page("SELECT", false, &fields()).await.unwrap_err();
        assert_eq!((error.api_error().unwrap().kind(), error.retry()), (kind, retry));
        assert!(chain(&error).starts_with("could not run a query: Salesforce answered"), "{}", chain(&error));
    }
}

#[tokio::test]
async fn a_query_too_long_for_an_address_is_not_sent() {
    let server = Server::start(|_| None).await;
    let client = server.connect().await;
    let soql = format!("SELECT Id FROM Account WHERE Name = '{}'", ",".repeat(6_000));
    assert!(!client.query_fits(&soql, false));
    assert!(client.query_fits("SELECT Id FROM Account", false));
    let error = client.query_page(&soql, false, &fields()).await.unwrap_err();
    assert!(matches!(error, Error::QueryTooLong { .. }));
    assert_eq!(error.retry(), Retry::Never);
    assert!(server.seen(QUERY).is_empty());
}

#[tokio::test]
async fn small_answers_are_read_over_all_their_pages() {
    let server = Server::start(|seen| match seen.path.strip_prefix(QUERY)? {
        "" => Some(json_answer(
            200,
            &json!({"totalSize": 2, "done": false, "nextRecordsUrl": format!("{QUERY}/01g-1"),
            "records": [{"n": 1}]}),
        )),
        _ => Some(json_answer(200, &json!({"totalSize": 2, "done": true, "records": [{"n": 2}]}))),
    })
    .await;
    let values = server.connect().await.query_values("SELECT n", false).await.unwrap();
    assert_eq!(values.iter().map(|record| record["n"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2]);
}
