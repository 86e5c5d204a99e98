//! Sessions that end in the middle of the work.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::http::Response;
use futures::StreamExt;
use futures::future::{FutureExt, join_all};
use holdfast_domain::ErrorCode;
use holdfast_domain::retry::Retry;
use holdfast_salesforce::{
    ClientOptions, Credentials, Error, GrantGate, GrantHooks, LentGrant, NotLent, RotationHook,
};
use serde_json::json;
use tokio::sync::Notify;

use crate::server::{Seen, Server, answer, api_error, chain, json_answer};

const LIMITS: &str = "/services/data/v67.0/limits";
const TOKEN: &str = "/services/oauth2/token";

/// The n-th session is called `session-n`; only those that `alive` accepts are good for `/limits`.
fn org(alive: impl Fn(&str) -> bool, rotates: bool) -> impl Fn(&Seen) -> Option<Response<Body>> {
    move |seen| match seen.path.as_str() {
        TOKEN => {
            let host = seen.headers["host"].to_str().unwrap();
            let mut body = json!({"access_token": format!("session-{}", seen.nth), "token_type": "Bearer",
                "instance_url": format!("http://{host}"), "issued_at": "1700000000000"});
            if rotates {
                let shown = seen.parameter("refresh_token").unwrap();
                if shown != format!("hidden-refresh-{}", seen.nth) {
                    return Some(json_answer(400, &json!({"error": "invalid_grant"})));
                }
                body["refresh_token"] = format!("hidden-refresh-{}", seen.nth + 1).into();
            }
            Some(json_answer(200, &body))
        }
        LIMITS if alive(seen.token()) => Some(json_answer(200, &json!({}))),
        LIMITS => Some(api_error(401, "INVALID_SESSION_ID", "Session expired or invalid")),
        _ => None,
    }
}

fn hooks(stored: &Arc<Mutex<Vec<String>>>, works: &Arc<AtomicBool>) -> GrantHooks {
    let (stored, works) = (Arc::clone(stored), Arc::clone(works));
    let on_rotation: RotationHook = Arc::new(move |renewed| {
        let (stored, works) = (Arc::clone(&stored), Arc::clone(&works));
        async move {
            if !works.load(Ordering::SeqCst) {
                return Err("the disk is full".into());
            }
            let Credentials::RefreshToken { refresh_token, .. } = renewed else {
                return Err("it is no grant".into());
            };
            stored.lock().unwrap().push(refresh_token.expose().to_owned());
            Ok(())
        }
        .boxed()
    });
    GrantHooks { on_rotation: Some(on_rotation), gate: None }
}

/// Writes down when the grant is lent and when it is given back.
fn noting_gate(notes: &Arc<Mutex<Vec<&'static str>>>) -> GrantGate {
    let notes = Arc::clone(notes);
    Arc::new(move || {
        notes.lock().unwrap().push("lent");
        let notes = Arc::clone(&notes);
        let give_back = async move { notes.lock().unwrap().push("given back") }.boxed();
        async { Ok(LentGrant { credentials: None, give_back }) }.boxed()
    })
}

#[tokio::test]
async fn an_expired_session_is_renewed_and_the_request_repeated() {
    let server = Server::start(org(|token| token == "session-1", false)).await;
    let client = server.try_connect(server.refresh_token(), ClientOptions::default()).await.unwrap();

    client.limits().await.unwrap();

    let tokens: Vec<_> = server.seen(LIMITS).iter().map(|seen| seen.token().to_owned()).collect();
    assert_eq!(tokens, ["session-0", "session-1"]);
    let form = &server.seen(TOKEN)[1];
    assert_eq!(form.parameter("grant_type").unwrap(), "refresh_token");
    assert_eq!(form.parameter("client_secret").unwrap(), "hidden-secret");
    assert_eq!(client.calls(), 2);
}

#[tokio::test]
async fn a_session_refused_again_after_renewal_ends_the_call_without_a_loop() {
    let server = Server::start(org(|_| false, false)).await;
    let client = server.try_connect(server.refresh_token(), ClientOptions::default()).await.unwrap();

    let error = client.limits().await.unwrap_err();

    assert_eq!(error.code(), ErrorCode::NeedsReauthorisation);
    assert_eq!((server.seen(LIMITS).len(), server.seen(TOKEN).len()), (2, 2));
}

#[tokio::test]
async fn a_session_that_is_alive_but_unfit_is_not_renewed() {
    for message in
        ["This session is not valid for use with the REST API", "Connected app is not attached to Agent"]
    {
        let org = org(|_| false, false);
        let server = Server::start(move |seen| match seen.path.as_str() {
            LIMITS => Some(api_error(401, "INVALID_SESSION_ID", message)),
            _ => org(seen),
        })
        .await;
        let client = server.try_connect(server.refresh_token(), ClientOptions::default()).await.unwrap();

        let error = client.limits().await.unwrap_err();

        assert_eq!(error.retry(), Retry::Never);
        assert!(chain(&error).contains(message));
        assert_eq!((server.seen(LIMITS).len(), server.seen(TOKEN).len()), (1, 1));
    }
}

#[tokio::test]
async fn an_access_token_alone_says_that_it_has_ended() {
    let server = Server::start(org(|_| false, false)).await;
    let error = server.connect().await.limits().await.unwrap_err();
    assert!(matches!(error, Error::SessionEnded { .. }), "{error:?}");
    assert_eq!((error.code(), error.retry()), (ErrorCode::NeedsReauthorisation, Retry::Never));
    assert!(server.seen(TOKEN).is_empty());
}

#[tokio::test]
async fn many_requests_at_once_renew_the_session_once() {
    let server = Server::start(org(|token| token == "session-1", true)).await;
    let (stored, works) = (Arc::default(), Arc::new(AtomicBool::new(true)));
    let options =
        ClientOptions { grant: hooks(&stored, &works), max_concurrent: 32, ..ClientOptions::default() };
    let client = server.try_connect(server.refresh_token(), options).await.unwrap();

    let answers = join_all((0..32).map(|_| client.limits())).await;

    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(server.seen(TOKEN).len(), 2);
    assert_eq!(*stored.lock().unwrap(), ["hidden-refresh-1", "hidden-refresh-2"]);
}

#[tokio::test]
async fn a_dead_refresh_token_is_shown_once_and_never_again() {
    let org = org(|_| false, false);
    let server = Server::start(move |seen| match (seen.path.as_str(), seen.nth) {
        (TOKEN, 1..) => {
            let body = json!({"error": "invalid_grant", "error_description": "expired access/refresh token"});
            Some(json_answer(400, &body))
        }
        _ => org(seen),
    })
    .await;
    let client = server.try_connect(server.refresh_token(), ClientOptions::default()).await.unwrap();

    let answers = join_all((0..8).map(|_| client.limits())).await;
    let later = client.limits().await;

    for answer in answers.into_iter().chain([later]) {
        let error = answer.unwrap_err();
        assert_eq!((error.code(), error.retry()), (ErrorCode::NeedsReauthorisation, Retry::Never));
        assert!(chain(&error).contains("expired access/refresh token"));
        assert!(!format!("{error:?} {}", chain(&error)).contains("hidden-"));
    }
    assert_eq!(server.seen(TOKEN).len(), 2);
}

#[tokio::test]
async fn a_renewal_that_failed_for_the_moment_is_tried_again_by_the_next_request() {
    let org = org(|token| token == "session-2", false);
    let server = Server::start(move |seen| match (seen.path.as_str(), seen.nth) {
        (TOKEN, 1) => Some(answer(503, &[], "<html></html>")),
        _ => org(seen),
    })
    .await;
    let client = server.try_connect(server.refresh_token(), ClientOptions::default()).await.unwrap();

    assert_eq!(client.limits().await.unwrap_err().retry(), Retry::BackOff);
    client.limits().await.unwrap();
}

#[tokio::test]
async fn a_rotated_refresh_token_is_stored_before_the_new_session_is_used() {
    let server = Server::start(org(|token| token == "session-1", true)).await;
    let (stored, works) = (Arc::default(), Arc::new(AtomicBool::new(true)));
    let options = ClientOptions { grant: hooks(&stored, &works), ..ClientOptions::default() };
    let client = server.try_connect(server.refresh_token(), options).await.unwrap();
    works.store(false, Ordering::SeqCst);

    let error = client.limits().await.unwrap_err();
    assert!(chain(&error).contains("the disk is full"), "{}", chain(&error));
    assert_eq!(error.retry(), Retry::BackOff);
    assert_eq!(server.seen(LIMITS).len(), 1);

    works.store(true, Ordering::SeqCst);
    client.limits().await.unwrap();
    assert_eq!(*stored.lock().unwrap(), ["hidden-refresh-1", "hidden-refresh-2"]);
    assert_eq!(server.seen(TOKEN).len(), 2, "the session that waited for its token to be stored is used");
}

/// Whoever came next would show the token that Salesforce has replaced, which ends the grant.
#[tokio::test]
async fn a_turn_is_not_given_back_before_the_rotated_token_is_stored() {
    let server = Server::start(org(|token| token == "session-1", true)).await;
    let (stored, works, notes) = (Arc::default(), Arc::new(AtomicBool::new(true)), Arc::default());
    let grant = GrantHooks { gate: Some(noting_gate(&notes)), ..hooks(&stored, &works) };
    let options = ClientOptions { grant, ..ClientOptions::default() };
    let client = server.try_connect(server.refresh_token(), options).await.unwrap();
    assert_eq!(*notes.lock().unwrap(), ["lent", "given back"]);
    works.store(false, Ordering::SeqCst);

    for _ in 0..2 {
        client.limits().await.unwrap_err();
        assert_eq!(*notes.lock().unwrap(), ["lent", "given back", "lent"]);
        assert!(client.may_hold_unstored_grant());
    }
    works.store(true, Ordering::SeqCst);
    client.limits().await.unwrap();

    assert_eq!(*notes.lock().unwrap(), ["lent", "given back", "lent", "given back"]);
    assert!(!client.may_hold_unstored_grant());
    assert_eq!(*stored.lock().unwrap(), ["hidden-refresh-1", "hidden-refresh-2"]);
}

#[tokio::test]
async fn a_grant_that_is_not_lent_fails_with_the_code_and_the_words_of_the_lender() {
    let server = Server::start(org(|_| true, true)).await;
    let gate: GrantGate = Arc::new(|| {
        async { Err(NotLent { code: ErrorCode::LeaseLost, source: "somebody else has it".into() }) }.boxed()
    });
    let grant = GrantHooks { on_rotation: None, gate: Some(gate) };
    let options = ClientOptions { grant, ..ClientOptions::default() };

    let error = server.try_connect(server.refresh_token(), options).await.err().unwrap();

    assert_eq!((error.code(), error.retry()), (ErrorCode::LeaseLost, Retry::BackOff));
    assert!(chain(&error).contains("somebody else has it"), "{}", chain(&error));
    assert!(server.seen(TOKEN).is_empty());
}

/// Each client plays a process of its own; they share what is stored.
#[tokio::test]
async fn clients_that_share_a_rotating_grant_renew_it_in_turns() {
    let server = Server::start(org(|token| token == "session-2" || token == "session-3", true)).await;
    let stored: Arc<Mutex<Option<Credentials>>> = Arc::default();
    let turn: Arc<tokio::sync::Mutex<()>> = Arc::default();
    let connect = async || {
        let (newest, turn) = (Arc::clone(&stored), Arc::clone(&turn));
        let gate: GrantGate = Arc::new(move || {
            let (newest, turn) = (Arc::clone(&newest), Arc::clone(&turn));
            async move {
                let held = turn.lock_owned().await;
                let credentials = newest.lock().unwrap().clone();
                Ok(LentGrant { credentials, give_back: async move { drop(held) }.boxed() })
            }
            .boxed()
        });
        let newest = Arc::clone(&stored);
        let on_rotation: RotationHook = Arc::new(move |renewed| {
            *newest.lock().unwrap() = Some(renewed);
            async { Ok(()) }.boxed()
        });
        let grant = GrantHooks { on_rotation: Some(on_rotation), gate: Some(gate) };
        let options = ClientOptions { grant, ..ClientOptions::default() };
        server.try_connect(server.refresh_token(), options).await.unwrap()
    };
    let (one, other) = tokio::join!(connect(), connect());

    let (first, second) = tokio::join!(one.limits(), other.limits());

    assert!(first.is_ok() && second.is_ok(), "{first:?} {second:?}");
    assert_eq!(server.seen(TOKEN).len(), 4);
}

#[tokio::test]
async fn a_renewal_goes_on_when_the_request_that_asked_for_it_is_given_up() {
    let org = org(|token| token == "session-1", true);
    let (asked, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let gate = (Arc::clone(&asked), Arc::clone(&go_on));
    let server = Server::start(move |seen| {
        let answer = org(seen)?;
        if seen.path != TOKEN || seen.nth != 1 {
            return Some(answer);
        }
        let (asked, go_on) = gate.clone();
        let (parts, body) = answer.into_parts();
        let body = futures::stream::once(async move {
            asked.notify_one();
            go_on.notified().await;
            axum::body::to_bytes(body, usize::MAX).await
        });
        Some(Response::from_parts(parts, Body::from_stream(body.map(|piece: Result<Bytes, _>| piece))))
    })
    .await;
    let (stored, works) = (Arc::default(), Arc::new(AtomicBool::new(true)));
    let options = ClientOptions { grant: hooks(&stored, &works), ..ClientOptions::default() };
    let client = server.try_connect(server.refresh_token(), options).await.unwrap();

    let request = tokio::spawn({
        let client = client.clone();
        async move { client.limits().await }
    });
    asked.notified().await;
    request.abort();
    assert!(request.await.unwrap_err().is_cancelled());
    go_on.notify_one();

    client.limits().await.unwrap();
    assert_eq!(*stored.lock().unwrap(), ["hidden-refresh-1", "hidden-refresh-2"]);
    assert_eq!(server.seen(TOKEN).len(), 2);
}

#[tokio::test]
async fn an_org_that_moved_is_followed_to_its_new_address() {
    let new = Server::start(org(|token| token == "session-1", false)).await;
    let (new_url, old_org) = (new.url.clone(), org(|_| false, false));
    let old = Server::start(move |seen| match (seen.path.as_str(), seen.nth) {
        (TOKEN, 1) => {
            let body =
                json!({"access_token": "session-1", "instance_url": new_url.as_str().trim_end_matches('/')});
            Some(json_answer(200, &body))
        }
        _ => old_org(seen),
    })
    .await;
    let client = old.try_connect(old.refresh_token(), ClientOptions::default()).await.unwrap();

    client.limits().await.unwrap();

    assert_eq!(client.instance_url(), new.url);
    assert_eq!(new.seen(LIMITS).len(), 1);
}
