//! Counts what a block stores, and by how much it changes the number of live records.

use holdfast_domain::change::{Change, Fingerprint};
use holdfast_domain::manifest::Counts;

use crate::keys::Key;

#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) counts: Counts,
    pub(super) live_change: i64,
}

impl Tally {
    /// A version is stored.
    pub(super) fn add(&mut self, held: Option<&Key>, change: Change) {
        *self.number(change) += 1;
        self.live_change += live_change(held, change == Change::Deleted);
    }

    /// A version that was counted will not be stored after all.
    pub(super) fn take_back(&mut self, held: Option<&Key>, print: &Fingerprint) {
        let change = match held {
            _ if print.is_deleted => Change::Deleted,
            None => Change::New,
            Some(held) if held.print.is_deleted => Change::Undeleted,
            Some(_) => Change::Changed,
        };
        *self.number(change) -= 1;
        self.live_change -= live_change(held, print.is_deleted);
    }

    fn number(&mut self, change: Change) -> &mut u64 {
        match change {
            Change::New => &mut self.counts.new,
            Change::Changed => &mut self.counts.changed,
            Change::Deleted => &mut self.counts.deleted,
            Change::Undeleted => &mut self.counts.undeleted,
        }
    }
}

fn live_change(held: Option<&Key>, is_deleted: bool) -> i64 {
    let was_alive = held.is_some_and(|held| !held.print.is_deleted);
    i64::from(!is_deleted) - i64::from(was_alive)
}
