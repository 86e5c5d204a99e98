//! What may happen in an org, and how often. Numbers pick among what there is when the act is played.

use proptest::prelude::*;

/// One act, some seconds after the one before.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) wait: u32,
    /// By how many seconds the clock of the server that does it is wrong. The lag of the Watermark
    /// covers two minutes between the server that stamps and the one that answers.
    pub(super) skew: i64,
    pub(super) act: Act,
}

#[derive(Debug, Clone)]
pub(super) enum Act {
    Write(Write),
    /// Saves in a transaction that stays open.
    Open(Write),
    Commit,
    /// What deletes for good leaves nothing in the recycle bin.
    HardDelete {
        object: usize,
        pick: usize,
    },
    EmptyBin {
        pick: usize,
    },
    /// The delete log is purged.
    ForgetDeletes,
    /// All records of an Object in one transaction.
    MassUpdate {
        object: usize,
        field: usize,
        value: usize,
    },
    Merge {
        master: usize,
        loser: usize,
    },
    Object {
        object: usize,
        is_hidden: bool,
    },
    Field {
        field: usize,
        is_hidden: bool,
    },
    AddField {
        field: usize,
        kind: usize,
    },
    RemoveField {
        field: usize,
    },
    RetypeField {
        field: usize,
        kind: usize,
    },
    AddObject,
    RemoveObject,
    /// Holdfast's own clock is set right, or wrong.
    OwnClock {
        hours: i64,
    },
    Run,
}

/// What one transaction may hold.
#[derive(Debug, Clone)]
pub(super) enum Write {
    Create { object: usize, parent: usize, value: usize },
    Update { object: usize, pick: usize, field: usize, value: usize },
    Reparent { object: usize, pick: usize, parent: usize },
    Delete { object: usize, pick: usize },
    Undelete { pick: usize },
}

/// A history of up to this many acts, with Runs in between.
pub(super) fn history(acts: usize) -> impl Strategy<Value = Vec<Step>> {
    let wait = prop_oneof![
        12 => 0_u32..3,
        16 => 3_u32..200,
        6 => 200_u32..1_500,
        1 => Just(16 * 86_400),
    ];
    let skew = prop_oneof![2 => Just(0_i64), 1 => -60_i64..=60];
    let step = (wait, skew, act()).prop_map(|(wait, skew, act)| Step { wait, skew, act });
    prop::collection::vec(step, acts / 2..=acts)
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        24 => write().prop_map(Act::Write),
        8 => write().prop_map(Act::Open),
        3 => Just(Act::Commit),
        5 => (pick(), pick()).prop_map(|(object, pick)| Act::HardDelete { object, pick }),
        2 => pick().prop_map(|pick| Act::EmptyBin { pick }),
        3 => Just(Act::ForgetDeletes),
        3 => (pick(), pick(), pick()).prop_map(|(object, field, value)| Act::MassUpdate { object, field, value }),
        2 => (pick(), pick()).prop_map(|(master, loser)| Act::Merge { master, loser }),
        3 => (pick(), any::<bool>()).prop_map(|(object, is_hidden)| Act::Object { object, is_hidden }),
        5 => (pick(), any::<bool>()).prop_map(|(field, is_hidden)| Act::Field { field, is_hidden }),
        6 => (pick(), pick()).prop_map(|(field, kind)| Act::AddField { field, kind }),
        3 => pick().prop_map(|field| Act::RemoveField { field }),
        2 => (pick(), pick()).prop_map(|(field, kind)| Act::RetypeField { field, kind }),
        1 => Just(Act::AddObject),
        1 => Just(Act::RemoveObject),
        1 => (-48_i64..=48).prop_map(|hours| Act::OwnClock { hours }),
        26 => Just(Act::Run),
    ]
}

fn write() -> impl Strategy<Value = Write> {
    prop_oneof![
        5 => (pick(), pick(), pick())
            .prop_map(|(object, parent, value)| Write::Create { object, parent, value }),
        5 => (pick(), pick(), pick(), pick())
            .prop_map(|(object, pick, field, value)| Write::Update { object, pick, field, value }),
        2 => (pick(), pick(), pick())
            .prop_map(|(object, pick, parent)| Write::Reparent { object, pick, parent }),
        2 => (pick(), pick()).prop_map(|(object, pick)| Write::Delete { object, pick }),
        2 => pick().prop_map(|pick| Write::Undelete { pick }),
    ]
}

fn pick() -> std::ops::Range<usize> {
    0..64
}
