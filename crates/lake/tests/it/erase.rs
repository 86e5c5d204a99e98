//! Records taken out of a table for good: nothing of them is left, and nothing else changes.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use holdfast_lake::check::CheckOptions;
use holdfast_lake::store::{DurableLocal, Store};
use holdfast_lake::{CompactOptions, Lake, LakeOptions, Step, StepHook, TableWriter};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::rows::{Described, commit_rows, id, names, plain, plain_rows, state};
use crate::tables::{account, later, org_in};

async fn open(folder: &Path, hook: StepHook) -> Lake {
    let store: Store = Arc::new(DurableLocal::new(folder).unwrap());
    let cache_dir = Some(folder.join("../cache"));
    Lake::with_store(store, "test", LakeOptions { hook, cache_dir, ..LakeOptions::default() }).await.unwrap()
}

/// A lake in a folder of its own, which goes with the first of the three.
async fn new_lake() -> (tempfile::TempDir, PathBuf, Lake) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lake");
    std::fs::create_dir(&path).unwrap();
    let lake = open(&path, StepHook::default()).await;
    (folder, path, lake)
}

/// Everything that lies in the folder, Parquet decoded, as text.
fn everything_in(folder: &Path) -> String {
    let files = walkdir::WalkDir::new(folder).into_iter().map(|entry| entry.unwrap().into_path());
    let text = |path: PathBuf| {
        if path.extension().is_some_and(|extension| extension == "parquet") {
            let reader =
                ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(path).unwrap()).unwrap();
            format!("{:?}", reader.build().unwrap().collect::<Vec<_>>())
        } else {
            String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()
        }
    };
    files.filter(|path| path.is_file()).map(text).collect()
}

/// Records 1 to 5; 2 has three versions, in files of two ages and in one that a merge left behind; 4 is deleted.
async fn filled(writer: &mut TableWriter, described: &Described) {
    let first = [(1, "one", 1), (2, "two", 1), (3, "three", 1), (4, "four", 1), (5, "five", 1)];
    commit_rows(writer, described, &plain_rows(first), 1).await;
    commit_rows(writer, described, &plain_rows([(2, "two again", 2)]), 2).await;
    let merged = CompactOptions { fan_in: 2, ..CompactOptions::at(later()) };
    assert!(writer.compact(&merged).await.unwrap().merges > 0);
    let mut block = writer.begin_block(crate::rows::context(described)).await.unwrap();
    block.push_tombstones(vec![(id(4), None)]).await.unwrap();
    block.finish(crate::rows::watermark(3)).await.unwrap();
    commit_rows(writer, described, &plain_rows([(2, "two at last", 4)]), 4).await;
}

/// S-88
#[tokio::test]
async fn nothing_is_left_of_what_is_erased_and_nothing_else_changes() {
    let (folder, path, lake) = new_lake().await;
    let org = org_in(&lake).await;
    let described = plain(&org).await;
    let mut writer = org.writer(&account()).await.unwrap();
    filled(&mut writer, &described).await;
    let untouched = |rows: Vec<crate::rows::Row>| -> Vec<_> {
        rows.into_iter().filter(|row| row["Id"] != *id(2).as_str() && row["Id"] != *id(4).as_str()).collect()
    };
    let before = untouched(state(&writer.table().unwrap(), Some(2)).await);
    let held = everything_in(&path);
    assert!(held.contains("two again") && held.contains(id(4).as_str()));

    let asked = [id(4), id(2), id(77), id(2)];
    let report = writer.erase(&asked, later()).await.unwrap();

    assert_eq!(report.records, [id(2), id(4)]);
    assert_eq!((report.live, report.versions), (1, 5));
    let left = everything_in(&path);
    for gone in ["two", "four", id(2).as_str(), id(4).as_str()] {
        assert!(!left.contains(gone), "{gone} is still there");
    }
    let table = org.table(&account()).await.unwrap().unwrap();
    assert_eq!((table.version_count(), table.live_count()), (3, 3));
    assert_eq!(untouched(state(&table, Some(2)).await), before, "the past of all others");
    assert_eq!(table.marks(), &crate::rows::watermark(4));
    let check = lake.check(CheckOptions { read_data: true }, &mut |_| {}).await.unwrap();
    assert_eq!((check.damage, check.left_over), (vec![], vec![]));
    let cached = walkdir::WalkDir::new(folder.path().join("cache")).into_iter();
    let cached = cached.filter(|entry| entry.as_ref().unwrap().file_type().is_file()).count();
    assert!(cached <= table.files().len(), "{cached} key indexes of {} files", table.files().len());

    let again = writer.erase(&asked, later()).await.unwrap();
    assert_eq!((again.records.len(), again.versions), (0, 0));
    let back = commit_rows(&mut writer, &described, &plain_rows([(2, "back", 9)]), 9).await;
    assert_eq!((back.counts.new, back.live_records), (1, 4), "what the org still has comes anew");
}

/// The bytes of the first row group of the table's only file, and how many rows each group has.
fn groups(path: &Path, writer: &TableWriter) -> (Vec<u8>, Vec<i64>) {
    let table = writer.table().unwrap();
    let [file] = table.files() else { panic!("{} files", table.files().len()) };
    let folder = walkdir::WalkDir::new(path).into_iter().map(|entry| entry.unwrap().into_path());
    let there = folder.into_iter().find(|found| found.ends_with(&file.path)).unwrap();
    let bytes = std::fs::read(there).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes.clone())).unwrap();
    let groups = reader.metadata().row_groups();
    let ends = groups[0].columns().iter().map(parquet::file::metadata::ColumnChunkMetaData::byte_range);
    let end = ends.map(|(start, length)| usize::try_from(start + length).unwrap()).max().unwrap();
    (bytes[..end].to_vec(), groups.iter().map(parquet::file::metadata::RowGroupMetaData::num_rows).collect())
}

/// S-88: a large file is not decoded and encoded whole for a few records.
#[tokio::test(flavor = "multi_thread")]
async fn row_groups_that_hold_nothing_erased_are_copied_as_they_lie() {
    const RECORDS: u32 = 140_000;
    let (_folder, path, lake) = new_lake().await;
    let org = org_in(&lake).await;
    let described = plain(&org).await;
    let mut writer = org.writer(&account()).await.unwrap();
    let mut block = writer.begin_block(crate::rows::context(&described)).await.unwrap();
    for start in (0..RECORDS).step_by(10_000) {
        let row = |number| vec![id(number).to_string(), format!("record {number}"), crate::rows::stamp(1)];
        let rows: Vec<_> = (start..start + 10_000).map(row).collect();
        block.push_page(vec![crate::rows::batch(&described, &rows)]).await.unwrap();
    }
    block.finish(crate::rows::watermark(1)).await.unwrap();
    let (first, rows) = groups(&path, &writer);
    assert_eq!(rows, [131_072, 8_928]);

    let report = writer.erase(&[id(RECORDS - 1), id(135_000)], later()).await.unwrap();

    assert_eq!((report.versions, report.live), (2, 2));
    let (kept, rows) = groups(&path, &writer);
    assert_eq!(rows, [131_072, 8_926]);
    assert!(kept == first, "the first row group is another");
    let table = writer.table().unwrap();
    assert_eq!(table.files()[0].max_id, id(RECORDS - 2).to_string());
    let names = names(&table).await;
    let left = (0..RECORDS - 1).filter(|number| *number != 135_000);
    assert!(left.map(|number| (id(number).to_string(), format!("record {number}"))).eq(names));
    for (number, versions) in
        [(7, 1), (131_071, 1), (131_072, 1), (135_000, 0), (135_001, 1), (RECORDS - 1, 0)]
    {
        assert_eq!(table.history(&id(number)).await.unwrap().len(), versions, "{number}");
    }
    let check = lake.check(CheckOptions { read_data: true }, &mut |_| {}).await.unwrap();
    assert_eq!((check.damage, check.left_over), (vec![], vec![]));

    writer.erase(&[id(0)], later()).await.unwrap();
    assert_eq!(groups(&path, &writer).1, [131_071, 8_926]);
    assert_eq!(writer.table().unwrap().files()[0].min_id, id(1).to_string());
}

/// G-26: what was cut off is done again, and then nothing is left.
#[tokio::test]
async fn an_erasure_that_dies_at_any_step_is_completed_by_the_next() {
    let steps = [
        Step::DataFile,
        Step::Commit,
        Step::Committed,
        Step::Checkpoint,
        Step::LastCheckpoint,
        Step::CleanLog,
        Step::Vacuum,
    ];
    for step in steps {
        let (_folder, path, lake) = new_lake().await;
        let org = org_in(&lake).await;
        let described = plain(&org).await;
        filled(&mut org.writer(&account()).await.unwrap(), &described).await;

        let hook = StepHook::at(&format!("{}:1", step.as_str()), || {}).unwrap();
        let org = open(&path, hook).await.org(&crate::tables::org_id());
        let cut_off = org.writer(&account()).await.unwrap().erase(&[id(2)], later()).await;
        assert!(cut_off.is_err(), "{} never came", step.as_str());

        let lake = open(&path, StepHook::default()).await;
        let check = lake.check(CheckOptions { read_data: true }, &mut |_| {}).await.unwrap();
        assert_eq!(check.damage, [], "{}", step.as_str());
        let org = lake.org(&crate::tables::org_id());
        let mut writer = org.writer(&account()).await.unwrap();
        writer.erase(&[id(2)], later()).await.unwrap();

        assert!(!everything_in(&path).contains("two"), "{}", step.as_str());
        let left: Vec<_> = names(&writer.table().unwrap()).await.into_iter().map(|(_, name)| name).collect();
        assert_eq!(left, ["one", "three", "five"], "{}", step.as_str());
        assert_eq!(writer.table().unwrap().live_count(), 3, "{}", step.as_str());
    }
}

/// A machine that was suspended wakes up in the middle of an erasure, long after its lease has passed to somebody else.
#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_that_slept_takes_nothing_that_was_committed_since() {
    let (_folder, path, lake) = new_lake().await;
    let org = org_in(&lake).await;
    let described = plain(&org).await;
    filled(&mut org.writer(&account()).await.unwrap(), &described).await;

    let (asleep, falls_asleep) = mpsc::channel();
    let (wake, woken) = mpsc::channel::<()>();
    let (woken, has_slept) = (Mutex::new(woken), AtomicBool::new(false));
    let hook = StepHook::new(move |step| {
        if step == Step::Vacuum && !has_slept.swap(true, Ordering::SeqCst) {
            asleep.send(()).unwrap();
            woken.lock().unwrap().recv().unwrap();
        }
        ControlFlow::Continue(())
    });
    let slow = open(&path, hook).await.org(&crate::tables::org_id());
    let erasing = tokio::spawn(async move {
        slow.writer(&account()).await.unwrap().erase(&[id(2)], later()).await.unwrap();
    });
    tokio::task::spawn_blocking(move || falls_asleep.recv().unwrap()).await.unwrap();
    let mut writer = org.writer(&account()).await.unwrap();
    commit_rows(&mut writer, &described, &plain_rows([(9, "nine", 9)]), 9).await;
    wake.send(()).unwrap();
    erasing.await.unwrap();

    let check = lake.check(CheckOptions { read_data: true }, &mut |_| {}).await.unwrap();
    assert_eq!(check.damage, []);
    let left: Vec<_> = names(&writer.table().unwrap()).await.into_iter().map(|(_, name)| name).collect();
    assert_eq!(left, ["one", "three", "five", "nine"]);
}
