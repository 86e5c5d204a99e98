//! Backups, checks and compactions that are asked for, go on by themselves, and tell what came of them.

use std::time::Duration;

use anyhow::Result;
use chrono::TimeDelta;
use holdfast_catalog::asked_work_items::{self, NewAskedWorkItem};
use holdfast_catalog::{WorkItemId, commit, work_items};
use holdfast_domain::OrgId;
use holdfast_engine::Clock as _;
use holdfast_testkit::wait_for;
use serde_json::{Value, json};
use simorg::{Endpoint, Fault};

use crate::browser::Browser;
use crate::site::{Site, Worker};

/// Asks for work that must be accepted; answers where to watch it.
async fn ask(browser: &Browser, path: &str, body: Value) -> Result<String> {
    let accepted = browser.post(path, &body).await?;
    assert_eq!(accepted.status.as_u16(), 202, "{}", accepted.text);
    let place = accepted.location();
    assert_eq!(place, format!("/api/v1/work_items/{}", accepted.json()["id"].as_str().unwrap()));
    Ok(place)
}

async fn wait_until(browser: &Browser, place: &str, holds: impl Fn(&Value) -> bool) -> Result<Value> {
    let seen = std::sync::Mutex::new(Value::Null);
    let waited = wait_for(place, Duration::from_mins(3), || async {
        let work = browser.get(place).await.unwrap().ok();
        *seen.lock().unwrap() = work.clone();
        holds(&work)
    });
    let outcome = waited.await;
    let seen = seen.into_inner()?;
    anyhow::ensure!(outcome.is_ok(), "{place} stays as it is: {seen}");
    Ok(seen)
}

async fn ended(browser: &Browser, place: &str) -> Result<Value> {
    wait_until(browser, place, |work| work.get("ended_at").is_some()).await
}

///
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_a_check_and_a_compaction_are_asked_for_and_watched_to_their_end() -> Result<()> {
    let site = Site::start().await?;
    let owner = site.owner().await?;
    let max = site.member(&owner, "max@acme.example", &["view", "execute"]).await?;
    let org = format!("/api/v1/orgs/{}", site.org_id().await?);
    let worker = Worker::start(&site);

    let backup = ended(&max, &ask(&max, &format!("{org}/runs"), json!({})).await?).await?;
    assert_eq!((&backup["state"], &backup["run_status"]), (&json!("done"), &json!("completed")), "{backup}");
    assert_eq!((&backup["kind"], &backup["asked_by"]), (&json!("backup"), &json!("Max Member")));
    let run = max.get(&format!("/api/v1/runs/{}", backup["run_id"].as_str().unwrap())).await?.ok();
    assert_eq!((&run["trigger"], &run["status"]), (&json!("backup"), &json!("completed")));
    site.app.assert_lake_equals(&site.org).await?;

    let check =
        ended(&max, &ask(&max, &format!("{org}/checks"), json!({ "read_data": true })).await?).await?;
    let found = &check["check"];
    assert_eq!(
        (&found["is_whole"], &found["read_data"], &found["orgs"]),
        (&json!(true), &json!(true), &json!(1))
    );
    assert!(found["tables"].as_u64() > Some(0) && found["rows"].as_u64() >= Some(5), "{check}");
    let of_org = ended(&max, &ask(&max, &format!("{org}/compactions"), json!({})).await?).await?;
    assert_eq!(of_org["compaction"]["tables"], found["tables"]);
    let whole = ended(&owner, &ask(&owner, "/api/v1/checks", json!({})).await?).await?;
    assert_eq!((&whole["check"]["is_whole"], &whole["check"]["read_data"]), (&json!(true), &json!(false)));
    let all = ended(&owner, &ask(&owner, "/api/v1/compactions", json!({})).await?).await?;
    assert_eq!((&all["state"], all.get("org_id")), (&json!("done"), None));
    worker.stop().await?;

    let ids = async |path: &str, browser: &Browser| {
        let page = browser.get(path).await?.ok();
        anyhow::Ok(
            page["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect::<Vec<_>>(),
        )
    };
    let listed = ids(&format!("{org}/work_items"), &max).await?;
    assert_eq!(listed, [&of_org, &check, &backup].map(|work| work["id"].clone()));
    assert_eq!(ids("/api/v1/work_items", &owner).await?, [&all, &whole].map(|work| work["id"].clone()));
    let place = format!("/api/v1/work_items/{}", whole["id"].as_str().unwrap());
    assert_eq!(max.get(&place).await?.code(), "not_found", "it is about the orgs of all");
    assert_eq!(max.delete(&place).await?.code(), "not_found");
    let audit = owner.get("/api/v1/audit_entries?action=backup.").await?.ok();
    assert_eq!(audit["items"][0]["action"], "backup.asked");
    assert_eq!(audit["items"][0]["target"], "acme");
    site.end().await
}

///
#[tokio::test(flavor = "multi_thread")]
async fn a_check_names_what_is_damaged() -> Result<()> {
    let site = Site::start().await?;
    site.app.backup().await?;
    let owner = site.owner().await?;
    let org = site.org_id().await?;
    let table = site.app.data_dir().join(format!("lake/orgs/{org}/objects/Account"));
    let files = std::fs::read_dir(&table)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    let file = files.iter().find(|path| path.extension().is_some_and(|end| end == "parquet")).unwrap();
    std::fs::remove_file(file)?;

    let place = ask(&owner, &format!("/api/v1/orgs/{org}/checks"), json!({})).await?;
    let worker = Worker::start(&site);
    let check = ended(&owner, &place).await?;
    worker.stop().await?;
    assert_eq!((&check["state"], &check["check"]["is_whole"]), (&json!("done"), &json!(false)), "{check}");
    assert_eq!(check["check"]["damaged"], 1);
    let damage = &check["check"]["damage"][0];
    assert!(
        damage["path"].as_str().unwrap().ends_with(file.file_name().unwrap().to_str().unwrap()),
        "{damage}"
    );
    assert_eq!(damage["invariant"], "data_file_is_there");
    site.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_the_same_again_is_given_what_is_under_way() -> Result<()> {
    let site = Site::start().await?;
    let owner = site.owner().await?;
    let org = format!("/api/v1/orgs/{}", site.org_id().await?);
    let runs = format!("{org}/runs");

    let first = ask(&owner, &runs, json!({ "objects": ["Account"] })).await?;
    assert_eq!(ask(&owner, &runs, json!({ "objects": ["Account"] })).await?, first);
    let other = owner.post(&runs, &json!({})).await?;
    assert_eq!(other.code(), "state_forbids");
    assert!(
        other.json()["title"].as_str().unwrap().contains(first.rsplit('/').next().unwrap()),
        "{}",
        other.text
    );
    assert_eq!(owner.post(&runs, &json!({ "objects": ["no name"] })).await?.code(), "bad_input");
    let check = ask(&owner, &format!("{org}/checks"), json!({})).await?;
    assert_ne!(check, first);
    assert_eq!(owner.get(&first).await?.ok()["state"], "waiting");

    let worker = Worker::start(&site);
    let run = ended(&owner, &first).await?["run_id"].clone();
    let objects = owner.get(&format!("/api/v1/runs/{}/objects", run.as_str().unwrap())).await?.ok();
    assert_eq!(objects["items"].as_array().unwrap().len(), 1, "{objects}");
    assert_ne!(
        ask(&owner, &runs, json!({ "objects": ["Account"] })).await?,
        first,
        "the first one has ended"
    );
    worker.stop().await?;
    site.end().await
}

/// The org answers nothing, so a backup of it goes on trying.
async fn stuck(site: &Site, owner: &Browser) -> Result<String> {
    site.app.backup().await?;
    site.org.faults().add(Fault::status(Endpoint::Any, 503, "SERVER_UNAVAILABLE", "the org is cut off"));
    let place = ask(owner, &format!("/api/v1/orgs/{}/runs", site.org_id().await?), json!({})).await?;
    Ok(place)
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_a_stop_of_the_service_cut_off_says_so_and_is_begun_again() -> Result<()> {
    let site = Site::start().await?;
    let owner = site.owner().await?;
    let place = stuck(&site, &owner).await?;
    let worker = Worker::start(&site);
    wait_until(&owner, &place, |work| work["state"] == "running" && work.get("run_id").is_some()).await?;
    worker.stop().await?;

    let waiting = owner.get(&place).await?.ok();
    assert_eq!((&waiting["state"], &waiting["failure"]["code"]), (&json!("waiting"), &json!("interrupted")));
    assert_eq!(waiting["cut_off"], 0, "it was stopped in good order");
    site.org.faults().clear();
    let worker = Worker::start(&site);
    let done = ended(&owner, &place).await?;
    worker.stop().await?;
    assert_eq!((&done["state"], done.get("failure")), (&json!("done"), None), "{done}");
    assert_ne!(done["run_id"], waiting["run_id"], "a run of its own");
    let cut_off = owner.get(&format!("/api/v1/runs/{}", waiting["run_id"].as_str().unwrap())).await?.ok();
    assert_eq!(cut_off["status"], "interrupted");
    site.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn work_over_which_the_service_died_is_begun_again_but_not_for_ever() -> Result<()> {
    let site = Site::start().await?;
    let owner = site.owner().await?;
    let org = format!("/api/v1/orgs/{}", site.org_id().await?);
    let place = ask(&owner, &format!("{org}/checks"), json!({})).await?;
    let (db, clock) = (site.app.engine.catalog().db(), &site.app.clock);
    // A service on another machine, which takes it up and is never heard of again.
    let die = async |place: &str| {
        let (now, until) = (clock.now(), clock.now() + TimeDelta::minutes(2));
        let claimed = work_items::claim(db, "asked_upkeep", "another machine", until, now).await?;
        assert!(claimed.is_some());
        assert_eq!(owner.get(place).await?.ok()["state"], "running");
        clock.advance(TimeDelta::minutes(3));
        let left = owner.get(place).await?.ok();
        assert_eq!(left["state"], "waiting", "nobody is at work on it");
        anyhow::Ok(())
    };
    die(&place).await?;
    let worker = Worker::start(&site);
    let done = ended(&owner, &place).await?;
    worker.stop().await?;
    assert_eq!((&done["state"], &done["cut_off"]), (&json!("done"), &json!(1)));

    let place = ask(&owner, &format!("{org}/checks"), json!({})).await?;
    for _ in 0..3 {
        die(&place).await?;
    }
    let worker = Worker::start(&site);
    let given_up = ended(&owner, &place).await?;
    worker.stop().await?;
    assert_eq!(
        (&given_up["state"], &given_up["failure"]["code"]),
        (&json!("interrupted"), &json!("interrupted"))
    );
    assert!(given_up["failure"]["message"].as_str().unwrap().contains("3 times"), "{given_up}");
    site.end().await
}

/// Puts a work item beside ours, as a newer Holdfast would that uses the same catalog.
async fn ask_newer(site: &Site, org: &OrgId, kind: &str, input: &Value) -> Result<WorkItemId> {
    let new = NewAskedWorkItem {
        queue: "asked_upkeep",
        kind,
        key: &format!("newer/{kind}"),
        input,
        org: Some(org),
        asked_by: "Ada",
    };
    let mut transaction = site.app.engine.catalog().begin().await?;
    let (work, _) = asked_work_items::ask(&mut transaction, &new, site.app.clock.now()).await?;
    commit(transaction).await?;
    site.app.clock.advance(TimeDelta::seconds(1));
    Ok(work.item.id)
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_a_newer_version_was_asked_for_is_left_to_it() -> Result<()> {
    let site = Site::start().await?;
    let owner = site.owner().await?;
    let id = site.org_id().await?;
    let (org, path) = (OrgId::parse(&id)?, format!("/api/v1/orgs/{id}"));
    let deep = json!({ "kind": "check", "depth": "deep" });
    let deep = ask_newer(&site, &org, "check", &deep).await?.to_string();
    let other = ask_newer(&site, &org, "migration", &json!({ "kind": "migration" })).await?;
    let ours = ask(&owner, &format!("{path}/checks"), json!({})).await?;
    let worker = Worker::start(&site);
    let done = ended(&owner, &ours).await?;
    worker.stop().await?;

    let page = owner.get(&format!("{path}/work_items")).await?.ok();
    let listed: Vec<_> = page["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect();
    assert_eq!(listed, [done["id"].clone(), json!(deep)], "a kind that is not known is not shown");
    assert_eq!(owner.get(&format!("/api/v1/work_items/{other}")).await?.code(), "not_found");
    let deep = format!("/api/v1/work_items/{deep}");
    let waiting = owner.get(&deep).await?.ok();
    assert_eq!((&waiting["kind"], &waiting["state"]), (&json!("check"), &json!("waiting")));
    assert_eq!(waiting["failure"]["code"], "catalog_too_new");
    owner.delete(&deep).await?.ok();
    site.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn work_is_cancelled_while_it_waits_and_while_it_goes_on() -> Result<()> {
    let site = Site::start().await?;
    let owner = site.owner().await?;
    let check = ask(&owner, &format!("/api/v1/orgs/{}/checks", site.org_id().await?), json!({})).await?;
    owner.delete(&check).await?.ok();
    let cancelled = owner.get(&check).await?.ok();
    assert_eq!((&cancelled["state"], cancelled.get("started_at")), (&json!("interrupted"), None));
    assert_eq!(cancelled["failure"]["code"], "cancelled");
    assert_eq!(cancelled["failure"]["message"], "Olga Owner cancelled it");

    let backup = stuck(&site, &owner).await?;
    let worker = Worker::start(&site);
    let running = wait_until(&owner, &backup, |work| work.get("run_id").is_some()).await?;
    owner.delete(&backup).await?.ok();
    owner.delete(&backup).await?.ok();
    let run = format!("/api/v1/runs/{}", running["run_id"].as_str().unwrap());
    let run = wait_until(&owner, &run, |run| run.get("finished_at").is_some()).await?;
    assert_eq!((&run["status"], &run["failure"]["code"]), (&json!("interrupted"), &json!("cancelled")));
    assert_eq!(owner.get(&backup).await?.ok()["state"], "interrupted", "and is not begun again");
    worker.stop().await?;
    let audit = owner.get("/api/v1/audit_entries?action=backup.").await?.ok();
    let actions: Vec<_> = audit["items"].as_array().unwrap().iter().map(|entry| &entry["action"]).collect();
    assert_eq!(actions, ["backup.cancelled", "backup.asked"], "once each");
    site.end().await
}
