//! Memory does not grow with the object, nor with a file.

use std::process::Stdio;
use std::time::Duration;

use serde_json::json;
use simorg::SimOrg;

use crate::stage::{Stage, holdfast};

/// The most memory that a backup of so many records held at once, in KiB.
async fn peak_of(records: u64) -> u64 {
    let stage = Stage::with(SimOrg::new().bare().records("CaseComment", records)).await;
    peak_of_backup(&stage, "CaseComment").await
}

/// The same of a backup of one object, as the kernel counts it.
async fn peak_of_backup(stage: &Stage, object: &str) -> u64 {
    stage.connect("acme").await;
    let mut child = holdfast(stage.folder.path())
        .args(["backup", "acme", "--object", object, "--json"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let status_of_process = format!("/proc/{}/status", child.id().unwrap());
    let mut peak = 0;
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    loop {
        let status = std::fs::read_to_string(&status_of_process).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let now = line.and_then(|line| line.split_whitespace().next()).and_then(|kib| kib.parse().ok());
        peak = peak.max(now.unwrap_or(0));
        if let Some(ended) = child.try_wait().unwrap() {
            assert!(ended.success());
            return peak;
        }
        looks.tick().await;
    }
}

/// What is read, sorted and encoded at once is the same for every object; what the allocator keeps for a while, and how
/// many threads are at work at once, differs by less than a fifth (61 and 72 MB in a release build).
#[tokio::test(flavor = "multi_thread")]
async fn the_memory_of_a_large_object_is_bounded() {
    let small = peak_of(100_000).await;
    let large = peak_of(2_000_000).await;

    assert!(large < 300 * 1024, "{large} KiB for 2,000,000 records");
    assert!(large * 10 <= small * 13, "{small} KiB for 100,000 records, {large} KiB for 2,000,000");
}

/// A file of 2 GB, such as `make bench` has, would take the time of a test.
#[tokio::test(flavor = "multi_thread")]
async fn the_memory_of_a_large_file_is_bounded() {
    const BYTES: u64 = 400 << 20;
    let stage = Stage::with(SimOrg::new()).await;
    let body = json!({ "seed": 1, "length": BYTES });
    let version = json!({ "attributes": { "type": "ContentVersion" }, "Title": "film", "PathOnClient": "film.mp4",
        "VersionData": body });
    stage.call("POST", "/simorg/records", Some(json!({ "create": [version] }))).await;

    let peak = peak_of_backup(&stage, "ContentVersion").await;

    let shown = stage.run(&["run", "show", "latest", "--json"]).await.json();
    assert!(shown["files"]["bytes"].as_u64().unwrap() >= BYTES, "{shown:#}");
    assert!(peak < 200 * 1024, "{peak} KiB for a file of {BYTES} bytes");
}
