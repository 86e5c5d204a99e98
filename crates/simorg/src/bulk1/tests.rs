//! The daily limit of batches, which is too large to be reached over HTTP in a test.

use axum::body::{Body, to_bytes};
use axum::http::Request;
use tower::ServiceExt;

use crate::SimOrg;
use crate::limits::MAX_BATCHES;
use crate::server::{self, AppState};
use crate::xml::Element;

async fn ask(state: &AppState, token: &str, method: &str, path: &str, body: &str) -> Element {
    let request = Request::builder()
        .method(method)
        .uri(format!("/services/async/62.0{path}"))
        .header("x-sfdc-session", token)
        .header("sforce-enable-pkchunking", "chunkSize=1")
        .header("content-type", if path == "/job" { "application/xml" } else { "text/csv" })
        .body(Body::from(body.to_owned()))
        .unwrap();
    let answer = server::router(state).oneshot(request).await.unwrap();
    Element::parse(&to_bytes(answer.into_body(), usize::MAX).await.unwrap()).unwrap()
}

#[tokio::test]
async fn every_batch_of_a_chunked_query_counts_and_the_quota_ends_them() {
    let running = SimOrg::new().bare().records("Account", 50).start().await.unwrap();
    let (org, state) = (running.org().clone(), running.state().clone());
    let token = state.oauth.open_session(org.id(), &org.admin().id, org.now());
    let now = org.now();
    state.bulk2.count_batches(now, MAX_BATCHES - 11);
    let job = "<jobInfo xmlns=\"http://www.force.com/2009/06/asyncapi/dataload\"><operation>query</operation>\
               <object>Account</object><contentType>CSV</contentType></jobInfo>";
    let job = ask(&state, &token, "POST", "/job", job).await;
    let path = format!("/job/{}/batch", job.text_of("id").unwrap());

    let added = ask(&state, &token, "POST", &path, "SELECT Id FROM Account").await;
    let first = format!("{path}/{}", added.text_of("id").unwrap());
    let first = ask(&state, &token, "GET", &first, "").await;

    assert_eq!(first.text_of("state"), Some("Failed"));
    assert!(first.text_of("stateMessage").unwrap().starts_with("ExceededQuota"), "{first:?}");
    assert_eq!(ask(&state, &token, "GET", &path, "").await.all("batchInfo").count(), 11);
    assert_eq!(state.bulk2.batches_left(now), 0);
    let refused = ask(&state, &token, "POST", &path, "SELECT Id FROM Account").await;
    assert_eq!(refused.text_of("exceptionCode"), Some("ExceededQuota"));
}
