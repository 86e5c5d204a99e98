//! The files of the project, as the checks see them.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use walkdir::WalkDir;

/// Folders that hold what was built, fetched or generated.
const NOT_OURS: [&str; 6] = ["target", "node_modules", ".git", "dist", "golden", "__pycache__"];

/// Paths relative to `root` of all files whose name ends in one of `endings`, sorted.
pub(crate) fn files(root: &Path, endings: &[&str]) -> anyhow::Result<Vec<PathBuf>> {
    let is_ours = |entry: &walkdir::DirEntry| !NOT_OURS.iter().any(|folder| entry.file_name() == *folder);
    let mut found = Vec::new();
    for entry in WalkDir::new(root).sort_by_file_name().into_iter().filter_entry(is_ours) {
        let entry = entry.context("could not list the files of the project")?;
        let has_ending = entry
            .path()
            .extension()
            .is_some_and(|ending| endings.iter().any(|known| ending.eq_ignore_ascii_case(known)));
        if entry.file_type().is_file() && has_ending {
            found.push(entry.path().strip_prefix(root).expect("the walk began there").to_owned());
        }
    }
    Ok(found)
}

pub(crate) fn read(root: &Path, path: impl AsRef<Path>) -> anyhow::Result<String> {
    let path = root.join(path);
    std::fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))
}
