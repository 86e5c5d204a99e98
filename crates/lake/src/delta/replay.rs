//! Reading a log: the newest checkpoint, then every commit after it, in order and without a gap.

use std::collections::BTreeSet;

use futures::{StreamExt, TryStreamExt};
use object_store::ObjectStore;
use object_store::path::Path;
use serde::{Deserialize, Serialize};

use super::actions::{Action, parse_commit};
use super::paths::{LogFile, checkpoint_path, commit_path, just_before, last_checkpoint_path, log_folder};
use super::state::{BadLog, LogState, Replay};
use super::{DeltaLog, checkpoint};
use crate::{Error, Result, store};

/// Log entries read at once.
const READS: usize = 8;

/// A cleaning may remove entries between our listing and our reading; the next listing is right again.
const TRIES: usize = 3;

/// The document `_last_checkpoint`: a hint where to begin, never the authority.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LastCheckpoint {
    pub(super) version: i64,
    /// The number of actions.
    pub(super) size: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) size_in_bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) num_of_add_files: Option<u64>,
}

/// What a listing of the log found.
#[derive(Debug, Default)]
struct Listing {
    checkpoints: BTreeSet<i64>,
    commits: BTreeSet<i64>,
}

impl DeltaLog {
    /// The newest state; none if and only if the table has no commit.
    pub async fn load(&self) -> Result<Option<LogState>> {
        for _ in 1..TRIES {
            match self.load_once().await {
                Err(Error::NotFound { .. }) => {}
                result => return result,
            }
        }
        self.load_once().await
    }

    /// True if and only if there is a log; cheaper than to load it.
    pub async fn exists(&self) -> Result<bool> {
        if self.last_checkpoint().await?.is_some() {
            return Ok(true);
        }
        Ok(!store::is_empty(&self.store, &log_folder(&self.path)).await?)
    }

    /// The newest state, reading only what came after `state`.
    pub async fn refresh(&self, state: LogState) -> Result<LogState> {
        let known = state.version;
        let mut replay = Replay::of(state);
        let mut next = known + 1;
        while let Some(bytes) = store::get(&self.store, &commit_path(&self.path, next)).await? {
            self.apply(&mut replay, next, parse(&commit_path(&self.path, next), &bytes)?)?;
            next += 1;
        }
        // That no commit follows may also mean that those which followed were cleaned away.
        if next == known + 1 && self.last_checkpoint().await?.is_some_and(|hint| hint > known) {
            let newest = self.load().await?;
            return newest.ok_or_else(|| self.damaged("its log has vanished"));
        }
        self.finish(replay)?.ok_or_else(|| self.damaged("its log has vanished"))
    }

    /// The version of `_last_checkpoint`; none if there is none that can be read.
    pub(super) async fn last_checkpoint(&self) -> Result<Option<i64>> {
        let bytes = store::get(&self.store, &last_checkpoint_path(&self.path)).await?;
        let hint = bytes.and_then(|bytes| serde_json::from_slice::<LastCheckpoint>(&bytes).ok());
        Ok(hint.map(|hint| hint.version))
    }

    async fn load_once(&self) -> Result<Option<LogState>> {
        let mut listing = match self.last_checkpoint().await? {
            Some(version) => self.list(Some(version)).await?,
            None => Listing::default(),
        };
        if listing.checkpoints.is_empty() {
            listing = self.list(None).await?;
        }
        match self.replay(&listing).await {
            // An older checkpoint and all commits since it say the same, while they are still kept.
            Err(Error::ParquetNotRead { path, source }) => {
                let newest = listing.checkpoints.last().copied();
                let mut older = self.list(None).await?;
                older.checkpoints.retain(|version| Some(*version) < newest);
                let state = self.replay(&older).await;
                let Ok(state) = state else { return Err(Error::ParquetNotRead { path, source }) };
                tracing::warn!(path, "A damaged checkpoint was passed over; the log before it is whole");
                Ok(state)
            }
            state => state,
        }
    }

    async fn list(&self, from: Option<i64>) -> Result<Listing> {
        let folder = log_folder(&self.path);
        let mut entries = match from {
            Some(version) => self.store.list_with_offset(Some(&folder), &just_before(&self.path, version)),
            None => self.store.list(Some(&folder)),
        };
        let mut listing = Listing::default();
        while let Some(entry) = entries.try_next().await.map_err(|source| Error::listing(&folder, source))? {
            match LogFile::of(&entry.location) {
                Some(LogFile::Commit(version)) => listing.commits.insert(version),
                Some(LogFile::Checkpoint(version)) => listing.checkpoints.insert(version),
                None => false,
            };
        }
        Ok(listing)
    }

    async fn replay(&self, listing: &Listing) -> Result<Option<LogState>> {
        let mut replay = Replay::default();
        if let Some(version) = listing.checkpoints.last().copied() {
            let actions = self.read_checkpoint(version).await?;
            let applied = replay.apply_checkpoint(version, actions);
            applied.map_err(|bad| self.bad_log(&checkpoint_path(&self.path, version), bad))?;
        }
        let first = replay.version().map_or(0, |version| version + 1);
        let commits: Vec<_> = listing.commits.range(first..).copied().collect();
        for (expected, version) in (first..).zip(&commits) {
            if expected != *version {
                return Err(self.damaged(&format!("version {expected} is missing from its log")));
            }
        }
        let mut reads = futures::stream::iter(commits)
            .map(|version| async move {
                let path = commit_path(&self.path, version);
                let bytes = store::get(&self.store, &path).await?;
                let bytes = bytes.ok_or_else(|| Error::NotFound { path: path.to_string() })?;
                Ok::<_, Error>((version, parse(&path, &bytes)?))
            })
            .buffered(READS);
        while let Some((version, actions)) = reads.try_next().await? {
            self.apply(&mut replay, version, actions)?;
        }
        self.finish(replay)
    }

    /// The actions of the checkpoint of `version`.
    pub(crate) async fn read_checkpoint(&self, version: i64) -> Result<Vec<Action>> {
        let path = checkpoint_path(&self.path, version);
        let bytes = store::get(&self.store, &path).await?;
        let bytes = bytes.ok_or_else(|| Error::NotFound { path: path.to_string() })?;
        let actions = tokio::task::spawn_blocking(move || checkpoint::decode(bytes)).await;
        let actions = actions.map_err(|source| Error::TaskStopped { source })?;
        actions.map_err(|source| Error::ParquetNotRead { path: path.to_string(), source })
    }

    /// Everything in the log that cannot be read or contradicts the rest, also what [`DeltaLog::load`] passes over.
    pub(crate) async fn audit(&self) -> Result<Vec<Error>> {
        let listing = self.list(None).await?;
        let mut damage = Vec::new();
        for version in &listing.commits {
            let path = commit_path(&self.path, *version);
            let Some(bytes) = store::get(&self.store, &path).await? else { continue };
            damage.extend(parse(&path, &bytes).err());
        }
        for version in &listing.checkpoints {
            damage.extend(self.audit_checkpoint(&listing, *version).await?);
        }
        Ok(damage)
    }

    /// A checkpoint must say what the log before it says, as far as that is still kept.
    async fn audit_checkpoint(&self, listing: &Listing, version: i64) -> Result<Option<Error>> {
        let alone = Listing { checkpoints: BTreeSet::from([version]), commits: BTreeSet::new() };
        let told = match self.replay(&alone).await {
            Ok(told) => told,
            Err(error @ (Error::ParquetNotRead { .. } | Error::Damaged { .. })) => return Ok(Some(error)),
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let before = Listing {
            checkpoints: listing.checkpoints.range(..version).copied().collect(),
            commits: listing.commits.range(..=version).copied().collect(),
        };
        let Ok(replayed) = self.replay(&before).await else { return Ok(None) };
        let is_same = match (&told, &replayed) {
            (Some(told), Some(replayed)) => replayed.version != version || told.says_the_same_as(replayed),
            _ => true,
        };
        let reason = "it says something else than the log before it".to_owned();
        let path = checkpoint_path(&self.path, version).to_string();
        Ok((!is_same).then_some(Error::Damaged { path, reason }))
    }

    fn apply(&self, replay: &mut Replay, version: i64, actions: Vec<Action>) -> Result<()> {
        let path = commit_path(&self.path, version);
        replay.apply(version, actions).map_err(|bad| self.bad_log(&path, bad))
    }

    fn finish(&self, replay: Replay) -> Result<Option<LogState>> {
        replay.finish().map_err(|bad| self.bad_log(&log_folder(&self.path), bad))
    }

    fn bad_log(&self, path: &Path, bad: BadLog) -> Error {
        match bad {
            BadLog::ReaderTooNew(version) => Error::TableTooNew { table: self.path.to_string(), version },
            BadLog::Broken(reason) => Error::Damaged { path: path.to_string(), reason },
        }
    }

    fn damaged(&self, reason: &str) -> Error {
        Error::Damaged { path: self.path.to_string(), reason: reason.to_owned() }
    }
}

fn parse(path: &Path, text: &[u8]) -> Result<Vec<Action>> {
    parse_commit(text).map_err(|cause| match cause {
        Some(source) => Error::DamagedJson { path: path.to_string(), source },
        None => Error::Damaged { path: path.to_string(), reason: "it is not whole".to_owned() },
    })
}
