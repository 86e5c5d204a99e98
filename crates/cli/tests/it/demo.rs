//! The demo: from nothing to a backed-up org, and on to auto backup.

use std::process::Stdio;

use tempfile::tempdir;
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::interrupted::interrupt;
use crate::stage::{holdfast, run_in};

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_backs_up_and_ends_when_asked_to() {
    let folder = tempdir().unwrap();
    let args = ["demo", "--records", "300", "--exit-after-backup"];
    let first = run_in(folder.path(), &args).await.done();
    for word in ["object", "records", "files", "API calls", "written", "completed in"] {
        assert!(first.contains(word), "no `{word}` in {first}");
    }
    let again = run_in(folder.path(), &[&args[..], &["--json"]].concat()).await.json();
    assert_eq!([&again["totals"]["new"], &again["totals"]["deleted"]], [0, 0], "{again:#}");
    let other_size =
        run_in(folder.path(), &["demo", "--records", "301", "--exit-after-backup"]).await.failed(2);
    assert!(other_size.contains("300 records"), "{other_size}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_goes_on_until_it_is_interrupted_and_can_be_started_again() {
    let folder = tempdir().unwrap();
    let mut child = holdfast(folder.path())
        .args(["demo", "--records", "300", "--edit-every", "1s"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    loop {
        let line = lines.next_line().await.unwrap().expect("the demo shows what arrives");
        if line.contains("arrived") {
            break;
        }
    }
    interrupt(&child).await;
    let rest = tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    assert_eq!(child.wait().await.unwrap().code(), Some(0));
    rest.await.unwrap();
    run_in(folder.path(), &["demo", "--exit-after-backup"]).await.done();
    run_in(folder.path(), &["check", "--read-data", "--data-dir", "holdfast-demo"]).await.done();
}
