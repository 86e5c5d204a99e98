//! Finds the newest held version of each Id of a batch, over all data files of a table.

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

/// The open key indexes of one table. Callers run on the blocking pool.
#[derive(Debug)]
pub(crate) struct HeldKeys {
    target: DataTarget,
    open: HashMap<String, KeyIndex>,
}

impl HeldKeys {
    pub(crate) fn new(target: DataTarget) -> Self {
        Self { target, open: HashMap::new() }
    }

    /// The newest version of each of the sorted `ids` in `files`.
    pub(crate) async fn newest(&mut self, files: &[AddFile], ids: &[IdKey]) -> Result<Vec<Option<Key>>> {
        let mut newest: Vec<Option<Key>> = vec![None; ids.len()];
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
            let keep = |position: usize, key: Key| {
                let slot = &mut newest[start + position];
                if slot.is_none_or(|held| held.seq <= key.seq) {
                    *slot = Some(key);
                }
            };
            self.lookup(file, &ids[range], keep).await?;
        }
        Ok(newest)
    }

    async fn lookup(
        &mut self,
        file: &AddFile,
        ids: &[IdKey],
        mut keep: impl FnMut(usize, Key),
    ) -> Result<()> {
        // A second try follows the making anew of an index that was missing or damaged.
        for _ in 0..2 {
            let Some(index) = self.index(file).await? else { break };
            match index.lookup(ids, &mut keep) {
                Ok(()) => return Ok(()),
                Err(error) => self.set_aside(file, &error),
            }
        }
        columns::lookup(&self.target, file, ids, keep).await
    }

    async fn index(&mut self, file: &AddFile) -> Result<Option<&mut KeyIndex>> {
        let Some(dir) = self.target.keys_dir.clone() else { return Ok(None) };
        if !self.open.contains_key(&file.path) {
            let index = match KeyIndex::open(&dir, &file.path) {
                Ok(index) => index,
                Err(error) => {
                    if error.kind() != ErrorKind::NotFound {
                        self.set_aside(file, &error);
                    }
                    if !columns::rebuild(&self.target, file).await? {
                        return Ok(None);
                    }
                    let Ok(index) = KeyIndex::open(&dir, &file.path) else { return Ok(None) };
                    index
                }
            };
            self.open.insert(file.path.clone(), index);
        }
        Ok(self.open.get_mut(&file.path))
    }

    fn set_aside(&mut self, file: &AddFile, error: &std::io::Error) {
        tracing::warn!(file = file.path, %error, "Making a key index again that could not be read");
        self.open.remove(&file.path);
        if let Some(dir) = &self.target.keys_dir {
            remove(dir, &file.path);
        }
    }

    /// Forgets everything but `files`, and removes other indexes from the cache.
    pub(crate) fn keep_only(&mut self, files: &[AddFile]) {
        let live: HashSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
        self.open.retain(|path, _| live.contains(path.as_str()));
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
