//! The rows of one object: generated ones that are computed when read, and written ones that lie over them.
//!
//! Rows are found by counter, the number inside their id. Written rows lie in chunks, and these in blocks, behind `Arc`, so
//! that copying a table for a transaction costs little however many there are.

mod found_by;
pub(crate) mod saved;
mod stored;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::generate::Generator;
use crate::model::{ObjectDef, Value};

use super::formula::Formulas;
use super::index::Index;

pub use stored::{Binned, StoredRow};

/// Counters in one chunk, and chunks in one block.
const CHUNK: u64 = 256;
const BLOCK: u64 = 64;

type Chunk = BTreeMap<u64, Over>;

/// What lies over the generated rows at one counter.
#[derive(Debug, Clone)]
enum Over {
    Row(Arc<StoredRow>),
    Purged,
}

/// What lay at a counter before it was written, to be put back.
#[derive(Debug)]
pub(super) struct Previous {
    counter: u64,
    over: Option<Over>,
}

/// A row as the table finds it.
#[derive(Debug, Clone)]
pub enum Found {
    Generated(u64),
    Stored(Arc<StoredRow>),
}

/// All rows of one object.
#[derive(Debug, Clone)]
pub struct Table {
    pub def: Arc<ObjectDef>,
    pub generator: Option<Arc<Generator>>,
    blocks: BTreeMap<u64, Arc<BTreeMap<u64, Arc<Chunk>>>>,
    next: u64,
    live: u64,
    binned: u64,
    /// When the describe of the object last changed.
    pub changed_ms: i64,
    /// Slots below this one are or were used by a field, and are not used for another.
    slots: usize,
    index: Arc<Index>,
    pub(crate) formulas: Arc<Formulas>,
}

impl Table {
    pub fn new(def: Arc<ObjectDef>, changed_ms: i64) -> Table {
        let next = def.first_counter;
        let slots = def.next_slot();
        let index = Arc::new(Index::of(&def));
        Table {
            def,
            generator: None,
            blocks: BTreeMap::new(),
            next,
            live: 0,
            binned: 0,
            changed_ms,
            slots,
            index,
            formulas: Arc::default(),
        }
    }

    /// Puts the generated rows under everything written later. Only for a table that has none yet.
    pub fn set_generator(&mut self, generator: Arc<Generator>) {
        debug_assert!(self.generator.is_none() && self.blocks.is_empty(), "generated rows come first");
        self.next = self.def.first_counter + generator.count();
        self.live = generator.count();
        self.generator = Some(generator);
    }

    pub fn generated(&self) -> u64 {
        self.generator.as_ref().map_or(0, |g| g.count())
    }

    pub fn live(&self) -> u64 {
        self.live
    }

    pub fn with_bin(&self) -> u64 {
        self.live + self.binned
    }

    /// Live rows that are not archived.
    pub fn unarchived(&self) -> u64 {
        let Some(slot) = self.def.field("IsArchived").map(|field| field.slot) else { return self.live };
        let is_archived = |found: &Found| match found {
            Found::Generated(index) => {
                self.generator.as_ref().is_some_and(|g| g.value(*index, slot) == Value::Bool(true))
            }
            Found::Stored(row) => row.bin.is_some() || row.get(slot) == Value::Bool(true),
        };
        self.rows().filter(|(_, found)| !is_archived(found)).count() as u64
    }

    pub fn used_slots(&self) -> usize {
        self.slots
    }

    /// Takes note of the slots that the present fields use, and of those by which rows are looked up.
    pub fn use_slots(&mut self) {
        self.slots = self.slots.max(self.def.next_slot());
        if !self.index.fits(&self.def) {
            let index = Index::of(&self.def);
            for (counter, row) in self.written_rows() {
                index.note(counter, row);
            }
            self.index = Arc::new(index);
        }
    }

    /// Written rows that may hold this value, each to be looked at; `None` if the field is not indexed.
    pub(super) fn written_with(&self, slot: usize, value: &Value) -> Option<Vec<u64>> {
        self.index.candidates(slot, value)
    }

    pub fn next_counter(&self) -> u64 {
        self.next
    }

    pub fn reserve(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }

    /// Never give a counter below this one again.
    pub fn reserve_until(&mut self, next: u64) {
        self.next = self.next.max(next);
    }

    pub fn find(&self, counter: u64) -> Option<Found> {
        match self.over(counter) {
            Some(Over::Row(row)) => Some(Found::Stored(row.clone())),
            Some(Over::Purged) => None,
            None => {
                let index = counter.checked_sub(self.def.first_counter)?;
                (index < self.generated()).then_some(Found::Generated(index))
            }
        }
    }

    fn over(&self, counter: u64) -> Option<&Over> {
        let chunk = counter / CHUNK;
        self.blocks.get(&(chunk / BLOCK))?.get(&chunk)?.get(&counter)
    }

    /// The row with all its values, to be changed and put back.
    pub fn take(&self, counter: u64) -> Option<StoredRow> {
        Some(match self.find(counter)? {
            Found::Stored(row) => (*row).clone(),
            Found::Generated(index) => {
                let generator = self.generator.as_ref().expect("a generated row was found");
                StoredRow::of(generator.all_values(index).into_iter().enumerate())
            }
        })
    }

    pub fn put(&mut self, counter: u64, mut row: StoredRow) {
        row.shrink();
        self.uncount(counter);
        match row.bin {
            None => self.live += 1,
            Some(_) => self.binned += 1,
        }
        self.index.note(counter, &row);
        self.chunk(counter).insert(counter, Over::Row(Arc::new(row)));
        self.next = self.next.max(counter + 1);
    }

    pub fn purge(&mut self, counter: u64) {
        self.uncount(counter);
        self.chunk(counter).insert(counter, Over::Purged);
    }

    /// What lies at a counter now, for `put_back`.
    pub(super) fn present(&self, counter: u64) -> Previous {
        Previous { counter, over: self.over(counter).cloned() }
    }

    /// Makes a counter as it was; the counters given since are not given again.
    pub(super) fn put_back(&mut self, previous: Previous) {
        let counter = previous.counter;
        self.uncount(counter);
        match previous.over {
            Some(over) => self.chunk(counter).insert(counter, over),
            None => self.chunk(counter).remove(&counter),
        };
        match self.find(counter) {
            Some(Found::Stored(row)) if row.bin.is_some() => self.binned += 1,
            Some(_) => self.live += 1,
            None => {}
        }
    }

    fn uncount(&mut self, counter: u64) {
        match self.find(counter) {
            Some(Found::Stored(row)) if row.bin.is_some() => self.binned -= 1,
            Some(_) => self.live -= 1,
            None => {}
        }
    }

    fn chunk(&mut self, counter: u64) -> &mut Chunk {
        let chunk = counter / CHUNK;
        let block = Arc::make_mut(self.blocks.entry(chunk / BLOCK).or_default());
        Arc::make_mut(block.entry(chunk).or_default())
    }

    /// True if and only if no row is there, live or in the bin.
    pub fn is_empty(&self) -> bool {
        self.with_bin() == 0
    }

    /// Rows in the order of their ids.
    pub fn rows(&self) -> impl Iterator<Item = (u64, Found)> + '_ {
        let mut written = self.written().peekable();
        let first = self.def.first_counter;
        let mut generated = (0..self.generated()).map(move |index| first + index).peekable();
        std::iter::from_fn(move || {
            loop {
                let next_written = written.peek().map(|(counter, _)| *counter);
                match (generated.peek().copied(), next_written) {
                    (Some(counter), next) if next.is_none_or(|w| counter < w) => {
                        generated.next();
                        return Some((counter, Found::Generated(counter - first)));
                    }
                    (shadowed, Some(_)) => {
                        let (counter, over) = written.next()?;
                        if shadowed == Some(counter) {
                            generated.next();
                        }
                        if let Over::Row(row) = over {
                            return Some((counter, Found::Stored(row.clone())));
                        }
                    }
                    (_, None) => return None,
                }
            }
        })
    }

    /// Rows whose stamp may lie in the range, in the order of their ids. A row outside may come along if it was written.
    pub fn rows_stamped(&self, from_ms: i64, until_ms: i64) -> Vec<(u64, Found)> {
        let indexes = self.generator.iter().flat_map(|g| g.indexes_stamped(from_ms, until_ms));
        self.generated_and_written(indexes, &|_| true)
    }

    /// The rows that were written, live or in the bin.
    pub fn written_rows(&self) -> impl Iterator<Item = (u64, &StoredRow)> + '_ {
        self.written().filter_map(|(counter, over)| match over {
            Over::Row(row) => Some((counter, &**row)),
            Over::Purged => None,
        })
    }

    /// Indexes of generated rows that were written over or purged.
    pub(super) fn generated_and_gone(&self) -> impl Iterator<Item = u64> + '_ {
        let (first, generated) = (self.def.first_counter, self.generated());
        let indexes = self.written().filter_map(move |(counter, _)| counter.checked_sub(first));
        indexes.take_while(move |index| *index < generated)
    }

    fn written(&self) -> impl Iterator<Item = (u64, &Over)> + '_ {
        let chunks = self.blocks.values().flat_map(|block| block.values());
        chunks.flat_map(|chunk| chunk.iter().map(|(counter, over)| (*counter, over)))
    }
}
