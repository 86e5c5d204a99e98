//! Memory does not grow with the object.

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

/// Twenty times the records, about the same memory: rows are streamed, and what is kept of a Block is bounded.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_object_takes_no_more_memory_than_a_small_one() {
    let small = peak_of(100_000).await;
    let large = peak_of(2_000_000).await;
    assert!(large < small * 3 / 2, "{small} KiB for 100,000 records, {large} KiB for 2,000,000");
}
