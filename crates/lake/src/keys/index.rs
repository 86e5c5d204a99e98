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
    /// First Id and checksum of each page, as they are stored.
    sparse: Vec<u8>,
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
        file.seek(SeekFrom::Start((entries * ENTRY_BYTES) as u64))?;
        let mut read = |bytes: usize| {
            let mut part = vec![0; bytes];
            file.read_exact(&mut part).map(|()| part)
        };
        let (sparse, filter, schemas) = (read(pages * SPARSE_BYTES)?, read(filter)?, read(schemas * 16)?);
        if checksum(&[&sparse, &filter, &schemas, &counts]) != sum {
            return Err(damaged());
        }
        Ok(Self {
            file,
            entries,
            sparse,
            filter: IdFilter::from_bytes(filter),
            schemas: schemas
                .chunks_exact(16)
                .map(|mut bytes| Ok(u128::from_le_bytes(take(&mut bytes)?)))
                .collect::<io::Result<_>>()?,
            page: Vec::new(),
            page_number: None,
        })
    }

    /// What it holds in memory.
    pub(super) fn bytes(&self) -> usize {
        self.filter.as_bytes().len() + self.sparse.len() + PAGE_ENTRIES * ENTRY_BYTES
    }

    /// Calls `found` with the position in `ids`, which are sorted, and the key of each that this file holds.
    pub(super) fn lookup(&mut self, ids: &[IdKey], mut found: impl FnMut(usize, Key)) -> io::Result<()> {
        let mut page = 0;
        for (position, id) in ids.iter().enumerate() {
            if !self.filter.may_hold(*id) {
                continue;
            }
            let wanted = id.to_bytes();
            let ahead = self.pages()[page..].partition_point(|entry| entry[..ID_BYTES] <= wanted[..]);
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

    fn pages(&self) -> &[[u8; SPARSE_BYTES]] {
        self.sparse.as_chunks().0
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
        if checksum(&[&self.page]).to_le_bytes() != self.pages()[page][ID_BYTES..] {
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
