//! What is lost or damaged is named with the way out, and the way out leads out.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::stage::{Stage, run_in};

async fn backed_up() -> (Stage, PathBuf) {
    let stage = Stage::connected().await;
    stage.run(&["backup", "acme", "--object", "Account"]).await.done();
    let data = stage.folder.path().join("holdfast-data");
    (stage, data)
}

/// The code with which reading fails.
async fn refusal(folder: &Path, args: &[&str]) -> String {
    let err = run_in(folder, &[args, &["--json"]].concat()).await.failed(1);
    let failure: Value = serde_json::from_str(&err).unwrap();
    assert!(!failure["hint"].as_str().unwrap().is_empty(), "{err}");
    failure["code"].as_str().unwrap().to_owned()
}

///
#[tokio::test(flavor = "multi_thread")]
async fn a_catalog_that_is_no_database_is_set_aside_and_read_back() {
    let (stage, data) = backed_up().await;
    std::fs::write(data.join("catalog.db"), "this was a database once ".repeat(1_000)).unwrap();
    for beside in ["catalog.db-wal", "catalog.db-shm"] {
        let _ = std::fs::remove_file(data.join(beside));
    }
    assert_eq!(refusal(stage.folder.path(), &["run", "list"]).await, "catalog_damaged");

    stage.run(&["rebuild"]).await.done();

    let runs = stage.run(&["run", "list", "--json"]).await.json();
    assert_eq!(runs["items"].as_array().unwrap().len(), 1, "{runs}");
    let names = std::fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().file_name());
    let is_aside = |name: &std::ffi::OsString| name.to_string_lossy().starts_with("catalog.db.damaged-");
    assert_eq!(names.filter(is_aside).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lake_without_its_document_gets_another_one() {
    let (stage, data) = backed_up().await;
    let document = data.join("lake/holdfast.json");
    for damage in [None, Some("{ cut")] {
        match damage {
            None => std::fs::remove_file(&document).unwrap(),
            Some(text) => std::fs::write(&document, text).unwrap(),
        }
        assert_eq!(refusal(stage.folder.path(), &["run", "list"]).await, "lake_document_lost");
        stage.run(&["rebuild"]).await.done();
        stage.run(&["backup", "acme", "--object", "Account"]).await.done();
    }
}

/// An answer of no rows would be a lie.
#[cfg(feature = "query")]
#[tokio::test(flavor = "multi_thread")]
async fn a_query_of_a_table_whose_log_is_lost_is_refused() {
    let (stage, data) = backed_up().await;
    let org = std::fs::read_dir(data.join("lake/orgs")).unwrap().next().unwrap().unwrap().path();
    std::fs::remove_dir_all(org.join("objects/Account/_delta_log")).unwrap();
    let query = ["query", "acme", "SELECT count(*) FROM Account"];
    assert_eq!(refusal(stage.folder.path(), &query).await, "lake_damaged");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_may_look_into_a_new_data_directory() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_stage, data) = backed_up().await;
    assert_eq!(std::fs::metadata(data).unwrap().permissions().mode() & 0o777, 0o700);
}
