//! The zip of a retrieve or a deploy, and its limits ("Metadata Limits", Salesforce Developer Limits and Allocations).

use std::io::{Cursor, Read, Write};

use bytes::Bytes;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

pub(super) const MOST_FILES: usize = 10_000;
/// 39 MB, which is what is left of 50 MB after base64.
pub(super) const MOST_ZIPPED: usize = 39 * 1024 * 1024;
/// 400 MB.
pub(super) const MOST_UNZIPPED: u64 = 400 * 1024 * 1024;

/// Files by path, in the order of the zip.
pub(crate) type Files = Vec<(String, Bytes)>;

/// Why a zip is not taken, in Salesforce's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ArchiveError {
    #[error("Invalid zip file: {0}")]
    Unreadable(String),
    #[error("Too many files in {0} call, limit is: {MOST_FILES}")]
    TooManyFiles(&'static str),
    #[error("The {0} zip file exceeded the limit of {1} bytes. Total bytes: {2}")]
    TooLarge(&'static str, u64, u64),
}

impl ArchiveError {
    pub(super) fn code(&self) -> &'static str {
        match self {
            ArchiveError::Unreadable(_) => "UNKNOWN_EXCEPTION",
            ArchiveError::TooManyFiles(_) | ArchiveError::TooLarge(..) => "LIMIT_EXCEEDED",
        }
    }
}

fn unreadable(error: impl std::fmt::Display) -> ArchiveError {
    ArchiveError::Unreadable(error.to_string())
}

fn as_u64(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// Every file of a deployed zip; directories are passed over.
pub(super) fn read(zip: &[u8]) -> Result<Files, ArchiveError> {
    if zip.len() > MOST_ZIPPED {
        return Err(ArchiveError::TooLarge("deployed", as_u64(MOST_ZIPPED), as_u64(zip.len())));
    }
    let mut archive = ZipArchive::new(Cursor::new(zip)).map_err(unreadable)?;
    let mut files = Files::new();
    let mut total = 0;
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).map_err(unreadable)?;
        if entry.is_dir() {
            continue;
        }
        if files.len() == MOST_FILES {
            return Err(ArchiveError::TooManyFiles("deploy"));
        }
        let path = entry.name().map_err(unreadable)?.replace('\\', "/").trim_start_matches('/').to_owned();
        let mut body = Vec::new();
        // What the directory of the zip says of sizes may be wrong, so the bytes themselves are counted.
        (&mut entry).take(MOST_UNZIPPED - total + 1).read_to_end(&mut body).map_err(unreadable)?;
        total += as_u64(body.len());
        if total > MOST_UNZIPPED {
            return Err(ArchiveError::TooLarge("deployed", MOST_UNZIPPED, total));
        }
        files.push((path, Bytes::from(body)));
    }
    Ok(files)
}

/// The zip of a retrieve. The same files give the same bytes.
pub(crate) fn write(files: &Files) -> Result<Vec<u8>, ArchiveError> {
    // What the package says of itself does not count.
    if files.iter().filter(|(path, _)| !path.ends_with("package.xml")).count() > MOST_FILES {
        return Err(ArchiveError::TooManyFiles("retrieve"));
    }
    let total = files.iter().map(|(_, body)| as_u64(body.len())).sum::<u64>();
    if total > MOST_UNZIPPED {
        return Err(ArchiveError::TooLarge("retrieved", MOST_UNZIPPED, total));
    }
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default());
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, body) in files {
        writer.start_file(path.as_str(), options).map_err(unreadable)?;
        writer.write_all(body).map_err(unreadable)?;
    }
    let zip = writer.finish().map_err(unreadable)?.into_inner();
    if zip.len() > MOST_ZIPPED {
        return Err(ArchiveError::TooLarge("retrieved", as_u64(MOST_ZIPPED), as_u64(zip.len())));
    }
    Ok(zip)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(count: usize) -> Files {
        (0..count).map(|n| (format!("classes/C{n}.cls"), Bytes::from_static(b"class"))).collect()
    }

    #[test]
    fn what_is_written_is_read_again_and_is_the_same_each_time() {
        let zip = write(&files(3)).unwrap();
        assert_eq!(read(&zip).unwrap(), files(3));
        assert_eq!(zip, write(&files(3)).unwrap());
        assert!(matches!(read(b"no zip"), Err(ArchiveError::Unreadable(_))));
    }

    #[test]
    fn more_than_ten_thousand_files_are_refused() {
        assert!(write(&files(MOST_FILES)).is_ok());
        let error = write(&files(MOST_FILES + 1)).unwrap_err();
        assert_eq!(error.to_string(), "Too many files in retrieve call, limit is: 10000");
        assert_eq!(error.code(), "LIMIT_EXCEEDED");
    }

    #[test]
    fn more_than_four_hundred_megabytes_unzipped_are_refused() {
        let piece = Bytes::from(vec![b'x'; 10 * 1024 * 1024]);
        let mut files: Files = (0..40).map(|n| (format!("staticresources/{n}"), piece.clone())).collect();
        files.push(("staticresources/last".to_owned(), Bytes::from_static(b"x")));
        let error = write(&files).unwrap_err();
        assert_eq!(error, ArchiveError::TooLarge("retrieved", MOST_UNZIPPED, MOST_UNZIPPED + 1));
        assert_eq!(error.code(), "LIMIT_EXCEEDED");
    }

    #[test]
    fn a_zip_of_more_than_thirty_nine_megabytes_is_refused_unread() {
        let zip = vec![0; MOST_ZIPPED + 1];
        let (most, size) = (as_u64(MOST_ZIPPED), as_u64(MOST_ZIPPED + 1));
        assert_eq!(read(&zip).unwrap_err(), ArchiveError::TooLarge("deployed", most, size));
        assert!(matches!(read(&zip[1..]), Err(ArchiveError::Unreadable(_))));
    }
}
