//! One row per org and Object: how far its capture has come, and what is wrong with it if anything is.
//!
//! The watermark here is for showing and for choosing what is next. The one that counts lies in the
//! lake, in the same commit as the data.

use chrono::{DateTime, Utc};
use holdfast_domain::capture::method::CaptureMethod;
use holdfast_domain::{ObjectName, OrgId, SchemaHash};
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;

use crate::fields::{Failure, Fields, stored, unreadable, us};
use crate::{Db, Error};

/// What is known of one Object's capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectState {
    pub name: ObjectName,
    pub phase: Phase,
    pub method: Option<CaptureMethod>,
    /// Why `phase` is `Stopped`.
    pub stopped_reason: Option<String>,
    pub watermark_us: Option<i64>,
    pub live_records: u64,
    /// Of all its records that are held.
    pub versions: u64,
    /// Records that the first capture has still to read, as far as they were counted.
    pub remaining_records: Option<u64>,
    pub last_captured_at: Option<DateTime<Utc>>,
    /// When the org's records were last compared with ours, and were equal.
    pub verified_at: Option<DateTime<Utc>>,
    pub trouble: Option<OngoingFailure>,
    /// Fields that were captured and are no longer visible; what was captured of them stays.
    pub gone_fields: Vec<String>,
    pub schema: Option<SchemaHash>,
    /// The org's HTTP date of the describe, for asking again only if it changed.
    pub describe_last_modified: Option<String>,
    pub first_seen_at: DateTime<Utc>,
    /// When a describe of the org last listed it.
    pub last_seen_at: DateTime<Utc>,
}

impl ObjectState {
    /// True if and only if something of it was captured, be it only that it has no record.
    pub fn was_captured(&self) -> bool {
        self.last_captured_at.is_some()
    }
}

/// A failure that has not been overcome yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OngoingFailure {
    pub since: DateTime<Utc>,
    /// Tries that failed since then.
    pub attempts: u64,
    pub next_try_at: Option<DateTime<Utc>>,
    pub failure: Failure,
}

/// Where an Object stands in its life under backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    Waiting,
    FirstCapture,
    CapturingChanges,
    /// Not captured any more, or never; what was captured stays.
    Stopped,
}

impl Phase {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::FirstCapture => "first_capture",
            Self::CapturingChanges => "capturing_changes",
            Self::Stopped => "stopped",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Waiting, Self::FirstCapture, Self::CapturingChanges, Self::Stopped]
            .into_iter()
            .find(|phase| phase.as_str() == text)
    }
}

/// What a describe of the org said of an Object.
#[derive(Debug, Clone)]
pub struct SeenObject<'a> {
    pub name: &'a ObjectName,
    /// What is none stays as it was.
    pub method: Option<&'a CaptureMethod>,
    pub schema: Option<&'a SchemaHash>,
    pub describe_last_modified: Option<&'a str>,
}

impl<'a> SeenObject<'a> {
    /// An Object of which nothing more is known.
    pub fn named(name: &'a ObjectName) -> Self {
        Self { name, method: None, schema: None, describe_last_modified: None }
    }
}

/// What the lake holds of an Object, as its table says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kept {
    pub live_records: u64,
    pub versions: u64,
    pub bytes: u64,
}

/// What a block that was stored leaves behind.
#[derive(Debug, Clone, Copy)]
pub struct Captured {
    pub at: DateTime<Utc>,
    /// None for Objects that are read whole.
    pub watermark_us: Option<i64>,
    pub kept: Kept,
    pub remaining_records: Option<u64>,
}

pub(crate) const COLUMNS: &str = "name, phase, method, stopped_reason, watermark_us, live_records, versions, \
                      gone_fields, remaining_records, last_captured_at, verified_at, failing_since, attempts, next_try_at, \
                      error_code, error_message, schema_hash, describe_last_modified, first_seen_at, last_seen_at";

/// Notes that the org has this Object; a new one starts as `Waiting`, a known one keeps its phase.
pub async fn upsert_seen<'c>(
    db: impl Db<'c>,
    org: &OrgId,
    seen: &SeenObject<'_>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let to_json = |method| serde_json::to_string(method).expect("a capture method is plain text");
    let method = seen.method.map(to_json);
    sqlx::query(
        "INSERT INTO objects (org_id, name, phase, method, live_records, attempts, schema_hash, \
         describe_last_modified, first_seen_at, last_seen_at) VALUES ($1, $2, $3, $4, 0, 0, $5, $6, $7, $7) \
         ON CONFLICT (org_id, name) DO UPDATE SET method = COALESCE(excluded.method, objects.method), \
         schema_hash = COALESCE(excluded.schema_hash, objects.schema_hash), \
         describe_last_modified = COALESCE(excluded.describe_last_modified, objects.describe_last_modified), \
         last_seen_at = excluded.last_seen_at",
    )
    .bind(org.as_str())
    .bind(seen.name.as_str())
    .bind(Phase::Waiting.as_str())
    .bind(method)
    .bind(seen.schema.map(SchemaHash::as_str))
    .bind(seen.describe_last_modified)
    .bind(us(now))
    .execute(db)
    .await
    .map_err(Error::doing("note the object"))?;
    Ok(())
}

/// All Objects of the org, by name.
pub async fn list<'c>(db: impl Db<'c>, org: &OrgId) -> Result<Vec<ObjectState>, Error> {
    let rows = sqlx::query(&format!("SELECT {COLUMNS} FROM objects WHERE org_id = $1"))
        .bind(org.as_str())
        .fetch_all(db)
        .await
        .map_err(Error::doing("list the objects"))?;
    let mut objects = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    // Sorted here, because databases differ in how they order text.
    objects.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(objects)
}

pub async fn get<'c>(db: impl Db<'c>, org: &OrgId, name: &ObjectName) -> Result<Option<ObjectState>, Error> {
    let row = sqlx::query(&format!("SELECT {COLUMNS} FROM objects WHERE org_id = $1 AND name = $2"))
        .bind(org.as_str())
        .bind(name.as_str())
        .fetch_optional(db)
        .await
        .map_err(Error::doing("look for the object"))?;
    row.as_ref().map(read).transpose()
}

/// A block is safely in the lake; any failure before it is overcome.
pub async fn record_success<'c>(
    db: impl Db<'c>,
    org: &OrgId,
    name: &ObjectName,
    captured: Captured,
) -> Result<(), Error> {
    let updated = sqlx::query(
        "UPDATE objects SET watermark_us = COALESCE($3, watermark_us), live_records = $4, versions = $7, \
         bytes = $8, remaining_records = $5, last_captured_at = $6, failing_since = NULL, attempts = 0, next_try_at = NULL, \
         error_code = NULL, error_message = NULL WHERE org_id = $1 AND name = $2",
    )
    .bind(org.as_str())
    .bind(name.as_str())
    .bind(captured.watermark_us)
    .bind(stored(captured.kept.live_records))
    .bind(captured.remaining_records.map(stored))
    .bind(us(captured.at))
    .bind(stored(captured.kept.versions))
    .bind(stored(captured.kept.bytes))
    .execute(db)
    .await
    .map_err(Error::doing("note the progress of the object"))?;
    found(updated.rows_affected(), name)
}

/// What is held changed without a capture, such as by an erasure; an Object that is not known has no figures.
pub async fn set_kept<'c>(db: impl Db<'c>, org: &OrgId, name: &ObjectName, kept: Kept) -> Result<(), Error> {
    sqlx::query(
        "UPDATE objects SET live_records = $3, versions = $4, bytes = $5 WHERE org_id = $1 AND name = $2",
    )
    .bind(org.as_str())
    .bind(name.as_str())
    .bind(stored(kept.live_records))
    .bind(stored(kept.versions))
    .bind(stored(kept.bytes))
    .execute(db)
    .await
    .map_err(Error::doing("note how much is held of the object"))?;
    Ok(())
}

/// A try failed. The time since which it has been failing is that of the first failure in a row.
pub async fn record_failure<'c>(
    db: impl Db<'c>,
    org: &OrgId,
    name: &ObjectName,
    failure: &Failure,
    at: DateTime<Utc>,
    next_try_at: Option<DateTime<Utc>>,
) -> Result<(), Error> {
    let updated = sqlx::query(
        "UPDATE objects SET failing_since = COALESCE(failing_since, $3), attempts = attempts + 1, \
         next_try_at = $4, error_code = $5, error_message = $6 WHERE org_id = $1 AND name = $2",
    )
    .bind(org.as_str())
    .bind(name.as_str())
    .bind(us(at))
    .bind(next_try_at.map(us))
    .bind(failure.code.as_str())
    .bind(&failure.message)
    .execute(db)
    .await
    .map_err(Error::doing("note the failure of the object"))?;
    found(updated.rows_affected(), name)
}

/// The Objects with a failure that has not been overcome.
pub async fn failing<'c>(db: impl Db<'c>, org: &OrgId) -> Result<Vec<ObjectName>, Error> {
    let rows = sqlx::query("SELECT name FROM objects WHERE org_id = $1 AND failing_since IS NOT NULL")
        .bind(org.as_str())
        .fetch_all(db)
        .await
        .map_err(Error::doing("list the objects that fail"))?;
    rows.iter().map(|row| Fields(row).parsed("name")).collect()
}

/// What failed is no failure any more, though nothing was captured.
pub async fn forget_failure<'c>(db: impl Db<'c>, org: &OrgId, name: &ObjectName) -> Result<(), Error> {
    let updated = sqlx::query(
        "UPDATE objects SET failing_since = NULL, attempts = 0, next_try_at = NULL, error_code = NULL, \
         error_message = NULL WHERE org_id = $1 AND name = $2",
    )
    .bind(org.as_str())
    .bind(name.as_str())
    .execute(db)
    .await
    .map_err(Error::doing("forget the failure of the object"))?;
    found(updated.rows_affected(), name)
}

/// The names of fields hold no blanks.
pub async fn set_gone_fields<'c>(
    db: impl Db<'c>,
    org: &OrgId,
    name: &ObjectName,
    fields: &[String],
) -> Result<(), Error> {
    let updated = sqlx::query("UPDATE objects SET gone_fields = $3 WHERE org_id = $1 AND name = $2")
        .bind(org.as_str())
        .bind(name.as_str())
        .bind(Some(fields.join(" ")).filter(|names| !names.is_empty()))
        .execute(db)
        .await
        .map_err(Error::doing("note the fields that are gone"))?;
    found(updated.rows_affected(), name)
}

/// `reason` is for `Stopped`; every other phase clears it.
pub async fn set_phase<'c>(
    db: impl Db<'c>,
    org: &OrgId,
    name: &ObjectName,
    phase: Phase,
    reason: Option<&str>,
) -> Result<(), Error> {
    let updated =
        sqlx::query("UPDATE objects SET phase = $3, stopped_reason = $4 WHERE org_id = $1 AND name = $2")
            .bind(org.as_str())
            .bind(name.as_str())
            .bind(phase.as_str())
            .bind(reason.filter(|_| phase == Phase::Stopped))
            .execute(db)
            .await
            .map_err(Error::doing("change the phase of the object"))?;
    found(updated.rows_affected(), name)
}

/// Records that the first capture has still to read, as they were counted before it begins.
pub async fn set_remaining<'c>(
    db: impl Db<'c>,
    org: &OrgId,
    name: &ObjectName,
    records: u64,
) -> Result<(), Error> {
    let updated = sqlx::query("UPDATE objects SET remaining_records = $3 WHERE org_id = $1 AND name = $2")
        .bind(org.as_str())
        .bind(name.as_str())
        .bind(stored(records))
        .execute(db)
        .await
        .map_err(Error::doing("note what the object has still to read"))?;
    found(updated.rows_affected(), name)
}

/// The org's records were compared with ours, and were equal.
pub async fn set_verified<'c>(
    db: impl Db<'c>,
    org: &OrgId,
    name: &ObjectName,
    at: Option<DateTime<Utc>>,
) -> Result<(), Error> {
    let updated = sqlx::query("UPDATE objects SET verified_at = $3 WHERE org_id = $1 AND name = $2")
        .bind(org.as_str())
        .bind(name.as_str())
        .bind(at.map(us))
        .execute(db)
        .await
        .map_err(Error::doing("note that the object was verified"))?;
    found(updated.rows_affected(), name)
}

/// What turned out when the Object was tried, where the describe had promised something else.
pub async fn set_method<'c>(
    db: impl Db<'c>,
    org: &OrgId,
    name: &ObjectName,
    method: &CaptureMethod,
) -> Result<(), Error> {
    let method = serde_json::to_string(method).expect("a capture method is plain text");
    let updated = sqlx::query("UPDATE objects SET method = $3 WHERE org_id = $1 AND name = $2")
        .bind(org.as_str())
        .bind(name.as_str())
        .bind(method)
        .execute(db)
        .await
        .map_err(Error::doing("change how the object is read"))?;
    found(updated.rows_affected(), name)
}

fn found(rows: u64, name: &ObjectName) -> Result<(), Error> {
    if rows == 0 {
        return Err(Error::NotFound { what: "object", name: name.to_string() });
    }
    Ok(())
}

pub(crate) fn read(row: &AnyRow) -> Result<ObjectState, Error> {
    let fields = Fields(row);
    let method = fields.optional_text("method")?;
    let method = method.map(|text| serde_json::from_str(&text)).transpose().map_err(unreadable("method"))?;
    Ok(ObjectState {
        name: fields.parsed("name")?,
        phase: fields.word("phase", Phase::parse)?,
        method,
        stopped_reason: fields.optional_text("stopped_reason")?,
        watermark_us: fields.optional_number("watermark_us")?,
        live_records: fields.count("live_records")?,
        versions: fields.count("versions")?,
        remaining_records: fields.optional_count("remaining_records")?,
        last_captured_at: fields.optional_time("last_captured_at")?,
        verified_at: fields.optional_time("verified_at")?,
        trouble: read_trouble(&fields)?,
        gone_fields: fields
            .optional_text("gone_fields")?
            .map(|names| names.split(' ').map(str::to_owned).collect())
            .unwrap_or_default(),
        schema: fields.optional_parsed("schema_hash")?,
        describe_last_modified: fields.optional_text("describe_last_modified")?,
        first_seen_at: fields.time("first_seen_at")?,
        last_seen_at: fields.time("last_seen_at")?,
    })
}

fn read_trouble(fields: &Fields<'_>) -> Result<Option<OngoingFailure>, Error> {
    let (Some(since), Some(failure)) = (fields.optional_time("failing_since")?, fields.failure()?) else {
        return Ok(None);
    };
    let attempts = fields.count("attempts")?;
    let next_try_at = fields.optional_time("next_try_at")?;
    Ok(Some(OngoingFailure { since, attempts, next_try_at, failure }))
}
