//! Finds the newest held version of each Id of a batch, over all data files of a table.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::columns;
use super::format::key_path;
use super::id::{IdKey, Key};
use super::index::KeyIndex;
use crate::Result;
use crate::data::DataTarget;
use crate::delta::AddFile;
use crate::read::within;

/// What of the key indexes stays in memory between lookups. Those beyond it are opened for each lookup anew,
/// which costs little beside a chunk of rows, so that memory does not grow with the table.
const HELD_BYTES: usize = 2 << 20;
/// Processes may open 1,024 files by default, and several tables are written at once.
const HELD_FILES: usize = 64;

/// The key indexes of one table. Callers run on the blocking pool.
#[derive(Debug)]
pub(crate) struct HeldKeys {
    target: DataTarget,
    open: HashMap<String, KeyIndex>,
    bytes: usize,
}

impl HeldKeys {
    pub(crate) fn new(target: DataTarget) -> Self {
        Self { target, open: HashMap::new(), bytes: 0 }
    }

    /// The newest version in `files` of each of the sorted `ids` that they hold, with its place among `ids`, in
    /// order. A first capture looks for many Ids, and finds none.
    pub(crate) async fn newest(&mut self, files: &[AddFile], ids: &[IdKey]) -> Result<Vec<(usize, Key)>> {
        let mut found: Vec<(usize, Key)> = Vec::new();
        for file in files {
            let (Some(min), Some(max)) =
                (IdKey::of(file.min_id.as_bytes()), IdKey::of(file.max_id.as_bytes()))
            else {
                continue;
            };
            let range = within(ids, min, max);
            if range.is_empty() {
                continue;
            }
            let start = range.start;
            self.lookup(file, &ids[range], |position, key| found.push((start + position, key))).await?;
        }
        found.sort_unstable_by_key(|(position, key)| (*position, Reverse(key.seq)));
        found.dedup_by_key(|(position, _)| *position);
        Ok(found)
    }

    async fn lookup(
        &mut self,
        file: &AddFile,
        ids: &[IdKey],
        mut keep: impl FnMut(usize, Key),
    ) -> Result<()> {
        // A second try follows the making anew of an index that was missing or damaged.
        for _ in 0..2 {
            let Some(mut index) = self.take(file).await? else { break };
            match index.lookup(ids, &mut keep) {
                Ok(()) => {
                    self.put(file, index);
                    return Ok(());
                }
                Err(error) => self.set_aside(file, &error),
            }
        }
        columns::lookup(&self.target, file, ids, keep).await
    }

    async fn take(&mut self, file: &AddFile) -> Result<Option<KeyIndex>> {
        if let Some(index) = self.open.remove(&file.path) {
            self.bytes -= index.bytes();
            return Ok(Some(index));
        }
        let Some(dir) = self.target.keys_dir.clone() else { return Ok(None) };
        match KeyIndex::open(&dir, &file.path) {
            Ok(index) => return Ok(Some(index)),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => self.set_aside(file, &error),
        }
        if !columns::rebuild(&self.target, file).await? {
            return Ok(None);
        }
        Ok(KeyIndex::open(&dir, &file.path).ok())
    }

    /// Lookups ask all files in one order, so those that came first stay, and none pushes another out.
    fn put(&mut self, file: &AddFile, index: KeyIndex) {
        if self.open.len() < HELD_FILES && self.bytes + index.bytes() <= HELD_BYTES {
            self.bytes += index.bytes();
            self.open.insert(file.path.clone(), index);
        }
    }

    fn set_aside(&mut self, file: &AddFile, error: &std::io::Error) {
        tracing::warn!(file = file.path, %error, "Making a key index again that could not be read");
        if let Some(dir) = &self.target.keys_dir {
            remove(dir, &file.path);
        }
    }

    /// Forgets everything but `files`, and removes other indexes from the cache.
    pub(crate) fn keep_only(&mut self, files: &[AddFile]) {
        let live: HashSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
        self.open.retain(|path, _| live.contains(path.as_str()));
        self.bytes = self.open.values().map(KeyIndex::bytes).sum();
        let Some(dir) = &self.target.keys_dir else { return };
        let live: HashSet<_> =
            live.iter().filter_map(|path| Some(key_path(dir, path).file_name()?.to_owned())).collect();
        let Ok(entries) = fs::read_dir(dir) else { return };
        for entry in entries.flatten().filter(|entry| !live.contains(&entry.file_name())) {
            // A cache entry that stays costs a little room and is tried again the next time.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Removes the key index of one data file, if it is there.
pub(crate) fn remove(dir: &Path, file: &str) {
    let _ = fs::remove_file(key_path(dir, file));
}
