//! Every answer is JSON with `--json`, with stable names, and nothing else on standard output.

use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn every_command_answers_in_json() {
    let stage = Stage::connected().await;
    let run = stage.run(&["backup", "acme", "--json"]).await.json();
    let keys: Vec<_> = run.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "run",
            "org",
            "org_id",
            "trigger",
            "status",
            "started_at",
            "finished_at",
            "duration_ms",
            "totals",
            "files",
            "objects"
        ]
    );
    stage.run(&["auto", "start", "acme", "--json"]).await.json();
    stage.run(&["auto", "pause", "--json"]).await.json();
    let status = stage.run(&["auto", "status", "acme", "--json"]).await.json();
    assert_eq!(status["items"][0]["org"]["auto_backup"], "paused", "{status:#}");
    stage.run(&["auto", "resume", "acme", "--json"]).await.json();
    let listed = stage.run(&["run", "list", "acme", "--json"]).await.json();
    assert_eq!(listed["items"][0]["id"], run["run"]);
    assert_eq!(stage.run(&["run", "show", "latest", "--json"]).await.json()["run"], run["run"]);
    for line in [
        "audit list",
        "audit verify",
        "run errors latest",
        "changes latest",
        "check",
        "rebuild",
        "compact",
        "org list",
        "user list",
        "token list",
    ] {
        let args: Vec<&str> = line.split_whitespace().chain(["--json"]).collect();
        assert!(stage.run(&args).await.json().is_object(), "{line}");
    }
}

///
#[tokio::test(flavor = "multi_thread")]
async fn progress_and_logs_go_to_standard_error() {
    let stage = Stage::connected().await;
    let ended =
        stage.run(&["backup", "acme", "--json", "--log-level", "debug", "--log-format", "json"]).await;
    for line in ended.err.lines() {
        let log: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(log["level"].is_string(), "{line}");
    }
    ended.json();
}
