//! An org's life as an admin lives it over HTTP: connected by Salesforce's own page, switched on, watched, paused, resumed.

use std::time::Duration;

use anyhow::Result;
use chrono::TimeDelta;
use holdfast_server::ServerOptions;
use holdfast_testkit::wait_for;
use serde_json::{Value, json};
use simorg::{Endpoint, Fault, SimOrg};
use url::Url;

use crate::browser::{Browser, http};
use crate::site::{Site, Worker};

/// A machine that builds at the same time is slow.
const SOON: Duration = Duration::from_mins(3);

/// Somebody at Salesforce's sign-in page; answers where the browser is sent back to.
async fn at_salesforce(authorize_url: &str, decision: &[(&str, &str)]) -> Result<Url> {
    let at: Url = authorize_url.parse()?;
    let mut form: Vec<(String, String)> = at.query_pairs().into_owned().collect();
    form.extend(decision.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let mut place = at.clone();
    place.set_query(None);
    let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&form).finish();
    let request = http().post(place).header("content-type", "application/x-www-form-urlencoded").body(text);
    let back = request.send().await?;
    let location = back.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
    Ok(location.unwrap_or_else(|| panic!("no way back: {}", back.status())).parse()?)
}

const APPROVED: &[(&str, &str)] = &[("username", "admin@simorg.example"), ("password", "simorg")];

async fn begin(site: &Site, owner: &Browser, what: Value) -> Result<Value> {
    let mut body = json!({
        "login_url": site.org.url(), "client_id": site.org.client_id(), "client_secret": site.org.client_secret()
    });
    body.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
    Ok(owner.post("/api/v1/org_sign_ins", &body).await?.ok())
}

fn path_of(url: &Url) -> String {
    format!("{}?{}", url.path(), url.query().unwrap_or_default())
}

/// G-01 to G-05, G-16, G-22 to G-25
#[tokio::test(flavor = "multi_thread")]
async fn an_org_is_connected_by_the_browser_captured_paused_and_resumed() -> Result<()> {
    let site = Site::with(SimOrg::with_records("Account", 120), ServerOptions::default()).await?;
    let owner = site.owner().await?;
    owner.delete(&format!("/api/v1/orgs/{}", site.org_id().await?)).await?.ok();
    let started = begin(&site, &owner, json!({ "name": "Acme Production" })).await?;
    let authorize: Url = started["authorize_url"].as_str().unwrap().parse()?;
    assert!(authorize.query_pairs().any(|(name, value)| name == "code_challenge_method" && value == "S256"));
    let back = at_salesforce(authorize.as_str(), APPROVED).await?;
    assert!(back.as_str().starts_with(started["redirect_uri"].as_str().unwrap()));
    let landed = owner.get(&path_of(&back)).await?.location();
    let org = landed.strip_prefix("/orgs/").and_then(|rest| rest.strip_suffix("?connected=1")).unwrap();

    let org = format!("/api/v1/orgs/{org}");
    let shown = owner.get(&org).await?.ok();
    assert_eq!(
        (shown["name"].as_str(), shown["connection"].as_str()),
        (Some("Acme Production"), Some("works"))
    );
    assert_eq!(shown["owner_name"], "Olga Owner");
    let user = owner.get(&format!("{org}/integration_user")).await?.ok();
    assert_eq!(user["username"], "admin@simorg.example");
    let coverage = owner.get(&format!("{org}/coverage")).await?.ok();
    assert!(coverage["objects_visible"].as_u64().unwrap() > 10, "{coverage}");

    let auto = format!("{org}/auto_backup");
    let status = || async { owner.get(&auto).await.unwrap().ok() };
    assert_eq!((&status().await["phase"], &status().await["state"]), (&json!("off"), &json!("off")));
    owner.put(&auto, &json!({ "state": "running" })).await?.ok();
    assert_eq!(status().await["phase"], "waiting");
    assert!(status().await["reason"].as_str().unwrap().contains("holdfast serve"));
    let mut events = owner.request(reqwest::Method::GET, "/api/v1/events").send().await?;
    let worker = Worker::start(&site);
    wait_for("the first backup", SOON, || async { status().await["phase"] == "capturing_changes" }).await?;
    let done = status().await;
    assert_eq!((&done["light"], &done["objects"]["warning"]), (&json!("green"), &json!(0)), "{done}");
    assert!(done.get("first_backup").is_none() && done["live_records"].as_u64().unwrap() >= 120, "{done}");
    let mut told = String::new();
    while !told.contains("event: run_finished") {
        told += std::str::from_utf8(&events.chunk().await?.expect("events go on")).unwrap();
    }
    assert!(told.contains("event: object_planned") && told.contains("event: block_stored"));

    site.insert("Account", &json!({ "Name": "seen to arrive" }));
    let found = format!("{org}/records?q=seen+to+arrive&object=Account");
    let arrived = || async { owner.get(&found).await.unwrap().ok()["items"].as_array().unwrap().len() == 1 };
    wait_for("the new record", SOON, || async { arrived().await }).await?;
    owner.put(&auto, &json!({ "state": "paused" })).await?.ok();
    assert_eq!(
        (&status().await["phase"], &status().await["objects"]["running"]),
        (&json!("paused"), &json!(0))
    );
    let moved = owner.put("/api/v1/auto_backup", &json!({ "state": "running" })).await?.ok();
    assert_eq!(moved["org_ids"].as_array().unwrap().len(), 1);
    assert_eq!(status().await["state"], "running");
    worker.stop().await?;
    site.end().await
}

/// G-03, G-30, G-31, G-34
#[tokio::test(flavor = "multi_thread")]
async fn an_org_that_cannot_be_reached_turns_yellow_after_the_set_time_and_green_again() -> Result<()> {
    let site = Site::start().await?;
    let owner = site.owner().await?;
    let org = format!("/api/v1/orgs/{}", site.org_id().await?);
    let status = || async { owner.get(&format!("{org}/auto_backup")).await.unwrap().ok() };
    owner.put(&format!("{org}/auto_backup"), &json!({ "state": "running" })).await?.ok();
    let worker = Worker::start(&site);
    wait_for("the first backup", SOON, || async { status().await["phase"] == "capturing_changes" }).await?;
    site.org.faults().add(Fault::status(Endpoint::Any, 503, "SERVER_UNAVAILABLE", "down"));
    wait_for("the problem", SOON, || async { status().await.get("problem").is_some() }).await?;
    let soon = status().await;
    assert_eq!(soon["light"], "green", "a brief failure stays green");
    assert!(soon["problem"]["hint"].is_string() && soon["problem"]["since"].is_string(), "{soon}");
    let errors = owner.get(&format!("{org}/errors")).await?.ok();
    assert_eq!(
        (&errors["items"][0]["object"], &errors["items"][0]["light"]),
        (&Value::Null, &json!("green")),
        "{errors}"
    );

    site.app.clock.advance(TimeDelta::minutes(61));
    let (owner, _) = site.sign_in(crate::site::OWNER, crate::site::PASSWORD).await?;
    let status = || async { owner.get(&format!("{org}/auto_backup")).await.unwrap().ok() };
    let late = status().await;
    assert_eq!((&late["light"], &late["objects"]["running"]), (&json!("yellow"), &json!(0)), "{late}");
    let objects = owner.get(&format!("{org}/objects?word=warning&limit=1")).await?.ok();
    assert_eq!(
        (&objects["items"][0]["light"], &objects["items"][0]["word"]),
        (&json!("yellow"), &json!("warning"))
    );
    assert!(objects["items"][0]["failure"]["message"].as_str().unwrap().contains("down"), "{objects}");
    assert_eq!(owner.get("/api/v1/orgs").await?.ok()["items"][0]["light"], "yellow");
    let errors = || async { owner.get(&format!("{org}/errors")).await.unwrap().ok() };
    assert_eq!(errors().await["items"][0]["light"], "yellow");
    site.org.faults().clear();
    wait_for("green again", SOON, || async { status().await["light"] == "green" }).await?;
    wait_for("the list without it", SOON, || async { errors().await["items"] == json!([]) }).await?;
    worker.stop().await?;
    site.end().await
}

/// G-03: a sign-in is good once, for the browser session that began it, and a refusal is told in Salesforce's words.
#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_somebody_else_began_connects_nothing() -> Result<()> {
    let site = Site::start().await?;
    let owner = site.owner().await?;
    let org = site.org_id().await?;
    let started = begin(&site, &owner, json!({ "org_id": org })).await?;
    let back = at_salesforce(started["authorize_url"].as_str().unwrap(), APPROVED).await?;
    let (other, _) = site.sign_in(crate::site::OWNER, crate::site::PASSWORD).await?;
    let foreign = other.get(&path_of(&back)).await?.location();
    assert!(foreign.starts_with("/orgs/connect?error=foreign_request"), "{foreign}");
    let used = owner.get(&path_of(&back)).await?.location();
    assert!(used.starts_with("/orgs/connect?error=link_expired"), "{used}");

    let started = begin(&site, &owner, json!({ "org_id": org })).await?;
    let denied = at_salesforce(started["authorize_url"].as_str().unwrap(), &[("deny", "1")]).await?;
    let told = owner.get(&path_of(&denied)).await?.location();
    assert!(told.contains("end-user+denied+authorization"), "{told}");
    assert!(told.ends_with(&format!("&org_id={org}")), "{told}");
    let started = begin(&site, &owner, json!({ "org_id": org })).await?;
    let back = at_salesforce(started["authorize_url"].as_str().unwrap(), APPROVED).await?;
    assert_eq!(owner.get(&path_of(&back)).await?.location(), format!("/orgs/{org}?connected=1"));
    site.end().await
}

/// G-03: the ways of signing in that need no browser.
#[tokio::test(flavor = "multi_thread")]
async fn an_org_is_connected_without_a_browser_and_wrong_credentials_say_so() -> Result<()> {
    let site = Site::start().await?;
    let owner = site.owner().await?;
    let org = format!("/api/v1/orgs/{}", site.org_id().await?);
    let credentials = |secret: &str| {
        json!({
            "method": "client_credentials", "login_url": site.org.url(),
            "client_id": site.org.client_id(), "client_secret": secret
        })
    };
    let wrong =
        owner.put(&format!("{org}/connection"), &json!({ "credentials": credentials("wrong") })).await?;
    assert_eq!((wrong.status.as_u16(), wrong.code()), (422, "needs_reauthorisation".to_owned()));
    assert!(!wrong.text.contains("\"wrong\""));
    let right = credentials(site.org.client_secret());
    owner.put(&format!("{org}/connection"), &json!({ "credentials": right })).await?.ok();
    owner.delete(&org).await?.ok();
    assert_eq!(owner.get(&org).await?.code(), "not_found");
    let created = owner.post("/api/v1/orgs", &json!({ "name": "again", "credentials": right })).await?;
    assert_eq!((created.status.as_u16(), &created.ok()["name"]), (201, &json!("again")));
    let bad_name = json!({ "name": "-x", "credentials": right });
    assert_eq!(owner.post("/api/v1/orgs", &bad_name).await?.code(), "bad_input");
    let bad_url =
        json!({ "name": "x", "credentials": { "method": "sfdx_auth_url", "auth_url": "nonsense" } });
    assert_eq!(owner.post("/api/v1/orgs", &bad_url).await?.json()["field"], "credentials.auth_url");
    site.end().await
}
