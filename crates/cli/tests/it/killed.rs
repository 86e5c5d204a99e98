//! The process dies at any moment, and the next one ends where an undisturbed one would have.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use holdfast_lake::{Lake, LakeLocation, LakeOptions};
use holdfast_testkit::{lake_contents, org_contents};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use simorg::{Org, SimOrg};
use tempfile::TempDir;

use crate::stage::{Ended, Stage, holdfast, run_in};

/// Object by object, how many records the newest backup holds.
fn held(run: &Value) -> BTreeMap<String, u64> {
    let objects = run["objects"].as_object().unwrap();
    let live = |entry: &Value| entry["live_records"].as_u64().unwrap_or_default();
    objects.iter().map(|(object, entry)| (object.clone(), live(entry))).collect()
}

async fn connect(stage: &Stage, folder: &Path) {
    let (url, id, secret) = (stage.org.url(), stage.org.client_id(), stage.org.client_secret());
    let args = ["org", "add", "acme", "--client-id", id, "--client-secret", secret, "--login-url", &url];
    run_in(folder, &args).await.done();
}

/// G-26
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_killed_at_any_step_is_completed_by_the_next() {
    let stage = Stage::with(SimOrg::new().records("Account", 3_000)).await;
    stage.connect("acme").await;
    let undisturbed = held(&stage.run(&["backup", "acme", "--json"]).await.json());
    for step in ["describe:20", "data_file:2", "commit:30", "committed:40", "blob_place:3", "manifest:1"] {
        let folder = TempDir::new().unwrap();
        connect(&stage, folder.path()).await;

        let mut dying = holdfast(folder.path());
        let died = dying.args(["backup", "acme"]).env("HOLDFAST_TEST_CRASH_AT", step).output().await.unwrap();
        assert_eq!(died.status.code(), None, "{step}: a signal ends it: {:?}", Ended::of(&died));

        let run = run_in(folder.path(), &["backup", "acme", "--json"]).await.json();
        assert_eq!(held(&run), undisturbed, "{step}");
        run_in(folder.path(), &["check", "--read-data"]).await.done();
        let runs = run_in(folder.path(), &["run", "list", "acme", "--json"]).await.json();
        let statuses: Vec<_> =
            runs["items"].as_array().unwrap().iter().map(|run| run["status"].clone()).collect();
        assert_eq!(statuses, ["completed", "interrupted"], "{step}");
    }
}

/// G-26: killed again and again while people work in the org. `HOLDFAST_KILLS=500` does it that often.
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_killed_at_random_times_under_load_loses_nothing() {
    let stage = Stage::with(SimOrg::new().records("Account", 3_000).records("Contact", 400)).await;
    stage.connect("acme").await;
    let org = stage.org.org().clone();
    let stop = Arc::new(AtomicBool::new(false));
    let is_stopped = stop.clone();
    let people = std::thread::spawn(move || work(&org, &is_stopped));
    let mut random = StdRng::seed_from_u64(7);
    for _ in 0..number("HOLDFAST_KILLS", 10) {
        let mut backup = holdfast(stage.folder.path());
        let mut dying =
            backup.args(["backup", "acme"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let life = Duration::from_millis(random.random_range(0..1_500));
        if tokio::time::timeout(life, dying.wait()).await.is_err() {
            dying.kill().await.unwrap();
        }
    }
    stop.store(true, Ordering::Relaxed);
    assert!(people.join().unwrap() > 0, "nobody worked");

    stage.run(&["backup", "acme"]).await.done();

    let place = LakeLocation::Local(stage.folder.path().join("holdfast-data/lake"));
    let lake = Lake::open_existing(&place, LakeOptions::default()).await.unwrap();
    let id = lake.org_ids().await.unwrap().remove(0);
    let held = lake_contents(&lake.org(&id)).await.unwrap();
    let differences = org_contents(stage.org.org()).differences_from(&held);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    stage.run(&["check", "--read-data"]).await.done();
}

/// Creates, changes and deletes until it is told to stop; says how often.
fn work(org: &Org, is_stopped: &AtomicBool) -> u64 {
    let mut random = StdRng::seed_from_u64(11);
    let mut ids = Vec::new();
    let mut done = 0;
    while !is_stopped.load(Ordering::Relaxed) {
        let record = json!({ "Name": format!("work {done}") });
        let record = record.as_object().unwrap();
        let outcome = org.write(&org.admin(), |work| {
            if ids.len() < 50 || random.random_ratio(1, 3) {
                ids.push(work.insert("Account", record)?);
                return Ok(());
            }
            let id = ids.swap_remove(random.random_range(0..ids.len()));
            match random.random_range(0..4) {
                0 => work.delete(&id),
                1 => work.purge(&id),
                _ => {
                    work.update("Account", &id, record)?;
                    ids.push(id);
                    Ok(())
                }
            }
        });
        outcome.unwrap();
        done += 1;
        std::thread::park_timeout(Duration::from_millis(3));
    }
    done
}

#[expect(clippy::disallowed_methods, reason = "how long a test runs is no setting of the program")]
fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}
