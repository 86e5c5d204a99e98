//! Answers of the small resources, and error answers of every shape.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt};
use holdfast_domain::budget::ApiUsage;
use holdfast_domain::retry::Retry;
use holdfast_domain::{ErrorCode, ObjectName};
use holdfast_salesforce::{ApiErrorKind, ClientOptions, DescribeAnswer, Error};
use serde_json::{Value, json};

use crate::server::{Server, answer, api_error, breaking_off, chain, falling_silent, gzip, json_answer};

fn name(text: &str) -> ObjectName {
    ObjectName::parse(text).unwrap()
}

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[tokio::test]
async fn no_body_hides_the_status_of_an_error() {
    for (status, headers, body, retry, code) in [
        (
            503,
            vec![("retry-after", "17")],
            "<html><title>Down</title></html>",
            Retry::After(Duration::from_secs(17)),
            ErrorCode::OrgBusy,
        ),
        (503, vec![], "", Retry::BackOff, ErrorCode::OrgBusy),
        (406, vec![], "", Retry::BackOff, ErrorCode::OrgBusy),
        (420, vec![], "", Retry::BackOff, ErrorCode::OrgBusy),
        (429, vec![("retry-after", "3")], "[]", Retry::After(Duration::from_secs(3)), ErrorCode::OrgBusy),
        (
            500,
            vec![],
            r#"[{"errorCode":"UNKNOWN_EXCEPTION","message":"1234567-12345 (-1234567)"}]"#,
            Retry::BackOff,
            ErrorCode::OrgBusy,
        ),
        (
            403,
            vec![],
            r#"[{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"TotalRequests Limit exceeded."}]"#,
            Retry::WhenLimitMoves,
            ErrorCode::ApiLimitReached,
        ),
        (
            403,
            vec![],
            r#"[{"errorCode":"API_CURRENTLY_DISABLED","message":"off"}]"#,
            Retry::Never,
            ErrorCode::PermissionMissing,
        ),
        (
            414,
            vec![],
            "<h1>Bad Message 414</h1><pre>reason: URI Too Long</pre>",
            Retry::Smaller,
            ErrorCode::OrgBusy,
        ),
        (400, vec![], "Bad Request", Retry::Never, ErrorCode::RequestRefused),
    ] {
        let server =
            Server::start(move |seen| seen.path.ends_with("/limits").then(|| answer(status, &headers, body)))
                .await;
        let error = server.connect().await.limits().await.unwrap_err();
        assert_eq!((error.retry(), error.code()), (retry, code), "{}", chain(&error));
        assert_eq!(error.api_error().unwrap().status, status);
    }
}

#[tokio::test]
async fn a_proxy_that_echoes_the_request_gives_no_secret_away() {
    let server = Server::start(|seen| {
        let echo = format!("no: {:?}", seen.headers.get("authorization"));
        seen.path.ends_with("/limits").then(|| answer(400, &[], echo))
    })
    .await;
    let error = server.connect().await.limits().await.unwrap_err();
    let printed = format!("{error:?} {}", chain(&error));
    assert!(printed.contains("Bearer"), "{printed}");
    assert!(!printed.contains("hidden-token"), "{printed}");
}

#[tokio::test]
async fn usage_and_the_clock_are_read_from_every_answer_errors_included() {
    let server = Server::start(|seen| {
        let (status, used) = if seen.nth == 0 { (200, 25) } else { (403, 5000) };
        let info = format!("api-usage={used}/5000; per-app-api-usage=17/250(appName=x)");
        let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        seen.path.ends_with("/limits").then(|| answer(status, &[("sforce-limit-info", &info), date], "{}"))
    })
    .await;
    let client = server.connect().await;
    assert_eq!(client.usage(), None);

    client.limits().await.unwrap();
    assert_eq!(client.usage(), Some(ApiUsage { used: 25, allowed: 5000 }));
    client.limits().await.unwrap_err();
    assert_eq!(client.usage(), Some(ApiUsage { used: 5000, allowed: 5000 }));

    assert_eq!(client.calls(), 2);
    assert!(client.org_clock().unwrap() - time("1994-11-06T08:49:37Z") < chrono::TimeDelta::minutes(10));
}

#[tokio::test]
async fn a_success_that_is_a_page_of_html_is_not_read_as_an_answer() {
    for (body, says) in
        [("<html><title>Login</title></html>", "Login"), ("", "an empty answer"), ("{\"a\":", "JSON")]
    {
        let server =
            Server::start(move |seen| seen.path.ends_with("/limits").then(|| answer(200, &[], body))).await;
        let error = server.connect().await.limits().await.unwrap_err();
        assert_eq!((error.code(), error.retry()), (ErrorCode::AnswerUnreadable, Retry::BackOff));
        assert!(chain(&error).contains(says), "{}", chain(&error));
    }
}

#[tokio::test]
async fn answers_that_break_off_fall_silent_or_lose_their_end_are_told_apart() {
    let document = gzip(json!({"DailyApiRequests": {"Max": 1, "Remaining": 1}}).to_string().as_bytes());
    let cut = document[..document.len() - 6].to_vec();
    let server = Server::start(move |seen| match (seen.path.ends_with("/limits"), seen.nth) {
        (true, 0) => Some(answer(200, &[], breaking_off("{"))),
        (true, 1) => Some(answer(200, &[], falling_silent("{"))),
        (true, 2) => Some(answer(200, &[("content-encoding", "gzip")], cut.clone())),
        (true, _) => Some(answer(200, &[("content-encoding", "gzip")], document.clone())),
        _ => None,
    })
    .await;
    let options = ClientOptions { idle_timeout: Duration::from_millis(300), ..ClientOptions::default() };
    let client = server.connect_with(options).await;

    assert!(matches!(client.limits().await, Err(Error::BrokenOff { .. })));
    let silent = client.limits().await.unwrap_err();
    assert!(matches!(silent, Error::Silent { .. }), "{silent:?}");
    assert_eq!((silent.retry(), silent.code()), (Retry::BackOff, ErrorCode::OrgUnreachable));
    assert!(matches!(client.limits().await, Err(Error::BrokenOff { .. })));
    assert_eq!(client.limits().await.unwrap().0.len(), 1);
    assert_eq!(server.seen("/services/data/v67.0/limits")[0].headers["accept-encoding"], "gzip");
}

#[tokio::test]
async fn no_more_requests_run_at_once_than_allowed() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/first" => Some(answer(200, &[], falling_silent("x"))),
        "/second" => Some(answer(200, &[], "y")),
        _ => None,
    })
    .await;
    let client = server.connect_with(ClientOptions { max_concurrent: 1, ..ClientOptions::default() }).await;

    let mut first = client.blob("/first").await.unwrap();
    first.next().await.unwrap().unwrap();
    let mut second = Box::pin(client.blob("/second"));
    assert!(futures::poll!(&mut second).is_pending());
    assert!(server.seen("/second").is_empty());
    drop(first);

    let second: Vec<_> = second.await.unwrap().try_collect().await.unwrap();
    assert_eq!(second.concat(), b"y");
}

#[tokio::test]
async fn limits_counts_and_identity_are_read() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/services/data/v67.0/limits" => Some(json_answer(200, &json!({
            "DailyApiRequests": {"Max": 15000, "Remaining": 14998, "Workbench": {"Max": 0, "Remaining": 0}},
            "NextYearsLimit": {"Other": 1}}))),
        "/services/data/v67.0/limits/recordCount" => {
            assert_eq!(seen.parameter("sObjects").unwrap(), "Account,Contact");
            Some(json_answer(200, &json!({"sObjects": [{"count": 3, "name": "Account"}]})))
        }
        "/services/oauth2/userinfo" => Some(json_answer(200, &json!({"user_id": "005xx000001SwiUAAS",
            "organization_id": "00Dxx0000001gPL", "preferred_username": "a@b.c", "name": "A B", "photos": {}}))),
        _ => None,
    })
    .await;
    let client = server.connect().await;

    let limits = client.limits().await.unwrap();
    assert_eq!(limits.get("DailyApiRequests").unwrap().max, 15000);
    assert_eq!(limits.get("NextYearsLimit"), None);
    let counts = client.record_counts(&[name("Account"), name("Contact")]).await.unwrap();
    assert_eq!(counts, BTreeMap::from([(name("Account"), 3)]));
    let identity = client.identity().await.unwrap();
    assert_eq!(identity.org_id.as_str(), "00Dxx0000001gPLEAY");
    assert_eq!((identity.username.as_str(), identity.display_name.as_str()), ("a@b.c", "A B"));
}

/// G-08
#[tokio::test]
async fn sixty_objects_are_described_by_three_calls_each_answered_for_itself() {
    let server = Server::start(|seen| {
        if !seen.path.ends_with("/composite") {
            return None;
        }
        let call: Value = serde_json::from_slice(&seen.body).unwrap();
        let mut answers: Vec<_> = call["compositeRequest"].as_array().unwrap().iter().map(|request| {
            let url = request["url"].as_str().unwrap();
            let object = url.strip_prefix("/services/data/v67.0/sobjects/").unwrap().strip_suffix("/describe").unwrap();
            let (status, body) = match object {
                "Same__c" => {
                    assert_eq!(request["httpHeaders"]["If-Modified-Since"], "Fri, 14 Aug 2020 20:53:02 GMT");
                    (304, Value::Null)
                }
                "Gone__c" => (404, json!([{"errorCode": "NOT_FOUND", "message": "gone"}])),
                _ => (200, json!({"name": object, "aNumber": 1.50, "fields": []})),
            };
            let headers = json!({"Last-Modified": "Sat, 15 Aug 2020 20:53:02 GMT"});
            json!({"body": body, "httpHeaders": headers, "httpStatusCode": status, "referenceId": request["referenceId"]})
        }).collect();
        answers.reverse();
        Some(json_answer(200, &json!({"compositeResponse": answers})))
    })
    .await;
    let client = server.connect().await;
    let mut names: Vec<_> = (0..58).map(|n| name(&format!("Object{n}__c"))).collect();
    names.insert(3, name("Gone__c"));
    names.insert(40, name("Same__c"));
    let since = BTreeMap::from([(name("Same__c"), "Fri, 14 Aug 2020 20:53:02 GMT".to_owned())]);

    let answers = client.describe_many(&names, &since).await.unwrap();

    assert_eq!(client.calls(), 3);
    assert_eq!(answers.iter().map(|(name, _)| name).collect::<Vec<_>>(), names.iter().collect::<Vec<_>>());
    let DescribeAnswer::Describe { json, last_modified } = &answers[0].1 else { panic!("{:?}", answers[0]) };
    assert_eq!(json.as_ref(), br#"{"name":"Object0__c","aNumber":1.5,"fields":[]}"#);
    assert_eq!(last_modified.as_deref(), Some("Sat, 15 Aug 2020 20:53:02 GMT"));
    assert!(
        matches!(&answers[3].1, DescribeAnswer::Refused(error) if error.kind() == ApiErrorKind::NotFound)
    );
    assert_eq!(answers[40].1, DescribeAnswer::NotModified);
}

#[tokio::test]
async fn a_composite_answer_that_leaves_a_request_out_is_an_error() {
    let server = Server::start(|seen| {
        seen.path.ends_with("/composite").then(|| json_answer(200, &json!({"compositeResponse": []})))
    })
    .await;
    let error = server.connect().await.describe_many(&[name("Account")], &BTreeMap::new()).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::AnswerUnreadable);
}

#[tokio::test]
async fn small_queries_share_calls_and_fail_one_by_one() {
    let server = Server::start(|seen| {
        if !seen.path.ends_with("/composite") {
            return None;
        }
        let call: Value = serde_json::from_slice(&seen.body).unwrap();
        let requests = call["compositeRequest"].as_array().unwrap();
        assert!(requests.len() <= 5);
        let answers: Vec<_> = requests.iter().map(|request| {
            let url = request["url"].as_str().unwrap();
            let (status, body) = if url.contains("Bad") {
                (400, json!([{"errorCode": "INVALID_TYPE", "message": "no"}]))
            } else if url.starts_with("/services/data/v67.0/queryAll?q=") {
                (200, json!({"totalSize": 7, "done": true, "records": []}))
            } else {
                (200, json!({"totalSize": 1, "done": true, "records": [{"expr0": "2024-01-01T00:00:00.000+0000"}]}))
            };
            json!({"body": body, "httpHeaders": {}, "httpStatusCode": status, "referenceId": request["referenceId"]})
        }).collect();
        Some(json_answer(200, &json!({"compositeResponse": answers})))
    })
    .await;
    let client = server.connect().await;
    let queries: Vec<_> = ["A", "Bad", "C", "D", "E", "F"]
        .iter()
        .map(|object| (format!("SELECT COUNT() FROM {object} WHERE x > 1+1"), *object == "F"))
        .collect();

    let answers = client.composite_query(&queries).await.unwrap();

    assert_eq!(client.calls(), 2);
    assert_eq!(answers[0].as_ref().unwrap().records[0]["expr0"], "2024-01-01T00:00:00.000+0000");
    assert_eq!(answers[1].as_ref().unwrap_err().kind(), ApiErrorKind::SchemaChanged);
    assert_eq!(answers[5].as_ref().unwrap().total, 7);
}

/// X-04
#[tokio::test]
async fn deleted_records_are_listed_with_the_bounds_of_the_log() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/services/data/v67.0/sobjects/Account/deleted/" => {
            assert_eq!(seen.query, "start=2024-01-01T00:00:00Z&end=2024-01-02T00:00:00Z");
            Some(json_answer(200, &json!({
                "deletedRecords": [{"deletedDate": "2024-01-01T12:05:00.000+0000", "id": "001000000000001AAA"},
                                   {"id": "001P000001vkheI", "deletedDate": "2024-01-01T12:05:00.000Z"}],
                "earliestDateAvailable": "2023-12-20T07:52:00.000+0000",
                "latestDateCovered": "2024-01-01T23:58:00.000+0000"})))
        }
        "/services/data/v67.0/sobjects/Contact/deleted/" => Some(json_answer(200, &json!({"deletedRecords": []}))),
        "/services/data/v67.0/sobjects/Case/deleted/" => {
            Some(api_error(400, "INVALID_REPLICATION_DATE", "startDate before org replication enabled date"))
        }
        "/services/data/v67.0/sobjects/Account/updated/" => Some(json_answer(200, &json!({
            "ids": ["001000000000001AAA"], "latestDateCovered": "2024-01-01T23:58:00.000+0000"}))),
        "/services/data/v67.0/sobjects/Lead/deleted/" => {
            Some(answer(200, &[], r#"{"deletedRecords":[{"id":"001000000000001AAA","deletedDate":"yesterday"}]}"#))
        }
        _ => None,
    })
    .await;
    let client = server.connect().await;
    let (start, end) = (time("2024-01-01T00:00:00Z"), time("2024-01-02T00:00:00Z"));

    let deleted = client.get_deleted(&name("Account"), start, end).await.unwrap();
    let ids: Vec<_> = deleted.records.iter().map(|record| record.id.as_str()).collect();
    assert_eq!(ids, ["001000000000001AAA", "001P000001vkheIIAQ"]);
    assert_eq!(deleted.records[0].deleted_at, time("2024-01-01T12:05:00Z"));
    assert_eq!(deleted.earliest_available, Some(time("2023-12-20T07:52:00Z")));
    assert_eq!(deleted.latest_covered, Some(time("2024-01-01T23:58:00Z")));

    let none = client.get_deleted(&name("Contact"), start, end).await.unwrap();
    assert_eq!((none.records.len(), none.latest_covered), (0, None));
    let too_early = client.get_deleted(&name("Case"), start, end).await.unwrap_err();
    assert_eq!(too_early.api_error().unwrap().kind(), ApiErrorKind::OutsideReplication);
    let garbled = client.get_deleted(&name("Lead"), start, end).await.unwrap_err();
    assert!(chain(&garbled).contains("yesterday"), "{}", chain(&garbled));
    let updated = client.get_updated(&name("Account"), start, end).await.unwrap();
    assert_eq!(updated.ids.len(), 1);
}

/// X-07
#[tokio::test]
async fn a_file_body_comes_byte_for_byte_and_never_shortened() {
    let body: Vec<u8> = (0..1_000_000u32).map(|n| n.to_le_bytes()[n as usize % 4]).collect();
    let sent = body.clone();
    let server = Server::start(move |seen| match seen.path.as_str() {
        "/services/data/v67.0/sobjects/ContentVersion/068/VersionData" => {
            assert_eq!(seen.headers["accept-encoding"], "identity");
            Some(answer(200, &[("content-type", "application/octet-stream")], sent.clone()))
        }
        "/empty" => Some(answer(200, &[], "")),
        "/cut" => Some(answer(200, &[], breaking_off("half"))),
        _ => None,
    })
    .await;
    let client = server.connect().await;

    let blob = client.blob("/services/data/v67.0/sobjects/ContentVersion/068/VersionData").await.unwrap();
    assert_eq!(blob.content_length(), Some(1_000_000));
    let read: Vec<_> = blob.try_collect().await.unwrap();
    assert!(read.concat() == body);

    assert!(client.blob("/empty").await.unwrap().try_collect::<Vec<_>>().await.unwrap().concat().is_empty());
    let cut = client.blob("/cut").await.unwrap().try_collect::<Vec<_>>().await.unwrap_err();
    assert!(matches!(cut, Error::BrokenOff { .. }), "{cut:?}");
    let missing = client.blob("/missing").await.unwrap_err();
    assert_eq!(missing.api_error().unwrap().kind(), ApiErrorKind::NotFound);
    assert!(client.blob("https://evil.example/x").await.is_err());
}
