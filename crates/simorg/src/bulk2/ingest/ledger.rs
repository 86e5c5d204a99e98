//! What became of each row of a job: a mark a row and the text of each different error, so that a million rows cost little.

use std::collections::HashMap;

use crate::dml::Outcome;
use crate::ingest::error_text;
use crate::model::ids;

/// What became of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Created {
        counter: u64,
    },
    Saved {
        counter: u64,
    },
    /// The place of its error.
    Failed(u32),
}

/// The marks of the rows that were processed, in the order of the upload, and where each chunk of them begins.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub marks: Vec<Mark>,
    /// The place of each chunk's first row in the upload, in bytes.
    pub chunks: Vec<usize>,
    errors: Vec<String>,
    places: HashMap<String, u32>,
}

impl Ledger {
    /// Takes note of a chunk that began at `place`; answers how many of its rows failed.
    pub(super) fn add(&mut self, place: usize, outcomes: Vec<Outcome>) -> u64 {
        self.chunks.push(place);
        let mut failed = 0;
        for outcome in outcomes {
            let mark = match outcome {
                Ok(saved) => {
                    let counter = ids::counter_of(&saved.id).expect("saved rows have ids of this org");
                    if saved.created { Mark::Created { counter } } else { Mark::Saved { counter } }
                }
                Err(errors) => {
                    failed += 1;
                    Mark::Failed(self.error(error_text(&errors)))
                }
            };
            self.marks.push(mark);
        }
        failed
    }

    fn error(&mut self, text: String) -> u32 {
        if let Some(place) = self.places.get(&text) {
            return *place;
        }
        let place = u32::try_from(self.errors.len()).expect("an upload has fewer rows than that");
        self.errors.push(text.clone());
        self.places.insert(text, place);
        place
    }

    pub(super) fn error_at(&self, place: u32) -> &str {
        self.errors.get(place as usize).map_or("", String::as_str)
    }
}
