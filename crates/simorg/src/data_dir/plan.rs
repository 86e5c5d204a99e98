//! The files of a data directory.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::DataDirError;

/// One step of a plan.
#[derive(Debug, Deserialize)]
pub(super) struct PlanEntry {
    #[serde(rename = "sobject")]
    pub(super) object: String,
    pub(super) files: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct Tree {
    records: Vec<Map<String, Json>>,
}

/// The plans of a directory, by name.
pub(super) fn find(directory: &Path) -> Result<Vec<PathBuf>, DataDirError> {
    let unreadable = |source| DataDirError::Read { file: directory.to_owned(), source };
    let mut plans = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.ends_with("plan.json")) {
            plans.push(path);
        }
    }
    plans.sort();
    if plans.is_empty() { Err(DataDirError::NoPlan(directory.to_owned())) } else { Ok(plans) }
}

pub(super) fn read(plan: &Path) -> Result<Vec<PlanEntry>, DataDirError> {
    parse(plan)
}

pub(super) fn records(file: &Path) -> Result<Vec<Map<String, Json>>, DataDirError> {
    parse::<Tree>(file).map(|tree| tree.records)
}

fn parse<T: serde::de::DeserializeOwned>(file: &Path) -> Result<T, DataDirError> {
    let bytes = std::fs::read(file).map_err(|source| DataDirError::Read { file: file.to_owned(), source })?;
    serde_json::from_slice(&bytes).map_err(|source| DataDirError::Json { file: file.to_owned(), source })
}
