//! Walks the directories of a project.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::ProjectError;
use super::ignore::Rules;

/// The files of all packages by their path below the package directory; a later package replaces an earlier one's file.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub(super) by_path: BTreeMap<String, PathBuf>,
    /// Where files of the same place lie that are put together instead: labels and decomposed parts.
    pub(super) repeated: Vec<(String, PathBuf)>,
    seen: BTreeSet<PathBuf>,
}

impl Files {
    fn add(&mut self, inside: String, path: PathBuf) {
        // Package directories may lie in each other.
        if !self.seen.insert(path.clone()) {
            return;
        }
        if let Some(earlier) = self.by_path.insert(inside.clone(), path) {
            self.repeated.push((inside, earlier));
        }
    }
}

/// Collects the files below `root`, which lies in the project at `base`.
pub(super) fn walk(base: &Path, root: &Path, rules: &Rules, files: &mut Files) -> Result<(), ProjectError> {
    let mut open = vec![root.to_owned()];
    while let Some(directory) = open.pop() {
        for (path, is_directory) in entries(&directory)? {
            let inside = slashed(path.strip_prefix(base).unwrap_or(&path));
            if rules.ignores(&inside, is_directory) {
                continue;
            }
            if is_directory {
                open.push(path);
            } else {
                files.add(slashed(path.strip_prefix(root).unwrap_or(&path)), path);
            }
        }
    }
    Ok(())
}

/// Files and directories by name; links to directories are not followed.
fn entries(directory: &Path) -> Result<Vec<(PathBuf, bool)>, ProjectError> {
    let unreadable = |source| ProjectError::Read { path: directory.to_owned(), source };
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let kind = entry.file_type().map_err(unreadable)?;
        if kind.is_dir() || entry.path().is_file() {
            entries.push((entry.path(), kind.is_dir()));
        }
    }
    entries.sort();
    Ok(entries)
}

fn slashed(path: &Path) -> String {
    path.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// The plans below `data`, at any depth.
pub(super) fn plans(directory: &Path) -> Result<Vec<PathBuf>, ProjectError> {
    let data = directory.join("data");
    let mut plans = Vec::new();
    let mut open = if data.is_dir() { vec![data] } else { Vec::new() };
    while let Some(directory) = open.pop() {
        for (path, is_directory) in entries(&directory)? {
            if is_directory {
                open.push(path);
            } else if is_plan(&path) {
                plans.push(path);
            }
        }
    }
    plans.sort();
    Ok(plans)
}

/// A plan is a list of objects and files; exports name it `…-plan.json`, people number them.
fn is_plan(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let is_json = path.extension().is_some_and(|suffix| suffix.eq_ignore_ascii_case("json"));
    if !is_json || !name.contains("plan") {
        return false;
    }
    let text = std::fs::read(path).unwrap_or_default();
    let list: Vec<serde_json::Value> = serde_json::from_slice(&text).unwrap_or_default();
    !list.is_empty()
        && list.iter().all(|entry| entry.get("sobject").is_some() && entry.get("files").is_some())
}
