//! Opening a connection, and what is said when the address is not an org.

use holdfast_domain::ErrorCode;
use holdfast_domain::retry::Retry;
use holdfast_salesforce::{Client, ClientOptions, Error, NoContact};
use serde_json::json;

use crate::server::{Server, access_token, answer, chain, json_answer};

async fn connect_to(url: &str) -> Error {
    match Client::connect(Some(url.parse().unwrap()), access_token(), ClientOptions::default()).await {
        Ok(_) => panic!("`{url}` was taken for an org"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn the_newest_version_that_both_sides_know_is_chosen() {
    let server = Server::start(|_| None).await;
    let client = server.connect().await;
    assert_eq!(client.api_version(), "67.0");
    assert_eq!(client.instance_url(), server.url);
    assert!(client.org_clock().is_some());
    assert_eq!(client.calls(), 0);

    let older = Server::start(|seen| {
        (seen.path == "/services/data")
            .then(|| json_answer(200, &json!([{"version": "9.0"}, {"version": "61.0"}])))
    })
    .await;
    assert_eq!(older.connect().await.api_version(), "61.0");
}

#[tokio::test]
async fn what_answers_but_is_no_org_is_told_apart() {
    for (status, body, says) in [
        (
            200,
            "<html><head><title>Welcome to nginx!</title></head></html>",
            "a page titled `Welcome to nginx!`",
        ),
        (200, r#"{"hello":"world"}"#, r#"{"hello":"world"}"#),
        (200, "[]", "a list without API versions"),
        (200, "", "an empty answer"),
        (404, "Not Found", "Not Found (status 404)"),
        (403, "<html></html>", "a page of HTML or XML (status 403)"),
    ] {
        let server = Server::start(move |_| Some(answer(status, &[], body))).await;
        let error = connect_to(server.url.as_str()).await;
        assert!(matches!(error, Error::NotSalesforce { .. }), "{error:?}");
        assert!(error.to_string().contains(says), "{error}");
        assert_eq!((error.code(), error.retry()), (ErrorCode::NotSalesforce, Retry::Never));
    }
}

#[tokio::test]
async fn an_org_in_maintenance_is_no_reason_to_doubt_the_address() {
    let server = Server::start(|_| Some(answer(503, &[], "<html><title>Maintenance</title></html>"))).await;
    let error = connect_to(server.url.as_str()).await;
    assert_eq!((error.code(), error.retry()), (ErrorCode::OrgBusy, Retry::BackOff));
    assert!(chain(&error).contains("Maintenance"), "{}", chain(&error));
}

#[tokio::test]
async fn a_closed_port_and_a_failed_handshake_are_told_apart() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let plain = Server::start(|_| None).await;
    let https = plain.url.as_str().replace("http://", "https://");

    for (url, expected) in [(closed, NoContact::Refused), (https, NoContact::Tls)] {
        let error = connect_to(&url).await;
        assert!(matches!(error, Error::Unreachable { reason, .. } if reason == expected), "{error:?}");
        assert_eq!((error.code(), error.retry()), (ErrorCode::OrgUnreachable, Retry::BackOff));
    }
}

/// X-42
#[tokio::test]
async fn the_session_is_not_carried_to_another_host() {
    let other = Server::start(|_| Some(json_answer(200, &json!({})))).await;
    let to = other.url.join("/services/data/v67.0/limits").unwrap().to_string();
    let server = Server::start(move |seen| {
        seen.path.ends_with("/limits").then(|| answer(302, &[("location", to.as_str())], ""))
    })
    .await;

    let error = server.connect().await.limits().await.unwrap_err();

    assert!(matches!(error, Error::Redirected { .. }), "{error:?}");
    assert!(other.seen("/services/data/v67.0/limits").is_empty());
}

#[tokio::test]
async fn a_redirect_within_the_org_is_followed_and_a_circle_is_left() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/services/data/v67.0/limits" => Some(answer(307, &[("location", "/elsewhere")], "")),
        "/elsewhere" => {
            assert_eq!(seen.token(), "hidden-token");
            Some(json_answer(200, &json!({"DailyApiRequests": {"Max": 5, "Remaining": 4}})))
        }
        _ => (seen.path.ends_with("/sobjects")).then(|| answer(302, &[("location", &seen.path)], "")),
    })
    .await;
    let client = server.connect().await;

    assert_eq!(client.limits().await.unwrap().get("DailyApiRequests").unwrap().remaining, 4);
    assert!(matches!(client.describe_global().await, Err(Error::Redirected { .. })));
}
