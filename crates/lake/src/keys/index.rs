//! Reads a key index: a sparse index and the filter in memory, pages of entries by positioned reads.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::filter::{BLOCK_BYTES, IdFilter};
use super::format::{
    ENTRY_BYTES, FOOTER_BYTES, MAGIC, PAGE_ENTRIES, SPARSE_BYTES, checksum, damaged, decode, key_path, take,
};
use super::id::{ID_BYTES, IdKey, Key};

#[derive(Debug)]
pub(super) struct KeyIndex {
    file: File,
    entries: usize,
    /// First Id and checksum of each page.
    sparse: Vec<(IdKey, u64)>,
    filter: IdFilter,
    schemas: Vec<u128>,
    page: Vec<u8>,
    page_number: Option<usize>,
}

impl KeyIndex {
    /// Fails with `InvalidData` if and only if the index is there and not as it was written.
    pub(super) fn open(dir: &Path, data_file: &str) -> io::Result<Self> {
        let mut file = File::open(key_path(dir, data_file))?;
        let length = file.metadata()?.len();
        let footer_at = length.checked_sub(FOOTER_BYTES as u64).ok_or_else(damaged)?;
        let mut footer = [0; FOOTER_BYTES];
        file.seek(SeekFrom::Start(footer_at))?;
        file.read_exact(&mut footer)?;
        let mut rest = &footer[..];
        let counts: [u8; 32] = take(&mut rest)?;
        let sum = u64::from_le_bytes(take(&mut rest)?);
        let [entries, pages, filter, schemas] = four_counts(&counts)?;
        if rest != MAGIC || entries.div_ceil(PAGE_ENTRIES) != pages || filter % BLOCK_BYTES != 0 {
            return Err(damaged());
        }
        let told = [(entries, ENTRY_BYTES), (pages, SPARSE_BYTES), (filter, 1), (schemas, 16)];
        let told =
            told.iter().try_fold(0_usize, |sum, (count, each)| sum.checked_add(count.checked_mul(*each)?));
        if told.map(|bytes| bytes as u64) != Some(footer_at) {
            return Err(damaged());
        }
        let mut loaded = vec![0; pages * SPARSE_BYTES + filter + schemas * 16];
        file.seek(SeekFrom::Start((entries * ENTRY_BYTES) as u64))?;
        file.read_exact(&mut loaded)?;
        if checksum(&[&loaded, &counts]) != sum {
            return Err(damaged());
        }
        let (sparse, rest) = loaded.split_at(pages * SPARSE_BYTES);
        let (filter, schemas) = rest.split_at(filter);
        Ok(Self {
            file,
            entries,
            sparse: sparse.chunks_exact(SPARSE_BYTES).map(sparse_entry).collect::<io::Result<_>>()?,
            filter: IdFilter::from_bytes(filter),
            schemas: schemas
                .chunks_exact(16)
                .map(|mut bytes| Ok(u128::from_le_bytes(take(&mut bytes)?)))
                .collect::<io::Result<_>>()?,
            page: Vec::new(),
            page_number: None,
        })
    }

    /// Calls `found` with the position in `ids`, which are sorted, and the key of each that this file holds.
    pub(super) fn lookup(&mut self, ids: &[IdKey], mut found: impl FnMut(usize, Key)) -> io::Result<()> {
        let mut page = 0;
        for (position, id) in ids.iter().enumerate() {
            if !self.filter.may_hold(*id) {
                continue;
            }
            let ahead = self.sparse[page..].partition_point(|(first, _)| first <= id);
            if ahead == 0 {
                continue;
            }
            page += ahead - 1;
            self.load(page)?;
            if let Some(key) = self.find(*id)? {
                found(position, key);
            }
        }
        Ok(())
    }

    fn load(&mut self, page: usize) -> io::Result<()> {
        if self.page_number == Some(page) {
            return Ok(());
        }
        self.page_number = None;
        let first = page * PAGE_ENTRIES;
        let entries = PAGE_ENTRIES.min(self.entries - first);
        self.page.resize(entries * ENTRY_BYTES, 0);
        self.file.seek(SeekFrom::Start((first * ENTRY_BYTES) as u64))?;
        self.file.read_exact(&mut self.page)?;
        if checksum(&[&self.page]) != self.sparse[page].1 {
            return Err(damaged());
        }
        self.page_number = Some(page);
        Ok(())
    }

    fn find(&self, id: IdKey) -> io::Result<Option<Key>> {
        let wanted = id.to_bytes();
        let (mut low, mut high) = (0, self.page.len() / ENTRY_BYTES);
        while low < high {
            let middle = usize::midpoint(low, high);
            let entry = &self.page[middle * ENTRY_BYTES..][..ENTRY_BYTES];
            match entry[..ID_BYTES].cmp(&wanted[..]) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return decode(entry, &self.schemas).map(Some),
            }
        }
        Ok(None)
    }
}

fn four_counts(bytes: &[u8]) -> io::Result<[usize; 4]> {
    let mut rest = bytes;
    let mut next = || usize::try_from(u64::from_le_bytes(take(&mut rest)?)).map_err(|_| damaged());
    Ok([next()?, next()?, next()?, next()?])
}

fn sparse_entry(bytes: &[u8]) -> io::Result<(IdKey, u64)> {
    let mut rest = bytes;
    let id = IdKey::of(&take::<ID_BYTES>(&mut rest)?).ok_or_else(damaged)?;
    Ok((id, u64::from_le_bytes(take(&mut rest)?)))
}
