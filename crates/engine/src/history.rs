//! Every version of one record: what changed, when, in which Run, by whom.

use std::collections::{BTreeMap, HashMap, HashSet};

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use chrono::{DateTime, Utc};
use holdfast_domain::change::Change;
use holdfast_domain::schema::ObjectSchema;
use holdfast_domain::{ObjectName, RecordId, RunId, SchemaHash};
use holdfast_lake::{OrgLake, Table};
use serde::Serialize;

use crate::engine::Engine;
use crate::error::{Doing, Error, Result};

/// One field, before and after. An absent value is empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    pub field: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
}

/// One version of one record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordVersion {
    pub table_version: i64,
    pub run: RunId,
    pub captured_at: DateTime<Utc>,
    pub change: Change,
    /// SystemModstamp or its substitute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stamp: Option<DateTime<Utc>>,
    /// The user that the record names as its last editor: name if the backup has that user, else Id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified_by: Option<String>,
    /// Nobody saved the record: Salesforce computed other values, such as of a formula over another record.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_recomputed: bool,
    /// Against the version before; for the first one, all fields that have a value.
    pub fields: Vec<FieldChange>,
}

/// Values of one version; a field that its describe lacks was not captured, which is not the same as empty.
#[derive(Debug, Clone)]
struct Captured {
    seq: i64,
    run: RunId,
    at: DateTime<Utc>,
    change: Change,
    stamp: Option<DateTime<Utc>>,
    schema: Option<SchemaHash>,
    values: BTreeMap<String, String>,
}

impl Captured {
    fn id(&self) -> &str {
        self.values.get("Id").map_or("", String::as_str)
    }
}

impl Engine {
    /// Oldest first. With `field`, only the versions in which that field changed.
    pub async fn history(
        &self,
        org: &str,
        object: &ObjectName,
        id: &RecordId,
        field: Option<&str>,
    ) -> Result<Vec<RecordVersion>> {
        let org = self.find_org(org).await?;
        let table = self.table(&org.id, object).await?;
        let lake = self.lake().org(&org.id);
        let mut versions = Versions::of(&lake, object, &table);
        let mut history = versions.all(id).await?;
        if history.is_empty() {
            return Err(Error::UnknownRecord { org: org.name, object: object.clone(), id: id.to_string() });
        }
        let mut names = UserNames { lake, known: HashMap::new() };
        for version in &mut history {
            if let Some(id) = version.modified_by.take() {
                version.modified_by = Some(names.name(id).await?);
            }
        }
        if let Some(field) = field {
            history.retain_mut(|version| {
                version.fields.retain(|change| change.field.eq_ignore_ascii_case(field));
                !version.fields.is_empty()
            });
        }
        Ok(history)
    }
}

/// Fields of one describe.
struct Fields {
    captured: HashSet<String>,
    computed: HashSet<String>,
}

/// Reads versions of records of one table, and knows which fields each describe had.
pub(crate) struct Versions<'a> {
    lake: &'a OrgLake,
    object: &'a ObjectName,
    table: &'a Table,
    fields_of: HashMap<SchemaHash, Fields>,
}

impl<'a> Versions<'a> {
    pub(crate) fn of(lake: &'a OrgLake, object: &'a ObjectName, table: &'a Table) -> Self {
        Self { lake, object, table, fields_of: HashMap::new() }
    }

    async fn all(&mut self, id: &RecordId) -> Result<Vec<RecordVersion>> {
        let captured = self.captured(id).await?;
        let mut known = BTreeMap::new();
        let mut history: Vec<RecordVersion> = Vec::with_capacity(captured.len());
        for version in captured {
            let before = known.clone();
            self.apply(&mut known, &version).await?;
            let fields = differences(&before, &known);
            let is_saved = history.last().is_none_or(|last| last.stamp != version.stamp);
            let is_recomputed = !is_saved && self.are_computed(&version, &fields).await?;
            history.push(RecordVersion {
                table_version: version.seq,
                run: version.run,
                captured_at: version.at,
                change: version.change,
                stamp: version.stamp,
                modified_by: version.values.get("LastModifiedById").filter(|_| !is_recomputed).cloned(),
                is_recomputed,
                fields,
            });
        }
        Ok(history)
    }

    /// The fields of each of these records that differ between two versions of the table, in one reading of it.
    pub(crate) async fn differences(
        &mut self,
        ids: &[RecordId],
        after: i64,
        until: i64,
    ) -> Result<HashMap<String, Vec<FieldChange>>> {
        let doing = || "read the histories of records".to_owned();
        let mut rows = self.table.histories(ids).doing(doing)?;
        let mut found = HashMap::with_capacity(ids.len());
        let mut of_one: Vec<Captured> = Vec::new();
        while let Some(batch) = rows.next().await.doing(doing)? {
            for version in (0..batch.num_rows()).filter_map(|row| captured(&batch, row)) {
                if let Some(last) = of_one.last().filter(|last| last.id() != version.id()) {
                    let id = last.id().to_owned();
                    found.insert(id, self.differences_of(&of_one, after, until).await?);
                    of_one.clear();
                }
                of_one.push(version);
            }
        }
        if let Some(last) = of_one.last() {
            found.insert(last.id().to_owned(), self.differences_of(&of_one, after, until).await?);
        }
        Ok(found)
    }

    async fn differences_of(
        &mut self,
        captured: &[Captured],
        after: i64,
        until: i64,
    ) -> Result<Vec<FieldChange>> {
        let mut before = BTreeMap::new();
        for version in captured.iter().filter(|version| version.seq <= after) {
            self.apply(&mut before, version).await?;
        }
        let mut now = before.clone();
        for version in captured.iter().filter(|version| version.seq > after && version.seq <= until) {
            self.apply(&mut now, version).await?;
        }
        Ok(differences(&before, &now))
    }

    /// What is known of the record after this version: a field that was not captured keeps its last value.
    async fn apply(&mut self, known: &mut BTreeMap<String, String>, version: &Captured) -> Result<()> {
        let Some(schema) = &version.schema else { return Ok(()) };
        let captured = self.fields_of(schema).await?;
        known.retain(|field, _| !captured.captured.contains(field));
        known.extend(version.values.clone());
        Ok(())
    }

    async fn are_computed(&mut self, version: &Captured, changes: &[FieldChange]) -> Result<bool> {
        let (Change::Changed, Some(schema)) = (version.change, &version.schema) else { return Ok(false) };
        let fields = self.fields_of(schema).await?;
        Ok(changes.iter().all(|change| fields.computed.contains(&change.field)))
    }

    async fn fields_of(&mut self, hash: &SchemaHash) -> Result<&Fields> {
        if !self.fields_of.contains_key(hash) {
            let doing = || format!("read a describe of `{}`", self.object);
            let json = self.lake.schema(self.object, hash).await.doing(doing)?;
            let json = json
                .ok_or_else(|| Error::NoDescribe { object: self.object.clone(), hash: hash.to_string() })?;
            let schema = ObjectSchema::from_describe(&json).map_err(|source| Error::DescribeUnreadable {
                object: self.object.clone(),
                hash: hash.to_string(),
                source,
            })?;
            let names = |only_computed: bool| {
                let fields = schema.captured_fields().filter(move |field| field.calculated || !only_computed);
                fields.map(|field| field.name.clone()).collect()
            };
            self.fields_of.insert(hash.clone(), Fields { captured: names(false), computed: names(true) });
        }
        Ok(&self.fields_of[hash])
    }

    async fn captured(&self, id: &RecordId) -> Result<Vec<Captured>> {
        let batches = self.table.history(id).await.doing(|| format!("read the history of `{id}`"))?;
        Ok(batches
            .iter()
            .flat_map(|batch| (0..batch.num_rows()).filter_map(|row| captured(batch, row)))
            .collect())
    }
}

fn captured(batch: &RecordBatch, row: usize) -> Option<Captured> {
    let text = |name: &str| {
        let column = batch.column_by_name(name)?.as_string::<i32>();
        column.is_valid(row).then(|| column.value(row))
    };
    let time = |name: &str| {
        let column = batch.column_by_name(name)?.as_primitive::<TimestampMicrosecondType>();
        column.is_valid(row).then(|| DateTime::from_timestamp_micros(column.value(row)))?
    };
    let schema = batch.schema();
    let fields = schema.fields().iter().zip(batch.columns());
    let values = fields
        .filter(|(field, column)| !field.name().starts_with('_') && column.is_valid(row))
        .map(|(field, column)| (field.name().clone(), column.as_string::<i32>().value(row).to_owned()))
        .collect();
    Some(Captured {
        seq: batch.column_by_name("_seq")?.as_primitive::<Int64Type>().value(row),
        run: RunId::parse(text("_run")?).ok()?,
        at: time("_captured_at")?,
        change: Change::parse(text("_change")?)?,
        stamp: time("_modstamp"),
        schema: text("_schema").and_then(|hash| SchemaHash::parse(hash).ok()),
        values,
    })
}

fn differences(before: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> Vec<FieldChange> {
    let fields: std::collections::BTreeSet<_> = before.keys().chain(now.keys()).collect();
    let change = |field: &String| {
        let (old, new) = (before.get(field).cloned(), now.get(field).cloned());
        (old != new).then(|| FieldChange { field: field.clone(), old, new })
    };
    fields.into_iter().filter_map(change).collect()
}

/// Names of users, from the backup itself.
struct UserNames {
    lake: OrgLake,
    known: HashMap<String, String>,
}

impl UserNames {
    async fn name(&mut self, id: String) -> Result<String> {
        if let Some(name) = self.known.get(&id) {
            return Ok(name.clone());
        }
        let name = self.look_up(&id).await?.unwrap_or_else(|| id.clone());
        self.known.insert(id, name.clone());
        Ok(name)
    }

    async fn look_up(&self, id: &str) -> Result<Option<String>> {
        let users = ObjectName::parse("User").expect("it is a well-formed name");
        let doing = || "look up who changed the record".to_owned();
        let (Some(table), Ok(id)) = (self.lake.table(&users).await.doing(doing)?, RecordId::parse(id)) else {
            return Ok(None);
        };
        let versions = table.history(&id).await.doing(doing)?;
        let newest = versions.last().and_then(|batch| captured(batch, batch.num_rows().checked_sub(1)?));
        Ok(newest.and_then(|version| version.values.get("Name").cloned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    ///
    #[test]
    fn differences_name_what_came_went_and_changed() {
        let map = |pairs: &[(&str, &str)]| {
            pairs
                .iter()
                .map(|(field, value)| ((*field).to_owned(), (*value).to_owned()))
                .collect::<BTreeMap<_, _>>()
        };
        let found = differences(&map(&[("A", "1"), ("B", "2")]), &map(&[("B", "3"), ("C", "4"), ("A", "1")]));
        let texts: Vec<_> =
            found.iter().map(|c| (c.field.as_str(), c.old.as_deref(), c.new.as_deref())).collect();
        assert_eq!(texts, [("B", Some("2"), Some("3")), ("C", None, Some("4"))]);
    }
}
