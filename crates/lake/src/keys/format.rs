//! The key index as a file: pages of entries by Id, then what is needed to find the right page.
//!
//! `pages | first Id and checksum of each page | filter | schemas | footer`. The footer's checksum covers all that
//! is loaded on opening; each page has its own, checked when the page is read. Numbers are little endian. The
//! file is written under another name and renamed, and never synced: whatever a power loss leaves is found damaged.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use holdfast_domain::change::Fingerprint;

use super::filter::IdFilter;
use super::id::{ID_BYTES, IdKey, Key};

pub(super) const MAGIC: &[u8; 8] = b"HFKEYS\0\x01";
pub(super) const PAGE_ENTRIES: usize = 64;
pub(super) const ENTRY_BYTES: usize = ID_BYTES + 16 + 8 + 8 + 2 + 1;
/// First Id and checksum.
pub(super) const SPARSE_BYTES: usize = ID_BYTES + 8;
/// Counts of entries, pages, filter bytes and schemas, checksum, magic.
pub(super) const FOOTER_BYTES: usize = 4 * 8 + 8 + 8;

const DELETED: u8 = 1;
const HAS_MODSTAMP: u8 = 2;

/// Where the key index of the data file `file` lies.
pub(super) fn key_path(dir: &Path, file: &str) -> PathBuf {
    dir.join(format!("{}.keys", file.replace('/', "%2F")))
}

pub(super) fn checksum(parts: &[&[u8]]) -> u64 {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(part);
    }
    let hash = hasher.finalize();
    let (head, _) = hash.as_bytes().split_first_chunk::<8>().expect("a BLAKE3 hash has 32 bytes");
    u64::from_le_bytes(*head)
}

/// Writes one key index; entries come by Id, and of several with one Id the last counts.
///
/// A cache that cannot be written must not stop a capture: the first failure ends the file, and the index is
/// made from the data file when it is needed.
pub(crate) struct KeyFileWriter {
    path: PathBuf,
    unfinished: PathBuf,
    body: Option<Body>,
}

struct Body {
    out: BufWriter<File>,
    page: Vec<u8>,
    page_first: IdKey,
    pending: Option<Key>,
    sparse: Vec<u8>,
    filter: IdFilter,
    schemas: Vec<u128>,
    entries: u64,
}

impl KeyFileWriter {
    pub(crate) fn create(dir: &Path, file: &str, expected: u64) -> Option<Self> {
        let path = key_path(dir, file);
        let unfinished = path.with_extension(format!("{}.unfinished", uuid::Uuid::now_v7().simple()));
        let opened = fs::create_dir_all(dir).and_then(|()| File::create(&unfinished));
        let out = opened.inspect_err(|error| give_up(&path, error)).ok()?;
        let body = Body {
            out: BufWriter::with_capacity(64 << 10, out),
            page: Vec::with_capacity(PAGE_ENTRIES * ENTRY_BYTES),
            page_first: IdKey::of(&[0; ID_BYTES])?,
            pending: None,
            sparse: Vec::new(),
            filter: IdFilter::sized_for(expected),
            schemas: Vec::new(),
            entries: 0,
        };
        Some(Self { path, unfinished, body: Some(body) })
    }

    pub(crate) fn push(&mut self, key: Key) {
        let Some(body) = &mut self.body else { return };
        if let Err(error) = body.push(key) {
            give_up(&self.path, &error);
            self.body = None;
        }
    }

    /// True if and only if the index is in place.
    pub(crate) fn finish(mut self) -> bool {
        let Some(body) = self.body.take() else { return false };
        let done = body.finish().and_then(|()| fs::rename(&self.unfinished, &self.path));
        done.inspect_err(|error| give_up(&self.path, error)).is_ok()
    }
}

impl Drop for KeyFileWriter {
    fn drop(&mut self) {
        // After a rename there is nothing left by this name.
        let _ = fs::remove_file(&self.unfinished);
    }
}

fn give_up(path: &Path, error: &io::Error) {
    tracing::warn!(path = %path.display(), %error, "Going on without a key index that could not be written");
}

impl Body {
    fn push(&mut self, key: Key) -> io::Result<()> {
        match self.pending.replace(key) {
            Some(before) if before.id != key.id => self.store(before),
            _ => Ok(()),
        }
    }

    fn store(&mut self, key: Key) -> io::Result<()> {
        if self.page.is_empty() {
            self.page_first = key.id;
        }
        let known = self.schemas.iter().rposition(|schema| *schema == key.print.schema);
        let schema = known.unwrap_or_else(|| {
            self.schemas.push(key.print.schema);
            self.schemas.len() - 1
        });
        let schema =
            u16::try_from(schema).map_err(|_| io::Error::other("more than 65,536 describes in one file"))?;
        let flags = if key.print.is_deleted { DELETED } else { 0 }
            | if key.print.modstamp_us.is_some() { HAS_MODSTAMP } else { 0 };
        self.page.extend_from_slice(&key.id.to_bytes());
        self.page.extend_from_slice(&key.print.hash.to_le_bytes());
        self.page.extend_from_slice(&key.print.modstamp_us.unwrap_or(0).to_le_bytes());
        self.page.extend_from_slice(&key.seq.to_le_bytes());
        self.page.extend_from_slice(&schema.to_le_bytes());
        self.page.push(flags);
        self.filter.insert(key.id);
        self.entries += 1;
        if self.page.len() == PAGE_ENTRIES * ENTRY_BYTES { self.end_page() } else { Ok(()) }
    }

    fn end_page(&mut self) -> io::Result<()> {
        if self.page.is_empty() {
            return Ok(());
        }
        self.sparse.extend_from_slice(&self.page_first.to_bytes());
        self.sparse.extend_from_slice(&checksum(&[&self.page]).to_le_bytes());
        self.out.write_all(&self.page)?;
        self.page.clear();
        Ok(())
    }

    fn finish(mut self) -> io::Result<()> {
        if let Some(last) = self.pending.take() {
            self.store(last)?;
        }
        self.end_page()?;
        let filter = self.filter.as_bytes();
        let schemas: Vec<u8> = self.schemas.iter().flat_map(|schema| schema.to_le_bytes()).collect();
        let pages = self.sparse.len() / SPARSE_BYTES;
        let counts = [self.entries, pages as u64, filter.len() as u64, self.schemas.len() as u64];
        let counts: Vec<u8> = counts.iter().flat_map(|count| count.to_le_bytes()).collect();
        let sum = checksum(&[&self.sparse, filter, &schemas, &counts]).to_le_bytes();
        for part in [&self.sparse[..], filter, &schemas, &counts, &sum, MAGIC] {
            self.out.write_all(part)?;
        }
        self.out.flush()
    }
}

/// Reads one entry.
pub(super) fn decode(entry: &[u8], schemas: &[u128]) -> io::Result<Key> {
    let mut rest = entry;
    let id = IdKey::of(&take::<ID_BYTES>(&mut rest)?).ok_or_else(damaged)?;
    let hash = u128::from_le_bytes(take(&mut rest)?);
    let modstamp = i64::from_le_bytes(take(&mut rest)?);
    let seq = i64::from_le_bytes(take(&mut rest)?);
    let schema = usize::from(u16::from_le_bytes(take(&mut rest)?));
    let [flags] = take(&mut rest)?;
    let print = Fingerprint {
        hash,
        modstamp_us: (flags & HAS_MODSTAMP != 0).then_some(modstamp),
        is_deleted: flags & DELETED != 0,
        schema: *schemas.get(schema).ok_or_else(damaged)?,
    };
    Ok(Key { id, print, seq })
}

pub(super) fn take<const N: usize>(bytes: &mut &[u8]) -> io::Result<[u8; N]> {
    let (head, rest) = bytes.split_first_chunk::<N>().ok_or_else(damaged)?;
    *bytes = rest;
    Ok(*head)
}

pub(super) fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the key index is damaged")
}
