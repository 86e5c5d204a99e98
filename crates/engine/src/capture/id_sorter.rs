//! Ids in any order in, Ids in byte order out, in bounded memory: sorted runs in a scratch file.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};

use crate::error::{Error, Result};

/// An 18-character Id as bytes.
pub(crate) type IdBytes = [u8; 18];

/// 18 MB of Ids in memory before a run is written out.
const RUN: usize = 1_000_000;

#[derive(Default)]
pub(crate) struct IdSorter {
    current: Vec<IdBytes>,
    runs: Vec<File>,
    run_length: Option<usize>,
}

impl IdSorter {
    pub(crate) fn push(&mut self, id: &str) -> Result<()> {
        // What is no Id cannot match one that is held, and must not be mistaken for its prefix.
        if let Ok(id) = IdBytes::try_from(id.as_bytes()) {
            self.current.push(id);
        }
        if self.current.len() >= self.run_length.unwrap_or(RUN) {
            self.spill()?;
        }
        Ok(())
    }

    fn spill(&mut self) -> Result<()> {
        self.current.sort_unstable();
        let scratch = |source| Error::Scratch { source };
        let mut file = tempfile::tempfile().map_err(scratch)?;
        file.write_all(self.current.as_flattened()).map_err(scratch)?;
        file.seek(SeekFrom::Start(0)).map_err(scratch)?;
        self.runs.push(file);
        self.current.clear();
        Ok(())
    }

    /// Each Id once, in byte order.
    pub(crate) fn finish(mut self) -> Result<SortedIds> {
        self.current.sort_unstable();
        let mut sources: Vec<Source> =
            self.runs.into_iter().map(|file| Source::File(BufReader::new(file))).collect();
        sources.push(Source::Memory(self.current.into_iter()));
        let mut heap = BinaryHeap::new();
        for (index, source) in sources.iter_mut().enumerate() {
            if let Some(id) = source.next_id()? {
                heap.push(Reverse((id, index)));
            }
        }
        Ok(SortedIds { sources, heap, last: None })
    }
}

enum Source {
    Memory(std::vec::IntoIter<IdBytes>),
    File(BufReader<File>),
}

impl Source {
    fn next_id(&mut self) -> Result<Option<IdBytes>> {
        match self {
            Self::Memory(ids) => Ok(ids.next()),
            Self::File(file) => {
                let mut id = [0; 18];
                match file.read_exact(&mut id) {
                    Ok(()) => Ok(Some(id)),
                    Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
                    Err(source) => Err(Error::Scratch { source }),
                }
            }
        }
    }
}

/// The merged runs.
pub(crate) struct SortedIds {
    sources: Vec<Source>,
    heap: BinaryHeap<Reverse<(IdBytes, usize)>>,
    last: Option<IdBytes>,
}

impl SortedIds {
    pub(crate) fn next(&mut self) -> Result<Option<IdBytes>> {
        while let Some(Reverse((id, index))) = self.heap.pop() {
            if let Some(following) = self.sources[index].next_id()? {
                self.heap.push(Reverse((following, index)));
            }
            if self.last != Some(id) {
                self.last = Some(id);
                return Ok(Some(id));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_out_sorted_and_once_over_many_runs() {
        let mut sorter = IdSorter { run_length: Some(7), ..IdSorter::default() };
        let id = |n: usize| format!("001{n:012}AAA");
        for n in (0..100).chain(50..60).rev() {
            sorter.push(&id(n)).unwrap();
        }
        sorter.push("too short").unwrap();

        let mut merged = sorter.finish().unwrap();
        let mut found = Vec::new();
        while let Some(bytes) = merged.next().unwrap() {
            found.push(String::from_utf8(bytes.to_vec()).unwrap());
        }

        assert_eq!(found, (0..100).map(id).collect::<Vec<_>>());
    }
}
