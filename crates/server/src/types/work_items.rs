//! Work items: backups, checks and compactions that go on by themselves.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auto_backup::Failure;
use super::runs::RunStatus;
use crate::page::page;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum WorkKind {
    #[serde(rename = "backup")]
    Backup,
    #[serde(rename = "check")]
    Check,
    #[serde(rename = "compaction")]
    Compaction,
}

/// `interrupted`: somebody cancelled it, or the service did not live to see its end; the code of `failure` tells which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum WorkState {
    #[serde(rename = "waiting")]
    Waiting,
    #[serde(rename = "running")]
    Running,
    #[serde(rename = "done")]
    Done,
    #[serde(rename = "failed")]
    Failed,
    #[serde(rename = "interrupted")]
    Interrupted,
}

/// A backup, check or compaction that somebody asked for. Kept for 30 days after it ended.
#[derive(Serialize, ToSchema)]
pub(crate) struct WorkItem {
    pub(crate) id: String,
    /// Absent: it is about the whole lake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) org_id: Option<String>,
    pub(crate) kind: WorkKind,
    pub(crate) state: WorkState,
    pub(crate) asked_by: String,
    pub(crate) asked_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) started_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ended_at: Option<DateTime<Utc>>,
    /// How often the service died while it went on; it was begun again each time.
    pub(crate) cut_off: u64,
    /// Of a backup. Absent until its run begins, which is after any other run of the org.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run_id: Option<String>,
    /// How the run of a backup ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run_status: Option<RunStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) check_progress: Option<CheckProgress>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) check: Option<CheckResult>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) compaction: Option<CompactionResult>,
    /// Why it ended without a result; of one that waits, why it is begun again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<Failure>,
}

page!(WorkItemPage, WorkItem);

#[derive(Serialize, ToSchema)]
pub(crate) struct CheckProgress {
    /// The org that is being looked at.
    pub(crate) org_id: String,
    /// The object whose table comes next, or `files`.
    pub(crate) name: String,
    /// Tables of the org that are done, and all of them.
    pub(crate) done: u64,
    pub(crate) total: u64,
}

/// What a check found.
#[derive(Serialize, ToSchema)]
pub(crate) struct CheckResult {
    pub(crate) is_whole: bool,
    /// Whether every byte was read, or only what lists it.
    pub(crate) read_data: bool,
    pub(crate) orgs: u64,
    pub(crate) manifests: u64,
    pub(crate) tables: u64,
    pub(crate) data_files: u64,
    pub(crate) rows: u64,
    pub(crate) describes: u64,
    /// File bodies as they are stored: equal ones once, so there may be more files than bodies.
    pub(crate) blobs: u64,
    pub(crate) bytes: u64,
    /// Places that are damaged.
    pub(crate) damaged: u64,
    /// The first thousand of them; in a list, only the first one.
    pub(crate) damage: Vec<Finding>,
    /// Files that interrupted work left over, which is no fault.
    pub(crate) left_over: u64,
}

/// What is missing or damaged, and which invariant of `docs/storage-format.md` that breaks.
#[derive(Serialize, ToSchema)]
pub(crate) struct Finding {
    pub(crate) path: String,
    pub(crate) invariant: String,
    pub(crate) number: u64,
    pub(crate) detail: String,
}

/// What a compaction did.
#[derive(Serialize, ToSchema)]
pub(crate) struct CompactionResult {
    pub(crate) tables: u64,
    pub(crate) merged_tables: u64,
    pub(crate) files_before: u64,
    pub(crate) files_after: u64,
    pub(crate) bytes_written: u64,
}

/// What a run is to capture.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewRun {
    /// Only these objects; absent or empty: everything that the integration user may see.
    pub(crate) objects: Option<Vec<String>>,
    /// Believe that what is no longer visible is gone, however much it is.
    pub(crate) accept_missing: Option<bool>,
    /// Fetch file bodies again that were captured and are missing from the lake.
    pub(crate) refetch_files: Option<bool>,
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct NewCheck {
    /// Read and re-hash every byte, not only what lists it.
    pub(crate) read_data: Option<bool>,
}
