//! A small table, written as a Block would write it: its data files and the commits that name them.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use chrono::{DateTime, TimeDelta, Utc};
use holdfast_domain::{ObjectName, OrgId, SchemaHash};
use holdfast_lake::delta::{
    AddFile, Column, ColumnKind, Commit, CommitInfo, DeltaLog, LogOptions, LogState, Marks,
};
use holdfast_lake::store::{self, Store};
use holdfast_lake::{Lake, OrgDocument, OrgLake};
use object_store::path::Path;
use parquet::arrow::ArrowWriter;

pub(crate) const DESCRIBE: &[u8] = br#"{"name":"Account","queryable":true,"fields":[{"name":"Id","type":"id"},{"name":"Name","type":"string"}]}"#;

pub(crate) fn org_id() -> OrgId {
    "00Dxx0000001gPLEAY".parse().unwrap()
}

pub(crate) fn account() -> ObjectName {
    "Account".parse().unwrap()
}

/// Ahead of every file's time on the store, so that a grace of nothing is over.
#[expect(clippy::disallowed_methods, reason = "files bear the machine's time, which no test can move")]
pub(crate) fn later() -> DateTime<Utc> {
    Utc::now() + TimeDelta::minutes(1)
}

/// The Org of all tests, with its document and the describe of Account.
pub(crate) async fn org_in(lake: &Lake) -> OrgLake {
    let org = lake.org(&org_id());
    let document = OrgDocument {
        format: 1,
        id: org_id(),
        name: "Acme".into(),
        instance_url: "https://acme.example".into(),
        is_sandbox: Some(false),
        organization_type: None,
        connected_at: "2026-01-02T03:04:05Z".parse().unwrap(),
    };
    org.put_org_document(&document).await.unwrap();
    org.put_schema(&account(), DESCRIBE).await.unwrap();
    org
}

/// Writes to the table `Account` without any of the code that captures.
pub(crate) struct TableUnderTest {
    pub(crate) log: DeltaLog,
    pub(crate) store: Store,
    pub(crate) state: Option<LogState>,
    pub(crate) fields: Vec<String>,
    files: usize,
}

impl TableUnderTest {
    pub(crate) fn new(store: Store, path: Path, options: LogOptions) -> Self {
        let log = DeltaLog::open(store.clone(), path, options);
        Self { log, store, state: None, fields: vec!["Name".into()], files: 0 }
    }

    pub(crate) fn of(org: &OrgLake) -> Self {
        let store = org.lake().store().clone();
        Self::new(store, org.table_folder(&account()), org.lake().options().log.clone())
    }

    pub(crate) fn version(&self) -> i64 {
        self.state.as_ref().map_or(-1, |state| state.version)
    }

    pub(crate) fn columns(&self) -> Vec<Column> {
        let column = |name: &str, kind| Column { name: name.into(), kind };
        let mut columns = vec![
            column("Id", ColumnKind::Text),
            column("_seq", ColumnKind::Long),
            column("_captured_at", ColumnKind::Timestamp),
            column("_schema", ColumnKind::Text),
        ];
        columns.extend(self.fields.iter().map(|field| column(field, ColumnKind::Text)));
        columns
    }

    /// A data file with one row per Id, durable and not yet committed.
    pub(crate) async fn data_file(&mut self, ids: &[&str]) -> AddFile {
        let seq = self.version() + 1;
        let rows = ids.len();
        let text = |values: Vec<Option<String>>| -> ArrayRef { Arc::new(StringArray::from(values)) };
        let captured =
            TimestampMicrosecondArray::from(vec![1_767_322_800_000_000; rows]).with_timezone("UTC");
        let mut columns =
            vec![("Id".to_owned(), text(ids.iter().map(|id| Some((*id).to_owned())).collect()))];
        for field in &self.fields {
            let values = ids.iter().map(|id| Some(format!("{field} of {id} at {seq}")));
            columns.push((field.clone(), text(values.collect())));
        }
        let schema = SchemaHash::of(DESCRIBE).to_string();
        columns.push(("_seq".into(), Arc::new(Int64Array::from(vec![seq; rows]))));
        columns.push(("_captured_at".into(), Arc::new(captured)));
        columns.push(("_schema".into(), text(vec![Some(schema); rows])));
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut bytes = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();

        self.files += 1;
        let name = format!("part-{:05}-{seq}.parquet", self.files);
        let size = bytes.len() as u64;
        store::put(&self.store, &self.log.path().clone().join(name.as_str()), bytes.into()).await.unwrap();
        AddFile {
            path: name,
            size,
            rows: rows as u64,
            min_id: ids[0].into(),
            max_id: ids[rows - 1].into(),
            min_seq: seq,
            max_seq: seq,
            modified_ms: 1_767_322_800_000,
        }
    }

    pub(crate) fn commit_of(&self, adds: Vec<AddFile>, removes: Vec<String>) -> Commit {
        let columns = self.columns();
        let is_new = self.state.as_ref().is_none_or(|state| state.columns != columns);
        Commit {
            adds,
            removes,
            columns: is_new.then_some(columns),
            marks: Marks(BTreeMap::from([("watermark".to_owned(), 100 + self.version())])),
            info: CommitInfo {
                operation: "WRITE".into(),
                at: later(),
                details: BTreeMap::from([("run".to_owned(), "r1".to_owned())]),
                is_data_change: true,
            },
        }
    }

    /// One commit that brings one row per Id.
    pub(crate) async fn append(&mut self, ids: &[&str]) -> holdfast_lake::Result<()> {
        let file = self.data_file(ids).await;
        self.commit(vec![file], Vec::new()).await
    }

    pub(crate) async fn commit(
        &mut self,
        adds: Vec<AddFile>,
        removes: Vec<String>,
    ) -> holdfast_lake::Result<()> {
        let commit = self.commit_of(adds, removes);
        self.state = Some(self.log.commit(self.state.as_ref(), commit).await?);
        Ok(())
    }

    pub(crate) async fn reload(&mut self) -> LogState {
        self.state = self.log.load().await.unwrap();
        self.state.clone().unwrap()
    }
}

/// What a reader sees of a state, for comparing.
pub(crate) fn seen(state: &LogState) -> (i64, Vec<AddFile>, Vec<Column>, Marks) {
    let mut files = state.files.clone();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    (state.version, files, state.columns.clone(), state.marks.clone())
}
