//! Faults of the transport, limits and headers around every answer.

use anyhow::Result;
use reqwest::{Method, StatusCode};
use serde_json::{Value as Json, json};
use simorg::{Effect, Endpoint, Fault, SimOrg};

use crate::caller::{Caller, read};
use crate::client::Client;

#[tokio::test]
async fn a_refusal_strikes_as_often_as_it_was_told_to() {
    let client = Client::start(SimOrg::new().bare()).await;
    let fault = json!({"at": "describe", "object": "Account", "times": 1, "effect": {"status": {"status": 503, "body": "html", "message": "busy", "retry_after": 7}}});
    assert_eq!(client.admin(Method::POST, "/faults", fault).await.0, StatusCode::OK);

    let answer = client.request(Method::GET, "/sobjects/Account/describe").send().await.expect("an answer");
    assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].to_str().ok()), (503, Some("7")));
    assert!(answer.text().await.expect("a body").starts_with("<html>"));
    assert_eq!(client.get("/sobjects/Account/describe").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_refusal_strikes_one_part_of_a_batch() {
    let client = Client::start(SimOrg::new().bare()).await;
    let refusal = Fault::status(Endpoint::Describe, 400, "NOT_TODAY", "come back later").on_object("Account");
    client.running.faults().add(refusal);
    let part = |object: &str| json!({"method": "GET", "url": format!("v67.0/sobjects/{object}/describe")});
    let batch = json!({"batchRequests": [part("Account"), part("Contact")]});

    let (_, answer) = client.send(Method::POST, "/composite/batch", batch).await;

    let results = &answer["results"];
    assert_eq!((&results[0]["statusCode"], &results[1]["statusCode"]), (&json!(400), &json!(200)));
    assert_eq!(results[0]["result"][0]["errorCode"], "NOT_TODAY");
}

#[tokio::test]
async fn a_cut_body_breaks_and_a_garbled_one_is_not_json() {
    let client = Client::start(SimOrg::new().bare()).await;
    let faults = client.running.faults();
    faults.add(Fault::at(Endpoint::Describe, Effect::Disconnect { after_bytes: 1000 }).once());
    let answer = client.request(Method::GET, "/sobjects/Account/describe").send().await.expect("a head");
    assert!(answer.bytes().await.is_err(), "the connection breaks inside the body");

    faults.add(Fault::at(Endpoint::DescribeGlobal, Effect::Garble).once());
    let text = client
        .request(Method::GET, "/sobjects")
        .send()
        .await
        .expect("an answer")
        .text()
        .await
        .expect("a body");
    assert!(serde_json::from_str::<serde_json::Value>(&text).is_err());
    assert_eq!(client.get("/sobjects").await.0, StatusCode::OK);
}

#[tokio::test]
async fn an_answer_cut_inside_its_gzip_cannot_be_read() {
    let client = Client::start(SimOrg::new().bare()).await;
    client.running.faults().add(Fault::at(Endpoint::Describe, Effect::Truncate { after_bytes: 2000 }).once());
    #[expect(clippy::disallowed_methods, reason = "the test is the org's client")]
    let http = reqwest::Client::builder().gzip(true).build().expect("a client");
    let token = client.running.state().oauth.open_session(
        client.running.org().id(),
        &client.running.org().admin().id,
        client.running.org().now(),
    );
    let url = format!("{}/services/data/v67.0/sobjects/Account/describe", client.running.url());

    let cut = http.get(&url).bearer_auth(&token).send().await.expect("a head");
    assert!(cut.bytes().await.is_err());
    let whole = http.get(&url).bearer_auth(&token).send().await.expect("an answer");
    assert!(whole.text().await.is_ok_and(|text| text.contains("\"fields\"")));
}

#[tokio::test]
async fn the_daily_limit_is_counted_shown_and_enforced() {
    let client = Client::start(SimOrg::new().bare()).await;
    let usage = async || {
        let answer = client.request(Method::GET, "/sobjects/Account").send().await.expect("an answer");
        (answer.status(), answer.headers()["sforce-limit-info"].to_str().expect("text").to_owned())
    };
    assert_eq!(usage().await, (StatusCode::OK, "api-usage=1/100000".to_owned()));
    client.admin(Method::PUT, "/limits", json!({"max": 5, "used": 4})).await;
    assert_eq!(usage().await, (StatusCode::OK, "api-usage=5/5".to_owned()));
    assert_eq!(usage().await, (StatusCode::FORBIDDEN, "api-usage=5/5".to_owned()));
    let refused = client.refused(Method::GET, "/sobjects", json!({})).await;
    assert_eq!(
        (refused.1.as_str(), refused.2.as_str()),
        ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    );
    client.admin(Method::PUT, "/clock", json!({"advance_seconds": 86_460})).await;
    client.admin(Method::PUT, "/limits", json!({"max": 100})).await;
    assert_eq!(client.running.org().limits().used(client.running.org().now()), 0);
}

#[tokio::test]
async fn the_date_of_every_answer_is_the_orgs() {
    let client = Client::start(SimOrg::new().bare()).await;
    client.admin(Method::PUT, "/clock", json!({"stop_at": "2031-02-03T04:05:06Z"})).await;
    let answer = client.admin_request(Method::GET, "/clock").send().await.expect("an answer");
    assert_eq!(answer.headers()["date"], "Mon, 03 Feb 2031 04:05:06 GMT");
}

#[tokio::test]
async fn a_session_that_expires_once_works_again_after() {
    let client = Client::start(SimOrg::new().bare()).await;
    client.running.faults().add(Fault::at(Endpoint::Any, Effect::SessionExpired).after(1).once());
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(client.get("/sobjects/Account").await.0.as_u16());
    }
    assert_eq!(seen, [200, 401, 200]);
}

#[tokio::test]
async fn a_body_that_is_shorter_than_the_break_breaks_at_its_end() -> Result<()> {
    let caller = Caller::start(SimOrg::new().bare()).await?;
    let whole = caller.get("/sobjects/Account").await?.text.len();
    for after_bytes in [whole, whole + 1, 1_000_000] {
        let effect = Effect::Disconnect { after_bytes: u64::try_from(after_bytes)? };
        caller.org.faults().add(Fault::at(Endpoint::Row, effect).once());
        assert!(caller.get("/sobjects/Account").await.is_err(), "after {after_bytes} bytes of {whole}");
    }
    Ok(())
}

#[tokio::test]
async fn a_rule_that_could_never_strike_is_refused() -> Result<()> {
    let caller = Caller::start(SimOrg::new().bare()).await?;
    let add = async |fault: &Json| {
        let url = format!("{}/simorg/faults", caller.org.url());
        Ok::<_, anyhow::Error>(read(caller.http.post(url).json(fault)).await?.status.as_u16())
    };
    let refused = json!({"status": {"status": 503}});
    for (fault, expected) in [
        (json!({"at": "bulk_status", "path": "/jobs", "effect": "job_stuck"}), 400),
        (json!({"at": "bulk_status", "object": "Account", "effect": "job_stuck"}), 200),
        (json!({"at": "composite", "object": "Account", "effect": refused}), 400),
        (json!({"at": "bulk_create", "object": "Account", "effect": refused}), 400),
        (json!({"at": "query", "object": "Account", "effect": refused}), 200),
        (json!({"at": "composite", "path": "/composite", "effect": refused}), 200),
    ] {
        assert_eq!(add(&fault).await?, expected, "{fault}");
    }
    Ok(())
}

#[tokio::test]
async fn an_org_that_was_dropped_answers_nobody() -> Result<()> {
    let caller = Caller::start(SimOrg::new().bare()).await?;
    let url = format!("{}/simorg/stats", caller.org.url());
    let Caller { org, http, .. } = caller;
    assert_eq!(read(http.get(&url)).await?.status, 200);
    drop(org);
    // The connection of the first answer is still open on this side.
    assert!(read(http.get(&url)).await.is_err());
    Ok(())
}

#[tokio::test]
async fn a_refusal_by_status_alone_has_the_usual_words() {
    let client = Client::start(SimOrg::new().bare()).await;
    for (status, code) in
        [(503, "SERVER_UNAVAILABLE"), (500, "UNKNOWN_EXCEPTION"), (403, "REQUEST_LIMIT_EXCEEDED")]
    {
        let fault = json!({"at": "limits", "times": 1, "effect": {"status": {"status": status}}});
        client.admin(Method::POST, "/faults", fault).await;
        let (told, answer) = client.get("/limits").await;
        assert_eq!((told.as_u16(), &answer[0]["errorCode"]), (status, &json!(code)));
        assert!(answer[0]["message"].as_str().is_some_and(|text| !text.is_empty()), "{answer}");
    }
}
