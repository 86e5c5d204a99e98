//! Loads the record trees of `sf data import tree`: a plan that names files, and files of records that refer to each other.
//!
//! Custom objects and fields that the org lacks are made first, with types read off the values.

mod infer;
mod plan;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json};

use crate::errors::ApiError;
use crate::schema::notation::NotationError;
use crate::state::Org;

use plan::PlanEntry;

/// Why a data directory could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    #[error("`{0}` has no plan: a JSON file whose name ends in `plan.json`")]
    NoPlan(PathBuf),
    #[error("could not read `{file}`")]
    Read {
        file: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("`{file}` is not the JSON that was expected there")]
    Json {
        file: PathBuf,
        #[source]
        source: serde_json::Error,
    },
    #[error("`{reference}` is not the name of a record loaded before")]
    UnknownReference { reference: String },
    #[error("the org refused record {number} of `{object}`")]
    Refused {
        object: String,
        number: usize,
        #[source]
        source: Box<ApiError>,
    },
    #[error("a name in the data cannot be the name of an object or field")]
    Notation(#[source] NotationError),
    #[error("the org refused the object `{object}`")]
    Schema {
        object: String,
        #[source]
        source: ApiError,
    },
}

/// The records of one object, in the order of the plan.
struct Batch {
    object: String,
    records: Vec<Map<String, Json>>,
}

/// Loads all plans of a directory, each object as one transaction.
pub fn load(org: &Org, directory: &Path) -> Result<(), DataDirError> {
    let mut batches = Vec::new();
    for plan in plan::find(directory)? {
        for entry in plan::read(&plan)? {
            batches.push(read_batch(directory, entry)?);
        }
    }
    let named: HashMap<String, String> = batches
        .iter()
        .flat_map(|batch| {
            batch.records.iter().filter_map(|record| Some((reference_id(record)?, batch.object.clone())))
        })
        .collect();
    infer::complete_schema(org, &batches, &named)?;
    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    for batch in &batches {
        insert(org, batch, &mut ids)?;
    }
    Ok(())
}

/// Loads one plan record by record, and answers in words which records the org refused.
pub fn load_plan(org: &Org, plan: &Path) -> Result<Vec<String>, DataDirError> {
    let directory = plan.parent().unwrap_or(Path::new("."));
    let mut refused = Vec::new();
    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    for entry in plan::read(plan)? {
        let batch = read_batch(directory, entry)?;
        for (at, record) in batch.records.iter().enumerate() {
            let outcome = resolve(record, &ids).and_then(|resolved| {
                org.write(&org.admin(), |transaction| transaction.insert(&batch.object, &resolved)).map_err(
                    |source| DataDirError::Refused {
                        object: batch.object.clone(),
                        number: at + 1,
                        source: Box::new(source),
                    },
                )
            });
            match outcome {
                Ok(id) => ids.extend(reference_id(record).map(|name| (name, id))),
                Err(DataDirError::Refused { object, number, source }) => {
                    refused.push(format!("record {number} of `{object}`: {}", source.message));
                }
                Err(error) => refused.push(format!("record {} of `{}`: {error}", at + 1, batch.object)),
            }
        }
    }
    Ok(refused)
}

fn read_batch(directory: &Path, entry: PlanEntry) -> Result<Batch, DataDirError> {
    let mut records = Vec::new();
    for file in entry.files {
        records.extend(plan::records(&directory.join(file))?);
    }
    Ok(Batch { object: entry.object, records })
}

fn reference_id(record: &Map<String, Json>) -> Option<String> {
    record.get("attributes")?.get("referenceId")?.as_str().map(str::to_owned)
}

fn insert(org: &Org, batch: &Batch, ids: &mut BTreeMap<String, String>) -> Result<(), DataDirError> {
    let mut failed = None;
    let mut made = Vec::new();
    let outcome = org.write(&org.admin(), |transaction| {
        for (at, record) in batch.records.iter().enumerate() {
            let resolved = match resolve(record, ids) {
                Ok(resolved) => resolved,
                Err(error) => {
                    failed = Some(error);
                    return Err(ApiError::not_found());
                }
            };
            let id = transaction.insert(&batch.object, &resolved).inspect_err(|source| {
                failed = Some(DataDirError::Refused {
                    object: batch.object.clone(),
                    number: at + 1,
                    source: Box::new(source.clone()),
                });
            })?;
            made.extend(reference_id(record).map(|name| (name, id)));
        }
        Ok(())
    });
    ids.extend(made);
    match (failed, outcome) {
        (Some(error), _) => Err(error),
        (None, outcome) => {
            outcome.map_err(|source| DataDirError::Schema { object: batch.object.clone(), source })
        }
    }
}

/// The record with `@name` replaced by the id of the record of that name.
fn resolve(
    record: &Map<String, Json>,
    ids: &BTreeMap<String, String>,
) -> Result<Map<String, Json>, DataDirError> {
    let mut resolved = Map::new();
    for (field, value) in record.iter().filter(|(field, _)| *field != "attributes") {
        let value = match value.as_str().and_then(|text| text.strip_prefix('@')) {
            Some(name) if infer::is_reference(value) => {
                let id = ids
                    .get(name)
                    .ok_or_else(|| DataDirError::UnknownReference { reference: name.to_owned() })?;
                Json::String(id.clone())
            }
            _ => value.clone(),
        };
        resolved.insert(field.clone(), value);
    }
    Ok(resolved)
}
