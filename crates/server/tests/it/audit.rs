//! The audit log: everything that matters is in it, and nobody changes it unseen.

use anyhow::Result;
use holdfast_catalog::audit_entries::{self, Filter};
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::site::{OWNER, Site};

async fn actions(owner: &Browser, query: &str) -> Result<Vec<String>> {
    let page = owner.get(&format!("/api/v1/audit_entries?limit=500{query}")).await?.ok();
    let items = page["items"].as_array().unwrap();
    Ok(items.iter().map(|entry| entry["action"].as_str().unwrap().to_owned()).collect())
}

async fn verified(owner: &Browser) -> Result<Value> {
    Ok(owner.get("/api/v1/audit_entries/verification").await?.ok())
}

///
#[tokio::test(flavor = "multi_thread")]
async fn acts_are_noted_in_order_and_with_who_did_them() -> Result<()> {
    let site = Site::start().await?;
    let owner = site.owner().await?;
    let wrong = json!({ "email": OWNER, "password": "wrong" });
    site.browser().post("/api/v1/session", &wrong).await?;
    let org = format!("/api/v1/orgs/{}", site.org_id().await?);
    owner.patch(&org, &json!({ "api_budget_percent": 50 })).await?.ok();
    owner.put(&format!("{org}/auto_backup"), &json!({ "state": "running" })).await?.ok();
    site.member(&owner, "max@acme.example", &["view"]).await?;
    owner.delete(&org).await?.ok();

    let expected = [
        "org.removed",
        "rights.changed",
        "session.created",
        "invitation.accepted",
        "invitation.created",
        "auto_backup.changed",
        "org.changed",
        "session.refused",
        "session.created",
        "member.first_owner",
        "org.connected",
    ];
    assert_eq!(actions(&owner, "").await?, expected);
    assert_eq!(
        actions(&owner, "&action=session").await?,
        ["session.created", "session.refused", "session.created"]
    );
    let page = owner.get("/api/v1/audit_entries?limit=3").await?.ok();
    let next = page["next_page"].as_str().unwrap();
    let following = owner.get(&format!("/api/v1/audit_entries?limit=3&page={next}")).await?.ok();
    assert_eq!(following["items"][0]["action"], expected[3]);
    assert_eq!(page["items"][0]["actor"], "Olga Owner <olga@acme.example>");
    assert_eq!(page["items"][0]["through"], "session");
    let verification = verified(&owner).await?;
    assert_eq!((&verification["is_intact"], &verification["checked"]), (&json!(true), &json!(11)));
    site.end().await
}

/// each kind of change is found at the first entry that it touches.
#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_was_changed_taken_out_or_cut_off_is_found() -> Result<()> {
    for (tampering, first_broken) in [
        ("UPDATE audit_entries SET actor = 'somebody else' WHERE number = 2", 2),
        ("UPDATE audit_entries SET details = '{}' WHERE number = 3", 3),
        ("DELETE FROM audit_entries WHERE number = 2", 3),
        ("DELETE FROM audit_entries WHERE number = 5", 5),
        (
            "UPDATE audit_entries SET hash = (SELECT hash FROM audit_entries WHERE number = 1) WHERE number = 2",
            2,
        ),
    ] {
        let site = Site::start().await?;
        let owner = site.owner().await?;
        owner.post("/api/v1/me/tokens", &json!({ "name": "a", "scopes": ["view"] })).await?.ok();
        owner.post("/api/v1/me/tokens", &json!({ "name": "b", "scopes": ["view"] })).await?.ok();
        assert_eq!(verified(&owner).await?["is_intact"], true);

        tampered(&site, tampering).await?;

        let found = verified(&owner).await?;
        assert_eq!(found["is_intact"], false, "{tampering}");
        assert_eq!(found["first_broken"], first_broken, "{tampering}: {found}");
        site.end().await?;
    }
    Ok(())
}

/// Somebody with the database in hand, and without the secret key.
async fn tampered(site: &Site, sql: &str) -> Result<()> {
    let db = site.app.engine.catalog().db();
    let before = audit_entries::list(db, &Filter::default(), None, 100).await?;
    assert_eq!(before.len(), 5);
    sqlx::query(sql).execute(db).await?;
    Ok(())
}
