//! The team: invited, allowed, changed, removed.

use anyhow::Result;
use chrono::TimeDelta;
use holdfast_engine::Clock as _;
use serde_json::json;

use crate::site::{OWNER, PASSWORD, Site, secret_of};

/// X-45, S-95
#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_good_once_and_for_a_week() -> Result<()> {
    let site = Site::start().await?;
    let owner = site.owner().await?;
    let invite =
        json!({ "email": "Inbox@acme.example", "role": "member", "kind": "service", "name": "Alerts" });
    let created = owner.post("/api/v1/invitations", &invite).await?.ok();
    assert_eq!(created["invitation"]["email"], "inbox@acme.example");
    let token = secret_of(&created["link"]);
    let open = json!({ "token": token });
    let seen = site.browser().post("/api/v1/invitations/open", &open).await?.ok();
    assert_eq!((seen["invited_by"].as_str(), seen["role"].as_str()), (Some("Olga Owner"), Some("member")));
    let accept = json!({ "token": token, "name": "Alerts", "password": PASSWORD });
    let me = site.browser().post("/api/v1/invitations/accept", &accept).await?.ok();
    assert_eq!((me["kind"].as_str(), me["orgs"].as_array().unwrap().len()), (Some("service"), 0));
    assert_eq!(site.browser().post("/api/v1/invitations/accept", &accept).await?.code(), "link_expired");
    assert_eq!(owner.post("/api/v1/invitations", &invite).await?.code(), "already_exists");

    let late = json!({ "email": "late@acme.example", "role": "member" });
    let created = owner.post("/api/v1/invitations", &late).await?.ok();
    site.app.clock.advance(TimeDelta::days(8));
    let open = json!({ "token": secret_of(&created["link"]) });
    assert_eq!(site.browser().post("/api/v1/invitations/open", &open).await?.code(), "link_expired");
    let (owner, _) = site.sign_in(OWNER, PASSWORD).await?;
    assert_eq!(owner.get("/api/v1/invitations").await?.ok()["items"], json!([]));
    site.end().await
}

/// S-31, S-50, L-01
#[tokio::test(flavor = "multi_thread")]
async fn a_new_member_sees_no_org_until_a_right_is_given() -> Result<()> {
    let site = Site::start().await?;
    let owner = site.owner().await?;
    let member = site.member(&owner, "max@acme.example", &[]).await?;
    let org = format!("/api/v1/orgs/{}", site.org_id().await?);
    assert_eq!(member.get("/api/v1/orgs").await?.ok()["items"], json!([]));
    assert_eq!(member.get(&org).await?.code(), "not_found");
    let me = member.get("/api/v1/me").await?.ok();
    let rights = format!("{org}/rights/{}", me["id"].as_str().unwrap());
    let given = owner.put(&rights, &json!({ "rights": ["browse"] })).await?.ok();
    assert_eq!(given["rights"], json!(["view", "browse"]), "who browses also sees the org");

    assert_eq!(member.get(&org).await?.ok()["rights"], json!(["view", "browse"]));
    let start = member.put(&format!("{org}/auto_backup"), &json!({ "state": "running" })).await?;
    assert_eq!(start.code(), "not_allowed");
    assert_eq!(start.json()["title"], "the right `execute` on this org is not given to you");
    owner.put(&rights, &json!({ "rights": [] })).await?.ok();
    assert_eq!(member.get(&org).await?.code(), "not_found");
    site.end().await
}

/// L-02
#[tokio::test(flavor = "multi_thread")]
async fn who_owns_a_connection_keeps_all_rights_until_it_is_handed_over() -> Result<()> {
    let site = Site::start().await?;
    let owner = site.owner().await?;
    let invite = json!({ "email": "otto@acme.example", "role": "owner" });
    let created = owner.post("/api/v1/invitations", &invite).await?.ok();
    let accept = json!({ "token": secret_of(&created["link"]), "name": "Otto", "password": PASSWORD });
    let otto = site.browser();
    let otto_id =
        otto.post("/api/v1/invitations/accept", &accept).await?.ok()["id"].as_str().unwrap().to_owned();
    let olga_id = owner.get("/api/v1/me").await?.ok()["id"].as_str().unwrap().to_owned();
    let org = format!("/api/v1/orgs/{}", site.org_id().await?);
    owner.put(&format!("{org}/owner"), &json!({ "member_id": olga_id })).await?.ok();

    assert_eq!(
        otto.get(&org).await?.ok()["rights"],
        json!(["view", "delete"]),
        "other owners see and remove"
    );
    let grab = otto.put(&format!("{org}/owner"), &json!({ "member_id": otto_id })).await?;
    assert_eq!(grab.code(), "not_allowed");
    let taken = otto.put(&format!("{org}/rights/{olga_id}"), &json!({ "rights": [] })).await?.ok();
    assert_eq!(taken["rights"].as_array().unwrap().len(), 7, "what comes with owning cannot be taken away");
    owner.put(&format!("{org}/owner"), &json!({ "member_id": otto_id })).await?.ok();
    assert_eq!(owner.get(&org).await?.ok()["rights"], json!(["view", "delete"]));
    site.end().await
}

/// L-03
#[tokio::test(flavor = "multi_thread")]
async fn the_team_keeps_an_owner_and_whoever_is_switched_off_is_out_at_once() -> Result<()> {
    let site = Site::start().await?;
    let owner = site.owner().await?;
    let member = site.member(&owner, "max@acme.example", &["view"]).await?;
    let member_id = member.get("/api/v1/me").await?.ok()["id"].as_str().unwrap().to_owned();
    let own_id = owner.get("/api/v1/me").await?.ok()["id"].as_str().unwrap().to_owned();
    let own = format!("/api/v1/members/{own_id}");
    assert_eq!(owner.patch(&own, &json!({ "role": "member" })).await?.code(), "state_forbids");
    assert_eq!(owner.patch(&own, &json!({ "is_disabled": true })).await?.code(), "state_forbids");
    assert_eq!(owner.delete(&own).await?.code(), "state_forbids");
    let token = member.post("/api/v1/me/tokens", &json!({ "name": "t", "scopes": ["view"] })).await?.ok();
    let program = crate::browser::Browser::with_token(&site.url, token["secret"].as_str().unwrap());
    program.get("/api/v1/me").await?.ok();

    let path = format!("/api/v1/members/{member_id}");
    owner.patch(&path, &json!({ "is_disabled": true })).await?.ok();
    assert_eq!(member.get("/api/v1/me").await?.code(), "not_signed_in");
    assert_eq!(program.get("/api/v1/me").await?.code(), "not_signed_in");
    let body = json!({ "email": "max@acme.example", "password": PASSWORD });
    assert_eq!(site.browser().post("/api/v1/session", &body).await?.code(), "sign_in_refused");
    owner.delete(&path).await?.ok();
    assert_eq!(owner.get(&path).await?.code(), "not_found");
    site.end().await
}

/// S-50: a watcher stops being told as soon as the right is gone.
#[tokio::test(flavor = "multi_thread")]
async fn live_events_end_with_the_right_and_with_the_session() -> Result<()> {
    let site = Site::start().await?;
    let owner = site.owner().await?;
    let member = site.member(&owner, "max@acme.example", &["view"]).await?;
    let org = format!("/api/v1/orgs/{}", site.org_id().await?);
    let mut events = member.request(reqwest::Method::GET, "/api/v1/events").send().await?;
    owner.put(&format!("{org}/auto_backup"), &json!({ "state": "running" })).await?.ok();
    let told = events.chunk().await?.expect("an event comes");
    assert!(std::str::from_utf8(&told)?.starts_with("event: auto_backup_changed"), "{told:?}");

    let id = member.get("/api/v1/me").await?.ok()["id"].as_str().unwrap().to_owned();
    owner.put(&format!("{org}/rights/{id}"), &json!({ "rights": [] })).await?.ok();
    site.app.clock.sleep(std::time::Duration::from_mins(1)).await;
    owner.put(&format!("{org}/auto_backup"), &json!({ "state": "paused" })).await?.ok();
    owner.delete(&format!("/api/v1/members/{id}/sessions")).await?.ok();
    while let Some(chunk) = events.chunk().await? {
        assert!(!std::str::from_utf8(&chunk)?.contains("event:"), "{chunk:?}");
    }
    site.end().await
}
