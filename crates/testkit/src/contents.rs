//! What an org holds and what a lake holds, in one form, so that they can be compared whole.
//!
//! The org is read past its HTTP interface, so that a mistake of the client cannot hide itself.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use anyhow::Result;
use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use chrono::DateTime;
use futures::TryStreamExt;
use holdfast_domain::schema::FieldKind;
use holdfast_domain::value::canonical;
use holdfast_lake::blobs::BLOB_INDEX;
use holdfast_lake::{OrgLake, StateQuery};
use simorg::model::{FieldDef, FieldType, ObjectDef, ObjectKind, Value};
use simorg::state::Org;
use simorg::state::view::Scan;

type Records = BTreeMap<String, BTreeMap<String, String>>;

/// Object, then Id, then field: the values of all records that are not deleted. A field that is there
/// and empty is told only of an org.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Contents(pub BTreeMap<String, Records>);

/// One Object as the integration user sees it, recycle bin included.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VisibleObject {
    /// All that a backup captures, also those that are empty in every record.
    pub fields: BTreeSet<String>,
    pub records: BTreeMap<String, VisibleRecord>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VisibleRecord {
    pub is_deleted: bool,
    /// Fields that have a value.
    pub values: BTreeMap<String, String>,
}

/// Everything that the integration user sees and can query, by Object and Id.
pub fn visible(org: &Org) -> BTreeMap<String, VisibleObject> {
    let view = org.view(&org.admin());
    let mut objects = BTreeMap::new();
    for object in view.objects() {
        if !object.flags.queryable || object.kind == ObjectKind::ChangeEvent || is_view(&object.name) {
            continue;
        }
        let mut seen = VisibleObject::default();
        seen.fields.extend(captured(&object).map(|field| field.name.clone()));
        let scan = Scan { with_deleted: true, stamped: None };
        view.scan(&object, scan, &mut |row| {
            let value = |field: &FieldDef| Some((field.name.clone(), text(&row.value(field))?));
            let values = captured(&object).filter_map(value).filter(|(_, value)| !value.is_empty()).collect();
            seen.records.insert(row.id().to_owned(), VisibleRecord { is_deleted: row.is_deleted(), values });
            ControlFlow::Continue(())
        });
        objects.insert(object.name.clone(), seen);
    }
    objects
}

/// Everything that a backup must hold.
pub fn org_contents(org: &Org) -> Contents {
    let mut contents = Contents::default();
    for (name, object) in visible(org) {
        let empty: BTreeMap<String, String> =
            object.fields.into_iter().map(|field| (field, String::new())).collect();
        let live = object.records.into_iter().filter(|(_, record)| !record.is_deleted);
        let records: Records =
            live.map(|(id, record)| (id, empty.clone().into_iter().chain(record.values).collect())).collect();
        if !records.is_empty() {
            contents.0.insert(name, records);
        }
    }
    contents
}

/// Objects that hold nothing of their own.
fn is_view(object: &str) -> bool {
    matches!(object, "UserRecordAccess" | "RecentlyViewed")
        || object.ends_with("__x")
        || object.ends_with("__e")
}

fn captured(object: &ObjectDef) -> impl Iterator<Item = &FieldDef> {
    object.fields.iter().filter(|field| !field.kind.is_compound() && field.kind != FieldType::Base64)
}

fn text(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null | Value::Blob | Value::Compound(_) => return None,
        Value::Bool(flag) => flag.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Number(digits) => canonical(&FieldKind::Double, digits).into_owned(),
        Value::Text(text) | Value::Id(text) => text.clone(),
        Value::Date(date) => date.to_string(),
        Value::DateTime(ms) => {
            DateTime::from_timestamp_millis(*ms)?.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
        }
        Value::Time(ms) => {
            let (seconds, ms) = (ms / 1000, ms % 1000);
            format!("{:02}:{:02}:{:02}.{ms:03}Z", seconds / 3600, seconds / 60 % 60, seconds % 60)
        }
    })
}

/// The newest state of every table.
pub async fn lake_contents(lake: &OrgLake) -> Result<Contents> {
    let mut contents = Contents::default();
    for object in lake.objects().await? {
        // Holdfast's own table about file bodies is no Object of the org.
        if object.as_str() == BLOB_INDEX {
            continue;
        }
        let Some(table) = lake.table(&object).await? else { continue };
        let columns = table.columns().to_vec();
        let mut rows = table.state(StateQuery { columns: Some(columns), ..StateQuery::default() })?;
        let mut records = Records::new();
        while let Some(batch) = rows.try_next().await? {
            add(&mut records, &batch);
        }
        if !records.is_empty() {
            contents.0.insert(object.to_string(), records);
        }
    }
    Ok(contents)
}

fn add(records: &mut Records, batch: &RecordBatch) {
    for row in 0..batch.num_rows() {
        let mut values = BTreeMap::new();
        for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
            let column = column.as_string::<i32>();
            if column.is_valid(row) {
                values.insert(field.name().clone(), column.value(row).to_owned());
            }
        }
        records.insert(values.get("Id").cloned().unwrap_or_default(), values);
    }
}

impl Contents {
    /// Up to twenty sentences; fields that the org does not have or show are not compared, because
    /// what was captured before a field was removed or hidden stays.
    pub fn differences_from(&self, lake: &Self) -> Vec<String> {
        let nothing = Records::new();
        let mut differences = Vec::new();
        let objects: BTreeSet<_> = self.0.keys().chain(lake.0.keys()).collect();
        for object in objects {
            let (org, lake) =
                (self.0.get(object).unwrap_or(&nothing), lake.0.get(object).unwrap_or(&nothing));
            let ids: BTreeSet<_> = org.keys().chain(lake.keys()).collect();
            for id in ids {
                match (org.get(id), lake.get(id)) {
                    (Some(_), None) => differences.push(format!("{object} {id} is missing in the lake")),
                    (None, Some(_)) => differences.push(format!("{object} {id} is only in the lake")),
                    (Some(org), Some(lake)) => differences.extend(differing_fields(object, id, org, lake)),
                    (None, None) => {}
                }
                if differences.len() >= 20 {
                    return differences;
                }
            }
        }
        differences
    }
}

fn differing_fields(
    object: &str,
    id: &str,
    org: &BTreeMap<String, String>,
    lake: &BTreeMap<String, String>,
) -> Vec<String> {
    let differing = org.iter().filter(|(field, value)| lake.get(*field).map_or("", String::as_str) != *value);
    differing
        .map(|(field, value)| {
            let held = lake.get(field).map_or("", String::as_str);
            format!("{object} {id} {field}: {value:?} in the org, {held:?} in the lake")
        })
        .collect()
}
