//! Records, their versions, and SQL.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::runs::{Change, FieldChange};
use crate::page::page;

#[derive(Serialize, ToSchema)]
pub(crate) struct FoundRecord {
    pub(crate) object: String,
    pub(crate) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    pub(crate) is_deleted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) modified_at: Option<DateTime<Utc>>,
    /// Where the text was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(rename = "match")]
    pub(crate) matched: Option<Match>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Match {
    pub(crate) field: String,
    pub(crate) value: String,
    /// The record has another value by now.
    pub(crate) is_earlier: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum DeletedRecords {
    #[serde(rename = "include")]
    Include,
    #[serde(rename = "exclude")]
    Exclude,
    #[serde(rename = "only")]
    Only,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct FoundRecordPage {
    pub(crate) items: Vec<FoundRecord>,
    /// Present as long as not everything was looked through, even if `items` is short.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_page: Option<String>,
    /// Records looked at for this page.
    pub(crate) searched: u64,
    /// Where the search stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) object: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct RecordVersion {
    pub(crate) table_version: i64,
    pub(crate) run_id: String,
    pub(crate) captured_at: DateTime<Utc>,
    pub(crate) change: Change,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stamp: Option<DateTime<Utc>>,
    /// Name, or Id if the backup has no such user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) modified_by: Option<String>,
    /// Against the version before; for the first, every field with a value.
    pub(crate) fields: Vec<FieldChange>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct RecordHistory {
    pub(crate) object: String,
    pub(crate) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    pub(crate) is_deleted: bool,
    /// Oldest first.
    pub(crate) versions: Vec<RecordVersion>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(feature = "query"), expect(dead_code, reason = "without SQL it is read only to be refused"))]
pub(crate) struct Query {
    pub(crate) sql: String,
    /// A time, a date, or a run; now unless given.
    pub(crate) as_of: Option<String>,
    /// Rows at most; 1,000 unless given, 10,000 at most.
    pub(crate) limit: Option<u64>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct QueryColumn {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct QueryAnswer {
    pub(crate) columns: Vec<QueryColumn>,
    /// Texts, numbers, truth values and nulls.
    pub(crate) rows: Vec<Vec<Value>>,
    pub(crate) has_more: bool,
    pub(crate) took_ms: u64,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct QueryTable {
    pub(crate) name: String,
    pub(crate) columns: Vec<QueryColumn>,
}

page!(QueryTablePage, QueryTable);
