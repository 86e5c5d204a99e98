//! One Object's table: its log, its data files, and what lies beside them.

use std::collections::HashSet;

use futures::TryStreamExt;
use holdfast_domain::ObjectName;
use object_store::ObjectStore;
use object_store::path::Path;
use parquet::arrow::ProjectionMask;
use parquet::arrow::async_reader::ParquetRecordBatchStreamBuilder;

use super::rows::RowCheck;
use super::{Check, Invariant, OrgFacts};
use crate::blobs::{BLOB_HASH, BLOB_INDEX};
use crate::data::{RecordHasher, SCHEMA};
use crate::delta::{AddFile, DeltaLog, LOG_FOLDER, LogState};
use crate::org::OrgLake;
use crate::read::DataSource;
use crate::{Error, Result, store};

/// Of one table: what its rows may name, and where its files lie.
pub(super) struct TableCheck<'a> {
    pub(super) org: &'a OrgLake,
    pub(super) object: &'a ObjectName,
    pub(super) facts: &'a OrgFacts,
    log: DeltaLog,
    state: LogState,
}

impl Check<'_> {
    pub(super) async fn check_table(
        &mut self,
        org: &OrgLake,
        object: &ObjectName,
        facts: &mut OrgFacts,
    ) -> Result<()> {
        let log = org.delta_log(object);
        if !log.exists().await? {
            return self.check_left_over(&log, None).await;
        }
        self.report.counts.tables += 1;
        facts.versions.insert(object.clone(), None);
        let state = match log.load().await {
            Ok(Some(state)) => state,
            Ok(None) => {
                self.damaged(log.path(), Invariant::LogReplays, "its log holds no commit");
                return Ok(());
            }
            Err(error) => return self.found(log.path(), Invariant::LogReplays, error),
        };
        facts.versions.insert(object.clone(), Some(state.version));
        for damage in log.audit().await? {
            self.found(log.path(), Invariant::LogReplays, damage)?;
        }
        self.check_left_over(&log, Some(&state)).await?;
        let table = TableCheck { org, object, facts, log, state };
        for file in &table.state.files {
            self.check_data_file(&table, file).await?;
        }
        Ok(())
    }

    async fn check_left_over(&mut self, log: &DeltaLog, state: Option<&LogState>) -> Result<()> {
        let files = state.map_or(&[][..], |state| &state.files);
        let live: HashSet<_> = files.iter().map(|file| file.path.as_str()).collect();
        let mut entries = self.lake.store().list(Some(log.path()));
        while let Some(entry) =
            entries.try_next().await.map_err(|source| Error::listing(log.path(), source))?
        {
            let Some(path) = log.relative(&entry.location) else { continue };
            let is_kept = state.is_some_and(|state| state.has_removed(&path));
            if !path.starts_with(LOG_FOLDER) && !live.contains(path.as_str()) && !is_kept {
                self.left_over(&entry.location, "the table's log does not name it");
            }
        }
        Ok(())
    }

    async fn check_data_file(&mut self, table: &TableCheck<'_>, file: &AddFile) -> Result<()> {
        let path = Path::from(format!("{}/{}", table.log.path(), file.path));
        let Some(meta) = store::head(self.lake.store(), &path).await? else {
            if is_named_still(table, file).await {
                self.damaged(&path, Invariant::DataFileIsThere, "it is missing");
            }
            return Ok(());
        };
        self.report.counts.data_files += 1;
        self.report.counts.bytes += meta.size;
        if meta.size != file.size {
            let detail = format!("it has {} bytes, and the log says {}", meta.size, file.size);
            self.damaged(&path, Invariant::DataFileIsThere, detail);
            return Ok(());
        }
        match self.read_data_file(table, file, &path).await {
            Ok(()) => Ok(()),
            Err(_) if !is_named_still(table, file).await => Ok(()),
            Err(error) => self.found(&path, Invariant::DataFileIsReadable, error),
        }
    }

    async fn read_data_file(&mut self, table: &TableCheck<'_>, file: &AddFile, path: &Path) -> Result<()> {
        let reading = |source| Error::reading_parquet(path, source);
        let reader = DataSource::new(self.lake.store().clone(), path.clone(), file.size);
        let builder = ParquetRecordBatchStreamBuilder::new(reader).await.map_err(reading)?;
        let rows = builder.metadata().file_metadata().num_rows();
        if u64::try_from(rows) != Ok(file.rows) {
            let detail = format!("it has {rows} rows, and the log says {}", file.rows);
            self.damaged(path, Invariant::DataFileIsReadable, detail);
            return Ok(());
        }
        self.report.counts.rows += file.rows;
        let known: HashSet<_> = table.state.columns.iter().map(|column| column.name.as_str()).collect();
        let held = builder.schema().clone();
        for field in held.fields().iter().filter(|field| !known.contains(field.name().as_str())) {
            let detail = format!("the table has no column `{}`", field.name());
            self.damaged(path, Invariant::DataFileIsReadable, detail);
        }
        let names_blobs = table.object.as_str() == BLOB_INDEX;
        let is_wanted =
            |name: &str| self.options.read_data || name == SCHEMA || (names_blobs && name == BLOB_HASH);
        let wanted = held.fields().iter().enumerate().filter(|(_, field)| is_wanted(field.name()));
        let roots: Vec<_> = wanted.map(|(index, _)| index).collect();
        let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
        let mut batches = builder.with_projection(mask).build().map_err(reading)?;
        let mut rows = RowCheck::new(file, self.options.read_data.then(|| RecordHasher::of_stored(&held)));
        while let Some(batch) = batches.try_next().await.map_err(reading)? {
            rows.look_at(&batch, names_blobs);
            self.check_named(table, path, &mut rows).await?;
        }
        if let Some(detail) = rows.changed() {
            self.damaged(path, Invariant::RowIsItsHash, detail);
        }
        if let Some(detail) = rows.disorder(self.options.read_data) {
            self.damaged(path, Invariant::RowsAreInOrder, detail);
        }
        Ok(())
    }

    /// Looks up what the rows just seen name for the first time in their file.
    async fn check_named(
        &mut self,
        table: &TableCheck<'_>,
        path: &Path,
        rows: &mut RowCheck<'_>,
    ) -> Result<()> {
        for text in rows.new_describes() {
            let is_there = match holdfast_domain::SchemaHash::parse(&text) {
                Ok(hash) => self.has_describe(table.org, table.facts, table.object, &hash).await?,
                Err(_) => false,
            };
            if !is_there {
                let detail = format!("the describe `{text}` is missing");
                self.damaged(path, Invariant::RowNamesKnownDescribe, detail);
            }
        }
        let blobs = table.org.blobs();
        for text in rows.new_blobs() {
            let is_there = match holdfast_domain::BlobHash::parse(&text) {
                Ok(hash) => blobs.contains(&hash).await?,
                Err(_) => false,
            };
            if !is_there {
                self.damaged(
                    path,
                    Invariant::RowNamesKnownBlob,
                    format!("the file body `{text}` is missing"),
                );
            }
        }
        Ok(())
    }
}

/// False if the file was written again without a record that was erased, since the log was read: an erasure leaves those
/// who read no time of grace.
async fn is_named_still(table: &TableCheck<'_>, file: &AddFile) -> bool {
    match table.log.load().await {
        Ok(Some(state)) => state.files.iter().any(|held| held.path == file.path),
        Ok(None) | Err(_) => true,
    }
}
