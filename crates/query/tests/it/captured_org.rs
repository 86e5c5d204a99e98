//! A lake on local disk that a test fills block by block, run by run, through the lake's own writer.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt;
use holdfast_domain::change::Occasion;
use holdfast_domain::manifest::{FileCounts, MANIFEST_FORMAT, Manifest, ObjectEntry, RunStatus, Trigger};
use holdfast_domain::schema::ObjectSchema;
use holdfast_domain::{ObjectName, OrgId, RecordId, RunId};
use holdfast_lake::delta::{LogOptions, Marks};
use holdfast_lake::{BlockContext, Lake, LakeLocation, LakeOptions, OrgLake};
use holdfast_query::{AsOf, Format, QueryEngine, Result, render};
use tempfile::TempDir;

pub(crate) const ORG: &str = "00D000000000001EAA";

/// The `number`th record of an Object whose key prefix is `001`.
pub(crate) fn id(number: u32) -> String {
    format!("001{number:012}AAA")
}

/// A describe with `Id`, `IsDeleted`, `SystemModstamp` and these fields.
pub(crate) fn describe(object: &str, fields: &[(&str, &str)]) -> Vec<u8> {
    let own = [("Id", "id"), ("IsDeleted", "boolean"), ("SystemModstamp", "datetime")];
    let fields: Vec<_> = own.iter().chain(fields).map(|(name, kind)| field(name, kind)).collect();
    serde_json::to_vec(&serde_json::json!({ "name": object, "queryable": true, "fields": fields })).unwrap()
}

fn field(name: &str, kind: &str) -> serde_json::Value {
    let (precision, scale) = if kind == "currency" { (18, 2) } else { (0, 0) };
    serde_json::json!({ "name": name, "type": kind, "precision": precision, "scale": scale })
}

/// A record's Id and its fields that are not blank.
pub(crate) type Record<'a> = (String, Vec<(&'a str, &'a str)>);

pub(crate) struct CapturedOrg {
    pub(crate) lake: OrgLake,
    folder: TempDir,
    runs: u32,
    seconds: i64,
    entries: BTreeMap<ObjectName, ObjectEntry>,
}

impl CapturedOrg {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let location: LakeLocation = folder.path().to_str().unwrap().parse().unwrap();
        let log = LogOptions { checkpoint_every: 10, ..LogOptions::default() };
        let lake = Lake::open(&location, LakeOptions { log, ..LakeOptions::default() }).await.unwrap();
        let lake = lake.org(&OrgId::parse(ORG).unwrap());
        Self { lake, folder, runs: 0, seconds: 0, entries: BTreeMap::new() }
    }

    /// The folder of this Org on disk.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("orgs").join(ORG)
    }

    pub(crate) fn table_path(&self, object: &str) -> PathBuf {
        self.path().join("objects").join(object)
    }

    pub(crate) fn lake_path(&self) -> &Path {
        self.folder.path()
    }

    /// The run whose blocks are being captured.
    pub(crate) fn run(&self) -> RunId {
        RunId::parse(&format!("0192a4b0-0000-7000-8000-{:012}", self.runs + 1)).unwrap()
    }

    /// Noon of the day of the run: run 1 is 1 January 2026.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        "2026-01-01T12:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::days(self.runs.into())
    }

    /// Stores one block; says the table version.
    pub(crate) async fn capture(&mut self, describe: &[u8], records: &[Record<'_>], gone: &[String]) -> i64 {
        let schema = Arc::new(ObjectSchema::from_describe(describe).unwrap());
        let object = schema.name.clone();
        let hash = self.lake.put_schema(&object, describe).await.unwrap();
        self.seconds += 1;
        let stamp =
            (self.now() + TimeDelta::seconds(self.seconds)).format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        let page = page(&schema, records, &stamp);
        let context = BlockContext {
            run: self.run(),
            captured_at: self.now(),
            schema: hash.clone(),
            object_schema: schema,
            stamp_field: Some("SystemModstamp".to_owned()),
            occasion: Occasion::Changes,
        };
        let mut writer = self.lake.writer(&object).await.unwrap();
        let mut block = writer.begin_block(context).await.unwrap();
        block.push_page(vec![page]).await.unwrap();
        let gone = gone.iter().map(|id| (RecordId::parse(id).unwrap(), None)).collect();
        block.push_tombstones(gone).await.unwrap();
        let marks = Marks([("watermark".to_owned(), self.seconds)].into());
        let version = block.finish(marks).await.unwrap().table_version.unwrap();
        let entry = self.entries.entry(object).or_default();
        entry.table_version = Some(version);
        entry.schema = Some(hash);
        version
    }

    /// Names an Object of which there is no record.
    pub(crate) async fn describe_only(&mut self, describe: &[u8]) {
        let object = ObjectSchema::from_describe(describe).unwrap().name;
        let hash = self.lake.put_schema(&object, describe).await.unwrap();
        self.entries.entry(object).or_default().schema = Some(hash);
    }

    /// Ends the run with a Manifest of the Objects that it captured.
    pub(crate) async fn end_run(&mut self) -> RunId {
        let manifest = Manifest {
            format: MANIFEST_FORMAT,
            run: self.run(),
            org: OrgId::parse(ORG).unwrap(),
            previous: None,
            trigger: Trigger::Backup,
            status: RunStatus::Completed,
            started_at: self.now(),
            finished_at: self.now(),
            api_calls: 0,
            names_every_object: false,
            missing_permissions: None,
            objects: std::mem::take(&mut self.entries),
            files: FileCounts::default(),
        };
        self.lake.put_manifest(&manifest).await.unwrap();
        self.runs += 1;
        manifest.run
    }

    pub(crate) async fn at(&self, as_of: AsOf) -> QueryEngine {
        QueryEngine::open(self.lake.clone(), as_of).await.unwrap()
    }

    /// The CSV lines that a query answers now, the header first.
    pub(crate) async fn query(&self, sql: &str) -> Vec<String> {
        lines(&self.at(AsOf::Now).await, sql).await.unwrap()
    }
}

pub(crate) async fn lines(engine: &QueryEngine, sql: &str) -> Result<Vec<String>> {
    let mut out = Vec::new();
    render(engine.query(sql).await?, Format::Csv, &mut out).await?;
    Ok(String::from_utf8(out).unwrap().split_terminator("\r\n").map(str::to_owned).collect())
}

/// Why a query fails, from whichever step.
pub(crate) async fn failure(engine: &QueryEngine, sql: &str) -> holdfast_query::Error {
    let mut answer = match engine.query(sql).await {
        Ok(answer) => answer,
        Err(error) => return error,
    };
    while let Some(batch) = answer.next().await {
        if let Err(error) = batch {
            return error;
        }
    }
    panic!("`{sql}` was answered")
}

fn page(schema: &ObjectSchema, records: &[Record<'_>], stamp: &str) -> RecordBatch {
    let columns = schema.captured_fields().map(|field| {
        let cells = records.iter().map(|(id, fields)| match field.name.as_str() {
            "Id" => Some(id.as_str()),
            "SystemModstamp" => Some(stamp),
            "IsDeleted" => Some("false"),
            name => fields.iter().find(|(given, _)| *given == name).map(|(_, value)| *value),
        });
        (field.name.clone(), Arc::new(cells.collect::<StringArray>()) as ArrayRef, true)
    });
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}
