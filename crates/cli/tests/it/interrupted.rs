//! Ctrl-C stops in good order, and the next run goes on.

use std::process::Stdio;

use simorg::SimOrg;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::stage::{Stage, holdfast};

pub(crate) async fn interrupt(child: &Child) {
    let id = child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().await.unwrap().success());
}

/// G-26.
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_interrupted_ends_with_130_and_the_next_one_completes() {
    let stage = Stage::with(SimOrg::new().records("Account", 30_000)).await;
    stage.connect("acme").await;
    let mut child = holdfast(stage.folder.path())
        .args(["backup", "acme", "--log-level", "info"])
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // The first line of the log says that the run has begun.
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    lines.next_line().await.unwrap().unwrap();
    interrupt(&child).await;
    let rest = tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    let status = child.wait().await.unwrap();
    rest.await.unwrap();
    assert_eq!(status.code(), Some(130));

    let run = stage.run(&["backup", "acme", "--json"]).await.json();
    assert_eq!(run["objects"]["Account"]["live_records"], 30_000);
    stage.run(&["check"]).await.done();
}

///
#[tokio::test(flavor = "multi_thread")]
async fn serving_ends_well_when_it_is_told_to() {
    let stage = Stage::connected().await;
    let mut child = holdfast(stage.folder.path())
        .args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let address = loop {
        let line = lines.next_line().await.unwrap().unwrap();
        if let Some((_, address)) = line.split_once("answering at ") {
            break address.split('"').next().unwrap().to_owned();
        }
    };
    let answer = crate::stage::http().get(format!("{address}/healthz")).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "ok\n");
    interrupt(&child).await;
    let rest = tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    assert_eq!(child.wait().await.unwrap().code(), Some(0));
    rest.await.unwrap();
}
