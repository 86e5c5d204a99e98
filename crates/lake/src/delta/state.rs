//! What a log says at one version, and what a commit adds to it.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::actions::{
    Action, Add, Format, MetaData, PROTOCOL, Protocol, Remove, Txn, columns, schema_string,
};

/// Small named numbers kept with the data: each is a Delta `txn` action with the appId `holdfast.<name>`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks(pub BTreeMap<String, i64>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ColumnKind {
    Text,
    Long,
    /// Microseconds, UTC.
    Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub kind: ColumnKind,
}

/// One live data file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddFile {
    /// Relative to the table's folder; letters, digits, `-`, `_`, `.` and `/` only.
    pub path: String,
    pub size: u64,
    pub rows: u64,
    pub min_id: String,
    pub max_id: String,
    pub min_seq: i64,
    pub max_seq: i64,
    /// Milliseconds since 1970.
    pub modified_ms: i64,
}

/// Why a commit was made; other readers show it as the table's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitInfo {
    /// `WRITE`, `OPTIMIZE`, …: Delta's own words.
    pub operation: String,
    /// Also the deletion time of what the commit removes.
    pub at: DateTime<Utc>,
    /// Written as they are into `operationParameters`, such as the run.
    pub details: BTreeMap<String, String>,
    /// True if and only if rows are brought or taken; false for a rewrite of the same rows (compaction).
    pub is_data_change: bool,
}

/// One commit: all of it, or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    pub adds: Vec<AddFile>,
    pub removes: Vec<String>,
    /// All columns of the table, if and only if they differ from those of the state; only appended to.
    pub columns: Option<Vec<Column>>,
    /// Marks to set; those not named stay.
    pub marks: Marks,
    pub info: CommitInfo,
}

/// The table at one version.
#[derive(Debug, Clone)]
pub struct LogState {
    pub version: i64,
    pub files: Vec<AddFile>,
    pub columns: Vec<Column>,
    pub marks: Marks,
    /// The newest checkpoint known; commits count from it to the next one.
    pub(crate) checkpoint: Option<i64>,
    pub(crate) protocol: Protocol,
    pub(crate) meta_data: MetaData,
    /// All of them, also those that are no marks of ours.
    pub(crate) txns: BTreeMap<String, Txn>,
    /// Files taken out of the table, by path; kept in the log for as long as their bytes are.
    pub(crate) removed: BTreeMap<String, Remove>,
}

/// The appId of a mark is this and the mark's name.
const MARK: &str = "holdfast.";

impl Marks {
    pub fn get(&self, name: &str) -> Option<i64> {
        self.0.get(name).copied()
    }

    pub(crate) fn txns(&self, at: DateTime<Utc>) -> impl Iterator<Item = Txn> {
        self.0.iter().map(move |(name, version)| Txn {
            app_id: format!("{MARK}{name}"),
            version: *version,
            last_updated: Some(at.timestamp_millis()),
        })
    }
}

impl LogState {
    /// True if and only if a reader finds the same rows, columns and marks through both.
    pub(crate) fn says_the_same_as(&self, other: &Self) -> bool {
        let sorted = |state: &Self| {
            let mut files = state.files.clone();
            files.sort_by(|a, b| a.path.cmp(&b.path));
            files
        };
        self.version == other.version
            && self.columns == other.columns
            && self.marks == other.marks
            && sorted(self) == sorted(other)
    }

    /// True if and only if `path` was taken out of the table and its bytes are still kept.
    pub(crate) fn has_removed(&self, path: &str) -> bool {
        self.removed.contains_key(path)
    }

    /// The actions that a checkpoint of this state holds.
    pub(crate) fn actions(&self) -> Vec<Action> {
        let protocol = Action { protocol: Some(self.protocol), ..Action::default() };
        let meta_data = Action { meta_data: Some(self.meta_data.clone()), ..Action::default() };
        let txns = self.txns.values().map(|txn| Action { txn: Some(txn.clone()), ..Action::default() });
        let removes = self.removed.values().map(|remove| Action {
            remove: Some(Remove { data_change: false, ..remove.clone() }),
            ..Action::default()
        });
        let adds =
            self.files.iter().map(|file| Action { add: Some(Add::of(file, false)), ..Action::default() });
        [protocol, meta_data].into_iter().chain(txns).chain(removes).chain(adds).collect()
    }
}

/// The `metaData` of a new table.
pub(crate) fn new_meta_data(name: Option<&str>, created: DateTime<Utc>) -> MetaData {
    MetaData {
        id: uuid::Uuid::now_v7().hyphenated().to_string(),
        name: name.map(str::to_owned),
        format: Format::default(),
        schema_string: schema_string(&[]),
        partition_columns: Vec::new(),
        configuration: BTreeMap::new(),
        created_time: Some(created.timestamp_millis()),
    }
}

/// Applies actions in order and becomes the state that they make.
#[derive(Debug, Default)]
pub(crate) struct Replay {
    version: Option<i64>,
    checkpoint: Option<i64>,
    protocol: Option<Protocol>,
    meta_data: Option<MetaData>,
    txns: BTreeMap<String, Txn>,
    removed: BTreeMap<String, Remove>,
    /// In the order of their coming; `places` says where each path is.
    files: Vec<Option<AddFile>>,
    places: HashMap<String, usize>,
}

/// What stands in the way of a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BadLog {
    ReaderTooNew(i32),
    Broken(String),
}

impl Replay {
    pub(crate) fn of(state: LogState) -> Self {
        let places = state.files.iter().enumerate().map(|(place, file)| (file.path.clone(), place)).collect();
        Self {
            version: Some(state.version),
            checkpoint: state.checkpoint,
            protocol: Some(state.protocol),
            meta_data: Some(state.meta_data),
            txns: state.txns,
            removed: state.removed,
            files: state.files.into_iter().map(Some).collect(),
            places,
        }
    }

    pub(crate) fn version(&self) -> Option<i64> {
        self.version
    }

    pub(crate) fn apply_checkpoint(&mut self, version: i64, actions: Vec<Action>) -> Result<(), BadLog> {
        self.apply(version, actions)?;
        self.checkpoint = Some(version);
        Ok(())
    }

    /// Applies the whole of one commit.
    pub(crate) fn apply(&mut self, version: i64, actions: Vec<Action>) -> Result<(), BadLog> {
        for action in actions {
            if let Some(protocol) = action.protocol {
                if protocol.min_reader_version > PROTOCOL.min_reader_version {
                    return Err(BadLog::ReaderTooNew(protocol.min_reader_version));
                }
                self.protocol = Some(protocol);
            }
            if let Some(meta_data) = action.meta_data {
                self.meta_data = Some(meta_data);
            }
            if let Some(txn) = action.txn {
                self.txns.insert(txn.app_id.clone(), txn);
            }
            if let Some(remove) = action.remove {
                self.take_out(remove);
            }
            if let Some(add) = action.add {
                self.put_in(add.to_file().map_err(BadLog::Broken)?);
            }
        }
        self.version = Some(version);
        Ok(())
    }

    fn take_out(&mut self, remove: Remove) {
        if let Some(place) = self.places.remove(&remove.path) {
            self.files[place] = None;
        }
        self.removed.insert(remove.path.clone(), remove);
    }

    fn put_in(&mut self, file: AddFile) {
        self.removed.remove(&file.path);
        if let Some(place) = self.places.get(&file.path) {
            self.files[*place] = Some(file);
            return;
        }
        self.places.insert(file.path.clone(), self.files.len());
        self.files.push(Some(file));
    }

    /// The state after all that was applied; none if and only if nothing was.
    pub(crate) fn finish(self) -> Result<Option<LogState>, BadLog> {
        let Some(version) = self.version else { return Ok(None) };
        let missing = |what: &str| BadLog::Broken(format!("it has no {what}"));
        let meta_data = self.meta_data.ok_or_else(|| missing("metaData"))?;
        let columns = columns(&meta_data.schema_string).map_err(BadLog::Broken)?;
        let mark = |txn: &Txn| Some((txn.app_id.strip_prefix(MARK)?.to_owned(), txn.version));
        Ok(Some(LogState {
            version,
            files: self.files.into_iter().flatten().collect(),
            columns,
            marks: Marks(self.txns.values().filter_map(mark).collect()),
            checkpoint: self.checkpoint,
            protocol: self.protocol.ok_or_else(|| missing("protocol"))?,
            meta_data,
            txns: self.txns,
            removed: self.removed,
        }))
    }
}
