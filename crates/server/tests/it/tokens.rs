//! API tokens: scoped, limited to orgs, ended by time and by hand.

use anyhow::Result;
use chrono::TimeDelta;
use holdfast_engine::Clock as _;
use serde_json::json;

use crate::browser::Browser;
use crate::site::Site;

///
#[tokio::test(flavor = "multi_thread")]
async fn a_token_may_what_its_scopes_say_and_no_more_than_its_member() -> Result<()> {
    let site = Site::start().await?;
    let owner = site.owner().await?;
    let org = format!("/api/v1/orgs/{}", site.org_id().await?);
    let made = |body: serde_json::Value| {
        let (owner, url) = (&owner, &site.url);
        async move {
            let created = owner.post("/api/v1/me/tokens", &body).await?.ok();
            let secret = created["secret"].as_str().unwrap().to_owned();
            assert!(secret.starts_with(created["token"]["beginning"].as_str().unwrap()));
            anyhow::Ok((
                Browser::with_token(url, &secret),
                created["token"]["id"].as_str().unwrap().to_owned(),
            ))
        }
    };
    let (viewer, id) = made(json!({ "name": "viewer", "scopes": ["view"] })).await?;
    assert_eq!(viewer.get(&org).await?.ok()["rights"], json!(["view"]));
    let pause = json!({ "state": "paused" });
    assert_eq!(viewer.put(&format!("{org}/auto_backup"), &pause).await?.code(), "not_allowed");
    assert_eq!(viewer.get("/api/v1/members").await?.code(), "not_allowed");
    assert_eq!(viewer.get("/api/v1/me/tokens").await?.code(), "not_allowed", "a token makes no tokens");
    let (elsewhere, _) =
        made(json!({ "name": "e", "scopes": ["view"], "org_ids": ["00Dxx0000001gPLEAY"] })).await?;
    assert_eq!(elsewhere.get(&org).await?.code(), "not_found");
    let (team, _) = made(json!({ "name": "team", "scopes": ["team"] })).await?;
    team.get("/api/v1/members").await?.ok();
    assert_eq!(team.get(&org).await?.code(), "not_found");
    let ends = site.app.clock.now() + TimeDelta::hours(1);
    let (short, _) = made(json!({ "name": "short", "scopes": ["view"], "expires_at": ends })).await?;
    short.get(&org).await?.ok();
    site.app.clock.advance(TimeDelta::hours(2));
    assert_eq!(short.get(&org).await?.code(), "not_signed_in");

    let member = site.member(&owner, "max@acme.example", &[]).await?;
    let created =
        member.post("/api/v1/me/tokens", &json!({ "name": "m", "scopes": ["view", "team"] })).await?.ok();
    let program = Browser::with_token(&site.url, created["secret"].as_str().unwrap());
    assert_eq!(program.get(&org).await?.code(), "not_found");
    assert_eq!(program.get("/api/v1/members").await?.code(), "not_allowed");

    owner.delete(&format!("/api/v1/me/tokens/{id}")).await?.ok();
    assert_eq!(viewer.get(&org).await?.code(), "not_signed_in");
    let none = json!({ "name": "none", "scopes": [] });
    assert_eq!(owner.post("/api/v1/me/tokens", &none).await?.code(), "bad_input");
    site.end().await
}
