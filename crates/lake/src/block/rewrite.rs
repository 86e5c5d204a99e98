//! Takes overtaken rows out of the files of a block that is not yet committed, or makes them Tombstones.
//!
//! It is needed only when one block reads a record more than once with a change between: the server then
//! repeats an Id across pages that lie in different chunks.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow_select::filter::filter_record_batch;
use holdfast_domain::change::Change;

use super::part::{OwnFile, Parts};
use super::settle::Fate;
use crate::data::{CHANGE, DataFileWriter, ID, MODSTAMP, id_at, strings};
use crate::delta::AddFile;
use crate::keys::IdKey;
use crate::read::{BATCH_ROWS, Plan, Selection, Wanted};
use crate::{Error, Result};

impl Parts {
    /// Leaves no row that was overtaken.
    pub(super) async fn apply_fates(&mut self) -> Result<()> {
        for number in 0..self.own.len() {
            if !self.own[number].fates.is_empty() {
                self.rewrite(number).await?;
            }
        }
        // A file whose last row was dropped remains with no rows to name.
        self.own.retain(|own| own.file.rows > 0);
        Ok(())
    }

    async fn rewrite(&mut self, number: usize) -> Result<()> {
        let OwnFile { file, fates } = &mut self.own[number];
        let fates = std::mem::take(fates);
        let schema = self.intake.file.clone();
        let plan = Plan {
            target: self.target.clone(),
            files: vec![file.clone()],
            wanted: Wanted::EVERYTHING,
            columns: schema.fields().iter().map(|field| field.name().clone()).collect(),
            selection: Selection::Versions,
            batch_rows: BATCH_ROWS,
        };
        let mut rows = plan.start();
        let mut writer = DataFileWriter::create(&self.target, schema, file.rows, row_bytes(file));
        while let Some(batch) = rows.next().await? {
            let kept = overtake(&batch, &fates)?;
            if kept.num_rows() > 0 {
                writer.write(&kept).await?;
            }
        }
        let old = file.clone();
        match writer.finish(self.context.captured_at.timestamp_millis()).await? {
            Some(new) => self.own[number].file = new,
            None => self.own[number].file.rows = 0,
        }
        self.target.discard(&old).await;
        Ok(())
    }
}

/// Text is compressed to about a fifth.
fn row_bytes(file: &AddFile) -> usize {
    usize::try_from(file.size / file.rows.max(1)).unwrap_or(usize::MAX).saturating_mul(5)
}

fn overtake(batch: &RecordBatch, fates: &HashMap<IdKey, Fate>) -> Result<RecordBatch> {
    let path = "rows";
    let ids = strings(batch, ID, path)?;
    let found =
        (0..ids.len()).map(|row| Ok(fates.get(&id_at(ids, row, path)?))).collect::<Result<Vec<_>>>()?;
    let deleted = |row: usize| matches!(found[row], Some(Fate::Deleted { .. }));
    let changes = strings(batch, CHANGE, path)?;
    let changes: StringArray = (0..found.len())
        .map(|row| Some(if deleted(row) { Change::Deleted.as_str() } else { changes.value(row) }))
        .collect();
    let stamps = batch.column_by_name(MODSTAMP).and_then(|stamps| stamps.as_any().downcast_ref());
    let stamps: &TimestampMicrosecondArray = stamps.ok_or_else(|| Error::Damaged {
        path: path.to_owned(),
        reason: "its stamps are of another type".to_owned(),
    })?;
    let stamps: TimestampMicrosecondArray = (0..found.len())
        .map(|row| match found[row] {
            Some(Fate::Deleted { modstamp_us }) => *modstamp_us,
            _ => stamps.is_valid(row).then(|| stamps.value(row)),
        })
        .collect();
    let failed = |source| Error::Rows { path: path.to_owned(), source };
    let replaced: [(&str, ArrayRef); 2] =
        [(CHANGE, Arc::new(changes)), (MODSTAMP, Arc::new(stamps.with_timezone("UTC")))];
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns()).map(|(field, column)| {
        let new = replaced.iter().find(|(name, _)| name == field.name());
        new.map_or_else(|| column.clone(), |(_, new)| new.clone())
    });
    let batch = RecordBatch::try_new(schema.clone(), columns.collect()).map_err(failed)?;
    let kept: BooleanArray = found.iter().map(|fate| Some(!matches!(fate, Some(Fate::Dropped)))).collect();
    filter_record_batch(&batch, &kept).map_err(failed)
}
