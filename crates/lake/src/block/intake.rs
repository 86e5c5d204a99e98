//! Takes the rows of pages into the columns of the table, and refuses what would be stored wrongly.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow_schema::{DataType, SchemaRef};
use holdfast_domain::schema::ObjectSchema;

use crate::data::{ID, IS_DELETED, Layout, RecordHasher, arrow_schema, file_schema};
use crate::{Error, Result};

/// The columns that a block stores: those of its describe, in the table's spelling.
#[derive(Debug, Clone)]
pub(super) struct Intake {
    table: String,
    /// `Id` and fields.
    pub(super) rows: SchemaRef,
    /// The same, and bookkeeping.
    pub(super) file: SchemaRef,
    /// Index of the column that holds the record's stamp.
    pub(super) stamp: Option<usize>,
    pub(super) is_deleted: Option<usize>,
    object: Arc<ObjectSchema>,
}

impl Intake {
    pub(super) fn new(
        table: &str,
        layout: &Layout,
        object: &Arc<ObjectSchema>,
        stamp: Option<&str>,
    ) -> Result<Self> {
        let captured = |column: &&String| {
            column.as_str() == ID
                || object.field(column).is_some_and(holdfast_domain::schema::FieldSchema::is_captured)
        };
        let columns: Vec<&str> = layout.fields().iter().filter(captured).map(String::as_str).collect();
        let place = |name: &str| columns.iter().position(|column| column.eq_ignore_ascii_case(name));
        let stamp = match stamp.map(|name| (name, place(name))) {
            None => None,
            Some((_, Some(index))) => Some(index),
            Some((name, None)) => {
                return Err(refused(table, format!("its stamp `{name}` is no captured field")));
            }
        };
        Ok(Self {
            table: table.to_owned(),
            rows: arrow_schema(columns.iter().copied()),
            file: file_schema(columns.iter().copied()),
            stamp,
            is_deleted: place(IS_DELETED),
            object: object.clone(),
        })
    }

    pub(super) fn hasher(&self) -> RecordHasher {
        RecordHasher::for_schema(self.rows.fields().iter().map(|field| field.name().as_str()), &self.object)
    }

    /// The batch with our columns. A batch that lacks a captured field would say that it is blank, and one with
    /// a field more would lose it: both are refused.
    pub(super) fn take(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let held = batch.schema();
        let mut columns: Vec<Option<ArrayRef>> = vec![None; self.rows.fields().len()];
        for (field, column) in held.fields().iter().zip(batch.columns()) {
            let index =
                self.rows.fields().iter().position(|own| own.name().eq_ignore_ascii_case(field.name()));
            let Some(index) = index else {
                return Err(
                    self.refused(format!("its describe does not capture the field `{}`", field.name()))
                );
            };
            if field.data_type() != &DataType::Utf8 || columns[index].replace(column.clone()).is_some() {
                return Err(self.refused(format!("the column `{}` comes twice or is not text", field.name())));
            }
        }
        if let Some(missing) = columns.iter().position(Option::is_none) {
            return Err(
                self.refused(format!("the rows lack the field `{}`", self.rows.field(missing).name()))
            );
        }
        RecordBatch::try_new(self.rows.clone(), columns.into_iter().flatten().collect())
            .map_err(|source| Error::Rows { path: self.table.clone(), source })
    }

    pub(super) fn refused(&self, reason: String) -> Error {
        refused(&self.table, reason)
    }

    /// The text column `index` of a batch that [`Intake::take`] has passed.
    pub(super) fn text(batch: &RecordBatch, index: usize) -> &StringArray {
        batch.column(index).as_any().downcast_ref().expect("taken in as text")
    }
}

fn refused(table: &str, reason: String) -> Error {
    Error::CommitRefused { table: table.to_owned(), reason }
}
