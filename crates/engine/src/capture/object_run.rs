//! One Object within one Run: what is to be done for it, in order, and what was done.

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use holdfast_catalog::objects::Kept;
use holdfast_domain::capture::method::CaptureMethod;
use holdfast_domain::capture::turn::Waiting;
use holdfast_domain::capture::window::{Ceiling, OrgSecond};
use holdfast_domain::change::Occasion;
use holdfast_domain::manifest::{Counts, Gap};
use holdfast_domain::schema::ObjectSchema;
use holdfast_domain::{ObjectName, SchemaHash};
use holdfast_lake::delta::Marks;
use holdfast_lake::{Table, TableWriter};

use super::probe::Probe;

/// One kind of work; each turn does one Block of the first step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// The next time window.
    Windows { stamp: String },
    /// Everything, compared with what is held.
    Whole,
    /// Everything below the parents that are held, compared with what is held.
    ByParent { parent: ObjectName, field: String },
    /// The records that may have a value that the held versions lack; all of them without a filter, which
    /// brings computed fields up to date as well.
    Backfill { filter: Option<String> },
    /// The count of the org against ours, and the repair of what differs.
    Verify,
    /// Merging of small files, once there are many.
    Tidy,
}

/// The describe that is in force for one Object.
#[derive(Debug, Clone)]
pub(crate) struct Described {
    pub(crate) schema: Arc<ObjectSchema>,
    pub(crate) hash: SchemaHash,
}

pub(crate) struct ObjectRun {
    pub(crate) object: ObjectName,
    pub(crate) described: Described,
    pub(crate) method: CaptureMethod,
    pub(crate) steps: VecDeque<Step>,
    /// What the table holds.
    pub(crate) held: Held,
    /// Where the next window begins, once this Run has stored one.
    pub(crate) cursor: Option<OrgSecond>,
    pub(crate) probe: Option<Probe>,
    pub(crate) bulk_refused: bool,
    /// Why records are read that are read whatever their stamp.
    pub(crate) occasion: Occasion,
    pub(crate) ceiling: Ceiling,
    /// Whether the newest window was read once more because the counts differed.
    pub(crate) has_looked_again: bool,
    pub(crate) turns: u32,
    pub(crate) records_read: u64,
    pub(crate) counts: Counts,
    pub(crate) is_verified: Option<bool>,
    /// Since when the values of computed fields are at least.
    pub(crate) computed_as_of: Option<DateTime<Utc>>,
    pub(crate) gone_fields: Vec<String>,
    /// Why this Object is not captured whole, though nothing failed.
    pub(crate) gap: Option<Gap>,
}

/// What a table said of itself at its last commit.
#[derive(Debug, Clone, Default)]
pub(crate) struct Held {
    pub(crate) version: Option<i64>,
    pub(crate) live: u64,
    pub(crate) versions: u64,
    pub(crate) bytes: u64,
    pub(crate) marks: Marks,
}

impl Held {
    pub(crate) fn of(writer: &TableWriter) -> Self {
        let table = writer.table();
        table.map_or_else(Self::default, |table| Self {
            version: Some(table.version()),
            live: table.live_count(),
            versions: table.version_count(),
            bytes: bytes_of(&table),
            marks: table.marks().clone(),
        })
    }

    /// A Block was committed, or said nothing new.
    pub(crate) fn committed(&mut self, version: Option<i64>, live: u64, added: Counts, set: Marks) {
        self.version = version.or(self.version);
        self.live = live;
        self.versions += added.versions();
        self.bytes += added.bytes;
        self.marks.0.extend(set.0);
    }

    pub(crate) fn kept(&self) -> Kept {
        Kept { live_records: self.live, versions: self.versions, bytes: self.bytes }
    }

    /// True if and only if these marks say nothing that matters: all have been set before, and no other
    /// describe has come since. That other times move on does not matter by itself.
    pub(crate) fn knows(&self, marks: &Marks) -> bool {
        let newest = newest_describe(&self.marks).map(|hash| format!("{COMPLETE}{hash}"));
        let is_known = |name: &String, value: i64| {
            let is_current = match name.as_str() {
                UNEXPLAINED => self.marks.0.get(name) == Some(&value),
                name if name.starts_with(COMPLETE) => newest.as_deref() == Some(name),
                _ => true,
            };
            is_current && self.marks.0.contains_key(name)
        };
        marks.0.iter().all(|(name, value)| is_known(name, *value))
    }

    /// The value of a mark of completeness that is set now: later than all others, even if the clock was set back.
    pub(crate) fn complete_at(&self, now: DateTime<Utc>) -> i64 {
        let others = self.marks.0.iter().filter(|(name, _)| name.starts_with(COMPLETE));
        let latest = others.map(|(_, at)| at.saturating_add(1)).max();
        now.timestamp_micros().max(latest.unwrap_or(i64::MIN))
    }

    /// Records that are held as alive, and that the last comparison of Ids did not see in the org.
    pub(crate) fn unexplained(&self) -> u64 {
        self.marks.0.get(UNEXPLAINED).copied().and_then(|count| count.try_into().ok()).unwrap_or(0)
    }

    pub(crate) fn watermark(&self) -> Option<OrgSecond> {
        self.marks.0.get(WATERMARK).copied().map(OrgSecond::from_us)
    }
}

/// What the catalog notes of a table.
pub(crate) fn kept_in(table: &Table) -> Kept {
    Kept { live_records: table.live_count(), versions: table.version_count(), bytes: bytes_of(table) }
}

fn bytes_of(table: &Table) -> u64 {
    table.files().iter().map(|file| file.size).sum()
}

/// An ObjectRun and the one writer of its table, handed from turn to turn.
pub(crate) struct Assignment {
    pub(crate) run: ObjectRun,
    pub(crate) writer: TableWriter,
}

impl ObjectRun {
    /// Records still to read, as far as the probe told.
    pub(crate) fn remaining(&self) -> u64 {
        let total = self.probe.as_ref().map_or(0, |probe| probe.live + probe.deleted);
        let expected = if self.is_first_capture() { total } else { 0 };
        expected.saturating_sub(self.records_read)
    }

    pub(crate) fn waiting(&self) -> Waiting {
        let after = match &self.method {
            CaptureMethod::ByParent { parent, .. } => ObjectName::parse(parent).ok(),
            _ => None,
        };
        Waiting { object: self.object.clone(), records: self.remaining(), turns: self.turns, after }
    }

    /// True until everything that existed when capture began was read once.
    pub(crate) fn is_first_capture(&self) -> bool {
        !self.held.marks.0.contains_key(CAUGHT_UP)
    }

    /// The mark that says: whatever is held is complete under this describe.
    pub(crate) fn complete_mark(&self) -> String {
        format!("{COMPLETE}{}", self.described.hash)
    }

    pub(crate) fn awaits_backfill(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Backfill { .. }))
    }
}

/// The newest describe under which everything that is held was complete.
pub(crate) fn newest_describe(marks: &Marks) -> Option<SchemaHash> {
    let complete = marks.0.iter().filter_map(|(name, at)| Some((name.strip_prefix(COMPLETE)?, at)));
    let (hash, _) = complete.max_by_key(|(_, at)| **at)?;
    SchemaHash::parse(hash).ok()
}

/// Marks kept with the data; the values are microseconds since 1970 UTC, but for the last, which is a count.
pub(crate) const WATERMARK: &str = "watermark";
pub(crate) const CAUGHT_UP: &str = "caught_up";
pub(crate) const DELETED_UNTIL: &str = "deleted_until";
pub(crate) const COMPLETE: &str = "complete.";
pub(crate) const UNEXPLAINED: &str = "unexplained";
