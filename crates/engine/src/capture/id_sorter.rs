//! Ids in any order in, Ids in byte order out, in bounded memory: sorted runs in scratch files, which are merged
//! before they become many.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use holdfast_domain::RecordId;

use crate::error::{Error, Result};

/// An 18-character Id as bytes.
pub(crate) type IdBytes = [u8; 18];

/// Ids in memory before a run is written out: 2.3 MB.
const RUN: usize = 131_072;
/// A process has 1,024 open files where nobody allows more, and several Objects are captured at a time: so this
/// many runs become one, of 8 million Ids.
const MOST_RUNS: usize = 64;

#[derive(Default)]
pub(crate) struct IdSorter {
    current: Vec<IdBytes>,
    /// Each as it was written out.
    runs: Vec<File>,
    /// Each made of [`MOST_RUNS`] runs.
    merged: Vec<File>,
    run_length: Option<usize>,
    pushed: u64,
}

impl IdSorter {
    pub(crate) fn push(&mut self, id: &str) -> Result<()> {
        // What is no Id cannot match one that is held, and must not be mistaken for its prefix.
        match IdBytes::try_from(id.as_bytes()) {
            Ok(id) => self.push_bytes(id),
            Err(_) => Ok(()),
        }
    }

    pub(crate) fn push_bytes(&mut self, id: IdBytes) -> Result<()> {
        self.current.push(id);
        self.pushed += 1;
        if self.current.len() >= self.run_length.unwrap_or(RUN) {
            self.spill()?;
        }
        Ok(())
    }

    /// How many were pushed, those that came twice counted twice.
    pub(crate) fn len(&self) -> u64 {
        self.pushed
    }

    fn spill(&mut self) -> Result<()> {
        self.current.sort_unstable();
        let scratch = |source| Error::Scratch { source };
        let mut file = tempfile::tempfile().map_err(scratch)?;
        file.write_all(self.current.as_flattened()).map_err(scratch)?;
        file.seek(SeekFrom::Start(0)).map_err(scratch)?;
        self.runs.push(file);
        self.current.clear();
        if self.runs.len() >= MOST_RUNS {
            let runs = self.runs.drain(..).map(Source::file).collect();
            self.merged.push(SortedIds::merge(runs)?.into_file()?);
        }
        Ok(())
    }

    /// Each Id once, in byte order.
    pub(crate) fn finish(mut self) -> Result<SortedIds> {
        self.current.sort_unstable();
        let files = self.merged.into_iter().chain(self.runs);
        let mut sources: Vec<Source> = files.map(Source::file).collect();
        sources.push(Source::Memory(self.current.into_iter()));
        SortedIds::merge(sources)
    }
}

enum Source {
    Memory(std::vec::IntoIter<IdBytes>),
    File(BufReader<File>),
}

impl Source {
    fn file(file: File) -> Self {
        Self::File(BufReader::new(file))
    }

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
    fn merge(mut sources: Vec<Source>) -> Result<Self> {
        let mut heap = BinaryHeap::new();
        for (index, source) in sources.iter_mut().enumerate() {
            if let Some(id) = source.next_id()? {
                heap.push(Reverse((id, index)));
            }
        }
        Ok(Self { sources, heap, last: None })
    }

    /// All that is left, in one file that is to be read from its start.
    fn into_file(mut self) -> Result<File> {
        let scratch = |source| Error::Scratch { source };
        let mut file = BufWriter::new(tempfile::tempfile().map_err(scratch)?);
        while let Some(id) = self.next()? {
            file.write_all(&id).map_err(scratch)?;
        }
        let mut file = file.into_inner().map_err(|error| scratch(error.into_error()))?;
        file.seek(SeekFrom::Start(0)).map_err(scratch)?;
        Ok(file)
    }

    /// The next `most` at most; none at the end.
    pub(crate) fn next_chunk(&mut self, most: usize) -> Result<Vec<RecordId>> {
        let mut ids = Vec::new();
        while ids.len() < most
            && let Some(id) = self.next()?
        {
            let text = std::str::from_utf8(&id).expect("what was pushed is text");
            ids.extend(RecordId::parse(text).ok());
        }
        Ok(ids)
    }

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

    /// Each run is an open file.
    #[test]
    fn runs_are_merged_before_they_are_many() {
        let mut sorter = IdSorter { run_length: Some(1), ..IdSorter::default() };
        let id = |n: usize| format!("001{n:012}AAA").into_bytes().try_into().unwrap();
        let mut most = 0;
        for n in (0..3 * MOST_RUNS + 5).rev() {
            sorter.push_bytes(id(n)).unwrap();
            most = most.max(sorter.runs.len() + sorter.merged.len());
        }

        assert!(most < MOST_RUNS + 3, "{most} files were open");
        let mut ids = sorter.finish().unwrap();
        for n in 0..3 * MOST_RUNS + 5 {
            assert_eq!(ids.next().unwrap(), Some(id(n)));
        }
        assert_eq!(ids.next().unwrap(), None);
    }

    #[test]
    fn ids_come_out_in_chunks_and_are_counted() {
        let mut sorter = IdSorter { run_length: Some(2), ..IdSorter::default() };
        for n in [3, 1, 2, 5, 4] {
            sorter.push(&format!("001{n:012}AAA")).unwrap();
        }

        assert_eq!(sorter.len(), 5);
        let mut ids = sorter.finish().unwrap();
        let lengths: Vec<_> = (0..4).map(|_| ids.next_chunk(2).unwrap().len()).collect();
        assert_eq!(lengths, [2, 2, 1, 0]);
    }
}
