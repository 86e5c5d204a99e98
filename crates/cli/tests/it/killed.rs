//! The process dies at any moment, and the next one ends where an undisturbed one would have.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use simorg::SimOrg;
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
