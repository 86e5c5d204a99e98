//! Finds records in the backup by Id, by name or by any value that they have or had, deleted ones included.
//!
//! A text is looked for by reading: Object by Object, Id by Id, a bounded number of records per page. A page may
//! therefore be short and still not be the last; where it ended is where the next one goes on.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array, RecordBatch, StringArray};
use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use holdfast_domain::{ObjectName, OrgId, RecordId};
use holdfast_lake::IdRange;
use holdfast_lake::blobs::BLOB_INDEX;
use holdfast_lake::{StateQuery, Table};

use crate::engine::Engine;
use crate::error::{Doing, Error, Result};

/// What is looked for.
#[derive(Debug, Clone, Default)]
pub struct RecordQuery {
    /// An Id, or part of a value in any case; none lists the records of `object`.
    pub text: Option<String>,
    /// None: all Objects.
    pub object: Option<ObjectName>,
    /// Only values of this field count.
    pub field: Option<String>,
    pub deleted: DeletedRecords,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DeletedRecords {
    #[default]
    Include,
    Exclude,
    Only,
}

/// Where a search stands: this record of this Object was the last one looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordPlace {
    pub object: ObjectName,
    pub after: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundRecord {
    pub object: ObjectName,
    pub id: String,
    pub name: Option<String>,
    pub is_deleted: bool,
    pub modified_at: Option<DateTime<Utc>>,
    pub matched: Option<Matched>,
}

/// Where the text was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matched {
    pub field: String,
    pub value: String,
    /// The record has another value by now.
    pub is_earlier: bool,
}

#[derive(Debug, Clone, Default)]
pub struct FoundPage {
    pub records: Vec<FoundRecord>,
    /// None if and only if everything was looked through.
    pub next: Option<RecordPlace>,
    pub searched: u64,
}

/// Versions that one page looks at: some seconds of reading at most.
const LOOKED_AT: u64 = 100_000;
/// Tables in which an Id is looked for at once.
const TABLES_AT_ONCE: usize = 16;
/// Fields that name a record, in order of preference.
const NAMES: [&str; 6] = ["Name", "CaseNumber", "Subject", "Title", "DeveloperName", "ContractNumber"];

impl Engine {
    pub async fn find_records(
        &self,
        org: &str,
        query: &RecordQuery,
        from: Option<RecordPlace>,
        limit: usize,
    ) -> Result<FoundPage> {
        let org = self.find_org(org).await?;
        if query.text.is_none() && query.object.is_none() {
            let what = "name an object, or a text to look for".to_owned();
            return Err(Error::BadRequest { what });
        }
        if let Some(id) = query.text.as_deref().and_then(|text| RecordId::parse(text.trim()).ok()) {
            let found = self.find_by_id(&org.id, query, &id).await?;
            // Fifteen letters may also be a word.
            if !found.is_empty() {
                return Ok(FoundPage { searched: found.len() as u64, records: found, next: None });
            }
        }
        let names = match &query.object {
            Some(object) => vec![object.clone()],
            None => self.backed_up_objects(&org.id).await?,
        };
        let mut page = FoundPage::default();
        let (mut has_field, mut budget) = (from.is_some(), LOOKED_AT);
        let start = from.as_ref().map(|place| place.object.clone());
        for object in names.into_iter().filter(|name| start.as_ref().is_none_or(|start| name >= start)) {
            let after =
                from.as_ref().filter(|place| place.object == object).and_then(|place| place.after.clone());
            let Some(table) = self.table_if_any(&org.id, &object).await? else {
                if query.object.is_some() {
                    // Known and never captured, or not known at all.
                    self.object(org.id.as_str(), &object).await?;
                }
                continue;
            };
            if !query.concerns(&table) {
                continue;
            }
            has_field = true;
            if page.records.len() >= limit || budget == 0 {
                page.next = Some(RecordPlace { object, after });
                return Ok(page);
            }
            let look = Look { room: limit - page.records.len(), budget, after, ..Look::at(query) };
            let (look, is_over) = look.at_all(&table, &object).await?;
            budget = budget.saturating_sub(look.versions);
            page.searched += look.searched;
            page.records.extend(as_they_are(&table, &object, &look).await?);
            if let Some(after) = look.last.filter(|_| is_over) {
                page.next = Some(RecordPlace { object, after: Some(after) });
                return Ok(page);
            }
        }
        match &query.field {
            Some(field) if !has_field => {
                let what = format!("no object that is searched has a field `{field}` in the backup");
                Err(Error::BadRequest { what })
            }
            _ => Ok(page),
        }
    }

    /// The Object whose backup holds this record.
    pub async fn object_of(&self, org: &str, id: &RecordId) -> Result<ObjectName> {
        let org = self.find_org(org).await?;
        let found = self.find_by_id(&org.id, &RecordQuery::default(), id).await?;
        let record = found.into_iter().next();
        let unknown = || Error::NoSuchRecord { org: org.name.clone(), id: id.to_string() };
        record.map(|record| record.object).ok_or_else(unknown)
    }

    async fn find_by_id(&self, org: &OrgId, query: &RecordQuery, id: &RecordId) -> Result<Vec<FoundRecord>> {
        let names = match &query.object {
            Some(object) => vec![object.clone()],
            None => self.backed_up_objects(org).await?,
        };
        let looks = names.into_iter().map(|object| async move {
            let Some(table) = self.table_if_any(org, &object).await? else { return Ok(None) };
            let state =
                StateQuery { ids: Some(IdRange::one(id)), with_deleted: true, ..StateQuery::default() };
            let mut rows = table.state(state).doing(|| format!("look into `{object}`"))?;
            let batch = rows.next().await.doing(|| format!("look into `{object}`"))?;
            Ok::<_, Error>(batch.filter(|batch| batch.num_rows() > 0).map(|batch| {
                let row = Rows::of(&batch);
                row.found(&object, 0, None)
            }))
        });
        let looks: Vec<_> = looks.collect();
        let found: Vec<_> = stream::iter(looks).buffered(TABLES_AT_ONCE).try_collect().await?;
        Ok(found.into_iter().flatten().filter(|record| query.deleted.wants(record.is_deleted)).collect())
    }

    async fn backed_up_objects(&self, org: &OrgId) -> Result<Vec<ObjectName>> {
        let names = self.lake().org(org).objects().await.doing(|| "list what is backed up".to_owned())?;
        Ok(names.into_iter().filter(|name| name.as_str() != BLOB_INDEX).collect())
    }

    async fn table_if_any(&self, org: &OrgId, object: &ObjectName) -> Result<Option<Table>> {
        self.lake().org(org).table(object).await.doing(|| format!("open the table of `{object}`"))
    }
}

impl DeletedRecords {
    fn wants(self, is_deleted: bool) -> bool {
        match self {
            Self::Include => true,
            Self::Exclude => !is_deleted,
            Self::Only => is_deleted,
        }
    }
}

impl RecordQuery {
    fn concerns(&self, table: &Table) -> bool {
        let has = |field: &String| table.columns().iter().any(|column| column.eq_ignore_ascii_case(field));
        self.field.as_ref().is_none_or(has)
    }
}

/// The records that were found, as they were captured last.
async fn as_they_are(table: &Table, object: &ObjectName, look: &Look) -> Result<Vec<FoundRecord>> {
    let doing = || format!("look through `{object}`");
    let (Some((first, _)), Some((last, _))) = (look.found.first_key_value(), look.found.last_key_value())
    else {
        return Ok(Vec::new());
    };
    let ids = Some(IdRange { from: first.clone(), until: last.clone() });
    let state = StateQuery { ids, with_deleted: true, ..StateQuery::default() };
    let mut rows = table.state(state).doing(doing)?;
    let mut records = Vec::with_capacity(look.found.len());
    while let Some(batch) = rows.next().await.doing(doing)? {
        let rows = Rows::of(&batch);
        for row in 0..batch.num_rows() {
            let Some(earlier) = rows.id(row).and_then(|id| look.found.get(id)) else { continue };
            let now = look.matching(&rows, row).map(|(field, value)| (field, value, false));
            let matched = now.or_else(|| earlier.clone().map(|(field, value)| (field, value, true)));
            let matched = matched.map(|(field, value, is_earlier)| Matched { field, value, is_earlier });
            records.push(rows.found(object, row, matched));
        }
    }
    Ok(records)
}

/// A look through the versions of records, by Id and oldest first, over as many batches as it takes.
#[derive(Default)]
struct Look {
    text: Option<String>,
    field: Option<String>,
    deleted: DeletedRecords,
    after: Option<String>,
    /// How many records may be found, and versions looked at.
    room: usize,
    budget: u64,
    /// Each record with the last field and value that had the text.
    found: BTreeMap<String, Option<(String, String)>>,
    searched: u64,
    versions: u64,
    last: Option<String>,
    /// Whether the version that was looked at last is a deletion.
    is_deleted: bool,
}

impl Look {
    fn at(query: &RecordQuery) -> Self {
        let text = query.text.as_deref().map(str::to_lowercase);
        Self { text, field: query.field.clone(), deleted: query.deleted, ..Self::default() }
    }

    /// Looks through a table. True if it ended because there was no room for another record.
    async fn at_all(mut self, table: &Table, object: &ObjectName) -> Result<(Self, bool)> {
        let doing = || format!("look through `{object}`");
        let ids = self.after.clone().map(|after| IdRange { from: after, until: "~".to_owned() });
        let mut rows = match &self.text {
            Some(_) => table.versions(ids),
            None => table.state(StateQuery { ids, with_deleted: true, ..StateQuery::default() }),
        }
        .doing(doing)?;
        let mut is_over = false;
        while !is_over && let Some(batch) = rows.next().await.doing(doing)? {
            let looked = tokio::task::spawn_blocking(move || {
                let is_over = self.through(&batch);
                (self, is_over)
            });
            (self, is_over) = looked.await.map_err(|source| Error::TaskStopped { source })?;
        }
        if !is_over {
            self.end_record();
        }
        Ok((self, is_over))
    }

    /// True once there is no room for another record; the one that was looked at last was looked at whole.
    fn through(&mut self, batch: &RecordBatch) -> bool {
        let rows = Rows::of(batch);
        for row in 0..batch.num_rows() {
            let Some(id) = rows.id(row) else { continue };
            if self.after.as_deref().is_some_and(|after| id <= after) {
                continue;
            }
            if self.last.as_deref() != Some(id) {
                self.end_record();
                if self.found.len() >= self.room || self.versions >= self.budget {
                    return true;
                }
                self.searched += 1;
                self.last = Some(id.to_owned());
            }
            self.versions += 1;
            self.is_deleted = rows.is_deleted(row);
            if self.text.is_none() {
                self.found.insert(id.to_owned(), None);
            } else if let Some(matched) = self.matching(&rows, row) {
                self.found.insert(id.to_owned(), Some(matched));
            }
        }
        false
    }

    /// Only the last version tells whether the record is deleted now.
    fn end_record(&mut self) {
        if let Some(last) = &self.last
            && !self.deleted.wants(self.is_deleted)
        {
            self.found.remove(last);
        }
    }

    fn matching(&self, rows: &Rows, row: usize) -> Option<(String, String)> {
        rows.matching(row, self.text.as_deref()?, self.field.as_deref())
    }
}

/// A batch of records, by the names of its columns.
struct Rows<'a> {
    batch: &'a RecordBatch,
    fields: Vec<(String, &'a StringArray)>,
}

impl<'a> Rows<'a> {
    fn of(batch: &'a RecordBatch) -> Self {
        let schema = batch.schema();
        let fields =
            schema.fields().iter().zip(batch.columns()).filter(|(field, _)| !field.name().starts_with('_'));
        let fields = fields.filter_map(|(field, column)| {
            Some((field.name().clone(), column.as_any().downcast_ref::<StringArray>()?))
        });
        Self { batch, fields: fields.collect() }
    }

    fn text(&self, column: &str, row: usize) -> Option<&str> {
        let column = self.batch.column_by_name(column)?.as_any().downcast_ref::<StringArray>()?;
        column.is_valid(row).then(|| column.value(row))
    }

    fn id(&self, row: usize) -> Option<&str> {
        self.text("Id", row)
    }

    fn is_deleted(&self, row: usize) -> bool {
        self.text("_change", row) == Some("deleted")
    }

    fn matching(&self, row: usize, text: &str, only: Option<&str>) -> Option<(String, String)> {
        let wanted =
            self.fields.iter().filter(|(name, _)| only.is_none_or(|only| name.eq_ignore_ascii_case(only)));
        wanted
            .filter(|(_, column)| column.is_valid(row))
            .find(|(_, column)| column.value(row).to_lowercase().contains(text))
            .map(|(name, column)| (name.clone(), shortened(column.value(row), text)))
    }

    fn found(&self, object: &ObjectName, row: usize, matched: Option<Matched>) -> FoundRecord {
        let name = NAMES.iter().find_map(|name| self.text(name, row)).map(str::to_owned);
        let stamp = self.batch.column_by_name("_modstamp").and_then(|column| {
            let column = column.as_primitive_opt::<TimestampMicrosecondType>()?;
            column.is_valid(row).then(|| DateTime::from_timestamp_micros(column.value(row)))?
        });
        FoundRecord {
            object: object.clone(),
            id: self.id(row).unwrap_or_default().to_owned(),
            name,
            is_deleted: self.is_deleted(row),
            modified_at: stamp,
            matched,
        }
    }
}

/// A long value is shown around the place where the text is.
fn shortened(value: &str, text: &str) -> String {
    const AROUND: usize = 80;
    let letters: Vec<char> = value.chars().collect();
    if letters.len() <= 2 * AROUND {
        return value.to_owned();
    }
    let lower = value.to_lowercase();
    let at = lower.find(text).map_or(0, |at| lower[..at].chars().count());
    let from = at.saturating_sub(AROUND).min(letters.len());
    let until = (at + AROUND).min(letters.len());
    let middle: String = letters[from..until].iter().collect();
    format!("{}{middle}{}", if from > 0 { "…" } else { "" }, if until < letters.len() { "…" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_value_is_cut_around_what_was_found() {
        let value = format!("{}NEEDLE{}", "x".repeat(500), "y".repeat(500));
        let shown = shortened(&value, "needle");
        assert!(shown.contains("NEEDLE") && shown.chars().count() < 170, "{shown}");
        assert_eq!(shortened("short", "ort"), "short");
    }
}
