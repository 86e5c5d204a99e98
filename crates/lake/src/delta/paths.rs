//! The names of the files of a log.

use object_store::path::Path;

/// The folder of a table's log, within the table's folder.
pub(crate) const LOG_FOLDER: &str = "_delta_log";

/// What a file of the log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFile {
    Commit(i64),
    Checkpoint(i64),
}

pub(crate) fn log_folder(table: &Path) -> Path {
    table.clone().join(LOG_FOLDER)
}

pub(crate) fn commit_path(table: &Path, version: i64) -> Path {
    log_folder(table).join(format!("{version:020}.json"))
}

pub(crate) fn checkpoint_path(table: &Path, version: i64) -> Path {
    log_folder(table).join(format!("{version:020}.checkpoint.parquet"))
}

pub(crate) fn last_checkpoint_path(table: &Path) -> Path {
    log_folder(table).join("_last_checkpoint")
}

/// Sorts before everything of `version` and after everything of the version before it.
pub(crate) fn just_before(table: &Path, version: i64) -> Path {
    log_folder(table).join(format!("{version:020}"))
}

impl LogFile {
    /// None for what is neither, such as `_last_checkpoint`.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let (digits, kind) = path.filename()?.split_at_checked(20)?;
        let version = digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())??;
        match kind {
            ".json" => Some(Self::Commit(version)),
            ".checkpoint.parquet" => Some(Self::Checkpoint(version)),
            _ => None,
        }
    }

    pub(crate) fn version(self) -> i64 {
        match self {
            Self::Commit(version) | Self::Checkpoint(version) => version,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        let table = Path::from("orgs/o/objects/Account");
        assert_eq!(LogFile::of(&commit_path(&table, 17)), Some(LogFile::Commit(17)));
        assert_eq!(LogFile::of(&checkpoint_path(&table, 17)), Some(LogFile::Checkpoint(17)));
        assert_eq!(LogFile::of(&last_checkpoint_path(&table)), None);
        assert!(just_before(&table, 17) < checkpoint_path(&table, 17));
        assert!(just_before(&table, 17) > commit_path(&table, 16));
    }
}
