//! What a captured record means against the version that the lake already holds.

use serde::{Deserialize, Serialize};

/// What a RecordVersion says about its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    New,
    Changed,
    Deleted,
    Undeleted,
}

impl Change {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Deleted => "deleted",
            Self::Undeleted => "undeleted",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "new" => Some(Self::New),
            "changed" => Some(Self::Changed),
            "deleted" => Some(Self::Deleted),
            "undeleted" => Some(Self::Undeleted),
            _ => None,
        }
    }
}

/// The part of a version that decides whether another one differs from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint {
    /// BLAKE3 over the captured values, truncated to 128 bits.
    pub hash: u128,
    /// SystemModstamp or its substitute, in microseconds since 1970 UTC; none for Objects without one.
    pub modstamp_us: Option<i64>,
    pub is_deleted: bool,
    /// Whether both versions were captured under the same describe is decided by comparing these.
    pub schema: u128,
}

/// Why records are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// To learn what changed.
    Changes,
    /// To fill in fields that the held versions do not have.
    NewFields,
    /// To fill in fields that were captured once and hidden for a while. Empty fields do not show in
    /// a hash, so the hash of a version captured meanwhile does not tell that such a field was emptied.
    FieldsShownAgain,
}

/// What storing `incoming` would mean; `None` if and only if it says nothing new.
///
/// Under another describe the hashes cannot be compared: a field hidden from the integration user
/// would make every record look changed. There the modstamp decides, and a record without one
/// counts as changed. Readings come in the order in which they were made, so an earlier stamp than
/// the held one does not tell of an earlier state: the clocks of the org's servers differ.
pub fn classify(held: Option<Fingerprint>, incoming: Fingerprint, occasion: Occasion) -> Option<Change> {
    let Some(held) = held else {
        return Some(if incoming.is_deleted { Change::Deleted } else { Change::New });
    };
    match (held.is_deleted, incoming.is_deleted) {
        (false, true) => return Some(Change::Deleted),
        (true, false) => return Some(Change::Undeleted),
        _ => {}
    }
    let other_describe = held.schema != incoming.schema;
    if held.hash == incoming.hash {
        return (other_describe && occasion == Occasion::FieldsShownAgain).then_some(Change::Changed);
    }
    let same_stamp = held.modstamp_us.is_some() && held.modstamp_us == incoming.modstamp_us;
    let only_the_describe_differs = other_describe && same_stamp && occasion == Occasion::Changes;
    (!only_the_describe_differs).then_some(Change::Changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(hash: u128, stamp: i64) -> Fingerprint {
        Fingerprint { hash, modstamp_us: Some(stamp), is_deleted: false, schema: 1 }
    }

    #[test]
    fn a_table_of_what_each_reading_means() {
        let held = version(1, 10);
        let gone = Fingerprint { is_deleted: true, ..held };
        let other_describe = Fingerprint { schema: 2, ..version(2, 10) };
        let no_stamp = |hash, schema| Fingerprint { hash, modstamp_us: None, is_deleted: false, schema };
        let table = [
            (None, held, Occasion::Changes, Some(Change::New)),
            (None, gone, Occasion::Changes, Some(Change::Deleted)),
            (Some(held), held, Occasion::Changes, None),
            (Some(held), version(2, 11), Occasion::Changes, Some(Change::Changed)),
            (Some(held), version(2, 10), Occasion::Changes, Some(Change::Changed)),
            (Some(held), version(2, 9), Occasion::Changes, Some(Change::Changed)),
            (
                Some(held),
                Fingerprint { is_deleted: true, ..version(1, 11) },
                Occasion::Changes,
                Some(Change::Deleted),
            ),
            (Some(gone), version(1, 12), Occasion::Changes, Some(Change::Undeleted)),
            (Some(gone), gone, Occasion::Changes, None),
            (Some(held), other_describe, Occasion::Changes, None),
            (Some(held), other_describe, Occasion::NewFields, Some(Change::Changed)),
            (Some(held), Fingerprint { schema: 2, ..held }, Occasion::NewFields, None),
            (Some(held), held, Occasion::FieldsShownAgain, None),
            (
                Some(held),
                Fingerprint { schema: 2, ..held },
                Occasion::FieldsShownAgain,
                Some(Change::Changed),
            ),
            (Some(no_stamp(1, 1)), no_stamp(2, 1), Occasion::Changes, Some(Change::Changed)),
            (Some(no_stamp(1, 1)), no_stamp(2, 2), Occasion::Changes, Some(Change::Changed)),
        ];
        for (row, (held, incoming, occasion, expected)) in table.into_iter().enumerate() {
            assert_eq!(classify(held, incoming, occasion), expected, "row {row}");
        }
    }
}
