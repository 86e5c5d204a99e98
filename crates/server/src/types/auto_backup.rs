//! Auto backup, objects, their timelines and errors, volume and API use.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::orgs::{AutoState, Light};
use super::runs::Run;
use crate::page::page;

/// Where an org stands as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum AutoPhase {
    #[serde(rename = "off")]
    Off,
    #[serde(rename = "waiting")]
    Waiting,
    #[serde(rename = "first_backup")]
    FirstBackup,
    #[serde(rename = "capturing_changes")]
    CapturingChanges,
    #[serde(rename = "paused")]
    Paused,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum ObjectPhase {
    #[serde(rename = "waiting")]
    Waiting,
    #[serde(rename = "first_capture")]
    FirstCapture,
    #[serde(rename = "capturing_changes")]
    CapturingChanges,
    #[serde(rename = "stopped")]
    Stopped,
}

/// What stands beside the light.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum ObjectWord {
    #[serde(rename = "running")]
    Running,
    #[serde(rename = "warning")]
    Warning,
    #[serde(rename = "stopped")]
    Stopped,
    #[serde(rename = "paused")]
    Paused,
    #[serde(rename = "waiting")]
    Waiting,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Failure {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) hint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<DateTime<Utc>>,
}

/// Progress of the first full backup.
#[derive(Serialize, ToSchema)]
pub(crate) struct FirstBackup {
    pub(crate) objects_total: u64,
    pub(crate) objects_done: u64,
    pub(crate) records_done: u64,
    /// As far as they were counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) records_remaining: Option<u64>,
    /// Over the last minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) records_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) started_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) estimated_end_at: Option<DateTime<Utc>>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ObjectCounts {
    pub(crate) running: u64,
    pub(crate) warning: u64,
    pub(crate) stopped: u64,
    pub(crate) paused: u64,
    pub(crate) waiting: u64,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct FileProgress {
    pub(crate) is_paused: bool,
    pub(crate) stored: u64,
    pub(crate) bytes: u64,
    pub(crate) pending: u64,
    pub(crate) failed: u64,
}

/// Whether all that is captured is complete, and what is not captured, as far as it is known without asking the org.
#[derive(Serialize, ToSchema)]
pub(crate) struct Completeness {
    /// Objects whose first capture is done.
    pub(crate) objects_captured: u64,
    /// Of those, the ones whose count was found equal to the org's, and that do not fail at present.
    pub(crate) objects_verified: u64,
    /// Objects whose first capture is still to come, or goes on.
    pub(crate) objects_to_come: u64,
    /// Objects that cannot be read, or not any more.
    pub(crate) objects_not_captured: u64,
    /// Fields that were captured and are no longer visible.
    pub(crate) fields_not_captured: u64,
    /// All of this in a sentence.
    pub(crate) words: String,
}

/// One org's auto backup.
#[derive(Serialize, ToSchema)]
pub(crate) struct AutoBackup {
    pub(crate) org_id: String,
    pub(crate) state: AutoState,
    pub(crate) phase: AutoPhase,
    pub(crate) light: Light,
    /// Why it is yellow, or why it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// Some process does the work.
    pub(crate) is_served: bool,
    /// Why the last round could not be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) problem: Option<Failure>,
    pub(crate) objects: ObjectCounts,
    pub(crate) live_records: u64,
    /// Absent as long as nothing was captured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) completeness: Option<Completeness>,
    /// Until it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first_backup: Option<FirstBackup>,
    pub(crate) files: FileProgress,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_run: Option<Run>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_captured_at: Option<DateTime<Utc>>,
    /// The oldest of the objects' times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_verified_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_round_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AutoBackupChange {
    /// `running`, `files_paused` or `paused`.
    pub(crate) state: AutoState,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct MovedOrgs {
    pub(crate) org_ids: Vec<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ObjectStatus {
    pub(crate) object: String,
    pub(crate) phase: ObjectPhase,
    pub(crate) light: Light,
    pub(crate) word: ObjectWord,
    pub(crate) live_records: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) remaining_records: Option<u64>,
    /// Over the last minutes, as long as the first capture goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) records_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_captured_at: Option<DateTime<Utc>>,
    /// When the org's records were last compared with ours, and were equal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_verified_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) watermark: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failing_since: Option<DateTime<Utc>>,
    pub(crate) attempts: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_try_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<Failure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stopped_reason: Option<String>,
    /// Fields that were captured and are no longer visible; absent if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) gone_fields: Option<Vec<String>>,
    /// `windows`, `whole`, `by_parent`, `none`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) method: Option<String>,
    pub(crate) first_seen_at: DateTime<Utc>,
    pub(crate) last_seen_at: DateTime<Utc>,
}

/// One page.
#[derive(Serialize, ToSchema)]
pub(crate) struct ObjectStatusPage {
    pub(crate) items: Vec<ObjectStatus>,
    /// Give it as `page` for what follows; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_page: Option<String>,
    /// Of the whole list under this filter.
    pub(crate) total: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum ObjectSort {
    #[serde(rename = "name")]
    Name,
    #[serde(rename = "status")]
    Status,
    #[serde(rename = "live_records")]
    LiveRecords,
    #[serde(rename = "remaining_records")]
    RemainingRecords,
    #[serde(rename = "last_captured_at")]
    LastCapturedAt,
    #[serde(rename = "failing_since")]
    FailingSince,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum SortOrder {
    #[serde(rename = "ascending")]
    Ascending,
    #[serde(rename = "descending")]
    Descending,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Counts {
    pub(crate) new: u64,
    pub(crate) changed: u64,
    pub(crate) deleted: u64,
    pub(crate) undeleted: u64,
    pub(crate) unchanged: u64,
    pub(crate) bytes: u64,
}

/// One entry of an object's timeline.
#[derive(Serialize, ToSchema)]
pub(crate) struct Block {
    pub(crate) id: String,
    pub(crate) object: String,
    pub(crate) run_id: String,
    /// How it was read: `rest`, `bulk`, `whole`, …, or `failed`.
    pub(crate) way: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) window_from: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) window_until: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) table_version: Option<i64>,
    pub(crate) counts: Counts,
    pub(crate) started_at: DateTime<Utc>,
    pub(crate) finished_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<Failure>,
}

page!(BlockPage, Block);

#[derive(Serialize, ToSchema)]
pub(crate) struct OrgError {
    pub(crate) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) object: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run_id: Option<String>,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) hint: String,
    pub(crate) at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resolved_at: Option<DateTime<Utc>>,
    /// Yellow once it has lasted for the set time.
    pub(crate) light: Light,
}

page!(OrgErrorPage, OrgError);

/// What the lake holds of an org.
#[derive(Serialize, ToSchema)]
pub(crate) struct Volume {
    pub(crate) live_records: u64,
    pub(crate) versions: u64,
    pub(crate) data_bytes: u64,
    /// Each body of each record, though equal bodies are stored once.
    pub(crate) files: u64,
    pub(crate) file_bytes: u64,
    pub(crate) objects: u64,
    /// Stamp of the oldest version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) oldest_record_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first_run_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) newest_run_at: Option<DateTime<Utc>>,
    /// The last 30 days, oldest first.
    pub(crate) days: Vec<VolumeDay>,
    /// At most 20.
    pub(crate) largest: Vec<ObjectVolume>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct VolumeDay {
    /// `2026-01-31`, UTC
    pub(crate) day: String,
    pub(crate) new: u64,
    pub(crate) changed: u64,
    pub(crate) deleted: u64,
    pub(crate) bytes: u64,
    pub(crate) api_calls: u64,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ObjectVolume {
    pub(crate) object: String,
    pub(crate) live_records: u64,
    pub(crate) versions: u64,
    pub(crate) bytes: u64,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ApiUse {
    /// Of the last 24 hours, by everybody; absent until the org has said it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) used: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) allowed: Option<u64>,
    pub(crate) budget_percent: u64,
    pub(crate) is_budget_reached: bool,
    /// Calls that Holdfast leaves to others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) held_free: Option<u64>,
    /// Every call of Holdfast in the last 24 hours, to a quarter of an hour.
    pub(crate) own_calls_today: u64,
}
