//! Keeping a log short and a table's folder free of what nobody needs.
//!
//! Each removal comes after what makes it needless is durable, and after a [`Grace`](super::Grace) time.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt;
use object_store::ObjectStore;
use object_store::path::Path;

use super::paths::{LOG_FOLDER, LogFile, checkpoint_path, last_checkpoint_path, log_folder};
use super::replay::LastCheckpoint;
use super::state::LogState;
use super::{DeltaLog, Grace, checkpoint};
use crate::{Error, Result, Step, store};

/// What a vacuum took away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Vacuumed {
    pub files: u64,
    pub bytes: u64,
}

impl DeltaLog {
    /// Writes the checkpoint of `state`, then points `_last_checkpoint` at it.
    pub async fn write_checkpoint(&self, state: &mut LogState, at: DateTime<Utc>) -> Result<()> {
        let expired = (at - self.options.grace.removed_files).timestamp_millis();
        state.removed.retain(|_, remove| remove.deletion_timestamp.is_none_or(|deleted| deleted > expired));
        let actions = state.actions();
        let path = checkpoint_path(&self.path, state.version);
        let count = actions.len() as u64;
        let bytes = tokio::task::spawn_blocking(move || checkpoint::encode(&actions)).await;
        let bytes = bytes.map_err(|source| Error::TaskStopped { source })?;
        let bytes = bytes.map_err(|source| Error::ParquetNotWritten { path: path.to_string(), source })?;
        let hint = LastCheckpoint {
            version: state.version,
            size: count,
            size_in_bytes: Some(bytes.len() as u64),
            num_of_add_files: Some(state.files.len() as u64),
        };

        self.options.hook.before(Step::Checkpoint)?;
        store::put(&self.store, &path, bytes.into()).await?;
        self.options.hook.before(Step::LastCheckpoint)?;
        let hint = serde_json::to_vec(&hint).map_err(|source| Error::NotEncoded { source })?;
        store::put(&self.store, &last_checkpoint_path(&self.path), hint.into()).await?;
        state.checkpoint = Some(state.version);
        Ok(())
    }

    /// Removes the log entries before the checkpoint of `state` that are older than `grace`; says how many.
    ///
    /// The oldest go first, so that a crash leaves a log without a gap.
    pub async fn clean(&self, state: &LogState, now: DateTime<Utc>, grace: TimeDelta) -> Result<u64> {
        let Some(checkpoint) = state.checkpoint else { return Ok(0) };
        let entries = store::files(&self.store, &log_folder(&self.path)).await?;
        let mut removed = 0;
        for entry in entries {
            let Some(version) = LogFile::of(&entry.location).map(LogFile::version) else { continue };
            if version >= checkpoint || entry.last_modified > now - grace {
                break;
            }
            self.options.hook.before(Step::CleanLog)?;
            store::remove(&self.store, &entry.location).await?;
            removed += 1;
        }
        Ok(removed)
    }

    /// Removes data files that are not in the table, once their time of grace is over.
    pub async fn vacuum(&self, state: &LogState, now: DateTime<Utc>, grace: Grace) -> Result<Vacuumed> {
        let live: HashSet<_> = state.files.iter().map(|file| file.path.as_str()).collect();
        let mut entries = self.store.list(Some(&self.path));
        let mut vacuumed = Vacuumed::default();
        while let Some(entry) =
            entries.try_next().await.map_err(|source| Error::listing(&self.path, source))?
        {
            let Some(path) = self.relative(&entry.location) else { continue };
            if path.starts_with(LOG_FOLDER) || live.contains(path.as_str()) {
                continue;
            }
            let removed_at = state.removed.get(&path).and_then(|remove| remove.deletion_timestamp);
            let is_over = match removed_at {
                Some(removed_ms) => removed_ms <= (now - grace.removed_files).timestamp_millis(),
                None => entry.last_modified <= now - grace.orphans,
            };
            if is_over {
                self.options.hook.before(Step::Vacuum)?;
                store::remove(&self.store, &entry.location).await?;
                vacuumed.files += 1;
                vacuumed.bytes += entry.size;
            }
        }
        Ok(vacuumed)
    }

    /// The data files that lie in the table's folder, whether the log names them or not.
    pub(crate) async fn data_files(&self) -> Result<Vec<String>> {
        let entries = self.store.list(Some(&self.path));
        let paths = entries.map_ok(|entry| self.relative(&entry.location));
        let paths: Vec<_> = paths.try_collect().await.map_err(|source| Error::listing(&self.path, source))?;
        Ok(paths.into_iter().flatten().filter(|path| !path.starts_with(LOG_FOLDER)).collect())
    }

    /// Leaves nothing but `state`, without any time of grace: no older log entry, and none of the files that were `there`
    /// before it and are not in it. What has come since stays.
    pub(crate) async fn forget_the_past(
        &self,
        state: &mut LogState,
        there: &[String],
        now: DateTime<Utc>,
    ) -> Result<()> {
        state.removed.clear();
        self.write_checkpoint(state, now).await?;
        // The storage dates its files by a clock of its own, which may be ahead.
        self.clean(state, now + TimeDelta::days(36_500), TimeDelta::zero()).await?;
        let live: HashSet<_> = state.files.iter().map(|file| file.path.as_str()).collect();
        for path in there.iter().filter(|path| !live.contains(path.as_str())) {
            self.options.hook.before(Step::Vacuum)?;
            store::remove(&self.store, &Path::from(format!("{}/{path}", self.path))).await?;
        }
        Ok(())
    }

    /// The path of `location` within the table's folder.
    pub(crate) fn relative(&self, location: &Path) -> Option<String> {
        let parts: Vec<_> = location.prefix_match(&self.path)?.collect();
        let parts: Vec<_> = parts.iter().map(AsRef::as_ref).collect();
        Some(parts.join("/"))
    }
}
