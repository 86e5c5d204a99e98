//! Memory stays bounded, however large the object is.

use std::process::Stdio;
use std::time::Duration;

use simorg::SimOrg;

use crate::stage::{Stage, holdfast};

/// The most memory that a backup of so many records held at once, in KiB, as the kernel counts it.
async fn peak_of(records: u64) -> u64 {
    let stage = Stage::with(SimOrg::new().bare().records("CaseComment", records)).await;
    stage.connect("acme").await;
    let mut child = holdfast(stage.folder.path())
        .args(["backup", "acme", "--object", "CaseComment", "--json"])
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

/// What is read, sorted and encoded at once is bounded: a small object fills less than that, and beyond
/// two million records (seen with four) the peak stays.
#[tokio::test(flavor = "multi_thread")]
async fn the_memory_of_a_large_object_is_bounded() {
    let bound = 450 * 1024;
    let peak = peak_of(2_000_000).await;
    assert!(peak < bound, "{peak} KiB for 2,000,000 records");
}
