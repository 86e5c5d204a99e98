//! What one Block does to a table, and what it refuses.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use holdfast_domain::ErrorCode;
use holdfast_domain::retry::Retry;
use holdfast_lake::delta::Marks;
use holdfast_lake::{CompactOptions, Error, Lake, LakeOptions, Step, StepHook, TableWriter};
use object_store::memory::InMemory;

use crate::rows::{
    batch, commit_rows, context, describe, id, names, plain, plain_rows, stamp, stamp_us, state, watermark,
};
use crate::tables::{account, org_in};

fn named(rows: &[(u32, &str)]) -> Vec<(String, String)> {
    rows.iter().map(|(number, name)| (id(*number).to_string(), (*name).to_owned())).collect()
}

/// G-13.
#[tokio::test]
async fn capturing_the_same_rows_twice_changes_nothing() {
    let org = org_in(&Lake::in_memory()).await;
    let described = plain(&org).await;
    let mut writer = org.writer(&account()).await.unwrap();
    let rows = plain_rows([(2, "two", 5), (1, "one", 5)]);

    let first = commit_rows(&mut writer, &described, &rows, 5).await;
    let again = commit_rows(&mut writer, &described, &rows, 5).await;

    assert_eq!((first.table_version, first.counts.new, first.live_records), (Some(0), 2, 2));
    assert_eq!((again.table_version, again.counts.versions(), again.counts.unchanged), (None, 0, 2));
    assert!(first.counts.bytes > 0);
    assert_eq!(again.counts.bytes, 0);
    assert_eq!(names(&writer.table().unwrap()).await, named(&[(1, "one"), (2, "two")]));
}

#[tokio::test]
async fn a_mark_moves_on_without_rows_and_stays_beside_the_rows() {
    let org = org_in(&Lake::in_memory()).await;
    let described = plain(&org).await;
    let mut writer = org.writer(&account()).await.unwrap();
    commit_rows(&mut writer, &described, &plain_rows([(1, "one", 5)]), 5).await;

    let empty = commit_rows(&mut writer, &described, &[], 9).await;

    assert_eq!(empty.table_version, Some(1));
    let table = org.table(&account()).await.unwrap().unwrap();
    assert_eq!(table.marks(), &watermark(9));
    assert_eq!((table.version_count(), table.live_count()), (1, 1));
}

/// A server that repeats a record across pages, while the record changes, far beyond one chunk.
#[tokio::test]
async fn a_record_repeated_over_many_chunks_is_kept_once() {
    let org = org_in(&Lake::in_memory()).await;
    let described = plain(&org).await;
    let mut writer = org.writer(&account()).await.unwrap();
    writer.set_chunk_budget(1);
    let mut block = writer.begin_block(context(&described)).await.unwrap();

    for second in [3, 9, 1, 9, 4] {
        let rows: Vec<_> = (0..300)
            .map(|number| vec![id(number).to_string(), format!("at {second}"), stamp(second)])
            .collect();
        block.push_page(vec![batch(&described, &rows)]).await.unwrap();
    }
    block.push_tombstones(vec![(id(7), Some(stamp_us(20))), (id(8), Some(stamp_us(8)))]).await.unwrap();
    let commit = block.finish(Marks::default()).await.unwrap();

    assert_eq!((commit.counts.new, commit.counts.deleted, commit.live_records), (299, 1, 299));
    assert_eq!(commit.counts.unchanged, 5 * 300 - 300);
    let table = org.table(&account()).await.unwrap().unwrap();
    assert_eq!(table.version_count(), 300);
    let names = names(&table).await;
    assert_eq!(names.len(), 299);
    assert!(names.iter().all(|(record, name)| name == "at 9" && *record != id(7).to_string()));
    let gone = &crate::rows::rows_of(&table.history(&id(7)).await.unwrap()[0])[0];
    assert_eq!((gone["Name"].as_str(), gone["_change"].as_str()), ("at 9", "deleted"));
}

/// An org that answers in the order of Ids leaves one file a block, however many chunks it takes.
#[tokio::test]
async fn rows_in_the_order_of_ids_go_into_one_file_until_the_order_breaks() {
    let org = org_in(&Lake::in_memory()).await;
    let described = plain(&org).await;
    let mut writer = org.writer(&account()).await.unwrap();
    writer.set_chunk_budget(1);
    let page = |numbers: std::ops::Range<u32>, second| {
        let row = |number| vec![id(number).to_string(), format!("at {second}"), stamp(second)];
        batch(&described, &numbers.map(row).collect::<Vec<_>>())
    };
    let mut block = writer.begin_block(context(&described)).await.unwrap();
    for start in [0, 100, 200, 150, 250] {
        block.push_page(vec![page(start..start + 100, start)]).await.unwrap();
    }
    let commit = block.finish(Marks::default()).await.unwrap();

    assert_eq!((commit.counts.new, commit.live_records), (350, 350));
    let table = org.table(&account()).await.unwrap().unwrap();
    let rows: Vec<u64> = table.files().iter().map(|file| file.rows).collect();
    assert_eq!(
        rows,
        [200, 50, 100],
        "the older readings are gone, and from the break on each chunk has a file"
    );
    let names = names(&table).await;
    assert_eq!(names.len(), 350);
    for (number, (record, name)) in (0..).zip(&names) {
        let newest =
            [250, 200, 150, 100, 0].into_iter().find(|start| (*start..start + 100).contains(&number));
        assert_eq!((record.as_str(), name), (id(number).as_str(), &format!("at {}", newest.unwrap())));
    }
}

/// what a lost permission hides is no change, and stands with its last value.
#[tokio::test]
async fn a_field_that_a_describe_lacks_keeps_its_last_value_and_is_not_blanked() {
    let org = org_in(&Lake::in_memory()).await;
    let full = describe(&org, &["Name", "SystemModstamp", "Secret__c"]).await;
    let hidden = describe(&org, &["Name", "SystemModstamp"]).await;
    let mut writer = org.writer(&account()).await.unwrap();
    let rows = |name: &str, second, rest: &[&str]| {
        let own = [id(1).to_string(), name.to_owned(), stamp(second)];
        vec![own.into_iter().chain(rest.iter().map(|cell| (*cell).to_owned())).collect::<Vec<_>>()]
    };

    commit_rows(&mut writer, &full, &rows("a", 1, &["kept"]), 1).await;
    let same = commit_rows(&mut writer, &hidden, &rows("a", 1, &[]), 2).await;
    let changed = commit_rows(&mut writer, &hidden, &rows("b", 3, &[]), 3).await;
    assert_eq!((same.counts.versions(), changed.counts.changed), (0, 1));
    let newest = state(&writer.table().unwrap(), None).await;
    assert_eq!((newest[0]["Name"].as_str(), newest[0]["Secret__c"].as_str()), ("b", "kept"));

    commit_rows(&mut writer, &full, &rows("b", 4, &[""]), 4).await;
    assert_eq!(
        state(&writer.table().unwrap(), None).await[0].get("Secret__c"),
        None,
        "blank when captured blank"
    );
}

#[tokio::test]
async fn a_respelled_field_stays_one_column() {
    let org = org_in(&Lake::in_memory()).await;
    let old = describe(&org, &["Name", "Rating__c"]).await;
    let new = describe(&org, &["RATING__C", "name", "Phone"]).await;
    let mut writer = org.writer(&account()).await.unwrap();
    let cells = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();

    commit_rows(&mut writer, &old, &[[vec![id(1).to_string()], cells(["n", "hot"])].concat()], 1).await;
    let again = [[vec![id(1).to_string()], cells(["hot", "n"]), vec![String::new()]].concat()];
    let commit = commit_rows(&mut writer, &new, &again, 2).await;

    assert_eq!(commit.counts.unchanged, 1, "the same values under another spelling say nothing new");
    assert_eq!(writer.table().unwrap().columns(), ["Id", "Name", "Rating__c", "Phone"]);
}

#[tokio::test]
async fn rows_that_would_be_stored_wrongly_are_refused() {
    let org = org_in(&Lake::in_memory()).await;
    let described = plain(&org).await;
    let fewer = describe(&org, &["SystemModstamp"]).await;
    let mut writer = org.writer(&account()).await.unwrap();
    let row = |cells: &[&str]| vec![cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>()];
    let ours = id(1).to_string();

    let mut block = writer.begin_block(context(&described)).await.unwrap();
    let lacking = block.push_page(vec![batch(&fewer, &row(&[&ours, &stamp(1)]))]).await.unwrap_err();
    drop(block);
    let mut block = writer.begin_block(context(&fewer)).await.unwrap();
    let foreign = block.push_page(vec![batch(&described, &row(&[&ours, "n", &stamp(1)]))]).await.unwrap_err();
    drop(block);
    let mut block = writer.begin_block(context(&fewer)).await.unwrap();
    block.push_page(vec![batch(&fewer, &row(&["001P000001vkheI", &stamp(1)]))]).await.unwrap();
    let short = block.finish(Marks::default()).await.unwrap_err();
    let mut block = writer.begin_block(context(&fewer)).await.unwrap();
    block.push_tombstones(vec![(id(1), None)]).await.unwrap();
    let late = block.push_page(vec![batch(&fewer, &row(&[&ours, &stamp(1)]))]).await.unwrap_err();
    drop(block);

    for (error, said) in
        [(lacking, "lack the field `Name`"), (foreign, "`Name`"), (short, "18"), (late, "Tombstones")]
    {
        assert!(error.to_string().contains(said), "{error}");
        assert_eq!(error.retry(), Retry::Never);
    }
    assert!(org.table(&account()).await.unwrap().is_none());
}

#[tokio::test]
async fn the_slower_of_two_writers_learns_it_and_loses_only_its_block() {
    let org = org_in(&Lake::in_memory()).await;
    let described = plain(&org).await;
    let mut slow = org.writer(&account()).await.unwrap();
    let mut fast = org.writer(&account()).await.unwrap();
    let mut block = slow.begin_block(context(&described)).await.unwrap();
    block.push_page(vec![batch(&described, &plain_rows([(1, "slow", 1)]))]).await.unwrap();
    commit_rows(&mut fast, &described, &plain_rows([(1, "fast", 2)]), 2).await;

    let error = block.finish(watermark(1)).await.unwrap_err();

    assert!(matches!(error, Error::Conflict { version: 0, .. }), "{error}");
    assert_eq!(error.code(), ErrorCode::LeaseLost);
    // What it reads anew is as the org is by then.
    let late = commit_rows(&mut slow, &described, &plain_rows([(1, "fast", 2), (2, "two", 3)]), 3).await;
    assert_eq!((late.table_version, late.counts.new, late.counts.unchanged), (Some(1), 1, 1));
    assert_eq!(names(&slow.table().unwrap()).await, named(&[(1, "fast"), (2, "two")]));
}

#[tokio::test]
async fn a_vacuum_of_a_writer_that_is_behind_spares_what_others_committed() {
    let lake = Lake::in_memory();
    let org = org_in(&lake).await;
    let described = plain(&org).await;
    let mut slow = org.writer(&account()).await.unwrap();
    commit_rows(&mut slow, &described, &plain_rows([(1, "a", 1)]), 1).await;
    let mut other = org.writer(&account()).await.unwrap();
    commit_rows(&mut other, &described, &plain_rows([(2, "b", 2)]), 2).await;

    let vacuumed = slow.vacuum(crate::tables::later() + chrono::TimeDelta::days(3)).await.unwrap();

    assert_eq!(vacuumed.files, 0);
    let table = org.table(&account()).await.unwrap().unwrap();
    assert_eq!(names(&table).await, named(&[(1, "a"), (2, "b")]));
}

#[tokio::test]
async fn dying_before_the_commit_leaves_the_old_state() {
    for step in [Step::DataFile, Step::Commit] {
        let dies = Arc::new(AtomicBool::new(false));
        let armed = dies.clone();
        let hook = StepHook::new(move |at| {
            if armed.load(Ordering::Relaxed) && at == step {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        let options = LakeOptions { hook, ..LakeOptions::default() };
        let lake = Lake::with_store(Arc::new(InMemory::new()), "memory", options).await.unwrap();
        let org = org_in(&lake).await;
        let described = plain(&org).await;
        let mut writer = org.writer(&account()).await.unwrap();
        commit_rows(&mut writer, &described, &plain_rows([(1, "old", 1)]), 1).await;

        dies.store(true, Ordering::Relaxed);
        let rows = plain_rows([(1, "new", 2), (2, "two", 2)]);
        let mut block = writer.begin_block(context(&described)).await.unwrap();
        block.push_page(vec![batch(&described, &rows)]).await.unwrap();
        assert!(matches!(block.finish(watermark(2)).await, Err(Error::StoppedAt { .. })));
        let options =
            CompactOptions { fan_in: 2, ..CompactOptions::at("2026-01-02T03:04:05Z".parse().unwrap()) };
        assert_eq!(compacted(&mut writer, &options).await, 0);

        let table = org.table(&account()).await.unwrap().unwrap();
        assert_eq!((table.version(), table.marks()), (0, &watermark(1)), "{step:?}");
        assert_eq!(names(&table).await, named(&[(1, "old")]));

        dies.store(false, Ordering::Relaxed);
        let commit = commit_rows(&mut writer, &described, &rows, 2).await;
        assert_eq!((commit.counts.new, commit.counts.changed), (1, 1), "the block is captured whole again");
        assert_eq!(compacted(&mut writer, &options).await, 1);
        assert_eq!(names(&writer.table().unwrap()).await, named(&[(1, "new"), (2, "two")]));
    }
}

async fn compacted(writer: &mut TableWriter, options: &CompactOptions) -> u64 {
    writer.compact(options).await.unwrap().merges
}
