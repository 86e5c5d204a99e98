//! An Object as a table: which columns it has at the moment, and what each is read as.
//!
//! The columns are those of the describe in force, in its order. After them stand the fields that
//! this describe lacks and an earlier one had (deleted in Salesforce, or hidden from the integration
//! user), typed as they were last described: what was captured stays readable. Fields that only came
//! after the moment are not there.

use arrow_schema::DataType;
use holdfast_domain::schema::ObjectSchema;
use holdfast_domain::{ObjectName, SchemaHash};
use holdfast_lake::Table;
use holdfast_lake::data::{BOOKKEEPING, CAPTURED_AT, MODSTAMP, SEQ};

use crate::moment::{Held, Moment};
use crate::typing::{ColumnType, timestamp_type};
use crate::{Error, Result};

/// Which rows of an Object, and as what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ViewKind {
    pub(crate) is_history: bool,
    pub(crate) is_text: bool,
}

/// The schemas of a query; the first is the default.
pub(crate) const SCHEMAS: [(&str, ViewKind); 4] = [
    ("state", ViewKind { is_history: false, is_text: false }),
    ("raw", ViewKind { is_history: false, is_text: true }),
    ("history", ViewKind { is_history: true, is_text: false }),
    ("raw_history", ViewKind { is_history: true, is_text: true }),
];

/// One Object at the moment.
#[derive(Debug)]
pub(crate) struct ObjectView {
    /// None if and only if no record of this Object has ever been captured.
    pub(crate) source: Option<Source>,
    fields: Vec<Column>,
}

/// Where the rows come from.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) table: Table,
    /// The newest `_seq` that the moment has.
    pub(crate) version: i64,
}

/// One column of a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// The table's own spelling; none if no version holds this field, so that every cell is NULL.
    pub(crate) stored: Option<String>,
    pub(crate) reading: Reading,
}

/// What a stored column is read as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reading {
    Field(ColumnType),
    /// A bookkeeping column, typed as it is stored.
    AsStored(DataType),
}

impl Column {
    pub(crate) fn data_type(&self) -> DataType {
        match &self.reading {
            Reading::Field(column_type) => column_type.arrow(),
            Reading::AsStored(data_type) => data_type.clone(),
        }
    }
}

impl ObjectView {
    /// Reads what `object` is at the moment; none if and only if it was not there.
    pub(crate) async fn load(moment: &Moment, object: &ObjectName) -> Result<Option<Self>> {
        let held = moment.held(object).await?;
        if held.is_none() && !moment.is_now() {
            return Ok(None);
        }
        let held = held.unwrap_or_default();
        let source = source(moment, object, &held).await?;
        if source.is_none() && held.describes.is_empty() {
            return Ok(None);
        }
        let fields = fields(moment, object, source.as_ref()).await?;
        Ok(Some(Self { source, fields }))
    }

    /// The columns of one of the four views.
    pub(crate) fn columns(&self, kind: ViewKind) -> Vec<Column> {
        let mut columns = self.fields.clone();
        if kind.is_text {
            for column in &mut columns {
                column.reading = Reading::Field(ColumnType::Text);
            }
        }
        if kind.is_history {
            columns.extend(BOOKKEEPING.iter().map(|(name, _)| bookkeeping(name)));
        }
        columns
    }
}

async fn source(moment: &Moment, object: &ObjectName, held: &Held) -> Result<Option<Source>> {
    if !moment.is_now() && held.table_version.is_none() {
        return Ok(None);
    }
    let Some(table) = moment.lake().table(object).await? else {
        return match held.table_version {
            Some(_) => Err(Error::TableLost { object: object.clone() }),
            None => Ok(None),
        };
    };
    let newest = table.version();
    let version = if moment.is_now() { newest } else { held.table_version.unwrap_or(newest) };
    Ok(Some(Source { table, version }))
}

async fn fields(moment: &Moment, object: &ObjectName, source: Option<&Source>) -> Result<Vec<Column>> {
    let stored = source.map_or(&[][..], |source| source.table.columns());
    let mut columns: Vec<Column> = Vec::new();
    let mut describes = Describes::of(moment, object);
    while let Some(describe) = describes.next().await? {
        let is_in_force = columns.is_empty();
        for field in describe.captured_fields() {
            let of_field = stored.iter().find(|name| name.eq_ignore_ascii_case(&field.name));
            // A field of an earlier describe is a column only for what it holds.
            if !has(&columns, &field.name) && (is_in_force || of_field.is_some()) {
                let reading = Reading::Field(ColumnType::of(field));
                let stored = of_field.cloned();
                columns.push(Column { name: field.name.clone(), stored, reading });
            }
        }
        if stored.iter().all(|name| has(&columns, name)) {
            break;
        }
    }
    Ok(columns)
}

/// The describes of an Object up to the moment, the one in force first.
struct Describes<'a> {
    moment: &'a Moment,
    object: &'a ObjectName,
    steps: usize,
    /// What a Run that is still under way has stored before any Manifest could name it; the newest last.
    unnamed: Option<Vec<SchemaHash>>,
}

impl<'a> Describes<'a> {
    fn of(moment: &'a Moment, object: &'a ObjectName) -> Self {
        Self { moment, object, steps: 0, unnamed: None }
    }

    async fn next(&mut self) -> Result<Option<ObjectSchema>> {
        if let Some(hash) = self.moment.describe_before(self.object, self.steps).await? {
            self.steps += 1;
            return describe(self.moment, self.object, &hash).await.map(Some);
        }
        if !self.moment.is_now() {
            return Ok(None);
        }
        if self.unnamed.is_none() {
            self.unnamed = Some(self.moment.lake().schemas(self.object).await?);
        }
        match self.unnamed.as_mut().and_then(Vec::pop) {
            Some(hash) => describe(self.moment, self.object, &hash).await.map(Some),
            None => Ok(None),
        }
    }
}

fn has(columns: &[Column], name: &str) -> bool {
    columns.iter().any(|column| column.name.eq_ignore_ascii_case(name))
}

async fn describe(moment: &Moment, object: &ObjectName, hash: &SchemaHash) -> Result<ObjectSchema> {
    let missing = || Error::DescribeMissing { object: object.clone(), hash: hash.clone() };
    let bytes = moment.lake().schema(object, hash).await?.ok_or_else(missing)?;
    ObjectSchema::from_describe(&bytes).map_err(|source| Error::DescribeNotRead {
        object: object.clone(),
        hash: hash.clone(),
        source,
    })
}

fn bookkeeping(name: &str) -> Column {
    let data_type = match name {
        SEQ => DataType::Int64,
        CAPTURED_AT | MODSTAMP => timestamp_type(),
        _ => DataType::Utf8,
    };
    Column { name: name.to_owned(), stored: Some(name.to_owned()), reading: Reading::AsStored(data_type) }
}
