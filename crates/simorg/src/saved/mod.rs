//! A file that holds a whole org: `simorg state 2` and a line end, then JSON compressed by gzip.
//!
//! Generated rows are held as the recipes that make them, what was written over them as rows. Jobs, cursors, open
//! transactions, and sign-ins that are half done are not held: they end with the process.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize, Serializer};

use crate::server::AppState;
use crate::state::Org;
use crate::state::org::saved::Saved as SavedOrg;
use crate::{metadata, oauth};

/// The form that is written and read.
const HEAD: &str = "simorg state 2";

/// Why an org could not be saved or loaded.
#[derive(Debug, thiserror::Error)]
pub enum StateFileError {
    #[error("could not read the state file `{file}`")]
    Read {
        file: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("could not write the state file `{file}`")]
    Write {
        file: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("`{file}` begins with `{head}` instead of `simorg state 2`")]
    OtherForm { file: PathBuf, head: String },
    #[error("`{file}` does not hold an org")]
    Malformed {
        file: PathBuf,
        #[source]
        source: serde_json::Error,
    },
}

#[derive(Serialize)]
struct Saving<'a> {
    #[serde(serialize_with = "org")]
    org: &'a Org,
    around: AroundSaving<'a>,
}

#[derive(Serialize)]
struct AroundSaving<'a> {
    oauth: &'a oauth::State,
    metadata: metadata::Settings,
    bulk_polls: (u32, u32),
    whole_numbers_have_point: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference to the field")]
fn org<S: Serializer>(org: &&Org, to: S) -> Result<S::Ok, S::Error> {
    org.save(to)
}

#[derive(Deserialize)]
struct Loaded {
    org: SavedOrg,
    around: Around,
}

/// What the server keeps beside the org.
#[derive(Deserialize)]
pub(crate) struct Around {
    oauth: oauth::State,
    metadata: metadata::Settings,
    bulk_polls: (u32, u32),
    /// Not in files that were saved before there was this choice.
    #[serde(default)]
    whole_numbers_have_point: bool,
}

impl Around {
    pub(crate) fn restore(self, state: &AppState) {
        state.oauth.restore(self.oauth);
        state.metadata.set(self.metadata);
        state.bulk2.set_polls(self.bulk_polls.0, self.bulk_polls.1);
        state.bulk1.set_whole_numbers_have_point(self.whole_numbers_have_point);
    }
}

/// Writes the org beside the file, and then puts it in the file's place.
pub(crate) fn save(state: &AppState, file: &Path) -> Result<(), StateFileError> {
    let failed = |source| StateFileError::Write { file: file.to_owned(), source };
    let mut beside = file.as_os_str().to_owned();
    beside.push(".new");
    // One at a time, or two would write the same file beside.
    let _saving = state.saving.lock().unwrap_or_else(PoisonError::into_inner);
    write(state, Path::new(&beside))
        .and_then(|()| std::fs::rename(&beside, file))
        .and_then(|()| sync_directory_of(file))
        .map_err(failed)
}

/// The new name is safe only once the directory is.
fn sync_directory_of(file: &Path) -> std::io::Result<()> {
    let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    std::fs::File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

fn write(state: &AppState, file: &Path) -> std::io::Result<()> {
    // Tokens are in it, which are nobody else's business.
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut out = BufWriter::new(options.open(file)?);
    writeln!(out, "{HEAD}")?;
    let mut packed = GzEncoder::new(out, Compression::fast());
    let polls = state.bulk2.polls();
    let around = AroundSaving {
        oauth: &state.oauth,
        metadata: state.metadata.settings(),
        bulk_polls: (polls.queued, polls.running),
        whole_numbers_have_point: state.bulk1.whole_numbers_have_point(),
    };
    serde_json::to_writer(BufWriter::new(&mut packed), &Saving { org: &state.org, around })?;
    packed.finish()?.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()
}

/// The org in a file; `None` if there is no such file.
pub(crate) fn load(file: &Path) -> Result<Option<(Arc<Org>, Around)>, StateFileError> {
    let failed = |source| StateFileError::Read { file: file.to_owned(), source };
    let mut packed = match std::fs::File::open(file) {
        Ok(found) => BufReader::new(found),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mut head = Vec::new();
    std::io::Read::take(&mut packed, 80).read_until(b'\n', &mut head).map_err(failed)?;
    let head = String::from_utf8_lossy(&head).trim_end().to_owned();
    if head != HEAD {
        return Err(StateFileError::OtherForm { file: file.to_owned(), head });
    }
    let loaded: Loaded = serde_json::from_reader(BufReader::new(GzDecoder::new(packed)))
        .map_err(|source| StateFileError::Malformed { file: file.to_owned(), source })?;
    Ok(Some((Arc::new(loaded.org.into()), loaded.around)))
}
