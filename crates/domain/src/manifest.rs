//! What a Run captured. A Manifest is written last: with it the Run is a Snapshot, without it the Run is not there.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ErrorCode;
use crate::ids::{ObjectName, OrgId, RunId, SchemaHash};

/// The format that this version writes; all released ones are read.
pub const MANIFEST_FORMAT: u32 = 1;

/// How a Run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    Running,
    Completed,
    /// At least one Object could not be captured whole; the Manifest names each with the reason.
    CompletedWithGaps,
    Failed,
    /// Cancelled by a person or a pause, out of API calls, or cut off: the code of its failure tells which. The next Run
    /// goes on from each Watermark.
    Interrupted,
}

impl RunStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::CompletedWithGaps => "completed_with_gaps",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Running, Self::Completed, Self::CompletedWithGaps, Self::Failed, Self::Interrupted]
            .into_iter()
            .find(|status| status.as_str() == text)
    }
}

/// What started a Run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// A person, once.
    Backup,
    /// Auto backup, one round of many.
    Auto,
}

impl Trigger {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Backup => "backup",
            Self::Auto => "auto",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Backup, Self::Auto].into_iter().find(|trigger| trigger.as_str() == text)
    }
}

/// Counts of RecordVersions, and the bytes they took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub new: u64,
    pub changed: u64,
    pub deleted: u64,
    pub undeleted: u64,
    /// Records read again that said nothing new: in the overlap of time windows, or because a page broke off.
    pub unchanged: u64,
    /// Bytes written to the lake.
    pub bytes: u64,
}

impl Counts {
    /// Versions stored: everything but `unchanged`.
    pub fn versions(&self) -> u64 {
        self.new + self.changed + self.deleted + self.undeleted
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.new += other.new;
        self.changed += other.changed;
        self.deleted += other.deleted;
        self.undeleted += other.undeleted;
        self.unchanged += other.unchanged;
        self.bytes += other.bytes;
    }
}

/// The Manifest of one Run: `orgs/<org id>/runs/<run id>.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    pub run: RunId,
    pub org: OrgId,
    /// The newest Run before it that left a Manifest: one that is lost is missed by the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<RunId>,
    /// What started it.
    pub trigger: Trigger,
    pub status: RunStatus,
    pub started_at: DateTime<Utc>,
    pub finished_at: DateTime<Utc>,
    /// Calls that the org counted for this Run.
    pub api_calls: u64,
    /// True if and only if every Object of the org is named. A round of auto backup names those that
    /// it touched, a backup of some Objects names those: one that is absent is as the newest earlier
    /// Manifest that names it says.
    #[serde(default)]
    pub names_every_object: bool,
    /// What the integration user would need to see all, by the names that Setup gives it; absent if the Run did not
    /// ask. Auto backup, which runs each minute, asks only when records are missed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_permissions: Option<Vec<String>>,
    pub objects: BTreeMap<ObjectName, ObjectEntry>,
    pub files: FileCounts,
}

impl Manifest {
    pub fn totals(&self) -> Counts {
        let mut totals = Counts::default();
        for entry in self.objects.values() {
            totals += entry.counts;
        }
        totals
    }
}

/// One Object within a Manifest.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ObjectEntry {
    /// The Delta table version that holds this Object as the Run left it; absent if it has no table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table_version: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<SchemaHash>,
    /// Records that exist (not deleted) as of this Run.
    pub live_records: u64,
    pub counts: Counts,
    /// True if and only if the count of the org and ours agreed at the end of the Run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_verified: Option<bool>,
    /// Since when the values of its computed fields are at least; absent where no field is computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub computed_as_of: Option<DateTime<Utc>>,
    /// Fields that this Run was the first not to see any more; what was captured of them stays.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone_fields: Vec<String>,
    /// Why this Object is not captured, or not whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<Gap>,
}

/// A named reason why something is not in the backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    pub code: ErrorCode,
    /// In the reader's words, with Salesforce's own text where there is one.
    pub message: String,
    /// True for what can never be captured (an Object that is not queryable): named, but no failure.
    pub is_expected: bool,
}

/// File bodies seen by a Run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileCounts {
    pub stored: u64,
    pub bytes: u64,
    pub pending: u64,
    pub failed: u64,
}
