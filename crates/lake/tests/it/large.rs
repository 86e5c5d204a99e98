//! A table of several row groups: memory stays bounded, and one record's history touches little of it.

use std::sync::Arc;

use holdfast_lake::delta::Marks;
use holdfast_lake::{CompactOptions, Error, IdRange, Lake, LakeOptions, StateQuery};
use object_store::ObjectStoreExt;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;

use crate::rows::{batch, collect, commit_rows, context, describe, id, rows_of, stamp};
use crate::tables::{account, org_in};

const RECORDS: u32 = 160_000;
const PAGE: u32 = 5_000;
const BUDGET: usize = 8 << 20;

/// 100 bytes that compress badly enough, and differ from record to record.
fn text(number: u32) -> String {
    let word = blake3::hash(&number.to_le_bytes()).to_hex();
    format!("{word}{}", &word[..36])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_stays_bounded_whatever_the_size_of_the_table() {
    let cache = tempfile::tempdir().unwrap();
    let options = LakeOptions { cache_dir: Some(cache.path().to_owned()), ..LakeOptions::default() };
    let lake = Lake::with_store(Arc::new(InMemory::new()), "memory", options).await.unwrap();
    let org = org_in(&lake).await;
    let described = describe(&org, &["Name", "Description", "SystemModstamp"]).await;
    let mut writer = org.writer(&account()).await.unwrap();
    writer.set_chunk_budget(BUDGET);
    let mut block = writer.begin_block(context(&described)).await.unwrap();
    let mut page_bytes = 0;

    // A stride that reaches every record once spreads each page over the whole range of Ids.
    for page in 0..RECORDS / PAGE {
        let numbers = (0..PAGE).map(|row| (page * PAGE + row) * 7_919 % RECORDS);
        let row = |number: u32| {
            vec![id(number).to_string(), format!("record {number}"), text(number), stamp(number % 3_600)]
        };
        let page = batch(&described, &numbers.map(row).collect::<Vec<_>>());
        page_bytes = page.get_array_memory_size() + page.num_rows() * 512;
        block.push_page(vec![page]).await.unwrap();
    }
    let gauge = block.gauge().clone();
    let commit = block.finish(Marks::default()).await.unwrap();

    assert_eq!(commit.counts.new, u64::from(RECORDS));
    assert!(gauge.peak() <= BUDGET + 2 * page_bytes, "{} bytes in the block", gauge.peak());
    assert_eq!(gauge.now(), 0);
    assert!(writer.table().unwrap().files().len() > 4);

    let merged = CompactOptions { fan_in: 2, ..CompactOptions::at("2026-01-02T03:04:05Z".parse().unwrap()) };
    writer.compact(&merged).await.unwrap();
    let table = writer.table().unwrap();
    assert_eq!(table.files().len(), 1);

    let mut rows = table.state(StateQuery::default()).unwrap();
    let (mut count, mut bytes) = (0_u32, 0);
    while let Some(batch) = rows.next().await.unwrap() {
        bytes += batch.get_array_memory_size();
        let first = &rows_of(&batch.slice(0, 1))[0];
        assert_eq!(first["Id"], id(count).to_string());
        assert_eq!(first["Description"], text(count));
        count += u32::try_from(batch.num_rows()).unwrap();
    }
    assert_eq!(count, RECORDS);
    let peak = rows.gauge().peak();
    assert!(peak * 3 < bytes, "the merge held {peak} of {bytes} bytes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_record_is_found_in_row_groups_pages_and_files() {
    let org = org_in(&Lake::in_memory()).await;
    let described = describe(&org, &["Name", "SystemModstamp"]).await;
    let mut writer = org.writer(&account()).await.unwrap();
    let row = |number: u32| vec![id(number * 2).to_string(), format!("first {number}"), stamp(1)];
    let all: Vec<_> = (0..RECORDS).map(row).collect();
    commit_rows(&mut writer, &described, &all, 1).await;
    let again = |number: u32| vec![id(number * 2).to_string(), format!("second {number}"), stamp(2)];
    let some: Vec<_> = (0..RECORDS).step_by(1_000).map(again).collect();
    let commit = commit_rows(&mut writer, &described, &some, 2).await;
    assert_eq!(commit.counts.changed, u64::from(RECORDS / 1_000), "also without a key index");
    let table = writer.table().unwrap();

    for number in [0, 1, 8_191, 8_192, 131_000, 131_071, 131_072, RECORDS - 1] {
        let history = table.history(&id(number * 2)).await.unwrap();
        let rows: Vec<_> = history.iter().flat_map(rows_of).collect();
        let mut names = vec![format!("first {number}")];
        names.extend((number % 1_000 == 0).then(|| format!("second {number}")));
        assert_eq!(rows.iter().map(|row| row["Name"].clone()).collect::<Vec<_>>(), names);
        assert!(table.history(&id(number * 2 + 1)).await.unwrap().is_empty(), "no record lies between");
    }

    let ids = Some(IdRange { from: id(262_000).to_string(), until: id(262_201).to_string() });
    let range = StateQuery { ids, columns: Some(vec!["_seq".into()]), ..StateQuery::default() };
    let rows = collect(table.state(range).unwrap()).await;
    assert_eq!(rows.len(), 101);
    assert_eq!(rows.iter().filter(|row| row["_seq"] == "1").count(), 1);
    let newest = collect(table.versions_between(0, 1, Some(Vec::new())).unwrap()).await;
    assert_eq!(newest.len(), some.len());
}

#[tokio::test]
async fn a_truncated_data_file_is_named_and_nothing_is_made_up() {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(LocalFileSystem::new_with_prefix(dir.path()).unwrap());
    let lake = Lake::with_store(store.clone(), "disk", LakeOptions::default()).await.unwrap();
    let org = org_in(&lake).await;
    let described = describe(&org, &["Name", "SystemModstamp"]).await;
    let mut writer = org.writer(&account()).await.unwrap();
    let rows: Vec<_> = (0..100).map(|n| vec![id(n).to_string(), "n".into(), stamp(1)]).collect();
    commit_rows(&mut writer, &described, &rows, 1).await;
    let table = writer.table().unwrap();
    let path = Path::from(format!("{}/{}", org.table_folder(&account()), table.files()[0].path));
    let whole = store.get(&path).await.unwrap().bytes().await.unwrap();
    store.put(&path, whole.slice(..whole.len() - 100).into()).await.unwrap();

    let error = table.state(StateQuery::default()).unwrap().next().await.unwrap_err();

    assert!(error.to_string().contains(&table.files()[0].path), "{error}");
    let mut block = writer.begin_block(context(&described)).await.unwrap();
    block.push_page(vec![batch(&described, &rows)]).await.unwrap();
    assert!(block.finish(Marks::default()).await.is_err(), "a block needs what is held");

    store.delete(&path).await.unwrap();
    let error = table.state(StateQuery::default()).unwrap().next().await.unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }), "{error}");
}
