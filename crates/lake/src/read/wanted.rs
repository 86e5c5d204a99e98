//! Which rows of a data file a reader asks for, as far as the file can be pruned by it.

use std::ops::Range;
use std::sync::Arc;

use holdfast_domain::RecordId;

use crate::delta::AddFile;
use crate::keys::IdKey;

/// The Ids from `from` to `until`, both included, in byte order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdRange {
    pub from: String,
    pub until: String,
}

impl IdRange {
    pub fn one(id: &RecordId) -> Self {
        Self { from: id.to_string(), until: id.to_string() }
    }

    /// All Ids that begin with `prefix`.
    pub fn prefix(prefix: &str) -> Self {
        // Ids are ASCII letters and digits, all below `~`.
        Self { from: prefix.to_owned(), until: format!("{prefix}~") }
    }

    pub(crate) fn holds(&self, id: &str) -> bool {
        self.from.as_str() <= id && id <= self.until.as_str()
    }

    pub(crate) fn is_one(&self) -> bool {
        self.from == self.until
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Ids {
    All,
    Range(IdRange),
    /// Sorted.
    Listed(Arc<[IdKey]>),
}

impl Ids {
    pub(crate) fn listed(ids: &[RecordId]) -> Self {
        Self::Listed(IdKey::sorted(ids))
    }

    pub(crate) fn hold(&self, id: &str) -> bool {
        match self {
            Self::All => true,
            Self::Range(range) => range.holds(id),
            Self::Listed(ids) => IdKey::of(id.as_bytes()).is_some_and(|id| ids.binary_search(&id).is_ok()),
        }
    }

    /// True unless no wanted Id lies between `min` and `max`.
    pub(crate) fn touch(&self, min: &[u8], max: &[u8]) -> bool {
        match self {
            Self::All => true,
            Self::Range(range) => range.from.as_bytes() <= max && min <= range.until.as_bytes(),
            Self::Listed(ids) => match (IdKey::of(min), IdKey::of(max)) {
                (Some(min), Some(max)) => !within(ids, min, max).is_empty(),
                _ => true,
            },
        }
    }
}

/// The part of the sorted `ids` that lies between `min` and `max`.
pub(crate) fn within(ids: &[IdKey], min: IdKey, max: IdKey) -> Range<usize> {
    let from = ids.partition_point(|id| *id < min);
    from..from + ids[from..].partition_point(|id| *id <= max)
}

/// Rows with `after < _seq <= until`, and a wanted Id.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) ids: Ids,
    pub(crate) after: i64,
    pub(crate) until: i64,
}

impl Wanted {
    pub(crate) const EVERYTHING: Self = Self { ids: Ids::All, after: i64::MIN, until: i64::MAX };

    /// False if and only if the file certainly holds no wanted row.
    pub(crate) fn touches(&self, file: &AddFile) -> bool {
        file.max_seq > self.after
            && file.min_seq <= self.until
            && self.ids.touch(file.min_id.as_bytes(), file.max_id.as_bytes())
    }

    /// True if and only if `_seq` must be looked at in each row of the file.
    pub(crate) fn cuts_seq(&self, file: &AddFile) -> bool {
        file.min_seq <= self.after || file.max_seq > self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(min_id: &str, max_id: &str, min_seq: i64, max_seq: i64) -> AddFile {
        let (min_id, max_id) = (min_id.to_owned(), max_id.to_owned());
        AddFile { path: "a".into(), size: 1, rows: 1, min_id, max_id, min_seq, max_seq, modified_ms: 0 }
    }

    #[test]
    fn files_are_passed_over_by_id_and_by_seq() {
        let file = file("001000000000002AAA", "001000000000005AAA", 3, 7);
        let by_ids = |ids| Wanted { ids, ..Wanted::EVERYTHING }.touches(&file);
        let by_seq = |after, until| Wanted { after, until, ..Wanted::EVERYTHING }.touches(&file);
        let listed =
            |ids: &[&str]| Ids::Listed(ids.iter().map(|id| IdKey::of(id.as_bytes()).unwrap()).collect());

        assert!(by_ids(Ids::Range(IdRange::prefix("001"))));
        assert!(!by_ids(Ids::Range(IdRange::prefix("003"))));
        assert!(by_ids(listed(&["001000000000001AAA", "001000000000005AAA"])));
        assert!(!by_ids(listed(&["001000000000001AAA", "001000000000006AAA"])));
        assert!(by_seq(6, 9) && by_seq(0, 3));
        assert!(!by_seq(7, 9) && !by_seq(0, 2));
    }
}
