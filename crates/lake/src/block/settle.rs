//! Decides what one reading of a record means for a block. Pure.
//!
//! A block holds a record at most once: the reading with the newest stamp, and of equal stamps the one that was
//! read last. What it means is decided against the version that the table held before the block.

use holdfast_domain::change::{Change, Fingerprint, Occasion, classify};

use crate::keys::Key;

/// What becomes of the row that an earlier part of the block has stored of the same record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Another reading takes its place.
    Dropped,
    /// It keeps its fields and becomes a Tombstone.
    Deleted { modstamp_us: Option<i64> },
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Settled {
    /// The version to store, if any.
    pub(super) store: Option<(Change, Fingerprint)>,
    pub(super) earlier: Option<Fate>,
}

/// `held` is the version before the block and `earlier` what the block has stored already. Read was the `record`,
/// and after it as often as it says that it is `gone`, perhaps with the time of its deletion.
pub(super) fn settle(
    held: Option<Key>,
    earlier: Option<Fingerprint>,
    record: Option<Fingerprint>,
    gone: &[Option<i64>],
    occasion: Occasion,
) -> Settled {
    let read = record.map_or_else(Settled::default, |print| settle_record(held, earlier, print, occasion));
    if gone.is_empty() {
        return read;
    }
    if let Some((_, print)) = read.store {
        let Some(modstamp_us) = overtaken(&print, gone) else { return read };
        let print = Fingerprint { is_deleted: true, modstamp_us, ..print };
        return Settled { store: Some((Change::Deleted, print)), ..read };
    }
    if let Some(earlier) = earlier.filter(|_| read.earlier.is_none()) {
        let fate = overtaken(&earlier, gone).map(|modstamp_us| Fate::Deleted { modstamp_us });
        return Settled { store: None, earlier: fate };
    }
    let bare = held.and_then(|held| {
        let modstamp_us = overtaken(&held.print, gone)?;
        Some((Change::Deleted, Fingerprint { hash: 0, modstamp_us, is_deleted: true, schema: 0 }))
    });
    Settled { store: bare, ..read }
}

fn settle_record(
    held: Option<Key>,
    earlier: Option<Fingerprint>,
    print: Fingerprint,
    occasion: Occasion,
) -> Settled {
    let Some(earlier) = earlier else {
        return Settled { store: meaning(held, print, occasion), earlier: None };
    };
    let says_the_same = Fingerprint { schema: print.schema, ..earlier } == print;
    if says_the_same || is_older(print.modstamp_us, earlier.modstamp_us) {
        return Settled::default();
    }
    Settled { store: meaning(held, print, occasion), earlier: Some(Fate::Dropped) }
}

/// The stamp of the first Tombstone that is not older than `print`, if that is alive.
#[expect(clippy::option_option, reason = "the stamp itself may be unknown")]
fn overtaken(print: &Fingerprint, gone: &[Option<i64>]) -> Option<Option<i64>> {
    let mut later = gone
        .iter()
        .filter(|deleted_at_us| !print.is_deleted && !is_older(**deleted_at_us, print.modstamp_us));
    later.next().map(|deleted_at_us| deleted_at_us.or(print.modstamp_us))
}

/// What storing `print` means against the version held before the block.
fn meaning(held: Option<Key>, print: Fingerprint, occasion: Occasion) -> Option<(Change, Fingerprint)> {
    if let Some(bare) = held.filter(Key::is_bare)
        && print.is_deleted
    {
        // The record as it was when it was deleted says more than the fact alone.
        return (!is_older(print.modstamp_us, bare.print.modstamp_us)).then_some((Change::Deleted, print));
    }
    let change = classify(held.map(|held| held.print), print, occasion)?;
    // Deleted-ness is told by the change, so what is new of a deleted record is a Tombstone again.
    Some((if print.is_deleted { Change::Deleted } else { change }, print))
}

pub(super) fn is_older(stamp: Option<i64>, than: Option<i64>) -> bool {
    matches!((stamp, than), (Some(stamp), Some(than)) if stamp < than)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::IdKey;

    fn print(hash: u128, stamp: i64) -> Fingerprint {
        Fingerprint { hash, modstamp_us: Some(stamp), is_deleted: false, schema: 1 }
    }

    fn held(print: Fingerprint) -> Key {
        Key { id: IdKey::of(b"001000000000001AAA").unwrap(), print, seq: 1 }
    }

    #[test]
    fn a_record_read_again_in_one_block_keeps_its_newest_reading() {
        let settle =
            |earlier, now| settle(Some(held(print(1, 10))), Some(earlier), Some(now), &[], Occasion::Changes);

        assert_eq!(settle(print(2, 11), print(2, 11)), Settled::default());
        assert_eq!(settle(print(2, 11), print(3, 10)), Settled::default());
        let newer = settle(print(2, 11), print(3, 12));
        assert_eq!(newer.store, Some((Change::Changed, print(3, 12))));
        assert_eq!(newer.earlier, Some(Fate::Dropped));
        let back_to_what_is_held = settle(print(2, 10), print(1, 10));
        assert_eq!(back_to_what_is_held, Settled { store: None, earlier: Some(Fate::Dropped) });
    }

    #[test]
    fn a_tombstone_is_stored_only_for_what_is_held_and_alive() {
        let dead = Fingerprint { is_deleted: true, ..print(1, 10) };
        let stored = |held, at| {
            settle(held, None, None, &[at], Occasion::Changes).store.map(|(_, print)| print.modstamp_us)
        };

        assert_eq!(stored(None, Some(11)), None);
        assert_eq!(stored(Some(held(dead)), Some(11)), None);
        assert_eq!(stored(Some(held(print(1, 10))), Some(9)), None, "it was changed after that deletion");
        assert_eq!(stored(Some(held(print(1, 10))), Some(11)), Some(Some(11)));
        assert_eq!(stored(Some(held(print(1, 10))), None), Some(Some(10)));
    }

    #[test]
    fn a_record_deleted_in_the_block_that_changed_it_keeps_its_last_values() {
        let deleted = Fingerprint { is_deleted: true, ..print(2, 12) };
        let one_chunk = settle(None, None, Some(print(2, 11)), &[Some(12)], Occasion::Changes);
        assert_eq!(one_chunk, Settled { store: Some((Change::Deleted, deleted)), earlier: None });

        let later_chunk = settle(None, Some(print(2, 11)), None, &[Some(12)], Occasion::Changes);
        assert_eq!(
            later_chunk,
            Settled { store: None, earlier: Some(Fate::Deleted { modstamp_us: Some(12) }) }
        );
        assert_eq!(
            settle(None, Some(print(2, 11)), None, &[Some(10)], Occasion::Changes),
            Settled::default()
        );
    }

    /// The clocks of the org's servers differ: what is read later is later.
    #[test]
    fn a_tombstone_has_the_values_that_were_read_last() {
        let settled =
            settle(Some(held(print(1, 10))), None, Some(print(2, 9)), &[Some(12)], Occasion::Changes);
        let deleted = Fingerprint { is_deleted: true, ..print(2, 12) };
        assert_eq!(settled.store, Some((Change::Deleted, deleted)));
    }

    #[test]
    fn the_values_of_a_deleted_record_are_kept_once_even_after_a_bare_tombstone() {
        let bare = Fingerprint { hash: 0, modstamp_us: Some(20), is_deleted: true, schema: 0 };
        let full = Fingerprint { is_deleted: true, ..print(5, 20) };
        let now = |before| {
            settle(Some(held(before)), None, Some(full), &[], Occasion::Changes)
                .store
                .map(|(change, _)| change)
        };

        assert_eq!(now(bare), Some(Change::Deleted));
        assert_eq!(now(full), None);
        assert_eq!(now(Fingerprint { hash: 4, ..full }), Some(Change::Deleted));
    }
}
