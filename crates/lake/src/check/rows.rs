//! The rows of one data file: their order, their bounds, their hashes, and what they name.

use std::collections::HashSet;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, RecordBatch};

use crate::blobs::BLOB_HASH;
use crate::data::{HASH, ID, RecordHasher, SCHEMA, SEQ, hexadecimal};
use crate::delta::AddFile;

/// Looks at batches in the order of their file.
pub(super) struct RowCheck<'a> {
    file: &'a AddFile,
    last: Option<(String, i64)>,
    seqs: Option<(i64, i64)>,
    first_id: Option<String>,
    disorder: Option<String>,
    /// Set if and only if the rows are read whole.
    hasher: Option<RecordHasher>,
    hashes: Vec<u128>,
    changed: Option<String>,
    describes: HashSet<String>,
    new_describes: Vec<String>,
    new_blobs: Vec<String>,
}

impl<'a> RowCheck<'a> {
    pub(super) fn new(file: &'a AddFile, hasher: Option<RecordHasher>) -> Self {
        Self {
            file,
            last: None,
            seqs: None,
            first_id: None,
            disorder: None,
            hasher,
            hashes: Vec::new(),
            changed: None,
            describes: HashSet::new(),
            new_describes: Vec::new(),
            new_blobs: Vec::new(),
        }
    }

    pub(super) fn look_at(&mut self, batch: &RecordBatch, names_blobs: bool) {
        for hash in texts(batch, SCHEMA).into_iter().flatten() {
            if !self.describes.contains(hash) {
                self.describes.insert(hash.to_owned());
                self.new_describes.push(hash.to_owned());
            }
        }
        if names_blobs {
            let hashes: HashSet<_> = texts(batch, BLOB_HASH).into_iter().flatten().collect();
            self.new_blobs.extend(hashes.into_iter().map(str::to_owned));
        }
        self.follow_order(batch);
        self.follow_hashes(batch);
    }

    pub(super) fn new_describes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.new_describes)
    }

    /// Bodies named by the newest batch, each once; across batches one may come again.
    pub(super) fn new_blobs(&mut self) -> Vec<String> {
        std::mem::take(&mut self.new_blobs)
    }

    /// The first row whose values are not those that were stored.
    pub(super) fn changed(&mut self) -> Option<String> {
        self.changed.take()
    }

    /// What breaks the order or the bounds; only known when the order's columns were read.
    pub(super) fn disorder(self, has_read_order: bool) -> Option<String> {
        if self.disorder.is_some() || !has_read_order {
            return self.disorder;
        }
        let file = self.file;
        let last_id = self.last.map(|(id, _)| id);
        if self.first_id.as_ref() != Some(&file.min_id) || last_id.as_ref() != Some(&file.max_id) {
            return Some(format!("its Ids do not reach from `{}` to `{}`", file.min_id, file.max_id));
        }
        if self.seqs != Some((file.min_seq, file.max_seq)) {
            return Some(format!("its `_seq` do not reach from {} to {}", file.min_seq, file.max_seq));
        }
        None
    }

    fn follow_order(&mut self, batch: &RecordBatch) {
        let ids = batch.column_by_name(ID).and_then(|column| column.as_string_opt::<i32>());
        let seqs = batch.column_by_name(SEQ).and_then(|column| column.as_primitive_opt::<Int64Type>());
        let (Some(ids), Some(seqs)) = (ids, seqs) else { return };
        if ids.null_count() + seqs.null_count() > 0 {
            self.disorder.get_or_insert("a row has no Id or no `_seq`".to_owned());
            return;
        }
        for row in 0..batch.num_rows() {
            let (id, seq) = (ids.value(row), seqs.value(row));
            let is_after =
                self.last.as_ref().is_none_or(|(last, last_seq)| (last.as_str(), *last_seq) < (id, seq));
            if !is_after && self.disorder.is_none() {
                self.disorder =
                    Some(format!("the row of `{id}` and `_seq` {seq} is not after the one before it"));
            }
            if let Some((last, last_seq)) = &mut self.last {
                last.clear();
                last.push_str(id);
                *last_seq = seq;
            } else {
                self.first_id = Some(id.to_owned());
                self.last = Some((id.to_owned(), seq));
            }
            let (min, max) = self.seqs.unwrap_or((seq, seq));
            self.seqs = Some((min.min(seq), max.max(seq)));
        }
    }

    fn follow_hashes(&mut self, batch: &RecordBatch) {
        let told = batch.column_by_name(HASH).and_then(|column| column.as_string_opt::<i32>());
        let (Some(hasher), Some(told)) = (&mut self.hasher, told) else { return };
        self.hashes.clear();
        hasher.hash(batch, &mut self.hashes);
        // A bare Tombstone has no values, and no hash.
        let differs =
            |row: &usize| told.is_valid(*row) && hexadecimal(told.value(*row)) != Some(self.hashes[*row]);
        if self.changed.is_none()
            && let Some(row) = (0..batch.num_rows()).find(differs)
        {
            let id = batch.column_by_name(ID).and_then(|column| column.as_string_opt::<i32>());
            let id = id.filter(|ids| ids.is_valid(row)).map_or("", |ids| ids.value(row));
            self.changed = Some(format!("the values of `{id}` do not have the hash `{}`", told.value(row)));
        }
    }
}

fn texts<'a>(batch: &'a RecordBatch, name: &str) -> Option<impl Iterator<Item = &'a str>> {
    Some(batch.column_by_name(name)?.as_string_opt::<i32>()?.iter().flatten())
}
