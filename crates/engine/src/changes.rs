//! What changed between two Snapshots: net, per record, field by field.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch, StringArray};
use async_stream::try_stream;
use futures::{Stream, TryStreamExt};
use holdfast_domain::change::Change;
use holdfast_domain::{ObjectName, OrgId, RecordId, RunId};
use holdfast_lake::{IdRange, RowStream, StateQuery, Table};
use serde::Serialize;

use crate::engine::Engine;
use crate::error::{Doing, Error, Result};
use crate::history::{FieldChange, Versions as Histories};
use crate::runs::RunSummary;

/// Changes of one Object, counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ObjectChanges {
    pub object: ObjectName,
    pub new: u64,
    pub changed: u64,
    pub deleted: u64,
    pub undeleted: u64,
}

/// One record that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangedRecord {
    pub id: RecordId,
    pub change: Change,
    pub fields: Vec<FieldChange>,
}

/// Which of the changed records are asked for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Those whose Ids come after this one.
    pub after: Option<RecordId>,
    pub change: Option<Change>,
}

/// Records whose values are read in one pass, and held meanwhile.
const READ_AT_ONCE: usize = 1_000;

/// The two table versions of one Object that are compared.
#[derive(Debug, Clone, Copy)]
struct Span {
    after: i64,
    until: i64,
}

impl Engine {
    /// Per Object with changes, how many records differ between `since` (the Run before, if not
    /// given) and `run`.
    pub async fn changes(
        &self,
        run: &str,
        object: Option<&ObjectName>,
        since: Option<&str>,
    ) -> Result<Vec<ObjectChanges>> {
        let (org, mut spans) = self.spans(run, since).await?;
        if let Some(object) = object {
            spans.retain(|name, _| name == object);
        }
        let mut all = Vec::new();
        for (object, span) in spans {
            let mut counts =
                ObjectChanges { object: object.clone(), new: 0, changed: 0, deleted: 0, undeleted: 0 };
            let table = self.table(&org, &object).await?;
            let mut records = std::pin::pin!(net_changes(&table, span));
            while let Some((_, change)) = records.try_next().await? {
                match change {
                    Change::New => counts.new += 1,
                    Change::Changed => counts.changed += 1,
                    Change::Deleted => counts.deleted += 1,
                    Change::Undeleted => counts.undeleted += 1,
                }
            }
            if counts.new + counts.changed + counts.deleted + counts.undeleted > 0 {
                all.push(counts);
            }
        }
        Ok(all)
    }

    /// The records of one Object that differ, in Id order, each with its fields.
    pub async fn changed_records(
        &self,
        run: &str,
        object: &ObjectName,
        since: Option<&str>,
        limit: usize,
    ) -> Result<Vec<ChangedRecord>> {
        self.changed_records_after(run, object, since, &Wanted::default(), limit).await
    }

    /// The same, those that are wanted.
    pub async fn changed_records_after(
        &self,
        run: &str,
        object: &ObjectName,
        since: Option<&str>,
        wanted: &Wanted,
        limit: usize,
    ) -> Result<Vec<ChangedRecord>> {
        let (org, spans) = self.spans(run, since).await?;
        let Some(span) = spans.get(object).copied() else { return Ok(Vec::new()) };
        let table = self.table(&org, object).await?;
        let lake = self.lake().org(&org);
        let mut versions = Histories::of(&lake, object, &table);
        let mut records = std::pin::pin!(net_changes(&table, span));
        let mut found: Vec<ChangedRecord> = Vec::new();
        loop {
            let mut chunk = Vec::new();
            while chunk.len() < READ_AT_ONCE.min(limit - found.len())
                && let Some((id, change)) = records.try_next().await?
            {
                let is_passed = wanted.after.as_ref().is_some_and(|after| id <= *after);
                if !is_passed && wanted.change.is_none_or(|wanted| wanted == change) {
                    chunk.push((id, change));
                }
            }
            if chunk.is_empty() {
                break;
            }
            let ids: Vec<RecordId> = chunk.iter().map(|(id, _)| id.clone()).collect();
            let mut fields = versions.differences(&ids, span.after, span.until).await?;
            found.extend(chunk.into_iter().map(|(id, change)| {
                let fields = fields.remove(id.as_str()).unwrap_or_default();
                ChangedRecord { id, change, fields }
            }));
        }
        Ok(found)
    }

    async fn spans(&self, run: &str, since: Option<&str>) -> Result<(OrgId, BTreeMap<ObjectName, Span>)> {
        let (run, manifest) = self.run(run).await?;
        let Some(manifest) = manifest else { return Err(Error::NoSnapshot { run: run.id.to_string() }) };
        let since: Option<RunId> = match since {
            Some(since) => Some(self.beginning(since, &run).await?),
            None => self.manifest_before(&run.org, &run.id).await?.map(|manifest| manifest.run),
        };
        let before = match &since {
            Some(since) => self.versions_at(&run.org, since).await?,
            None => BTreeMap::new(),
        };
        let now = self.versions_at(&run.org, &manifest.run).await?;
        let span = |(object, until): (ObjectName, i64)| {
            let after = before.get(&object).copied().unwrap_or(-1);
            (after < until).then_some((object, Span { after, until }))
        };
        Ok((run.org, now.into_iter().filter_map(span).collect()))
    }

    /// The Run `since`, if it is one that `until` can be compared with.
    async fn beginning(&self, since: &str, until: &RunSummary) -> Result<RunId> {
        let since = self.find_run(since).await?;
        let reason = if since.org != until.org {
            "it is a run of another org"
        } else if since.id > until.id {
            "it is the newer of the two"
        } else {
            return Ok(since.id);
        };
        Err(Error::NoSpan { since: since.id.to_string(), run: until.id.to_string(), reason })
    }

    pub(crate) async fn table(&self, org: &OrgId, object: &ObjectName) -> Result<Table> {
        let table =
            self.lake().org(org).table(object).await.doing(|| format!("open the table of `{object}`"))?;
        table.ok_or_else(|| Error::UnknownObject { org: org.to_string(), object: object.to_string() })
    }
}

/// Folds the versions of each record within the span to what they mean together.
fn net_changes(table: &Table, span: Span) -> impl Stream<Item = Result<(RecordId, Change)>> + Send + '_ {
    try_stream! {
        let columns = ["Id", "_seq", "_change"].map(str::to_owned).to_vec();
        let mut rows = table.versions_between(span.after, span.until, Some(columns)).doing(doing)?;
        let mut before = Alive::at(table, span.after);
        let mut current: Option<Versions> = None;
        while let Some(batch) = rows.try_next().await.doing(doing)? {
            for (id, change) in changes_of(&batch) {
                let ended = match &mut current {
                    Some(same) if same.id == id => {
                        same.last = change;
                        None
                    }
                    other => other.replace(Versions { id, first: change, last: change }),
                };
                if let Some(net) = net_of(ended, &mut before).await? {
                    yield net;
                }
            }
        }
        if let Some(net) = net_of(current, &mut before).await? {
            yield net;
        }
    }
}

fn doing() -> String {
    "read the versions between two runs".to_owned()
}

/// Versions of one record follow each other, oldest first.
fn changes_of(batch: &RecordBatch) -> Vec<(String, Change)> {
    let text = |name: &str| batch.column_by_name(name).map(|column| column.as_string::<i32>().clone());
    let (Some(ids), Some(changes)) = (text("Id"), text("_change")) else { return Vec::new() };
    ids.iter()
        .zip(changes.iter())
        .filter_map(|(id, change)| Some((id?.to_owned(), Change::parse(change?)?)))
        .collect()
}

/// First and last change of one record in the span.
struct Versions {
    id: String,
    first: Change,
    last: Change,
}

async fn net_of(versions: Option<Versions>, before: &mut Alive<'_>) -> Result<Option<(RecordId, Change)>> {
    let Some(Versions { id, first, last }) = versions else { return Ok(None) };
    let existed = match first {
        Change::Changed => true,
        Change::New | Change::Undeleted => false,
        // Of a record that is deleted already there may be more to tell: it came and went again, or a
        // field of it was captured that had been hidden. Also, it may never have been seen alive.
        Change::Deleted => before.contains(&id).await?,
    };
    let change = net(existed, first, last);
    Ok(change.and_then(|change| Some((RecordId::parse(&id).ok()?, change))))
}

/// Both as one; a record that came and went is none.
fn net(existed: bool, first: Change, last: Change) -> Option<Change> {
    let exists = last != Change::Deleted;
    match (existed, exists) {
        (true, true) => Some(Change::Changed),
        (true, false) => Some(Change::Deleted),
        (false, true) if first == Change::New => Some(Change::New),
        (false, true) => Some(Change::Undeleted),
        (false, false) => None,
    }
}

/// The records that were alive at one version of a table, asked for in the order of their Ids.
struct Alive<'a> {
    table: &'a Table,
    at: i64,
    /// Opened where the first one is asked for.
    rows: Option<RowStream>,
    ids: StringArray,
    /// The first of `ids` that is not before the one asked for last.
    next: usize,
}

impl<'a> Alive<'a> {
    fn at(table: &'a Table, at: i64) -> Self {
        Self { table, at, rows: None, ids: StringArray::new_null(0), next: 0 }
    }

    async fn contains(&mut self, id: &str) -> Result<bool> {
        loop {
            while self.next < self.ids.len() && self.ids.value(self.next) < id {
                self.next += 1;
            }
            if self.next < self.ids.len() {
                return Ok(self.ids.value(self.next) == id);
            }
            let rows = match self.rows.take() {
                Some(rows) => rows,
                None => self.table.state(self.query(id)).doing(doing)?,
            };
            let rows = self.rows.insert(rows);
            let Some(batch) = rows.next().await.doing(doing)? else { return Ok(false) };
            (self.ids, self.next) = (batch.column(0).as_string::<i32>().clone(), 0);
        }
    }

    fn query(&self, from: &str) -> StateQuery {
        // Ids are ASCII letters and digits, all below `~`.
        let ids = IdRange { from: from.to_owned(), until: "~".to_owned() };
        StateQuery {
            as_of: Some(self.at),
            columns: Some(Vec::new()),
            ids: Some(ids),
            ..StateQuery::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// S-60
    #[test]
    fn what_happened_to_one_record_in_between_is_folded() {
        use Change::{Changed, Deleted, New, Undeleted};
        for (existed, first, last, expected) in [
            (false, New, New, Some(New)),
            (false, New, Changed, Some(New)),
            (false, New, Deleted, None),
            (true, Changed, Changed, Some(Changed)),
            (true, Changed, Deleted, Some(Deleted)),
            (true, Deleted, Deleted, Some(Deleted)),
            (true, Deleted, Undeleted, Some(Changed)),
            (false, Deleted, Deleted, None),
            (false, Deleted, Undeleted, Some(Undeleted)),
            (false, Undeleted, Changed, Some(Undeleted)),
            (false, Undeleted, Deleted, None),
        ] {
            assert_eq!(net(existed, first, last), expected, "{existed}, {first:?} … {last:?}");
        }
    }
}
