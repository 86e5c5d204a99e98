//! Large bodies on their way in: beyond a megabyte they go to a file without a name, so that memory does not grow with them.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use md5::{Digest, Md5};

use super::blobs::{Body, hex};

/// What is held in memory: small bodies whole, large ones until so much has come together.
const MOST_HELD: usize = 1 << 20;

/// A body in a file that nobody else can open and that is gone with its last holder.
#[derive(Debug)]
pub struct Spooled {
    file: Mutex<File>,
    pub(super) length: u64,
    pub(super) md5: String,
}

impl Spooled {
    /// So many bytes from this place on.
    pub(super) fn read(&self, at: u64, size: usize) -> io::Result<Bytes> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(at))?;
        let mut piece = vec![0; size];
        file.read_exact(&mut piece)?;
        Ok(piece.into())
    }
}

impl PartialEq for Spooled {
    fn eq(&self, other: &Spooled) -> bool {
        (self.length, &self.md5) == (other.length, &other.md5)
    }
}

impl Eq for Spooled {}

/// A body of which the pieces come one after the other.
#[derive(Default)]
pub(crate) struct Incoming {
    held: BytesMut,
    file: Option<File>,
    written: u64,
    digest: Md5,
}

impl Incoming {
    pub(crate) fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        self.held.extend_from_slice(piece);
        if self.held.len() > MOST_HELD { self.spool() } else { Ok(()) }
    }

    pub(crate) fn finish(mut self) -> io::Result<Body> {
        if self.file.is_some() {
            self.spool()?;
        }
        Ok(match self.file {
            None => Body::Bytes(self.held.freeze()),
            Some(file) => Body::Spooled(Arc::new(Spooled {
                file: Mutex::new(file),
                length: self.written,
                md5: hex(&self.digest.finalize()),
            })),
        })
    }

    /// Moves what is held into the file.
    fn spool(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        file.write_all(&self.held)?;
        self.digest.update(&self.held);
        self.written += self.held.len() as u64;
        self.held.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body_of(bytes: &[u8]) -> Body {
        let mut incoming = Incoming::default();
        for piece in bytes.chunks(100_001) {
            incoming.write(piece).unwrap();
            assert!(incoming.held.len() <= MOST_HELD, "a large body is not held");
        }
        incoming.finish().unwrap()
    }

    #[test]
    fn a_large_body_lies_in_a_file_and_reads_as_it_came() {
        let bytes: Vec<u8> = (0..3_500_000_u32).map(|n| (n % 251).to_le_bytes()[0]).collect();
        let body = body_of(&bytes);

        assert!(matches!(body, Body::Spooled(_)));
        assert_eq!(body.length(), 3_500_000);
        // Two readers at a time do not disturb each other.
        let (mut first, mut second) = (body.chunks(), body.chunks());
        let (mut once, mut twice) = (Vec::new(), Vec::new());
        while let (Some(a), Some(b)) = (first.next(), second.next()) {
            once.extend_from_slice(&a.unwrap());
            twice.extend_from_slice(&b.unwrap());
        }
        assert!(once == bytes && twice == bytes);
        assert_eq!(body.md5().unwrap(), Body::Bytes(bytes.into()).md5().unwrap());
    }

    #[test]
    fn a_small_body_is_held() {
        assert_eq!(body_of(b"abc"), Body::Bytes(Bytes::from_static(b"abc")));
        assert_eq!(body_of(b""), Body::Bytes(Bytes::new()));
    }
}
