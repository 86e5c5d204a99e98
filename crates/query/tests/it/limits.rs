//! Queries over many records stay within their memory, stop when nobody wants more, and say when the lake is damaged.

use std::path::Path;

use futures::StreamExt;
use holdfast_domain::{ErrorCode, ObjectName};
use holdfast_query::{AsOf, Error, QueryEngine, QueryOptions};

use crate::captured_org::{CapturedOrg, describe, failure, id, lines};

const RECORDS: u32 = 40_000;

async fn many_records() -> CapturedOrg {
    let mut org = CapturedOrg::new().await;
    let describe = describe("Account", &[("Name", "string")]);
    let names: Vec<String> =
        (0..RECORDS).map(|number| format!("{:0>100}", number.wrapping_mul(2_654_435_761))).collect();
    let records: Vec<_> =
        (0..RECORDS).zip(&names).map(|(number, name)| (id(number), vec![("Name", name.as_str())])).collect();
    org.capture(&describe, &records, &[]).await;
    org
}

#[tokio::test]
async fn what_does_not_fit_in_memory_goes_to_files_or_is_refused() {
    let org = many_records().await;
    let spill = tempfile::tempdir().unwrap();
    let options = QueryOptions { memory_bytes: 3 << 20, spill_dir: Some(spill.path().to_owned()) };
    let engine = QueryEngine::open_with(org.lake.clone(), AsOf::Now, options).await.unwrap();

    let sorted = lines(&engine, "SELECT Name FROM Account ORDER BY Name").await.unwrap();
    let joined =
        failure(&engine, "SELECT COUNT(*) FROM Account a JOIN Account b ON a.Name = b.Name || ''").await;

    assert_eq!(sorted.len(), RECORDS as usize + 1);
    assert!(sorted[1..].is_sorted());
    assert!(matches!(joined, Error::TooLarge { .. }), "{joined:?}");
    assert_eq!(joined.code(), ErrorCode::QueryRefused);
    drop(engine);
    assert!(becomes_empty(spill.path()).await, "temporary files are gone");
}

/// The tasks of a query that was dropped end when they are next polled.
async fn becomes_empty(folder: &Path) -> bool {
    for _ in 0..100_000 {
        if std::fs::read_dir(folder).unwrap().next().is_none() {
            return true;
        }
        tokio::task::yield_now().await;
    }
    false
}

#[tokio::test]
async fn rows_come_in_the_order_of_ids_without_sorting() {
    let org = many_records().await;

    let plan = org.query("EXPLAIN SELECT Id, Name FROM Account ORDER BY Id").await.join("\n");
    let ids = org.query("SELECT Id FROM Account ORDER BY Id").await;

    assert!(!plan.contains("SortExec"), "{plan}");
    assert_eq!(ids[1..], (0..RECORDS).map(id).collect::<Vec<_>>());
}

#[tokio::test]
async fn rows_come_batch_by_batch_and_a_limit_ends_the_scan() {
    let org = many_records().await;
    let engine = org.at(AsOf::Now).await;

    let plan = lines(&engine, "EXPLAIN SELECT Id FROM Account LIMIT 3 OFFSET 1").await.unwrap().join("\n");
    let limited = lines(&engine, "SELECT Id FROM Account LIMIT 3 OFFSET 1").await.unwrap();
    let mut answer = engine.query("SELECT Name FROM Account").await.unwrap();
    let first = answer.next().await.unwrap().unwrap();
    drop(answer);

    assert!(plan.contains("StreamingTableExec: partition_sizes=1, projection=[Id], fetch=4"), "{plan}");
    assert_eq!(limited[1..], [id(1), id(2), id(3)]);
    assert!(first.num_rows() > 0 && first.num_rows() < RECORDS as usize);
}

#[tokio::test]
async fn a_damaged_data_file_is_the_lakes_failure_and_not_the_querys() {
    let org = many_records().await;
    let table = org.lake.table(&ObjectName::parse("Account").unwrap()).await.unwrap().unwrap();
    for file in table.files() {
        let path = org.table_path("Account").join(&file.path);
        std::fs::write(path, vec![b'x'; usize::try_from(file.size).unwrap()]).unwrap();
    }
    let engine = org.at(AsOf::Now).await;

    for sql in [
        "SELECT * FROM Account",
        "SELECT Name, COUNT(*) FROM Account GROUP BY Name ORDER BY Name",
        "SELECT COUNT(*) FROM Account a JOIN Account b ON a.Name = b.Name",
    ] {
        let error = failure(&engine, sql).await;
        assert_eq!(error.code(), ErrorCode::LakeDamaged, "{sql}: {error:?}");
    }
}
