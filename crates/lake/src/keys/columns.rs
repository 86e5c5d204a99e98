//! Reads keys out of a data file's own columns: to make a lost key index again, or to do without one.

use super::format::KeyFileWriter;
use super::id::{IdKey, Key};
use crate::Result;
use crate::data::{DataTarget, KeyColumns, arrow_schema};
use crate::delta::AddFile;
use crate::read::{FileCursor, Ids, ReadBudget, Wanted};

async fn cursor(target: &DataTarget, file: &AddFile, ids: Ids) -> Result<FileCursor> {
    let schema = arrow_schema(KeyColumns::NAMES);
    let wanted = Wanted { ids, ..Wanted::EVERYTHING };
    FileCursor::open(target, file, schema, wanted, ReadBudget::shared_by(1)).await
}

/// Makes the key index of `file`; false if it cannot be written.
pub(super) async fn rebuild(target: &DataTarget, file: &AddFile) -> Result<bool> {
    let Some(dir) = &target.keys_dir else { return Ok(false) };
    let Some(mut writer) = KeyFileWriter::create(dir, &file.path, file.rows) else { return Ok(false) };
    let mut rows = cursor(target, file, Ids::All).await?;
    while let Some(batch) = rows.next().await? {
        let keys = KeyColumns::of(&batch, rows.path())?;
        for row in 0..batch.num_rows() {
            writer.push(keys.key(row)?);
        }
    }
    Ok(writer.finish())
}

/// As the index's lookup, from the pages of the data file that may hold one of the sorted `ids`.
pub(super) async fn lookup(
    target: &DataTarget,
    file: &AddFile,
    ids: &[IdKey],
    mut found: impl FnMut(usize, Key),
) -> Result<()> {
    let mut rows = cursor(target, file, Ids::Listed(ids.into())).await?;
    let mut at = 0;
    while let Some(batch) = rows.next().await? {
        let keys = KeyColumns::of(&batch, rows.path())?;
        for row in 0..batch.num_rows() {
            let id = keys.id(row)?;
            at += ids[at..].iter().take_while(|wanted| **wanted < id).count();
            match ids.get(at) {
                // Versions of one Id come by `_seq`; the caller keeps the last.
                Some(wanted) if *wanted == id => found(at, keys.key(row)?),
                Some(_) => {}
                None => return Ok(()),
            }
        }
    }
    Ok(())
}
