//! What came of a work item, as it is kept in the catalog.

use holdfast_domain::RunId;
use holdfast_domain::manifest::{Manifest, RunStatus};
use holdfast_lake::check::{CheckCounts, CheckReport, Finding};
use serde::{Deserialize, Serialize};

use crate::maintain::Compacted;

/// Findings that are kept. A lake that is damaged in more places is looked at with `holdfast check`.
const MOST_FINDINGS: usize = 1_000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WorkOutcome {
    Backup { run: RunId, status: RunStatus },
    Check(CheckOutcome),
    Compaction(CompactionOutcome),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckOutcome {
    pub is_whole: bool,
    pub read_data: bool,
    #[serde(flatten)]
    pub counts: CheckCounts,
    pub damaged: u64,
    /// The first thousand.
    pub damage: Vec<CheckedFinding>,
    pub left_over: u64,
}

/// What is missing or damaged, and which invariant of the storage format that breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckedFinding {
    pub path: String,
    pub invariant: String,
    pub number: u8,
    pub detail: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompactionOutcome {
    pub tables: u64,
    pub merged_tables: u64,
    pub files_before: u64,
    pub files_after: u64,
    pub bytes_written: u64,
}

impl From<&Manifest> for WorkOutcome {
    fn from(manifest: &Manifest) -> Self {
        Self::Backup { run: manifest.run.clone(), status: manifest.status }
    }
}

impl CheckOutcome {
    pub(super) fn new(report: &CheckReport, read_data: bool) -> Self {
        Self {
            is_whole: report.is_whole(),
            read_data,
            counts: report.counts,
            damaged: report.damage.len() as u64,
            damage: report.damage.iter().take(MOST_FINDINGS).map(CheckedFinding::from).collect(),
            left_over: report.left_over.len() as u64,
        }
    }
}

impl From<&Finding> for CheckedFinding {
    fn from(finding: &Finding) -> Self {
        Self {
            path: finding.path.clone(),
            invariant: finding.invariant.name().to_owned(),
            number: finding.invariant.number(),
            detail: finding.detail.clone(),
        }
    }
}

impl CompactionOutcome {
    pub(super) fn new(tables: &[Compacted]) -> Self {
        let mut sum = Self { tables: tables.len() as u64, ..Self::default() };
        for Compacted { report, .. } in tables {
            sum.merged_tables += u64::from(report.merges > 0);
            sum.files_before += report.files_before;
            sum.files_after += report.files_after;
            sum.bytes_written += report.bytes_written;
        }
        sum
    }
}
