//! The whole way: connect, back up, change, back up, look, check, lose the catalog, rebuild, look again.

use serde_json::{Value, json};

use crate::stage::Stage;

/// What is asked before the catalog is lost and after it was rebuilt.
async fn questions(stage: &Stage, first: &str, second: &str, id: &str) -> Vec<Value> {
    let as_of = |run| ["query", "acme", "SELECT Id, Name FROM Account ORDER BY Id", "--json", "--as-of", run];
    let mut answers = vec![
        stage.run(&["changes", second, "--json"]).await.json(),
        stage.run(&["changes", second, "--object", "Account", "--json"]).await.json(),
        stage.run(&["history", "acme", "Account", id, "--json"]).await.json(),
        stage.run(&["run", "show", second, "--json"]).await.json(),
    ];
    if cfg!(feature = "query") {
        answers.push(Value::String(stage.run(&as_of(first)).await.done()));
        answers.push(Value::String(stage.run(&as_of(second)).await.done()));
    }
    answers
}

/// G-12, S-60, X-08, X-41, X-44.
#[tokio::test(flavor = "multi_thread")]
async fn an_org_is_captured_looked_at_and_found_again_after_the_catalog_is_lost() {
    let stage = Stage::connected().await;
    let id = stage.account("Before").await;
    let gone = stage.account("Gone").await;
    let first = stage.run(&["backup", "acme", "--json"]).await.json();
    assert_eq!(first["status"], "completed", "{first:#}");

    stage.update("Account", &id, json!({ "Name": "After" })).await;
    stage.delete("Account", &gone).await;
    let added = stage.account("Added").await;
    let second = stage.run(&["backup", "acme", "--json"]).await.json();
    assert_eq!(second["status"], "completed", "{second:#}");
    let counts = &second["objects"]["Account"]["counts"];
    assert_eq!([&counts["new"], &counts["changed"], &counts["deleted"]], [1, 1, 1], "{counts}");

    let (first, second) = (first["run"].as_str().unwrap(), second["run"].as_str().unwrap());
    let before = questions(&stage, first, second, &id).await;
    let history = before[2]["items"].as_array().unwrap();
    assert_eq!(history.len(), 2, "{history:#?}");
    let name =
        history.iter().flat_map(|v| v["fields"].as_array().unwrap()).find(|f| f["old"] == "Before").unwrap();
    assert_eq!(name["new"], "After");
    if cfg!(feature = "query") {
        let (state_before, state_after) = (before[4].as_str().unwrap(), before[5].as_str().unwrap());
        assert!(state_before.contains("\"Before\"") && state_before.contains(&gone));
        assert!(
            state_after.contains("\"After\"") && state_after.contains(&added) && !state_after.contains(&gone)
        );
    }
    let checked = stage.run(&["check", "--read-data", "--json"]).await.json();
    assert_eq!(checked["damage"], json!([]), "{checked:#}");

    std::fs::remove_file(stage.folder.path().join("holdfast-data/catalog.db")).unwrap();
    stage.run(&["rebuild"]).await.done();
    assert_eq!(questions(&stage, first, second, &id).await, before);
    stage.connect("acme").await;
    let third = stage.run(&["backup", "acme", "--json"]).await.json();
    assert_eq!(third["totals"]["new"], 0, "{third:#}");
    stage.run(&["check", "--read-data"]).await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn compacting_changes_no_answer() {
    let stage = Stage::connected().await;
    let id = stage.account("One").await;
    for name in ["Two", "Three"] {
        stage.run(&["backup", "acme"]).await.done();
        stage.update("Account", &id, json!({ "Name": name })).await;
    }
    stage.run(&["backup", "acme"]).await.done();
    let before = stage.run(&["history", "acme", "Account", &id, "--json"]).await.json();
    stage.run(&["compact", "acme"]).await.done();
    assert_eq!(stage.run(&["history", "acme", "Account", &id, "--json"]).await.json(), before);
    stage.run(&["check", "--read-data"]).await.done();
}
