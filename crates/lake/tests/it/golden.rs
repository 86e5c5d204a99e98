//! Lakes of released formats, as they were written then: opened, read wholly, and written on.
//!
//! `tests/golden/v<format>/` is such a lake, and `v<format>.json` beside it is all that it says. Neither is ever
//! edited. For a new format, [`what_is_written_today_reads_as_the_golden_lake`] says where the new lake lies.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures::TryStreamExt;
use holdfast_domain::manifest::{Gap, Manifest, ObjectEntry};
use holdfast_domain::{BlobHash, ErrorCode, ObjectName, RunId};
use holdfast_lake::blobs::{BLOB_HASH, BLOB_INDEX};
use holdfast_lake::check::{CheckCounts, CheckOptions};
use holdfast_lake::delta::{LogOptions, Marks};
use holdfast_lake::lake::LAKE_FORMAT;
use holdfast_lake::{
    BlockContext, CompactOptions, Lake, LakeLocation, LakeOptions, OrgLake, Table, TableWriter,
};
use serde_json::{Value, json};

use crate::documents::{FIRST, SECOND, manifest};
use crate::rows::{Described, Row, batch, collect, context, describe, id, stamp, stamp_us, state, watermark};
use crate::tables::{account, org_id, org_in};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

async fn lake_at(folder: &Path) -> Lake {
    // Every few commits, so that the log has a checkpoint and entries after it.
    let log = LogOptions { checkpoint_every: 4, ..LogOptions::default() };
    let options = LakeOptions { log, ..LakeOptions::default() };
    Lake::open(&LakeLocation::Local(folder.into()), options).await.unwrap()
}

/// A golden lake, copied to where a test may write.
async fn copy_of(format: u32) -> (tempfile::TempDir, Lake) {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
            let place = to.join(entry.file_name());
            if entry.path().is_dir() {
                copy(&entry.path(), &place);
            } else {
                fs::copy(entry.path(), place).unwrap();
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    copy(&golden(&format!("v{format}")), folder.path());
    let lake = lake_at(folder.path()).await;
    (folder, lake)
}

/// Everything that the lake says of the Org.
async fn told(lake: &Lake) -> Value {
    let org = lake.org(&org_id());
    let mut manifests = Vec::new();
    for run in org.manifests().await.unwrap() {
        manifests.push(org.manifest(&run).await.unwrap());
    }
    let (mut tables, mut describes) = (serde_json::Map::new(), serde_json::Map::new());
    for object in org.objects().await.unwrap() {
        let table = org.table(&object).await.unwrap().unwrap();
        for hash in org.schemas(&object).await.unwrap() {
            let describe = org.schema(&object, &hash).await.unwrap().unwrap();
            describes.insert(hash.to_string(), serde_json::from_slice(&describe).unwrap());
        }
        tables.insert(object.to_string(), told_of_table(&table, &manifests, &object).await);
    }
    let blobs = tables[BLOB_INDEX]["versions"].as_array().unwrap();
    let mut bodies = serde_json::Map::new();
    for hash in blobs.iter().filter_map(|row| row[BLOB_HASH].as_str()) {
        let body = org.blobs().get(&BlobHash::parse(hash).unwrap()).await.unwrap();
        let bytes: Vec<Bytes> = body.bytes.try_collect().await.unwrap();
        bodies.insert(hash.to_owned(), String::from_utf8(bytes.concat()).unwrap().into());
    }
    json!({"org": org.org_document().await.unwrap(), "manifests": manifests, "describes": describes,
        "tables": tables, "bodies": bodies})
}

async fn told_of_table(table: &Table, manifests: &[Manifest], object: &ObjectName) -> Value {
    let mut snapshots = serde_json::Map::new();
    for manifest in manifests {
        if let Some(version) = manifest.objects.get(object).and_then(|entry| entry.table_version) {
            snapshots.insert(manifest.run.to_string(), json!(state(table, Some(version)).await));
        }
    }
    json!({"columns": table.columns(), "version": table.version(), "marks": table.marks().0,
        "live": table.live_count(), "versions": versions(table).await, "state": state(table, None).await,
        "snapshots": snapshots})
}

async fn versions(table: &Table) -> Vec<Row> {
    collect(table.versions_between(-1, table.version(), None).unwrap()).await
}

/// The content of a golden lake: two Runs, a field that is added, every kind of change, values of every shape,
/// a compaction, a checkpoint and bodies.
async fn write(folder: &Path) {
    let lake = lake_at(folder).await;
    let org = org_in(&lake).await;
    let old = describe(&org, &["Name", "IsDeleted", "SystemModstamp"]).await;
    let new = describe(&org, &["NAME", "IsDeleted", "Note__c", "SystemModstamp"]).await;
    let row = |number: u32, cells: &[&str], second: u32| {
        let own = [vec![id(number).to_string()], cells.iter().map(|cell| (*cell).to_owned()).collect()];
        [own.concat(), vec![stamp(second)]].concat()
    };
    let mut writer = org.writer(&account()).await.unwrap();
    let mut store = Store { writer: &mut writer, run: FIRST, second: 0 };
    let first: Vec<_> = (1..=9).map(|number| row(number, &["first", "false"], number)).collect();
    store.block(&old, &first, &[]).await;
    store.block(&old, &[row(2, &["Ünïcode ✓ \"quoted\",\nsecond line", "false"], 21)], &[]).await;
    store.block(&old, &[row(3, &["deleted", "true"], 22)], &[4]).await;
    org.put_manifest(&manifest(FIRST, Some(2), Some(old.hash.clone()))).await.unwrap();

    store.run = SECOND;
    store.block(&new, &[row(3, &["back again", "false", "noted"], 31)], &[]).await;
    store.block(&new, &[row(5, &["", "false", "blank name"], 32)], &[]).await;
    store.block(&new, &[row(6, &["late", "false", &"long ".repeat(300)], 33)], &[7]).await;
    let now = "2026-01-02T03:10:00Z".parse().unwrap();
    let merged = CompactOptions { fan_in: 3, ..CompactOptions::at(now) };
    assert_eq!(writer.compact(&merged).await.unwrap().merges, 1);
    let mut store = Store { writer: &mut writer, run: SECOND, second: 10 };
    store.block(&new, &[row(8, &["after compaction", "false", ""], 41)], &[]).await;
    write_bodies(&org).await;

    let version = writer.table().unwrap().version();
    let mut second = manifest(SECOND, Some(version), Some(new.hash));
    second.previous = Some(FIRST.parse().unwrap());
    let gap = Gap { code: ErrorCode::PermissionMissing, message: "no access".into(), is_expected: false };
    second
        .objects
        .insert("Contact".parse().unwrap(), ObjectEntry { gap: Some(gap), ..ObjectEntry::default() });
    org.put_manifest(&second).await.unwrap();
}

struct Store<'a> {
    writer: &'a mut TableWriter,
    run: &'static str,
    second: u32,
}

impl Store<'_> {
    async fn block(&mut self, described: &Described, rows: &[Vec<String>], gone: &[u32]) {
        self.second += 1;
        let captured_at = format!("2026-01-02T03:04:{:02}Z", self.second).parse().unwrap();
        let run = RunId::parse(self.run).unwrap();
        let begun = self.writer.begin_block(BlockContext { run, captured_at, ..context(described) });
        let mut block = begun.await.unwrap();
        block.push_page(vec![batch(described, rows)]).await.unwrap();
        let gone = gone.iter().map(|number| (id(*number), Some(stamp_us(50)))).collect();
        block.push_tombstones(gone).await.unwrap();
        block.finish(watermark(i64::from(self.second))).await.unwrap();
    }
}

async fn write_bodies(org: &OrgLake) {
    let object = ObjectName::parse(BLOB_INDEX).unwrap();
    let fields: Vec<_> = ["Id", BLOB_HASH].map(|name| json!({"name": name, "type": "string"})).into();
    let described = json!({"name": BLOB_INDEX, "queryable": true, "fields": fields}).to_string();
    let hash = org.put_schema(&object, described.as_bytes()).await.unwrap();
    let schema = holdfast_domain::schema::ObjectSchema::from_describe(described.as_bytes()).unwrap();
    let described = Described { hash, schema: std::sync::Arc::new(schema) };
    let mut rows = Vec::new();
    for (number, text) in [(1, "the first body"), (2, "the second body")] {
        let bytes = futures::stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(text.as_bytes()))]);
        let written = org.blobs().put(bytes).await.unwrap();
        rows.push(vec![id(number).to_string(), written.hash.to_string()]);
    }
    let mut writer = org.writer(&object).await.unwrap();
    let run = RunId::parse(SECOND).unwrap();
    let mut block = writer.begin_block(BlockContext { run, ..context(&described) }).await.unwrap();
    block.push_page(vec![batch(&described, &rows)]).await.unwrap();
    block.finish(Marks::default()).await.unwrap();
}

/// Every released format is read as it was written.
#[tokio::test]
async fn every_golden_lake_says_what_it_said_when_it_was_written() {
    for format in 1..=LAKE_FORMAT {
        let (_folder, lake) = copy_of(format).await;
        let expected = fs::read(golden(&format!("v{format}.json"))).unwrap();

        assert_eq!(told(&lake).await, serde_json::from_slice::<Value>(&expected).unwrap(), "format {format}");
        let report = lake.check(CheckOptions { read_data: true }, &mut |_| {}).await.unwrap();
        assert_eq!((&report.damage[..], &report.left_over[..]), (&[][..], &[][..]), "format {format}");
        let CheckCounts { orgs, manifests, tables, data_files, rows, describes, blobs, .. } = report.counts;
        assert_eq!((orgs, manifests, tables, data_files), (1, 2, 2, 3), "format {format}");
        assert_eq!((rows, describes, blobs), (19, 4, 2), "format {format}");
    }
}

/// A backup goes on in a lake that an older version wrote, and what that one said stays.
#[tokio::test]
async fn every_golden_lake_can_be_written_on() {
    for format in 1..=LAKE_FORMAT {
        let (_folder, lake) = copy_of(format).await;
        let before = told(&lake).await;
        let org = lake.org(&org_id());
        let described = describe(&org, &["NAME", "IsDeleted", "Note__c", "SystemModstamp"]).await;
        let mut writer = org.writer(&account()).await.unwrap();
        let held = versions(&writer.table().unwrap()).await;

        let mut store = Store { writer: &mut writer, run: SECOND, second: 20 };
        let row = |number: u32, name: &str| {
            vec![id(number).to_string(), name.to_owned(), "false".to_owned(), String::new(), stamp(59)]
        };
        store.block(&described, &[row(1, "first"), row(2, "today"), row(99, "new")], &[]).await;
        let merged =
            CompactOptions { fan_in: 2, ..CompactOptions::at("2026-02-01T00:00:00Z".parse().unwrap()) };
        writer.compact(&merged).await.unwrap();

        let table = org.table(&account()).await.unwrap().unwrap();
        let now = versions(&table).await;
        let added: Vec<_> = now.iter().filter(|row| !held.contains(row)).collect();
        let changes: Vec<_> = added.iter().map(|row| (row["Id"].clone(), row["_change"].as_str())).collect();
        let expected = [(1, "changed"), (2, "changed"), (99, "new")];
        assert_eq!(changes, expected.map(|(number, change)| (id(number).to_string(), change)));
        assert_eq!(now.len(), held.len() + 3, "format {format}");
        let after = told(&lake).await;
        assert_eq!(after["tables"]["Account"]["snapshots"], before["tables"]["Account"]["snapshots"]);
        assert!(lake.check(CheckOptions { read_data: true }, &mut |_| {}).await.unwrap().is_whole());
    }
}

/// The same content, written today, reads the same: a change of the format shows here first.
#[tokio::test]
async fn what_is_written_today_reads_as_the_golden_lake() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path()).await;
    let today = told(&lake_at(folder.path()).await).await;

    let golden = golden(&format!("v{LAKE_FORMAT}.json"));
    let expected = fs::read(&golden).ok().map(|bytes| serde_json::from_slice::<Value>(&bytes).unwrap());
    if expected.as_ref() != Some(&today) {
        let folder = folder.keep();
        fs::write(folder.with_extension("json"), serde_json::to_vec_pretty(&today).unwrap()).unwrap();
        panic!("{} is not what {} (and .json) says", golden.display(), folder.display());
    }
}
