//! Live events, and what the service is.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::auto_backup::{Counts, Failure};
use super::orgs::AutoState;
use super::runs::FileCounts;

/// The data of one server-sent event; its name is the `kind`.
#[derive(Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum LiveEvent {
    RunStarted {
        org_id: String,
        run_id: String,
    },
    ScopeKnown {
        org_id: String,
        objects: u64,
        not_capturable: u64,
    },
    ObjectPlanned {
        org_id: String,
        object: String,
        records: u64,
    },
    /// About how many API calls the run will make, and how many the budget leaves it.
    Forecast {
        org_id: String,
        api_calls: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        left: Option<u64>,
    },
    SchemaChanged {
        org_id: String,
        object: String,
        what: String,
    },
    BlockProgress {
        org_id: String,
        object: String,
        /// Since the block began.
        records: u64,
    },
    BlockStored {
        org_id: String,
        object: String,
        records: u64,
        counts: Counts,
        api_calls: u64,
    },
    ObjectDone {
        org_id: String,
        object: String,
        counts: Counts,
    },
    ObjectFailed {
        org_id: String,
        object: String,
        failure: Failure,
    },
    Retrying {
        org_id: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        object: Option<String>,
        attempt: u64,
        error: String,
        pause_ms: u64,
    },
    FilesProgress {
        org_id: String,
        files: FileCounts,
    },
    RunFinished {
        org_id: String,
        run_id: String,
    },
    AutoBackupChanged {
        org_id: String,
        state: AutoState,
    },
    OrgChanged {
        /// Connected, changed or removed: read it again.
        org_id: String,
    },
    Missed {
        /// The watcher was too slow: read again what is shown.
        events: u64,
    },
}

#[derive(Serialize, ToSchema)]
pub(crate) struct System {
    pub(crate) version: String,
    pub(crate) now: DateTime<Utc>,
    pub(crate) started_at: DateTime<Utc>,
    pub(crate) is_auto_backup_served: bool,
    /// What connected apps must name as their callback.
    pub(crate) org_callback_url: String,
    pub(crate) has_sql: bool,
    /// How long an object fails before its light turns yellow.
    pub(crate) patience_s: u64,
}
