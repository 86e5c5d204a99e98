//! Runs and what they changed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auto_backup::{Counts, Failure};
use crate::page::page;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum Trigger {
    #[serde(rename = "backup")]
    Backup,
    #[serde(rename = "auto")]
    Auto,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum RunStatus {
    #[serde(rename = "running")]
    Running,
    #[serde(rename = "completed")]
    Completed,
    #[serde(rename = "completed_with_gaps")]
    CompletedWithGaps,
    #[serde(rename = "failed")]
    Failed,
    #[serde(rename = "interrupted")]
    Interrupted,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct FileCounts {
    pub(crate) stored: u64,
    pub(crate) bytes: u64,
    pub(crate) pending: u64,
    pub(crate) failed: u64,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Run {
    pub(crate) id: String,
    pub(crate) org_id: String,
    pub(crate) trigger: Trigger,
    pub(crate) status: RunStatus,
    pub(crate) started_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) finished_at: Option<DateTime<Utc>>,
    pub(crate) objects: u64,
    pub(crate) counts: Counts,
    pub(crate) files: FileCounts,
    pub(crate) api_calls: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<Failure>,
}

page!(RunPage, Run);

/// What one run captured of one object.
#[derive(Serialize, ToSchema)]
pub(crate) struct RunObject {
    pub(crate) object: String,
    pub(crate) live_records: u64,
    pub(crate) counts: Counts,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) table_version: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) is_verified: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) gap: Option<Failure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) gap_is_expected: Option<bool>,
}

page!(RunObjectPage, RunObject);

#[derive(Serialize, ToSchema)]
pub(crate) struct RunError {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) object: Option<String>,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) hint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<DateTime<Utc>>,
}

page!(RunErrorPage, RunError);

#[derive(Serialize, ToSchema)]
pub(crate) struct ObjectChanges {
    pub(crate) object: String,
    pub(crate) new: u64,
    pub(crate) changed: u64,
    pub(crate) deleted: u64,
    pub(crate) undeleted: u64,
}

page!(ObjectChangesPage, ObjectChanges);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum Change {
    #[serde(rename = "new")]
    New,
    #[serde(rename = "changed")]
    Changed,
    #[serde(rename = "deleted")]
    Deleted,
    #[serde(rename = "undeleted")]
    Undeleted,
}

/// An absent value is empty.
#[derive(Serialize, ToSchema)]
pub(crate) struct FieldChange {
    pub(crate) field: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) old: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) new: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ChangedRecord {
    pub(crate) id: String,
    pub(crate) change: Change,
    pub(crate) fields: Vec<FieldChange>,
}

page!(ChangedRecordPage, ChangedRecord);
