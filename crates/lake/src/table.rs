//! One Object's table: a view to read from, and the one writer that adds to it.
//!
//! A [`Table`] is a view of one version and never changes; any number exist. At most one [`TableWriter`] works on
//! a table at a time, which a lease in the catalog sees to; if another one was faster all the same, the commit
//! fails with [`crate::Error::Conflict`] and nothing is lost but the work of the block.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::RecordBatch;
use chrono::{DateTime, Utc};
use futures::FutureExt;
use holdfast_domain::schema::ObjectSchema;
use holdfast_domain::{ObjectName, RecordId, SchemaHash};

use crate::block::{BlockContext, BlockWriter};
use crate::compact::{CompactOptions, CompactReport, compact};
use crate::data::{BOOKKEEPING, DataTarget, ID, Layout, blocking};
use crate::delta::{AddFile, Commit, DeltaLog, LogState, Marks, Vacuumed};
use crate::erase::{EraseReport, erase};
use crate::keys::HeldKeys;
use crate::org::OrgLake;
use crate::read::{BATCH_ROWS, FieldSet, FieldSets, IdRange, Ids, Plan, RowStream, Selection, Wanted};
use crate::{Error, Result};

/// The mark in which a table keeps its number of live records.
pub(crate) const LIVE_RECORDS: &str = "live_records";
/// Bytes of rows that a block holds in memory, unless told otherwise.
const CHUNK_BUDGET: usize = 24 << 20;

/// Which state is asked for.
#[derive(Debug, Clone, Default)]
pub struct StateQuery {
    /// The last `_seq` that counts, which is a table version; none: all.
    pub as_of: Option<i64>,
    /// Fields and bookkeeping columns beside `Id`; none: all.
    pub columns: Option<Vec<String>>,
    /// Whether records appear whose last version is a Tombstone.
    pub with_deleted: bool,
    pub ids: Option<IdRange>,
}

/// A table at one version.
#[derive(Clone)]
pub struct Table {
    target: DataTarget,
    fields: FieldSets,
    state: Arc<LogState>,
    layout: Layout,
    marks: Marks,
    batch_rows: usize,
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Table({} at version {})", self.target.folder, self.state.version)
    }
}

impl Table {
    pub(crate) fn new(target: DataTarget, fields: FieldSets, state: Arc<LogState>) -> Self {
        let layout = Layout::of_columns(&state.columns);
        let mut marks = state.marks.clone();
        marks.0.remove(LIVE_RECORDS);
        Self { target, fields, state, layout, marks, batch_rows: BATCH_ROWS }
    }

    /// Answers in batches of at most `rows` rows, instead of 8,192.
    #[must_use]
    pub fn with_batch_rows(mut self, rows: usize) -> Self {
        self.batch_rows = rows.max(1);
        self
    }

    pub fn version(&self) -> i64 {
        self.state.version
    }

    /// `Id` and the fields, without bookkeeping.
    pub fn columns(&self) -> &[String] {
        self.layout.fields()
    }

    pub fn marks(&self) -> &Marks {
        &self.marks
    }

    pub fn files(&self) -> &[AddFile] {
        &self.state.files
    }

    /// Records that are not deleted.
    pub fn live_count(&self) -> u64 {
        u64::try_from(live_records(&self.state)).unwrap_or(0)
    }

    pub fn version_count(&self) -> u64 {
        self.state.files.iter().map(|file| file.rows).sum()
    }

    /// Each record as it was at a moment, by Id. A field that the describe of its last version lacks has the value
    /// that was captured last.
    pub fn state(&self, query: StateQuery) -> Result<RowStream> {
        let wanted = Wanted {
            ids: query.ids.map_or(Ids::All, Ids::Range),
            until: query.as_of.unwrap_or(i64::MAX),
            ..Wanted::EVERYTHING
        };
        let selection = Selection::State { with_deleted: query.with_deleted, fields: self.fields.clone() };
        self.read(wanted, query.columns, selection)
    }

    /// The versions that came after `after_seq` up to and with `until_seq`, by Id and `_seq`, as they were stored.
    pub fn versions_between(
        &self,
        after_seq: i64,
        until_seq: i64,
        columns: Option<Vec<String>>,
    ) -> Result<RowStream> {
        let wanted = Wanted { after: after_seq, until: until_seq, ..Wanted::EVERYTHING };
        self.read(wanted, columns, Selection::Versions)
    }

    /// All versions of one record, oldest first, as they were stored.
    pub async fn history(&self, id: &RecordId) -> Result<Vec<RecordBatch>> {
        let mut rows = self.versions(Some(IdRange::one(id)))?;
        let mut batches = Vec::new();
        while let Some(batch) = rows.next().await? {
            batches.push(batch);
        }
        Ok(batches)
    }

    /// All versions of the records in a range, or of all, by Id and `_seq`, as they were stored.
    pub fn versions(&self, ids: Option<IdRange>) -> Result<RowStream> {
        let wanted = Wanted { ids: ids.map_or(Ids::All, Ids::Range), ..Wanted::EVERYTHING };
        self.read(wanted, None, Selection::Versions)
    }

    /// All versions of these records, by Id and `_seq`, as they were stored.
    pub fn histories(&self, ids: &[RecordId]) -> Result<RowStream> {
        let wanted = Wanted { ids: Ids::listed(ids), ..Wanted::EVERYTHING };
        self.read(wanted, None, Selection::Versions)
    }

    /// The Ids of all records that are not deleted, in order.
    pub fn live_ids(&self) -> Result<RowStream> {
        self.state(StateQuery { columns: Some(Vec::new()), ..StateQuery::default() })
    }

    fn read(&self, wanted: Wanted, columns: Option<Vec<String>>, selection: Selection) -> Result<RowStream> {
        let columns = self.chosen(columns)?;
        let files = self.state.files.clone();
        Ok(Plan {
            target: self.target.clone(),
            files,
            wanted,
            columns,
            selection,
            batch_rows: self.batch_rows,
        }
        .start())
    }

    fn chosen(&self, columns: Option<Vec<String>>) -> Result<Vec<String>> {
        let own = BOOKKEEPING.iter().map(|(name, _)| (*name).to_owned());
        let Some(columns) = columns else { return Ok(self.columns().iter().cloned().chain(own).collect()) };
        let own: Vec<String> = own.collect();
        let mut chosen = vec![ID.to_owned()];
        for asked in columns {
            let known = own
                .iter()
                .find(|name| **name == asked)
                .map(String::as_str)
                .or_else(|| self.layout.find(&asked));
            let Some(known) = known else {
                return Err(Error::NotFound { path: format!("{}, column {asked}", self.target.folder) });
            };
            if !chosen.iter().any(|name| name == known) {
                chosen.push(known.to_owned());
            }
        }
        Ok(chosen)
    }
}

/// The one writer of a table.
pub struct TableWriter {
    log: DeltaLog,
    target: DataTarget,
    fields: FieldSets,
    state: Option<Arc<LogState>>,
    /// False from the start of a commit to its success: the state must be read again.
    is_current: bool,
    keys: Option<HeldKeys>,
    chunk_budget: usize,
}

impl fmt::Debug for TableWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TableWriter({})", self.target.folder)
    }
}

impl TableWriter {
    pub(crate) async fn open(log: DeltaLog, target: DataTarget, fields: FieldSets) -> Result<Self> {
        let state = log.load().await?.map(Arc::new);
        let files = state.clone();
        let mut keys = HeldKeys::new(target.clone());
        let keys = blocking(move || async move {
            keys.keep_only(files.as_ref().map_or(&[], |state| &state.files));
            Ok(keys)
        })
        .await?;
        let chunk_budget = CHUNK_BUDGET;
        Ok(Self { log, target, fields, state, is_current: true, keys: Some(keys), chunk_budget })
    }

    /// Holds at most about `bytes` of rows in memory per block, instead of 24 MiB.
    pub fn set_chunk_budget(&mut self, bytes: usize) {
        self.chunk_budget = bytes;
    }

    /// The table as this writer knows it; none before the first commit.
    pub fn table(&self) -> Option<Table> {
        let state = self.state.clone()?;
        Some(Table::new(self.target.clone(), self.fields.clone(), state))
    }

    /// Reads the newest version, such as after another writer had the table's lease.
    pub async fn refresh(&mut self) -> Result<()> {
        self.is_current = false;
        self.catch_up().await
    }

    /// Starts a Block on the newest version.
    pub async fn begin_block(&mut self, context: BlockContext) -> Result<BlockWriter<'_>> {
        self.catch_up().await?;
        BlockWriter::begin(self, context)
    }

    /// Merges small files; readers see the same rows before and after.
    pub async fn compact(&mut self, options: &CompactOptions) -> Result<CompactReport> {
        self.catch_up().await?;
        compact(self, options).await
    }

    /// Takes all versions of these records away; none of their bytes is left in the table's folder.
    pub async fn erase(&mut self, records: &[RecordId], now: DateTime<Utc>) -> Result<EraseReport> {
        self.refresh().await?;
        if self.state.is_none() {
            return Ok(EraseReport::default());
        }
        erase(self, records, now).await
    }

    pub(crate) async fn data_files(&self) -> Result<Vec<String>> {
        self.log.data_files().await
    }

    pub(crate) async fn forget_the_past(&mut self, there: &[String], now: DateTime<Utc>) -> Result<()> {
        let Some(state) = &mut self.state else { return Ok(()) };
        self.log.forget_the_past(Arc::make_mut(state), there, now).await
    }

    /// Removes data files that no state within the grace time names.
    pub async fn vacuum(&mut self, now: DateTime<Utc>) -> Result<Vacuumed> {
        // To a state that is behind, what another writer has committed since looks like orphans.
        self.is_current = false;
        self.catch_up().await?;
        match &self.state {
            Some(state) => self.log.vacuum(state, now, self.log.grace()).await,
            None => Ok(Vacuumed::default()),
        }
    }

    /// The Ids of all records that are not deleted, in order; none before the first commit.
    pub fn live_ids(&self) -> Result<Option<RowStream>> {
        self.table().map(|table| table.live_ids()).transpose()
    }

    async fn catch_up(&mut self) -> Result<()> {
        if !self.is_current {
            self.state = self.log.load().await?.map(Arc::new);
            self.is_current = true;
        }
        Ok(())
    }

    /// Whether a failed commit is in the log or not is known only when the log is read again.
    pub(crate) async fn commit(&mut self, commit: Commit) -> Result<i64> {
        self.is_current = false;
        let removes_files = !commit.removes.is_empty();
        let state = Arc::new(self.log.commit(self.state.as_deref(), commit).await?);
        let version = state.version;
        self.state = Some(state.clone());
        self.is_current = true;
        if removes_files && let Some(mut keys) = self.keys.take() {
            let keep = blocking(move || async move {
                keys.keep_only(&state.files);
                Ok(keys)
            });
            self.keys = Some(keep.await?);
        }
        Ok(version)
    }

    pub(crate) fn state(&self) -> Option<&LogState> {
        self.state.as_deref()
    }

    pub(crate) fn files(&self) -> &[AddFile] {
        self.state.as_ref().map_or(&[], |state| &state.files)
    }

    pub(crate) fn layout(&self) -> Layout {
        self.state.as_ref().map_or_else(Layout::default, |state| Layout::of_columns(&state.columns))
    }

    pub(crate) fn live_records(&self) -> i64 {
        self.state.as_ref().map_or(0, |state| live_records(state))
    }

    pub(crate) fn next_version(&self) -> i64 {
        self.state.as_ref().map_or(0, |state| state.version + 1)
    }

    pub(crate) fn target(&self) -> &DataTarget {
        &self.target
    }

    pub(crate) fn chunk_budget(&self) -> usize {
        self.chunk_budget
    }

    pub(crate) fn take_keys(&mut self) -> HeldKeys {
        self.keys.take().unwrap_or_else(|| HeldKeys::new(self.target.clone()))
    }

    pub(crate) fn put_keys(&mut self, keys: HeldKeys) {
        self.keys = Some(keys);
    }
}

fn live_records(state: &LogState) -> i64 {
    state.marks.0.get(LIVE_RECORDS).copied().unwrap_or(0)
}

impl OrgLake {
    /// The newest version of an Object's table; none if and only if it has none.
    pub async fn table(&self, object: &ObjectName) -> Result<Option<Table>> {
        let Some(state) = self.delta_log(object).load().await? else { return Ok(None) };
        Ok(Some(Table::new(self.data_target(object), self.field_sets(object), Arc::new(state))))
    }

    /// The writer of an Object's table, which the first commit creates. The caller holds the Object's lease.
    pub async fn writer(&self, object: &ObjectName) -> Result<TableWriter> {
        TableWriter::open(self.delta_log(object), self.data_target(object), self.field_sets(object)).await
    }

    fn data_target(&self, object: &ObjectName) -> DataTarget {
        let lake = self.lake();
        let cache = lake.options().cache_dir.as_ref();
        DataTarget {
            store: lake.store().clone(),
            folder: self.table_folder(object),
            keys_dir: cache
                .map(|dir| dir.join("keys").join(lake.id()).join(self.id().as_str()).join(object.as_str())),
            hook: lake.options().hook.clone(),
        }
    }

    /// Reads each describe once.
    fn field_sets(&self, object: &ObjectName) -> FieldSets {
        let (org, object) = (self.clone(), object.clone());
        let known: Arc<Mutex<HashMap<SchemaHash, Arc<FieldSet>>>> = Arc::default();
        Arc::new(move |hash| {
            let (org, object, known) = (org.clone(), object.clone(), known.clone());
            async move {
                if let Some(fields) = known.lock().unwrap_or_else(PoisonError::into_inner).get(&hash) {
                    return Ok(fields.clone());
                }
                let path = org.schema_path(&object, &hash).to_string();
                let Some(describe) = org.schema(&object, &hash).await? else {
                    return Err(Error::NotFound { path });
                };
                let schema = ObjectSchema::from_describe(&describe)
                    .map_err(|source| Error::DamagedJson { path, source })?;
                let fields = Arc::new(FieldSet::of(&schema));
                known.lock().unwrap_or_else(PoisonError::into_inner).insert(hash, fields.clone());
                Ok(fields)
            }
            .boxed()
        })
    }
}
