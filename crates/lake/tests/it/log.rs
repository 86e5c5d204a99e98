//! The log of one table: commits, conflicts, checkpoints, cleaning.

use std::sync::Arc;

use bytes::Bytes;
use chrono::TimeDelta;
use holdfast_domain::ErrorCode;
use holdfast_domain::retry::Retry;
use holdfast_lake::Error;
use holdfast_lake::delta::{Grace, LogOptions};
use holdfast_lake::store;
use object_store::memory::InMemory;
use object_store::path::Path;

use crate::tables::{TableUnderTest, later, seen};

fn table(checkpoint_every: i64, grace: Grace) -> TableUnderTest {
    let options = LogOptions { checkpoint_every, grace, ..LogOptions::default() };
    TableUnderTest::new(Arc::new(InMemory::new()), Path::from("orgs/o/objects/Account"), options)
}

async fn log_files(table: &TableUnderTest) -> Vec<String> {
    let files = store::files(&table.store, &Path::from("orgs/o/objects/Account/_delta_log")).await.unwrap();
    files.iter().map(|file| file.location.filename().unwrap().trim_start_matches('0').to_owned()).collect()
}

async fn put_log(table: &TableUnderTest, name: &str, text: &str) {
    let path = Path::from(format!("orgs/o/objects/Account/_delta_log/{name}"));
    store::put(&table.store, &path, Bytes::copy_from_slice(text.as_bytes())).await.unwrap();
}

#[tokio::test]
async fn a_table_is_not_there_until_its_first_commit() {
    let mut table = table(50, Grace::default());
    let orphan = table.data_file(&["001A"]).await;
    assert!(table.log.load().await.unwrap().is_none());
    assert!(!table.log.exists().await.unwrap());

    table.commit(vec![orphan.clone()], vec![]).await.unwrap();

    let state = table.log.load().await.unwrap().unwrap();
    assert_eq!((state.version, &state.files[..]), (0, &[orphan][..]));
    assert_eq!(state.columns, table.columns());
    assert_eq!(state.marks.get("watermark"), Some(99));
    assert!(table.log.exists().await.unwrap());
}

#[tokio::test]
async fn each_commit_is_read_back_with_and_without_a_checkpoint() {
    for checkpoint_every in [1, 3, 50] {
        let mut table = table(checkpoint_every, Grace::NONE);
        for round in 0..10 {
            if round == 4 {
                table.fields.push("Phone".into());
            }
            table.append(&["001A", "001B"]).await.unwrap();
            if round % 3 == 2 {
                let first = table.state.as_ref().unwrap().files[0].path.clone();
                table.commit(vec![], vec![first]).await.unwrap();
            }
            let written = seen(table.state.as_ref().unwrap());
            assert_eq!(seen(&table.log.load().await.unwrap().unwrap()), written, "round {round}");
        }
    }
}

#[tokio::test]
async fn the_text_of_a_commit_is_what_the_protocol_says() {
    let mut table = table(50, Grace::default());
    table.append(&["001A", "001B"]).await.unwrap();

    let path = Path::from("orgs/o/objects/Account/_delta_log/00000000000000000000.json");
    let text = store::get(&table.store, &path).await.unwrap().unwrap();
    let lines: Vec<serde_json::Value> = text
        .split(|b| *b == b'\n')
        .filter(|l| !l.is_empty())
        .map(|l| serde_json::from_slice(l).unwrap())
        .collect();

    assert_eq!(lines[0]["commitInfo"]["operation"], "WRITE");
    assert_eq!(lines[1]["protocol"], serde_json::json!({"minReaderVersion": 1, "minWriterVersion": 2}));
    assert_eq!(lines[2]["metaData"]["format"]["provider"], "parquet");
    assert_eq!(lines[3]["txn"]["appId"], "holdfast.watermark");
    let stats: serde_json::Value = serde_json::from_str(lines[4]["add"]["stats"].as_str().unwrap()).unwrap();
    assert_eq!(stats["minValues"], serde_json::json!({"Id": "001A", "_seq": 0}));
    assert!(!text.windows(7).any(|window| window == b"Name of"), "no value of a field may be in the log");
}

#[tokio::test]
async fn of_two_committers_on_one_state_the_second_is_told() {
    let mut one = table(50, Grace::default());
    one.append(&["001A"]).await.unwrap();
    let (file, other) = (one.data_file(&["001B"]).await, one.data_file(&["001C"]).await);
    let stale = one.state.clone();
    one.commit(vec![file], vec![]).await.unwrap();

    let late = one.commit_of(vec![other], vec![]);
    let error = one.log.commit(stale.as_ref(), late).await.unwrap_err();

    assert!(matches!(error, Error::Conflict { version: 1, .. }), "{error}");
    assert_eq!((error.code(), error.retry()), (ErrorCode::LeaseLost, Retry::BackOff));
    assert_eq!(one.log.load().await.unwrap().unwrap().files.len(), 2);
}

#[tokio::test]
async fn a_writer_that_slept_over_a_cleaning_is_told_too() {
    let mut table = table(3, Grace::NONE);
    table.append(&["001A"]).await.unwrap();
    let stale = table.state.clone();
    for _ in 0..5 {
        table.append(&["001B"]).await.unwrap();
    }
    let entries = log_files(&table).await;
    assert!(!entries.contains(&"1.json".to_owned()), "{entries:?}");

    let file = table.data_file(&["001C"]).await;
    let late = table.commit_of(vec![file], vec![]);
    let error = table.log.commit(stale.as_ref(), late).await.unwrap_err();

    assert!(matches!(error, Error::Conflict { .. }), "{error}");
    let refreshed = table.log.refresh(stale.unwrap()).await.unwrap();
    assert_eq!(seen(&refreshed), seen(table.state.as_ref().unwrap()));
}

#[tokio::test]
async fn refreshing_reads_what_others_committed() {
    let mut table = table(50, Grace::default());
    table.append(&["001A"]).await.unwrap();
    let old = table.state.clone().unwrap();
    assert_eq!(seen(&table.log.refresh(old.clone()).await.unwrap()), seen(&old));

    table.append(&["001B"]).await.unwrap();
    table.append(&["001C"]).await.unwrap();

    assert_eq!(seen(&table.log.refresh(old).await.unwrap()), seen(table.state.as_ref().unwrap()));
}

#[tokio::test]
async fn checkpoints_come_at_their_interval_and_old_entries_go_after_the_grace() {
    let mut kept = table(4, Grace { log_entries: TimeDelta::days(1), ..Grace::default() });
    let mut cleaned = table(4, Grace::NONE);
    for _ in 0..9 {
        kept.append(&["001A"]).await.unwrap();
        cleaned.append(&["001A"]).await.unwrap();
    }

    let all = [
        ".json",
        "1.json",
        "2.json",
        "3.checkpoint.parquet",
        "3.json",
        "4.json",
        "5.json",
        "6.json",
        "7.checkpoint.parquet",
        "7.json",
        "8.json",
        "_last_checkpoint",
    ];
    assert_eq!(log_files(&kept).await, all);
    assert_eq!(log_files(&cleaned).await, ["7.checkpoint.parquet", "7.json", "8.json", "_last_checkpoint"]);
    assert_eq!(seen(&cleaned.reload().await).0, 8);
}

#[tokio::test]
async fn a_lost_or_wrong_hint_costs_nothing_but_a_listing() {
    let mut table = table(4, Grace::NONE);
    for _ in 0..9 {
        table.append(&["001A"]).await.unwrap();
    }
    let written = seen(table.state.as_ref().unwrap());

    for hint in ["{ not json", r#"{"version":99,"size":1}"#, r#"{"version":3,"size":1}"#] {
        put_log(&table, "_last_checkpoint", hint).await;
        assert_eq!(seen(&table.reload().await), written, "{hint}");
    }
}

#[tokio::test]
async fn a_damaged_checkpoint_is_passed_over_while_the_log_before_it_is_kept() {
    let mut kept = table(4, Grace::default());
    let mut cleaned = table(4, Grace::NONE);
    for _ in 0..5 {
        kept.append(&["001A"]).await.unwrap();
        cleaned.append(&["001A"]).await.unwrap();
    }
    let written = seen(kept.state.as_ref().unwrap());

    for table in [&kept, &cleaned] {
        put_log(table, "00000000000000000003.checkpoint.parquet", "PAR1 but no more").await;
    }

    assert_eq!(seen(&kept.reload().await), written);
    let error = cleaned.log.load().await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::LakeDamaged);
}

#[tokio::test]
async fn a_log_with_a_gap_or_a_cut_off_line_is_damaged() {
    let mut table = table(50, Grace::default());
    for _ in 0..3 {
        table.append(&["001A"]).await.unwrap();
    }
    let log = Path::from("orgs/o/objects/Account/_delta_log");
    let second = log.join("00000000000000000001.json");
    let text = store::get(&table.store, &second).await.unwrap().unwrap();

    for end in 0..text.len() {
        store::put(&table.store, &second, text.slice(..end)).await.unwrap();
        let found = table.log.load().await.map(|state| state.unwrap().files.len());
        assert_eq!(
            found.map_err(|error| error.code()),
            Err(ErrorCode::LakeDamaged),
            "cut off after {end} bytes"
        );
    }
    store::remove(&table.store, &second).await.unwrap();
    let error = table.log.load().await.unwrap_err();

    assert_eq!(error.to_string(), "`orgs/o/objects/Account` is damaged: version 1 is missing from its log");
}

#[tokio::test]
async fn a_table_that_needs_a_newer_reader_is_refused() {
    let mut table = table(50, Grace::default());
    table.append(&["001A"]).await.unwrap();
    let upgrade = r#"{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["x"]}}"#;
    put_log(&table, "00000000000000000001.json", upgrade).await;

    let error = table.log.load().await.unwrap_err();

    assert_eq!(error.code(), ErrorCode::LakeTooNew);
    assert_eq!(error.retry(), Retry::Never);
}

#[tokio::test]
async fn unknown_actions_of_others_are_passed_over() {
    let mut table = table(50, Grace::default());
    table.append(&["001A"]).await.unwrap();
    put_log(&table, "00000000000000000001.json", r#"{"domainMetadata":{"domain":"x","configuration":""}}"#)
        .await;

    assert_eq!(table.log.load().await.unwrap().unwrap().version, 1);
}

#[tokio::test]
async fn a_commit_that_contradicts_the_table_is_refused() {
    let mut table = table(50, Grace::default());
    table.append(&["001A"]).await.unwrap();
    let held = table.state.as_ref().unwrap().files[0].clone();
    let before = seen(table.state.as_ref().unwrap());

    let mut shrunk = table.commit_of(vec![], vec![]);
    shrunk.columns = Some(table.columns()[1..].to_vec());
    let mut twice = table.commit_of(vec![], vec![]);
    let mut name_again = table.columns();
    name_again.push(holdfast_lake::delta::Column { name: "NAME".into(), ..name_again[0].clone() });
    twice.columns = Some(name_again);
    let again = table.commit_of(vec![held.clone()], vec![]);
    let absent = table.commit_of(vec![], vec!["part-none.parquet".into()]);
    let odd = table.commit_of(vec![holdfast_lake::delta::AddFile { path: "a b".into(), ..held }], vec![]);

    for commit in [shrunk, twice, again, absent, odd] {
        let error = table.log.commit(table.state.as_ref(), commit).await.unwrap_err();
        assert!(matches!(error, Error::CommitRefused { .. }), "{error}");
    }
    assert_eq!(seen(&table.reload().await), before);
}

#[tokio::test]
async fn a_vacuum_takes_removed_files_and_orphans_after_their_grace_only() {
    let mut table = table(50, Grace::default());
    table.append(&["001A"]).await.unwrap();
    table.append(&["001B"]).await.unwrap();
    table.data_file(&["001C"]).await;
    let first = table.state.as_ref().unwrap().files[0].path.clone();
    table.commit(vec![], vec![first]).await.unwrap();
    let state = table.state.clone().unwrap();

    let early = table.log.vacuum(&state, later(), Grace::default()).await.unwrap();
    let orphans = Grace { orphans: TimeDelta::zero(), ..Grace::default() };
    let orphan = table.log.vacuum(&state, later(), orphans).await.unwrap();
    let removed = table.log.vacuum(&state, later() + TimeDelta::days(3), Grace::default()).await.unwrap();

    assert_eq!((early.files, orphan.files, removed.files), (0, 1, 1));
    let rest = store::files(&table.store, table.log.path()).await.unwrap();
    assert_eq!(rest.len(), 1);
    assert!(rest[0].location.as_ref().ends_with(&state.files[0].path));
}
