//! Other people's readers find in the files what the lake says: deltalake with pyarrow, and DuckDB.

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt;
use holdfast_domain::ObjectName;
use holdfast_lake::delta::Grace;
use holdfast_lake::{CompactOptions, StateQuery};
use serde_json::{Map, Value, json};

use crate::captured_org::{CapturedOrg, Record, describe, id};
use crate::python::python;

const FIRST: [(&str, &str); 4] = [
    ("Name", "string"),
    ("AnnualRevenue", "currency"),
    ("IsActive__c", "boolean"),
    ("CreatedDate", "datetime"),
];
const WITH_RATING: [(&str, &str); 5] = [FIRST[0], FIRST[1], FIRST[2], FIRST[3], ("Rating__c", "string")];
/// `AnnualRevenue` has become text.
const RETYPED: [(&str, &str); 4] = [FIRST[0], ("AnnualRevenue", "string"), FIRST[2], FIRST[3]];

/// A lake that goes through everything that a table goes through, judged after each stage.
struct Judged {
    org: CapturedOrg,
    /// A table version of each stage.
    versions: Vec<i64>,
}

impl Judged {
    async fn stage(&mut self, fields: &[(&str, &str)], records: &[Record<'_>], gone: &[String]) {
        let version = self.org.capture(&describe("Account", fields), records, gone).await;
        self.versions.push(version);
        self.org.end_run().await;
    }

    fn object() -> ObjectName {
        ObjectName::parse("Account").unwrap()
    }

    /// Lets every reader compare every state so far with the lake's own.
    async fn judge(&self, stage: &str) {
        let judgement = self.compare(&self.expected().await);
        assert!(judgement.is_ok(), "after stage `{stage}`:\n{}", judgement.unwrap_err());
    }

    fn compare(&self, expected: &Value) -> Result<String, String> {
        let file = self.org.lake_path().with_extension("expected.json");
        std::fs::write(&file, serde_json::to_vec(expected).unwrap()).unwrap();
        let judgement = python("compare.py", &[&file]);
        std::fs::remove_file(&file).unwrap();
        judgement
    }

    async fn expected(&self) -> Value {
        let table = self.org.lake.table(&Self::object()).await.unwrap().unwrap();
        let mut states = Vec::new();
        for version in &self.versions {
            let query = StateQuery {
                as_of: Some(*version),
                columns: Some(table.columns().to_vec()),
                ..StateQuery::default()
            };
            let batches: Vec<RecordBatch> = table.state(query).unwrap().try_collect().await.unwrap();
            let records: Map<String, Value> = batches.iter().flat_map(records).collect();
            states.push(json!({ "as_of": version, "columns": table.columns(), "records": records }));
        }
        json!({
            "table": self.org.table_path("Account"),
            "schemas": self.org.path().join("schemas/Account"),
            "table_version": table.version(),
            "version_count": table.version_count(),
            "states": states,
        })
    }
}

fn records(batch: &RecordBatch) -> Vec<(String, Value)> {
    let schema = batch.schema();
    let ids = batch.column_by_name("Id").unwrap().as_string::<i32>();
    let record = |row: usize| {
        let fields = schema.fields().iter().zip(batch.columns()).map(|(field, column)| {
            let cells = column.as_string::<i32>();
            (field.name().clone(), if cells.is_null(row) { Value::Null } else { cells.value(row).into() })
        });
        (ids.value(row).to_owned(), Value::Object(fields.collect()))
    };
    (0..batch.num_rows()).map(record).collect()
}

///
#[tokio::test]
async fn every_reader_finds_the_state_of_every_run_at_every_stage() {
    let mut lake = Judged { org: CapturedOrg::new().await, versions: Vec::new() };
    let odd = "Ünï \"quoted\", 'single'\r\nsecond line\ttab \u{1F600} \\ NULL";
    let first = [
        (
            id(1),
            vec![("Name", odd), ("AnnualRevenue", "14412092.8"), ("CreatedDate", "2024-09-24T03:26:07.000Z")],
        ),
        (id(2), vec![("Name", "Two"), ("IsActive__c", "true")]),
        (id(3), vec![("Name", "NULL"), ("AnnualRevenue", "999999999999999999")]),
        (id(4), vec![]),
    ];
    lake.stage(&FIRST, &first, &[]).await;
    lake.judge("first block").await;

    lake.stage(&FIRST, &[(id(2), vec![("Name", "Two changed")]), (id(5), vec![("Name", "Five")])], &[id(3)])
        .await;
    lake.judge("change and deletion").await;

    lake.stage(&FIRST, &[(id(3), vec![("Name", "Three is back")])], &[id(4)]).await;
    lake.judge("undelete").await;

    lake.stage(&WITH_RATING, &[(id(5), vec![("Name", "Five"), ("Rating__c", "Hot")]), (id(6), vec![])], &[])
        .await;
    lake.judge("new field").await;

    lake.stage(&FIRST, &[(id(5), vec![("Name", "Five unrated")])], &[id(6)]).await;
    lake.judge("removed field").await;

    lake.stage(&RETYPED, &[(id(1), vec![("Name", "One"), ("AnnualRevenue", "a lot")])], &[]).await;
    lake.judge("type change").await;

    for round in 0..25u32 {
        let name = format!("round {round}");
        let changed = (id(1 + round % 2), vec![("Name", name.as_str())]);
        lake.stage(&RETYPED, &[changed, (id(100 + round), vec![])], &[]).await;
    }
    assert!(lake.org.table_path("Account").join("_delta_log/_last_checkpoint").exists());
    lake.judge("checkpoint").await;

    let report = compact(&lake.org).await;
    assert!(report.files_after < report.files_before);
    lake.judge("compaction").await;

    lake.stage(&RETYPED, &[(id(2), vec![("Name", "after compaction")])], &[id(100)]).await;
    lake.judge("a block after compaction").await;

    let removed = clean(&lake.org).await;
    assert!(removed > 0, "some log entries and data files were no longer needed");
    lake.judge("cleaned log").await;

    lake.stage(&WITH_RATING, &[(id(5), vec![("Rating__c", "Cold")])], &[]).await;
    lake.judge("a block after cleaning").await;
}

#[tokio::test]
async fn the_judge_notices_every_kind_of_difference() {
    let mut lake = Judged { org: CapturedOrg::new().await, versions: Vec::new() };
    lake.stage(&FIRST, &[(id(1), vec![("Name", "One")]), (id(2), vec![])], &[]).await;
    let right = lake.expected().await;
    let readers = ["deltalake: ", "duckdb over the file list: ", "duckdb delta_scan: "];

    let falsified = |change: &dyn Fn(&mut Value)| {
        let mut expected = right.clone();
        change(&mut expected);
        lake.compare(&expected).unwrap_err()
    };
    let records = |expected: &mut Value| expected["states"][0]["records"].as_object_mut().unwrap().clone();
    let with_records =
        |expected: &mut Value, records| expected["states"][0]["records"] = Value::Object(records);
    let wrong_value = falsified(&|expected| expected["states"][0]["records"][id(1)]["Name"] = "Two".into());
    let wrong_blank = falsified(&|expected| expected["states"][0]["records"][id(2)]["Name"] = "".into());
    let too_many = falsified(&|expected| {
        let mut fewer = records(expected);
        fewer.remove(&id(1));
        with_records(expected, fewer);
    });
    let missing = falsified(&|expected| {
        let mut more = records(expected);
        more.insert(id(3), more[&id(1)].clone());
        with_records(expected, more);
    });
    let count = falsified(&|expected| expected["version_count"] = 3.into());
    let version = falsified(&|expected| expected["table_version"] = 9.into());

    assert!(lake.compare(&right).is_ok());
    for difference in [wrong_value, wrong_blank, too_many, missing, count] {
        assert!(readers.iter().all(|reader| difference.contains(reader)), "{difference}");
    }
    assert!(version.contains("version 0, where the lake has 9"), "{version}");
}

async fn compact(org: &CapturedOrg) -> holdfast_lake::CompactReport {
    let mut writer = org.lake.writer(&Judged::object()).await.unwrap();
    writer.compact(&CompactOptions { fan_in: 4, ..CompactOptions::at(org.now()) }).await.unwrap()
}

/// Checkpoints, then removes what only a reader of an older log needs, as if the time of grace were over.
async fn clean(org: &CapturedOrg) -> u64 {
    let log = org.lake.delta_log(&Judged::object());
    let mut state = log.load().await.unwrap().unwrap();
    let later: DateTime<Utc> = "2100-01-01T00:00:00Z".parse().unwrap();
    log.write_checkpoint(&mut state, org.now()).await.unwrap();
    let entries = log.clean(&state, later, TimeDelta::zero()).await.unwrap();
    let files = log.vacuum(&state, later, Grace::NONE).await.unwrap().files;
    assert!(entries > 0 && files > 0, "{entries} log entries, {files} files");
    entries + files
}
