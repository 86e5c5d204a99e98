//! Which records may need their body fetched: those that the source table got since the last time.

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use async_stream::try_stream;
use futures::{Stream, TryStreamExt};
use holdfast_domain::schema::FieldKind;
use holdfast_domain::{ObjectName, RecordId};
use holdfast_lake::Table;

use crate::capture::object_run::ObjectRun;
use crate::error::{Doing, Error, Result};

/// An Object whose records have a body.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) object: ObjectName,
    pub(crate) field: String,
    /// The field that tells the body's size in bytes, if there is one.
    size: Option<String>,
    /// The field that tells its MD5, if there is one.
    md5: Option<String>,
    stamp: Option<String>,
}

/// One record whose body may be missing.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) id: RecordId,
    /// When the record last changed, so that a body replaced later is fetched again.
    pub(crate) stamp: Option<String>,
    pub(crate) size: Option<u64>,
    pub(crate) md5: Option<String>,
    /// Its body was stored, and is in the lake no more.
    pub(crate) is_lost: bool,
}

impl Source {
    pub(crate) fn of(run: &ObjectRun) -> Option<Self> {
        let schema = &run.described.schema;
        let body = schema.fields.iter().find(|field| field.kind == FieldKind::Base64)?;
        let named =
            |names: &[&str]| names.iter().find_map(|name| schema.field(name)).map(|field| field.name.clone());
        Some(Self {
            object: run.object.clone(),
            field: body.name.clone(),
            size: named(&["ContentSize", "BodyLength", "LogFileLength"]),
            md5: named(&["Checksum"]),
            stamp: named(&["SystemModstamp", "LastModifiedDate", "CreatedDate"]),
        })
    }

    /// The mark that says up to which version of the source table every body is there.
    pub(crate) fn mark(&self) -> String {
        format!("bodies.{}", self.object)
    }

    /// A version of a file never changes its body; only its other fields do.
    pub(crate) fn is_immutable(&self) -> bool {
        self.object.as_str() == "ContentVersion"
    }

    fn columns(&self) -> Vec<String> {
        [
            Some("Id".to_owned()),
            self.size.clone(),
            self.md5.clone(),
            self.stamp.clone(),
            Some("_change".to_owned()),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn read(&self, batch: &RecordBatch, row: usize) -> Option<(Candidate, bool)> {
        let text = |column: Option<&str>| {
            let column = batch.column_by_name(column?)?.as_string::<i32>();
            column.is_valid(row).then(|| column.value(row))
        };
        let candidate = Candidate {
            id: RecordId::parse(text(Some("Id"))?).ok()?,
            stamp: text(self.stamp.as_deref()).map(str::to_owned),
            size: text(self.size.as_deref()).and_then(|size| size.parse().ok()),
            md5: text(self.md5.as_deref()).map(str::to_lowercase),
            is_lost: false,
        };
        Some((candidate, text(Some("_change")) == Some("deleted")))
    }
}

/// The newest version of each record that came after version `after` of the table, deleted ones left out.
pub(crate) fn since<'a>(
    source: &'a Source,
    table: &'a Table,
    after: i64,
) -> impl Stream<Item = Result<Candidate, Error>> + Send + 'a {
    try_stream! {
        let doing = || format!("read the new versions of `{}`", source.object);
        let mut rows = table.versions_between(after, table.version(), Some(source.columns())).doing(doing)?;
        let mut newest: Option<(Candidate, bool)> = None;
        while let Some(batch) = rows.try_next().await.doing(doing)? {
            for row in 0..batch.num_rows() {
                let Some(next) = source.read(&batch, row) else { continue };
                // Versions of one record follow each other, oldest first.
                let before = newest.replace(next);
                let is_same = |other: &Candidate| newest.as_ref().is_some_and(|(next, _)| next.id == other.id);
                if let Some((candidate, false)) = before.filter(|(before, _)| !is_same(before)) {
                    yield candidate;
                }
            }
        }
        if let Some((candidate, false)) = newest {
            yield candidate;
        }
    }
}
