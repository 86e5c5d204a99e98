//! Whatever is wrong is told with the next step and the documented exit code, and nothing is lost.

use std::os::unix::fs::PermissionsExt;

use axum::Router;
use serde_json::Value;
use tempfile::tempdir;

use crate::stage::{Stage, run_in};

#[tokio::test]
async fn absurd_flags_are_misuse() {
    let folder = tempdir().unwrap();
    for line in [
        "",
        "backupp acme",
        "backup",
        "backup acme --object ../etc",
        "backup acme --parallel 0",
        "backup acme --give-up-after soon",
        "demo --records -5",
        "demo --records 0",
        "demo --records many",
        "serve --listen nowhere",
        "org set acme --api-budget 0",
        "org set acme --api-budget 101",
        "org add acme",
        "org add acme --access-token",
        "org add a/b --access-token T --instance-url https://acme.my.salesforce.com",
        "history acme Account 001",
        "run list --limit 0",
        "user role max@acme.example king",
        "token create ci --member max@acme.example",
        "audit list --csv --json",
        "check --lake-url ftp://example.com/lake",
        "check --log-level loud=louder=loudest",
        "check --log-level zzz",
        "check --config nowhere.toml",
    ] {
        let ended = run_in(folder.path(), &line.split_whitespace().collect::<Vec<_>>()).await;
        assert_eq!(ended.code, 2, "`{line}`: {ended:?}");
        assert!(ended.out.is_empty() && !ended.err.is_empty(), "`{line}`: {ended:?}");
    }
    assert!(!folder.path().join("holdfast-data").exists(), "misuse leaves nothing behind");
}

#[tokio::test]
async fn misuse_is_told_in_json_when_json_is_asked_for() {
    let folder = tempdir().unwrap();
    let err = run_in(folder.path(), &["backup", "--json"]).await.failed(2);
    let failure: Value = serde_json::from_str(&err).unwrap();
    assert_eq!(failure["code"], "bad_input");
    assert!(failure["message"].as_str().unwrap().contains("required"), "{failure}");
}

#[tokio::test]
async fn a_command_that_only_reads_creates_nothing_where_nothing_is() {
    let folder = tempdir().unwrap();
    for line in [
        "org list",
        "backup acme",
        "check",
        "run list",
        "auto status",
        "history acme Account 001000000000001AAA",
    ] {
        let err = run_in(folder.path(), &line.split_whitespace().collect::<Vec<_>>()).await.failed(1);
        assert!(err.contains("holdfast-data") && err.contains("hint:"), "`{line}`: {err}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_where_no_salesforce_answers_is_named() {
    let folder = tempdir().unwrap();
    let page = Router::new().fallback(|| async { axum::response::Html("<html><h1>It works!</h1></html>") });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(axum::serve(listener, page).into_future());
    let token = ["org", "add", "acme", "--access-token", "T", "--json", "--instance-url"];

    let html = run_in(folder.path(), &[&token[..], &[url.as_str()]].concat()).await.failed(1);
    assert_eq!(serde_json::from_str::<Value>(&html).unwrap()["code"], "not_salesforce", "{html}");
    server.abort();

    let nobody = run_in(folder.path(), &[&token[..], &["http://127.0.0.1:1"]].concat()).await.failed(1);
    assert_eq!(serde_json::from_str::<Value>(&nobody).unwrap()["code"], "org_unreachable", "{nobody}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_is_refused_in_salesforces_words_and_never_repeated() {
    let stage = Stage::new().await;
    let url = stage.org.url();
    let id = stage.org.client_id().to_owned();
    let wrong = ["org", "add", "acme", "--client-id", &id, "--login-url", &url, "--client-secret", "hunter2"];
    let err = stage.run(&wrong).await.failed(1);
    assert!(err.contains("invalid_client") && err.contains("hint:"), "{err}");
    assert!(!err.contains("hunter2"), "{err}");
    assert_eq!(stage.run(&["org", "list", "--json"]).await.json()["items"], serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_not_known_is_answered_with_the_one_meant() {
    let stage = Stage::connected().await;
    stage.run(&["backup", "acme", "--object", "Account"]).await.done();
    let org = stage.run(&["backup", "acmee"]).await.failed(1);
    assert!(org.contains("`acmee`") && org.contains("acme"), "{org}");
    let run = stage.run(&["run", "show", "yesterday"]).await.failed(1);
    assert!(run.contains("`yesterday`") && run.contains("holdfast run list"), "{run}");
    let none = stage.run(&["run", "show", "01900000-0000-7000-8000-000000000000"]).await.failed(1);
    assert!(none.contains("hint:"), "{none}");
    let object = stage.run(&["history", "acme", "Acount", "001000000000001AAA"]).await.failed(1);
    assert!(object.contains("did you mean `Account`?"), "{object}");
    let record = stage.run(&["history", "acme", "Account", "001000000ZZZZZZAAA"]).await.failed(1);
    assert!(record.contains("001000000ZZZZZZAAA"), "{record}");
    let captured = stage.run(&["backup", "acme", "--object", "Acount"]).await.failed(1);
    assert!(captured.contains("Acount"), "{captured}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_may_not_be_written_is_named() {
    let folder = tempdir().unwrap();
    let locked = folder.path().join("locked");
    std::fs::create_dir(&locked).unwrap();
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o555)).unwrap();
    if std::fs::write(locked.join("probe"), "").is_ok() {
        // The superuser may write everywhere; a file in the way stops them too.
        std::fs::remove_file(locked.join("probe")).unwrap();
        std::fs::write(folder.path().join("locked/data"), "").unwrap();
    }
    let stage = Stage::new().await;
    let data = locked.join("data");
    let (url, id, secret) = (stage.org.url(), stage.org.client_id(), stage.org.client_secret());
    let line = [
        "org",
        "add",
        "acme",
        "--client-id",
        id,
        "--client-secret",
        secret,
        "--login-url",
        &url,
        "--data-dir",
    ];
    let err = run_in(folder.path(), &[&line[..], &[data.to_str().unwrap()]].concat()).await.failed(1);
    assert!(err.contains("locked/data") && err.contains("hint:"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_is_found_and_named() {
    let stage = Stage::connected().await;
    stage.run(&["backup", "acme", "--object", "Account"]).await.done();
    let data = stage.folder.path().join("holdfast-data/lake/orgs");
    let file = parquet_file(&data).unwrap();
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let ended = stage.run(&["check", "--json"]).await;
    assert_eq!(ended.code, 3, "{ended:?}");
    let name = file.file_name().unwrap().to_str().unwrap();
    assert!(ended.out.contains(name), "{ended:?}");
    std::fs::write(&file, whole).unwrap();
    stage.run(&["check", "--read-data"]).await.done();
}

fn parquet_file(folder: &std::path::Path) -> Option<std::path::PathBuf> {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if let Some(found) = parquet_file(&path) {
                return Some(found);
            }
        } else if path.extension().is_some_and(|e| e == "parquet")
            && !path.to_string_lossy().contains("_delta_log")
        {
            return Some(path);
        }
    }
    None
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_newer_holdfast_wrote_is_left_alone() {
    let stage = Stage::connected().await;
    let path = stage.folder.path().join("holdfast-data/lake/holdfast.json");
    let mut document: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    document["format"] = 99.into();
    std::fs::write(&path, document.to_string()).unwrap();
    let err = stage.run(&["backup", "acme", "--json"]).await.failed(1);
    assert_eq!(serde_json::from_str::<Value>(&err).unwrap()["code"], "lake_too_new", "{err}");
    assert_eq!(std::fs::read(&path).unwrap(), document.to_string().as_bytes());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_key_of_another_catalog_is_refused() {
    let (stage, other) = (Stage::connected().await, Stage::connected().await);
    let key = |stage: &Stage| stage.folder.path().join("holdfast-data/secret.key");
    std::fs::copy(key(&other), key(&stage)).unwrap();
    let err = stage.run(&["backup", "acme", "--json"]).await.failed(1);
    assert_eq!(serde_json::from_str::<Value>(&err).unwrap()["code"], "secret_key_mismatch", "{err}");
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_named_without_its_password() {
    let folder = tempdir().unwrap();
    let url = "postgres://holdfast:hunter2@127.0.0.1:1/holdfast";
    let err = run_in(folder.path(), &["org", "list", "--database-url", url, "--lake-url", "lake"]).await;
    assert_eq!(err.code, 1, "{err:?}");
    assert!(err.err.contains("hint:") && !err.err.contains("hunter2"), "{err:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_configuration_file_counts_below_flags_and_a_misspelt_key_is_refused() {
    let stage = Stage::new().await;
    let file = stage.folder.path().join("holdfast.toml");
    std::fs::write(&file, "data_dir = \"from-file\"\n").unwrap();
    stage.connect("acme").await;
    assert!(stage.folder.path().join("from-file/catalog.db").exists());
    let err = stage.run(&["org", "list", "--data-dir", "elsewhere"]).await.failed(1);
    assert!(err.contains("elsewhere"), "{err}");
    std::fs::write(&file, "data_dri = \"from-file\"\n").unwrap();
    let err = stage.run(&["org", "list"]).await.failed(2);
    assert!(err.contains("data_dri") && err.contains("line 1"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_does_not_settle_in_the_data_of_somebody_else() {
    let stage = Stage::connected().await;
    let err = stage.run(&["demo", "--data-dir", "holdfast-data", "--exit-after-backup"]).await.failed(2);
    assert!(err.contains("holdfast-data") && err.contains("--data-dir"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_address_where_no_salesforce_answers_is_named() {
    let folder = tempdir().unwrap();
    let page = "<html><title>Error response</title><p>Unsupported method ('POST').</p></html>";
    let answer = move || async move { (axum::http::StatusCode::NOT_IMPLEMENTED, axum::response::Html(page)) };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(axum::serve(listener, Router::new().fallback(answer)).into_future());
    let line =
        ["org", "add", "acme", "--client-id", "I", "--client-secret", "S", "--json", "--login-url", &url];
    let err = run_in(folder.path(), &line).await.failed(1);
    server.abort();
    let failure: Value = serde_json::from_str(&err).unwrap();
    assert_eq!(failure["code"], "not_salesforce", "{err}");
    assert!(failure["message"].as_str().unwrap().contains("acme") && err.contains("Error response"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_org_is_not_renamed_and_changes_do_not_run_backwards() {
    let stage = Stage::connected().await;
    let (url, id, secret) = (stage.org.url(), stage.org.client_id(), stage.org.client_secret());
    let line = ["org", "add", "other", "--client-id", id, "--client-secret", secret, "--login-url", &url];
    let err = stage.run(&line).await.failed(1);
    assert!(err.contains("already connected as `acme`") && err.contains("hint:"), "{err}");

    let older = stage.run(&["backup", "acme", "--object", "Account", "--json"]).await.json();
    let newer = stage.run(&["backup", "acme", "--object", "Account", "--json"]).await.json();
    let (older, newer) = (older["run"].as_str().unwrap(), newer["run"].as_str().unwrap());
    let err = stage.run(&["changes", older, "--since", newer]).await.failed(2);
    assert!(err.contains("newer"), "{err}");
    stage.run(&["changes", newer, "--since", older]).await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_cannot_be_captured_is_said_to_be_so() {
    let stage = Stage::connected().await;
    let all = stage.run(&["backup", "acme", "--json"]).await.json();
    let objects = all["objects"].as_object().unwrap();
    let (object, _) = objects.iter().find(|(_, entry)| entry["gap"]["is_expected"] == true).unwrap();
    let ended = stage.run(&["backup", "acme", "--object", object]).await;
    assert_eq!(ended.code, 3, "{ended:?}");
    assert!(ended.out.contains(&format!("{object}: ")), "{ended:?}");
}

///
#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_that_could_not_read_all_names_it_and_ends_with_3() {
    let stage = Stage::connected().await;
    let run = stage.run(&["backup", "acme", "--object", "Account", "--json"]).await.json();
    let (run, org) = (run["run"].as_str().unwrap(), run["org_id"].as_str().unwrap());
    let data = stage.folder.path().join("holdfast-data");
    std::fs::write(data.join(format!("lake/orgs/{org}/runs/{run}.json")), "{ cut").unwrap();
    std::fs::remove_file(data.join("catalog.db")).unwrap();
    let ended = stage.run(&["rebuild"]).await;
    assert_eq!(ended.code, 3, "{ended:?}");
    assert!(ended.out.contains(&format!("run {run} of org {org}: ")), "{ended:?}");
    assert!(ended.out.contains("1 org, 1 object, 0 runs") && ended.out.contains("hint:"), "{ended:?}");
}

/// G-24.
#[tokio::test(flavor = "multi_thread")]
async fn auto_backup_that_nobody_serves_says_so() {
    let stage = Stage::connected().await;
    stage.run(&["auto", "start", "acme"]).await.done();
    let status = stage.run(&["auto", "status"]).await.done();
    assert!(status.contains("switched on") && status.contains("no `holdfast serve` is running"), "{status}");
    let json = stage.run(&["auto", "status", "--json"]).await.json();
    assert_eq!(json["items"][0]["is_served"], false, "{json}");
}
