//! Chooses, of all versions of a record, the one that stands, and the cells that stand beside it.
//!
//! The last version stands. Where its describe lacks a field, the field was not captured with it, and the newest
//! earlier version whose describe has the field gives the cell: a lost permission blanks nothing. A bare Tombstone
//! captured no field at all.

use std::collections::HashMap;

use arrow_array::{Array, RecordBatch, StringArray};
use holdfast_domain::SchemaHash;
use holdfast_domain::change::Change;

use super::fields::FieldSets;
use super::merge::{Merge, Place};
use super::output::Output;
use crate::data::{CHANGE, ID, SCHEMA, is_bookkeeping, strings};
use crate::keys::IdKey;
use crate::{Error, Result};

pub(super) struct StatePicker {
    with_deleted: bool,
    fields: FieldSets,
    /// Names of the output columns; none where a column is always captured.
    columns: Vec<Option<String>>,
    /// By the text of `_schema`; empty for a bare Tombstone.
    numbers: HashMap<String, usize>,
    /// For each known describe, and each output column, whether it was captured.
    captured: Vec<Vec<bool>>,
    group: Option<IdKey>,
    /// Of each describe the newest version of the record, oldest first.
    versions: Vec<(usize, Place)>,
}

impl StatePicker {
    pub(super) fn new<'a>(
        with_deleted: bool,
        fields: FieldSets,
        columns: impl Iterator<Item = &'a str>,
    ) -> Self {
        let field = |name: &str| (name != ID && !is_bookkeeping(name)).then(|| name.to_owned());
        Self {
            with_deleted,
            fields,
            columns: columns.map(field).collect(),
            numbers: HashMap::new(),
            captured: Vec::new(),
            group: None,
            versions: Vec::new(),
        }
    }

    /// Learns the describes that a new batch names, before any of its rows is visited.
    pub(super) async fn prepare(&mut self, batch: &RecordBatch) -> Result<()> {
        let schemas = strings(batch, SCHEMA, "rows")?;
        let mut last = None;
        for row in 0..schemas.len() {
            let schema = text(schemas, row);
            if last == Some(schema) {
                continue;
            }
            last = Some(schema);
            if !self.numbers.contains_key(schema) {
                let captured = self.captured_by(schema).await?;
                self.numbers.insert(schema.to_owned(), self.captured.len());
                self.captured.push(captured);
            }
        }
        Ok(())
    }

    async fn captured_by(&self, schema: &str) -> Result<Vec<bool>> {
        if schema.is_empty() {
            return Ok(self.columns.iter().map(Option::is_none).collect());
        }
        if self.columns.iter().all(Option::is_none) {
            return Ok(vec![true; self.columns.len()]);
        }
        let hash = SchemaHash::parse(schema).map_err(|_| Error::Damaged {
            path: format!("describe {schema}"),
            reason: "a row names a describe by something that is no hash".to_owned(),
        })?;
        let fields = (self.fields)(hash).await?;
        Ok(self.columns.iter().map(|name| name.as_ref().is_none_or(|name| fields.contains(name))).collect())
    }

    pub(super) fn visit(
        &mut self,
        id: IdKey,
        place: Place,
        merge: &Merge,
        output: &mut Output,
    ) -> Result<()> {
        if self.group != Some(id) {
            self.end_group(merge, output)?;
            self.group = Some(id);
        }
        let schemas = strings(&merge.slots()[place.slot].batch, SCHEMA, "rows")?;
        let number = *self.numbers.get(text(schemas, place.row)).expect("prepared with the batch");
        self.versions.retain(|(known, _)| *known != number);
        self.versions.push((number, place));
        Ok(())
    }

    /// Gives out the record whose versions were visited.
    pub(super) fn end_group(&mut self, merge: &Merge, output: &mut Output) -> Result<()> {
        let Some((number, last)) = self.versions.last().copied() else { return Ok(()) };
        let slots = merge.slots();
        let changes = strings(&slots[last.slot].batch, CHANGE, "rows")?;
        if self.with_deleted || changes.value(last.row) != Change::Deleted.as_str() {
            output.push(last, slots);
            if self.versions.len() > 1 {
                let missing = self.captured[number].iter().enumerate().filter(|(_, captured)| !**captured);
                for (column, _) in missing {
                    let earlier =
                        self.versions.iter().rev().find(|(number, _)| self.captured[*number][column]);
                    if let Some((_, place)) = earlier {
                        output.patch(column, *place);
                    }
                }
            }
        }
        self.versions.clear();
        Ok(())
    }

    /// The places that are needed until the group ends.
    pub(super) fn kept(&mut self) -> impl Iterator<Item = &mut Place> {
        self.versions.iter_mut().map(|(_, place)| place)
    }
}

fn text(schemas: &StringArray, row: usize) -> &str {
    if schemas.is_null(row) { "" } else { schemas.value(row) }
}
