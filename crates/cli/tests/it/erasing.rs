//! Records taken out of every backup at somebody's wish.

use serde_json::json;

use crate::stage::Stage;

/// S-88, S-89
#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_erased_from_every_run_with_the_body_that_only_it_had() {
    let stage = Stage::connected().await;
    let (gone, kept) = (stage.account("Gone Person").await, stage.account("Kept").await);
    let body = |name: &str, bytes: &str| json!({ "Name": name, "ParentId": gone, "Body": bytes });
    // Both bodies at first, then one that another record has too.
    let own = stage.create("Attachment", body("own.txt", "b25seSBtaW5l")).await;
    let shared = stage.create("Attachment", body("shared.txt", "c2hhcmVk")).await;
    let other = json!({ "Name": "other.txt", "ParentId": kept, "Body": "c2hhcmVk" });
    stage.create("Attachment", other).await;
    stage.run(&["backup", "acme"]).await.done();
    stage.update("Account", &gone, json!({ "Name": "Gone Again" })).await;
    stage.run(&["backup", "acme"]).await.done();
    stage.delete("Account", &gone).await;
    stage.run(&["backup", "acme"]).await.done();

    let told = stage.run(&["erase", "acme", "account", &gone, "--reason", "request 17"]).await.done();
    assert!(told.contains("would erase 1 records of Account in 3 versions"), "{told}");
    stage.run(&["history", "acme", "Account", &gone]).await.done();

    let erase = ["erase", "acme", "Account", &gone, "001000000000000AAA", "--reason", "request 17", "--yes"];
    let erased = stage.run(&[&erase[..], &["--json"]].concat()).await.json();
    assert_eq!(erased["records"], json!([gone]), "{erased:#}");
    assert_eq!([&erased["versions"], &erased["live"], &erased["bodies"]], [3, 0, 0], "{erased:#}");
    assert_eq!(erased["not_held"], json!(["001000000000000AAA"]));
    stage.run(&["history", "acme", "Account", &gone]).await.failed(1);
    stage.run(&["history", "acme", "Account", &kept]).await.done();

    what_is_not_held_is_refused(&stage, &own).await;
    let holds = |text: &str| {
        let files = walkdir::WalkDir::new(stage.folder.path().join("holdfast-data/lake/orgs"));
        let paths = files.into_iter().map(|entry| entry.unwrap().into_path());
        let mut bodies = paths.filter(|path| path.components().any(|part| part.as_os_str() == "files"));
        bodies.any(|path| std::fs::read_to_string(path).is_ok_and(|body| body == text))
    };
    assert!(holds("only mine") && holds("shared"));

    let attachments =
        ["erase", "acme", "Attachment", &own, &shared, "--reason", "request 17", "--yes", "--json"];
    let erased = stage.run(&attachments).await.json();
    assert_eq!(
        [&erased["bodies"], &json!(erased["records"].as_array().unwrap().len())],
        [1, 2],
        "{erased:#}"
    );
    assert!(!holds("only mine") && holds("shared"));
    let checked = stage.run(&["check", "--read-data", "--json"]).await.json();
    assert_eq!(checked["damage"], json!([]), "{checked:#}");

    let audit = stage.run(&["audit", "list", "--json"]).await.json();
    let entry = |action: &str| {
        audit["items"].as_array().unwrap().iter().find(|entry| entry["action"] == action).unwrap().clone()
    };
    for action in ["record.erasure_began", "record.erased"] {
        let entry = entry(action);
        assert_eq!(entry["actor"], "command line", "{entry:#}");
        assert!(entry["details"].to_string().contains("request 17"), "{entry:#}");
    }
    let next = stage.run(&["backup", "acme", "--json"]).await.json();
    assert_eq!(next["status"], "completed", "{next:#}");
}

/// The Id of a body, as if it were one of an account.
async fn what_is_not_held_is_refused(stage: &Stage, id: &str) {
    let wrong = ["erase", "acme", "Account", id, "--reason", "a slip"];
    for args in [&wrong[..], &[&wrong[..], &["--yes"]].concat()] {
        let nothing = stage.run(args).await.failed(1);
        assert!(nothing.contains("holds nothing of Account") && nothing.contains(id), "{nothing}");
    }
    let refused: serde_json::Value = {
        let ended = stage.run(&[&wrong[..], &["--yes", "--json"]].concat()).await;
        let told = if ended.out.is_empty() { ended.err.clone() } else { ended.out.clone() };
        assert_eq!(ended.code, 1, "{ended:?}");
        serde_json::from_str(&told).unwrap()
    };
    assert!(refused.to_string().contains("not_found"), "{refused:#}");
    stage.run(&["erase", "acme", "HoldfastFile", id, "--reason", "a slip", "--yes"]).await.failed(1);
}
