//! `check` finds each kind of damage, by its invariant and its path, and finds none in a whole lake.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use bytes::Bytes;
use futures::FutureExt;
use holdfast_domain::SchemaHash;
use holdfast_domain::manifest::Manifest;
use holdfast_lake::check::{CheckOptions, CheckReport, Invariant};
use holdfast_lake::delta::LogOptions;
use holdfast_lake::{Lake, LakeOptions, store};
use object_store::memory::InMemory;
use object_store::path::Path;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::documents::{FIRST, SECOND, manifest};
use crate::rows::{commit_rows, plain, plain_rows};
use crate::tables::{DESCRIBE, TableUnderTest, account, org_in};

const ORG: &str = "orgs/00Dxx0000001gPLEAY";

/// A lake with one table of six commits, a Manifest, a describe and a body.
async fn whole() -> (Lake, TableUnderTest) {
    let log = LogOptions { checkpoint_every: 4, ..LogOptions::default() };
    let options = LakeOptions { log, ..LakeOptions::default() };
    let lake = Lake::with_store(Arc::new(InMemory::new()), "test", options).await.unwrap();
    let org = org_in(&lake).await;
    let mut table = TableUnderTest::of(&org);
    for _ in 0..6 {
        table.append(&["001A", "001B", "001C"]).await.unwrap();
    }
    org.put_manifest(&manifest(FIRST, Some(5), Some(SchemaHash::of(DESCRIBE)))).await.unwrap();
    let body = futures::stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"body"))]);
    org.blobs().put(body).await.unwrap();
    (lake, table)
}

async fn check(lake: &Lake, read_data: bool) -> CheckReport {
    lake.check(CheckOptions { read_data }, &mut |_| {}).await.unwrap()
}

/// Damage as `check` tells it, with the org's folder left out.
pub(crate) async fn damage(lake: &Lake, read_data: bool) -> Vec<(Invariant, String, String)> {
    let report = check(lake, read_data).await;
    let told = report.damage.into_iter().map(|finding| {
        let path = finding.path.strip_prefix(&format!("{ORG}/")).unwrap_or(&finding.path).to_owned();
        (finding.invariant, path, finding.detail)
    });
    told.collect()
}

async fn overwrite(lake: &Lake, path: &str, bytes: impl Into<Bytes>) {
    store::put(lake.store(), &Path::from(format!("{ORG}/{path}")), bytes.into()).await.unwrap();
}

async fn remove(lake: &Lake, path: &str) {
    store::remove(lake.store(), &Path::from(format!("{ORG}/{path}"))).await.unwrap();
}

async fn bytes_of(lake: &Lake, path: &str) -> Bytes {
    store::get(lake.store(), &Path::from(format!("{ORG}/{path}"))).await.unwrap().unwrap()
}

fn finding(invariant: Invariant, path: &str, detail: &str) -> (Invariant, String, String) {
    (invariant, path.to_owned(), detail.to_owned())
}

#[tokio::test]
async fn a_whole_lake_has_no_findings_and_everything_is_counted() {
    let (lake, _) = whole().await;

    for read_data in [false, true] {
        let report = check(&lake, read_data).await;
        assert_eq!((&report.damage[..], &report.left_over[..]), (&[][..], &[][..]));
        let counts = report.counts;
        assert_eq!((counts.orgs, counts.manifests, counts.tables, counts.data_files), (1, 1, 1, 6));
        assert_eq!((counts.rows, counts.describes, counts.blobs), (18, 1, 1));
    }
}

/// A truncated data file is found without reading all data, and named.
#[tokio::test]
async fn a_truncated_or_missing_data_file_is_found() {
    let (lake, _) = whole().await;
    let (cut, gone) = ("objects/Account/part-00002-1.parquet", "objects/Account/part-00004-3.parquet");
    let bytes = bytes_of(&lake, cut).await;
    overwrite(&lake, cut, bytes.slice(..100)).await;
    remove(&lake, gone).await;

    let detail = format!("it has 100 bytes, and the log says {}", bytes.len());
    let expected = vec![
        finding(Invariant::DataFileIsThere, cut, &detail),
        finding(Invariant::DataFileIsThere, gone, "it is missing"),
    ];
    assert_eq!(damage(&lake, false).await, expected);
}

#[tokio::test]
async fn bytes_changed_within_a_file_of_the_right_size_are_found() {
    let (lake, _) = whole().await;
    let path = "objects/Account/part-00003-2.parquet";
    let whole_bytes = bytes_of(&lake, path).await;
    let mut footer = whole_bytes.to_vec();
    let end = footer.len();
    footer[end - 40..end - 8].fill(0xff);
    overwrite(&lake, path, footer).await;
    let found = damage(&lake, false).await;
    assert_eq!((found.len(), found[0].0, found[0].1.as_str()), (1, Invariant::DataFileIsReadable, path));

    let other = bytes_of(&lake, "objects/Account/part-00004-3.parquet").await;
    assert_eq!(other.len(), whole_bytes.len());
    overwrite(&lake, path, other).await;

    assert_eq!(damage(&lake, false).await, []);
    let detail = "its `_seq` do not reach from 2 to 2";
    assert_eq!(damage(&lake, true).await, [finding(Invariant::RowsAreInOrder, path, detail)]);
}

#[tokio::test]
async fn rows_out_of_order_are_found_when_data_is_read() {
    let (lake, mut table) = whole().await;
    table.append(&["001B", "001A"]).await.unwrap();

    let found = damage(&lake, true).await;

    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].0, found[0].2.as_str()),
        (Invariant::RowsAreInOrder, "the row of `001A` and `_seq` 6 is not after the one before it",)
    );
}

#[tokio::test]
async fn a_broken_log_is_found_and_blamed_once() {
    let (lake, _) = whole().await;
    let log = "objects/Account/_delta_log";
    remove(&lake, &format!("{log}/00000000000000000004.json")).await;

    let detail = "version 4 is missing from its log";
    assert_eq!(damage(&lake, false).await, [finding(Invariant::LogReplays, "objects/Account", detail)]);
}

#[tokio::test]
async fn a_checkpoint_that_lies_or_does_not_parse_is_found() {
    let (lake, mut table) = whole().await;
    let checkpoint = "objects/Account/_delta_log/00000000000000000003.checkpoint.parquet";
    for _ in 0..3 {
        table.append(&["001A"]).await.unwrap();
    }
    assert_eq!(damage(&lake, false).await, []);

    let newer = bytes_of(&lake, "objects/Account/_delta_log/00000000000000000007.checkpoint.parquet").await;
    overwrite(&lake, checkpoint, newer).await;
    let detail = "it says something else than the log before it";
    assert_eq!(damage(&lake, false).await, [finding(Invariant::LogReplays, checkpoint, detail)]);
    overwrite(&lake, checkpoint, "PAR1").await;

    let found = damage(&lake, false).await;
    assert_eq!((found.len(), found[0].0, found[0].1.as_str()), (1, Invariant::LogReplays, checkpoint));
}

#[tokio::test]
async fn documents_that_are_missing_or_do_not_parse_are_found() {
    let (lake, _) = whole().await;
    remove(&lake, "org.json").await;
    overwrite(&lake, &format!("runs/{SECOND}.json"), r#"{"format": 1, "run":"#).await;
    let missing = SchemaHash::of(DESCRIBE);
    remove(&lake, &format!("schemas/Account/{missing}.json")).await;

    let found = damage(&lake, false).await;

    let told: Vec<_> = found.iter().map(|(invariant, path, _)| (*invariant, path.as_str())).collect();
    let (first, second) = (format!("runs/{FIRST}.json"), format!("runs/{SECOND}.json"));
    assert_eq!(told[0], (Invariant::OrgIsNamed, "org.json"));
    assert_eq!(
        told[1..7],
        ["1-0", "2-1", "3-2", "4-3", "5-4", "6-5"].map(|part| {
            (
                Invariant::RowNamesKnownDescribe,
                Box::leak(format!("objects/Account/part-0000{part}.parquet").into_boxed_str()) as &str,
            )
        })
    );
    assert_eq!(told[7], (Invariant::ManifestNamesKnownDescribes, first.as_str()));
    assert_eq!(told[8], (Invariant::ManifestIsWhole, second.as_str()));
    assert_eq!(told.len(), 9);
}

#[tokio::test]
async fn a_manifest_that_names_what_is_not_there_is_found() {
    let (lake, _) = whole().await;
    let org = org_in(&lake).await;
    let mut ahead = manifest(SECOND, Some(99), None);
    ahead.objects.insert("Contact".parse().unwrap(), ahead.objects[&account()].clone());
    org.put_manifest(&ahead).await.unwrap();

    let path = format!("runs/{SECOND}.json");
    let version = Invariant::ManifestNamesKnownVersions;
    assert_eq!(
        damage(&lake, false).await,
        [
            finding(version, &path, "version 99 of `Account` is above the newest, 5"),
            finding(version, &path, "the table of `Contact` is missing"),
        ]
    );
}

/// Each Manifest names the one before it, so none but the newest can be lost unseen.
#[tokio::test]
async fn a_manifest_that_is_gone_is_missed_by_the_next() {
    let (lake, _) = whole().await;
    let previous = Some(FIRST.parse().unwrap());
    let second = Manifest { previous, ..manifest(SECOND, Some(5), None) };
    org_in(&lake).await.put_manifest(&second).await.unwrap();
    assert_eq!(damage(&lake, false).await, []);

    let lost = format!("runs/{FIRST}.json");
    remove(&lake, &lost).await;

    let detail = format!("it is missing; run `{SECOND}` followed it");
    assert_eq!(damage(&lake, false).await, [finding(Invariant::ManifestIsThere, &lost, &detail)]);
}

#[tokio::test]
async fn changed_describes_and_bodies_are_found_when_data_is_read() {
    let (lake, _) = whole().await;
    let describe = format!("schemas/Account/{}.json", SchemaHash::of(DESCRIBE));
    let hash = blake3::hash(b"body").to_hex();
    let body = format!("files/{}/{hash}", &hash[..2]);
    overwrite(&lake, &describe, "{}").await;
    overwrite(&lake, &body, "b0dy").await;

    assert_eq!(damage(&lake, false).await, []);
    let found = damage(&lake, true).await;

    let told: Vec<_> = found.iter().map(|(invariant, path, _)| (*invariant, path.as_str())).collect();
    assert_eq!(
        told,
        [(Invariant::DescribeIsItsHash, describe.as_str()), (Invariant::BlobIsItsHash, body.as_str()),]
    );
}

#[tokio::test]
async fn a_body_that_a_row_names_must_be_there() {
    let (lake, _) = whole().await;
    let org = org_in(&lake).await;
    let mut index = TableUnderTest::of(&org);
    index.log = org.delta_log(&"HoldfastFile".parse().unwrap());
    index.fields = vec!["BlobHash".into()];
    index.append(&["068A"]).await.unwrap();
    org.put_schema(&"HoldfastFile".parse().unwrap(), DESCRIBE).await.unwrap();

    let path = "objects/HoldfastFile/part-00001-0.parquet";
    let detail = "the file body `BlobHash of 068A at 0` is missing";
    assert_eq!(damage(&lake, false).await, [finding(Invariant::RowNamesKnownBlob, path, detail)]);
}

#[tokio::test]
async fn what_nothing_names_is_told_but_is_no_damage() {
    let (lake, mut table) = whole().await;
    table.data_file(&["001Z"]).await;
    overwrite(&lake, "objects/Contact/part-1.parquet", "x").await;
    overwrite(&lake, "runs/notes.txt", "x").await;
    overwrite(&lake, "files/zz/notes.txt", "x").await;

    let report = check(&lake, true).await;

    assert!(report.is_whole(), "{:?}", report.damage);
    let told: Vec<_> =
        report.left_over.iter().map(|finding| finding.path.strip_prefix(ORG).unwrap()).collect();
    assert_eq!(
        told,
        [
            "/objects/Account/part-00007-6.parquet",
            "/objects/Contact/part-1.parquet",
            "/runs/notes.txt",
            "/files/zz/notes.txt",
        ]
    );
}

/// The same Parquet file, but for the values of `Name`.
fn renamed(file: Bytes, name: &str) -> Vec<u8> {
    let rows = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    let rows = rows.map(Result::unwrap).next().unwrap();
    let names: ArrayRef = Arc::new(StringArray::from(vec![name; rows.num_rows()]));
    let schema = rows.schema();
    let columns = schema.fields().iter().zip(rows.columns());
    let columns =
        columns.map(|(field, column)| if field.name() == "Name" { names.clone() } else { column.clone() });
    let rows = RecordBatch::try_new(schema.clone(), columns.collect()).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, schema, None).unwrap();
    writer.write(&rows).unwrap();
    writer.close().unwrap();
    bytes
}

#[tokio::test]
async fn a_value_that_is_not_what_was_stored_is_found_when_data_is_read() {
    let lake = Lake::in_memory();
    let org = org_in(&lake).await;
    let described = plain(&org).await;
    let mut writer = org.writer(&account()).await.unwrap();
    commit_rows(&mut writer, &described, &plain_rows([(1, "Acme", 1), (2, "Acme", 2)]), 1).await;
    assert_eq!(damage(&lake, true).await, []);

    let mut table = TableUnderTest::of(&org);
    let stored = table.reload().await.files[0].clone();
    let changed = renamed(bytes_of(&lake, &format!("objects/Account/{}", stored.path)).await, "Acne");
    let mut add = stored.clone();
    (add.path, add.size) = ("part-changed.parquet".to_owned(), changed.len() as u64);
    overwrite(&lake, "objects/Account/part-changed.parquet", changed).await;
    let mut commit = table.commit_of(vec![add], vec![stored.path]);
    commit.columns = None;
    table.log.commit(table.state.as_ref(), commit).await.unwrap();

    assert_eq!(damage(&lake, false).await, []);
    let found = damage(&lake, true).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].0, &*found[0].1), (Invariant::RowIsItsHash, "objects/Account/part-changed.parquet"));
    assert!(found[0].2.starts_with("the values of `001P00000000001AAA` do not have"), "{}", found[0].2);
}

#[tokio::test]
async fn what_a_run_stores_beside_the_check_is_no_damage() {
    let (lake, mut table) = whole().await;
    let org = org_in(&lake).await;
    let new_describe = br#"{"name":"Account","fields":[{"name":"Id","type":"id"}]}"#;
    overwrite(&lake, "objects/Zzz__c/part-1.parquet", "x").await;
    let commit = table.commit_of(vec![], vec![]);
    let mut run_goes_on = |progress: holdfast_lake::check::CheckProgress| {
        // The table of Account is done by then, and its describes are listed.
        if progress.name != "Zzz__c" {
            return;
        }
        let run = async {
            table.state = Some(table.log.commit(table.state.as_ref(), commit.clone()).await.unwrap());
            let describe = org.put_schema(&account(), new_describe).await.unwrap();
            org.put_manifest(&manifest(SECOND, Some(6), Some(describe))).await.unwrap();
        };
        run.now_or_never().expect("memory never makes wait");
    };

    let report = lake.check(CheckOptions::default(), &mut run_goes_on).await.unwrap();

    assert_eq!(report.damage, []);
}
