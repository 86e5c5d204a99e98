//! What a demo remembers of its simulated org, so that starting again finds the org as it was.
//!
//! The generated records follow from a few numbers (`demo.json`). What the simulated user did after that
//! stands in a journal, one line each, and is done again at the next start.

use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt;

use crate::failure::CommandError;

const FACTS: &str = "demo.json";
const JOURNAL: &str = "demo-changes.jsonl";

/// What the generated records follow from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Facts {
    pub(crate) records: u64,
    /// The generated records were made before this moment.
    pub(crate) epoch: DateTime<Utc>,
}

/// One thing that the simulated user did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "action")]
pub(crate) enum Deed {
    Create { object: String, id: String, fields: serde_json::Value },
    Update { object: String, id: String, fields: serde_json::Value },
    Delete { object: String, id: String },
}

/// The folder of one demo.
#[derive(Debug)]
pub(crate) struct Stage {
    folder: PathBuf,
    pub(crate) facts: Facts,
}

impl Stage {
    /// Finds the demo in the folder, or begins one. A folder with other data is left alone.
    pub(crate) fn open(
        folder: &Path,
        records: Option<u64>,
        default: u64,
        now: DateTime<Utc>,
    ) -> Result<Self, CommandError> {
        let path = folder.join(FACTS);
        let unreadable = |source| CommandError::Unreadable { what: path.display().to_string(), source };
        let facts = match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| unreadable(error.into()))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                begin(folder, records.unwrap_or(default), now)?
            }
            Err(error) => return Err(unreadable(error)),
        };
        let stage = Self { folder: folder.to_owned(), facts };
        match records {
            Some(records) if records != stage.facts.records => Err(CommandError::usage_with_hint(
                format!(
                    "the demo in `{}` has {} records, not {records}",
                    folder.display(),
                    stage.facts.records
                ),
                "leave out --records to go on with it, name another --data-dir, or remove the folder",
            )),
            _ => Ok(stage),
        }
    }

    /// What was done in the org so far, in order. A line that a crash cut short is the last and was not done.
    pub(crate) fn deeds(&self) -> Result<Vec<Deed>, CommandError> {
        let path = self.folder.join(JOURNAL);
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(text.lines().map_while(|line| serde_json::from_str(line).ok()).collect()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(source) => Err(CommandError::Unreadable { what: path.display().to_string(), source }),
        }
    }

    /// Begins the journal anew with what was done again.
    pub(crate) async fn journal(&self, done: &[Deed]) -> io::Result<Journal> {
        let file = tokio::fs::File::create(self.folder.join(JOURNAL)).await?;
        let mut journal = Journal { file };
        for deed in done {
            journal.add(deed).await?;
        }
        Ok(journal)
    }
}

fn begin(folder: &Path, records: u64, now: DateTime<Utc>) -> Result<Facts, CommandError> {
    let not_written = |source| CommandError::Unwritable { what: folder.display().to_string(), source };
    if folder.join("catalog.db").exists() || folder.join("lake").exists() {
        return Err(CommandError::usage_with_hint(
            format!("`{}` holds data that is not a demo's", folder.display()),
            "name another --data-dir for the demo",
        ));
    }
    let facts = Facts { records, epoch: now };
    std::fs::create_dir_all(folder).map_err(not_written)?;
    let text = serde_json::to_vec_pretty(&facts).expect("a number and a time are always JSON");
    std::fs::write(folder.join(FACTS), text).map_err(not_written)?;
    Ok(facts)
}

/// Where the simulated user's deeds are written down, each before the next begins.
#[derive(Debug)]
pub(crate) struct Journal {
    file: tokio::fs::File,
}

impl Journal {
    pub(crate) async fn add(&mut self, deed: &Deed) -> io::Result<()> {
        let mut line = serde_json::to_vec(deed)?;
        line.push(b'\n');
        self.file.write_all(&line).await?;
        self.file.flush().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-01-01T00:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_demo_is_found_again_with_what_was_done_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let stage = Stage::open(folder.path(), None, 20_000, now()).unwrap();
        assert_eq!(stage.facts, Facts { records: 20_000, epoch: now() });
        let deed = Deed::Delete { object: "Contact".to_owned(), id: "003000000000001AAA".to_owned() };
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async { stage.journal(std::slice::from_ref(&deed)).await.unwrap() });

        let later = now() + chrono::TimeDelta::days(1);
        let again = Stage::open(folder.path(), Some(20_000), 20_000, later).unwrap();
        assert_eq!(again.facts.epoch, now());
        assert_eq!(again.deeds().unwrap(), [deed]);
    }

    #[test]
    fn another_size_or_other_data_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        Stage::open(folder.path(), Some(100), 20_000, now()).unwrap();
        assert!(Stage::open(folder.path(), Some(200), 20_000, now()).is_err());

        let other = tempfile::tempdir().unwrap();
        std::fs::write(other.path().join("catalog.db"), "").unwrap();
        assert!(Stage::open(other.path(), None, 20_000, now()).is_err());
        assert!(!other.path().join(FACTS).exists());
    }
}
