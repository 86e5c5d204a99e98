//! The key index is a cache: lost or damaged, it is made again and the answers stay the same.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use holdfast_lake::{CompactOptions, Lake, LakeOptions};
use object_store::memory::InMemory;

use crate::rows::{commit_rows, id, plain, stamp};
use crate::tables::{account, org_in};

fn index_files(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { index_files(&path) } else { vec![path] }).collect()
}

/// Harms every key index of the cache in one way.
type Harm = fn(&Path);

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    let at = at.min(bytes.len() - 1);
    bytes[at] ^= 0xff;
    fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn a_lost_or_damaged_index_is_made_again() {
    let harms: [(&str, Harm); 6] = [
        ("nothing", |_| {}),
        ("lost", |path| fs::remove_file(path).unwrap()),
        ("an entry", |path| flip(path, 40)),
        ("the footer", |path| flip(path, usize::MAX)),
        ("the loaded part", |path| flip(path, fs::read(path).unwrap().len() - 80)),
        ("truncated", |path| fs::write(path, &fs::read(path).unwrap()[..1_000]).unwrap()),
    ];
    for (harmed, harm) in harms {
        let cache = tempfile::tempdir().unwrap();
        let options = LakeOptions { cache_dir: Some(cache.path().to_owned()), ..LakeOptions::default() };
        let lake = Lake::with_store(Arc::new(InMemory::new()), "memory", options).await.unwrap();
        let org = org_in(&lake).await;
        let described = plain(&org).await;
        let rows = |second| {
            (0..1_000).map(|n| vec![id(n).to_string(), "n".into(), stamp(second)]).collect::<Vec<_>>()
        };
        let mut writer = org.writer(&account()).await.unwrap();
        commit_rows(&mut writer, &described, &rows(1), 1).await;
        drop(writer);

        let before = index_files(cache.path());
        assert_eq!(before.len(), 1, "{harmed}");
        for path in &before {
            harm(path);
        }
        let mut writer = org.writer(&account()).await.unwrap();
        let again = commit_rows(&mut writer, &described, &rows(1), 2).await;

        assert_eq!((again.counts.versions(), again.counts.unchanged), (0, 1_000), "{harmed}");
        assert_eq!(index_files(cache.path()), before, "{harmed}");
        let newer = commit_rows(&mut writer, &described, &rows(2), 3).await;
        assert_eq!(newer.counts.changed, 1_000, "{harmed}");
    }
}

#[tokio::test]
async fn the_cache_holds_no_index_of_a_file_that_is_gone() {
    let cache = tempfile::tempdir().unwrap();
    let options = LakeOptions { cache_dir: Some(cache.path().to_owned()), ..LakeOptions::default() };
    let lake = Lake::with_store(Arc::new(InMemory::new()), "memory", options).await.unwrap();
    let org = org_in(&lake).await;
    let described = plain(&org).await;
    let mut writer = org.writer(&account()).await.unwrap();
    for second in 1..4 {
        let rows = [vec![id(second).to_string(), "n".into(), stamp(second)]];
        commit_rows(&mut writer, &described, &rows, i64::from(second)).await;
    }
    assert_eq!(index_files(cache.path()).len(), 3);

    let options = CompactOptions { fan_in: 2, ..CompactOptions::at("2026-01-02T03:04:05Z".parse().unwrap()) };
    writer.compact(&options).await.unwrap();

    let table = writer.table().unwrap();
    assert_eq!(table.files().len(), 1);
    let index = index_files(cache.path());
    assert_eq!(index.len(), 1);
    let name = index[0].file_name().unwrap().to_string_lossy().into_owned();
    assert_eq!(name, format!("{}.keys", table.files()[0].path));
}

#[tokio::test]
async fn a_cache_that_cannot_be_written_costs_time_only() {
    let dir = tempfile::tempdir().unwrap();
    let occupied = dir.path().join("cache");
    fs::write(&occupied, "a file where the folder should be").unwrap();
    let options = LakeOptions { cache_dir: Some(occupied), ..LakeOptions::default() };
    let lake = Lake::with_store(Arc::new(InMemory::new()), "memory", options).await.unwrap();
    let org = org_in(&lake).await;
    let described = plain(&org).await;
    let mut writer = org.writer(&account()).await.unwrap();
    let rows = [vec![id(1).to_string(), "n".into(), stamp(1)]];

    let first = commit_rows(&mut writer, &described, &rows, 1).await;
    let again = commit_rows(&mut writer, &described, &rows, 1).await;

    assert_eq!((first.counts.new, again.counts.unchanged), (1, 1));
}
