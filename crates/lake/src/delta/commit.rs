//! Adding one commit to a log.
//!
//! The commit's JSON is created only if absent, so of two writers one loses and is told so. After a
//! request that failed on its way, what lies there decides; the text holds a new UUID for that.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::DeltaLog;
use super::actions::{ACTIONS_HASH, Action, Add, MetaData, PROTOCOL, Remove, actions_hash, schema_string};
use super::paths::commit_path;
use super::state::{AddFile, Column, Commit, CommitInfo, LogState, Replay, new_meta_data};
use crate::store::Created;
use crate::{Error, Result, Step, store};

impl DeltaLog {
    /// Adds one commit on top of `state`; without a state it creates the table, and needs `columns`.
    ///
    /// An [`Error::Conflict`] leaves the table as the other writer made it: load it and decide anew.
    /// After any other error the commit may be there or not, and [`DeltaLog::load`] tells.
    pub async fn commit(&self, state: Option<&LogState>, commit: Commit) -> Result<LogState> {
        self.refuse_nonsense(state, &commit)?;
        let version = state.map_or(0, |state| state.version + 1);
        self.refuse_cleaned(state).await?;
        let at = commit.info.at;
        let info = commit_info(&commit.info, commit.removes.is_empty());
        let actions = self.actions(state, commit);
        let text = encode(info, &actions)?;

        self.options.hook.before(Step::Commit)?;
        match store::create(&self.store, &commit_path(&self.path, version), text.into()).await? {
            Created::Now | Created::Before => {}
            Created::Taken => return Err(Error::Conflict { table: self.path.to_string(), version }),
        }
        self.options.hook.before(Step::Committed)?;

        let mut replay = state.cloned().map(Replay::of).unwrap_or_default();
        let applied = replay.apply(version, actions).and_then(|()| replay.finish());
        let state = applied.expect("we wrote these actions").expect("one commit was applied");
        self.keep_up(state, at).await
    }

    /// Checkpoint and cleaning when they are due. The commit stands whatever becomes of them, so their
    /// failure is only logged, and the next commit tries again.
    async fn keep_up(&self, mut state: LogState, at: DateTime<Utc>) -> Result<LogState> {
        let since = state.version - state.checkpoint.unwrap_or(-1);
        if since < self.options.checkpoint_every {
            return Ok(state);
        }
        match self.write_checkpoint(&mut state, at).await {
            Ok(()) => {}
            Err(error @ Error::StoppedAt { .. }) => return Err(error),
            Err(error) => {
                let cause: &dyn std::error::Error = &error;
                tracing::warn!(table = %self.path, cause, "A checkpoint could not be written; the next commit tries again");
                return Ok(state);
            }
        }
        match self.clean(&state, at, self.options.grace.log_entries).await {
            Ok(_) => {}
            Err(error @ Error::StoppedAt { .. }) => return Err(error),
            Err(error) => {
                let cause: &dyn std::error::Error = &error;
                tracing::warn!(table = %self.path, cause, "Old log entries could not be removed; they stay until the next checkpoint");
            }
        }
        Ok(state)
    }

    /// A writer that slept over a checkpoint and its cleaning would find the next version absent again.
    async fn refuse_cleaned(&self, state: Option<&LogState>) -> Result<()> {
        let known = state.map_or(-1, |state| state.version);
        match self.last_checkpoint().await? {
            Some(checkpoint) if checkpoint > known => {
                Err(Error::Conflict { table: self.path.to_string(), version: known + 1 })
            }
            _ => Ok(()),
        }
    }

    fn refuse_nonsense(&self, state: Option<&LogState>, commit: &Commit) -> Result<()> {
        if let Some(version) = state.map(|state| state.protocol.min_writer_version)
            && version > PROTOCOL.min_writer_version
        {
            return Err(Error::TableTooNew { table: self.path.to_string(), version });
        }
        let reason = match (state, &commit.columns) {
            (None, None) => Some("a new table needs columns".to_owned()),
            (state, columns) => {
                let old = state.map_or(&[][..], |state| &state.columns);
                columns.as_ref().and_then(|new| columns_only_grow(old, new).err())
            }
        };
        let held = state.map_or(&[][..], |state| &state.files);
        let reason = reason.or_else(|| files_are_disjoint(held, commit).err());
        match reason {
            Some(reason) => Err(Error::CommitRefused { table: self.path.to_string(), reason }),
            None => Ok(()),
        }
    }

    fn actions(&self, state: Option<&LogState>, commit: Commit) -> Vec<Action> {
        let Commit { adds, removes, columns, marks, info } = commit;
        let mut actions = Vec::new();
        if state.is_none() {
            actions.push(Action { protocol: Some(PROTOCOL), ..Action::default() });
        }
        if let Some(columns) = columns {
            let old = state.map(|state| state.meta_data.clone());
            let old = old.unwrap_or_else(|| new_meta_data(self.path.filename(), info.at));
            let meta_data = MetaData { schema_string: schema_string(&columns), ..old };
            actions.push(Action { meta_data: Some(meta_data), ..Action::default() });
        }
        actions.extend(marks.txns(info.at).map(|txn| Action { txn: Some(txn), ..Action::default() }));
        let sizes: BTreeMap<_, _> =
            state.iter().flat_map(|state| &state.files).map(|file| (file.path.as_str(), file.size)).collect();
        for path in removes {
            let remove = Remove {
                deletion_timestamp: Some(info.at.timestamp_millis()),
                data_change: info.is_data_change,
                size: sizes.get(path.as_str()).map(|size| size.cast_signed()),
                path,
            };
            actions.push(Action { remove: Some(remove), ..Action::default() });
        }
        let add =
            |file: &AddFile| Action { add: Some(Add::of(file, info.is_data_change)), ..Action::default() };
        actions.extend(adds.iter().map(add));
        actions
    }
}

/// Invariant 7: the columns of the table before are the first ones of the table after, and no two
/// names differ in case alone (SQL readers would not tell them apart).
pub(crate) fn columns_only_grow(before: &[Column], after: &[Column]) -> Result<(), String> {
    if !after.starts_with(before) {
        return Err("columns of the table are missing, moved or of another type".to_owned());
    }
    let mut names = HashSet::new();
    for column in after {
        if !names.insert(column.name.to_ascii_lowercase()) {
            return Err(format!("two columns are called `{}`", column.name));
        }
    }
    Ok(())
}

/// A commit adds what is not there, removes what is there, and names nothing twice.
fn files_are_disjoint(held: &[AddFile], commit: &Commit) -> Result<(), String> {
    let held: HashSet<_> = held.iter().map(|file| file.path.as_str()).collect();
    let mut named = HashSet::new();
    for path in &commit.removes {
        if !held.contains(path.as_str()) || !named.insert(path.as_str()) {
            return Err(format!("it removes `{path}`, which is not there"));
        }
    }
    for file in &commit.adds {
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/');
        if !file.path.bytes().all(is_plain) {
            return Err(format!("the name of `{}` would need escaping", file.path));
        }
        if held.contains(file.path.as_str()) || !named.insert(file.path.as_str()) {
            return Err(format!("it adds `{}` a second time", file.path));
        }
    }
    Ok(())
}

fn commit_info(info: &CommitInfo, is_blind: bool) -> Map<String, Value> {
    let operation_parameters = info.details.iter().map(|(key, value)| (key.clone(), value.as_str().into()));
    let fields: [(&str, Value); 6] = [
        ("timestamp", info.at.timestamp_millis().into()),
        ("operation", info.operation.as_str().into()),
        ("operationParameters", Value::Object(operation_parameters.collect())),
        ("engineInfo", concat!("Holdfast/", env!("CARGO_PKG_VERSION")).into()),
        ("isBlindAppend", is_blind.into()),
        ("txnId", uuid::Uuid::now_v7().hyphenated().to_string().into()),
    ];
    fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// The text of a commit: its info first, with the hash of all lines that follow.
fn encode(mut info: Map<String, Value>, actions: &[Action]) -> Result<Vec<u8>> {
    let mut rest = Vec::new();
    for action in actions {
        write_line(&mut rest, action)?;
    }
    info.insert(ACTIONS_HASH.to_owned(), actions_hash(&rest).into());
    let mut text = Vec::new();
    write_line(&mut text, &Action { commit_info: Some(info), ..Action::default() })?;
    text.extend_from_slice(&rest);
    Ok(text)
}

fn write_line(text: &mut Vec<u8>, action: &Action) -> Result<()> {
    serde_json::to_writer(&mut *text, action).map_err(|source| Error::NotEncoded { source })?;
    text.push(b'\n');
    Ok(())
}
