//! File bodies that are to be fetched, are stored, or cannot be had.
//!
//! One row per record and field. A body that changes (its record has another stamp) is fetched
//! again, also if the fetch of the older one is still under way.

use chrono::{DateTime, Utc};
use holdfast_domain::manifest::FileCounts;
use holdfast_domain::{BlobHash, ObjectName, OrgId, RecordId};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::fields::{Failure, Fields, stored as stored_count, unreadable, us};
use crate::{Db, Error, Transaction};

/// One file body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub body: FileBody,
    pub state: FileState,
    /// How often it was claimed.
    pub attempts: u64,
    pub hash: Option<BlobHash>,
    /// Of the last try.
    pub failure: Option<Failure>,
}

/// Which body, and where it is to be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileBody {
    pub org: OrgId,
    pub object: ObjectName,
    pub record: RecordId,
    /// The base64 field, such as `VersionData`.
    pub field: String,
    /// Tells one body of this record from a later one, such as its checksum or SystemModstamp.
    pub stamp: String,
    /// The REST path that answers with the bytes.
    pub path: String,
    pub size_bytes: Option<u64>,
}

/// What has become of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileState {
    Pending,
    Stored,
    Failed,
}

impl FileState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Stored => "stored",
            Self::Failed => "failed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Pending, Self::Stored, Self::Failed].into_iter().find(|state| state.as_str() == text)
    }
}

const COLUMNS: &str = "org_id, object, record_id, field, stamp, path, size_bytes, state, hash, attempts, \
                       error_code, error_message";

/// Adds bodies to fetch; one that is known with the same stamp stays as it is. Returns how many are new.
pub async fn enqueue(
    transaction: &mut Transaction,
    bodies: &[FileBody],
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    let mut added = 0;
    for body in bodies {
        let put = sqlx::query(
            "INSERT INTO files (org_id, object, record_id, field, stamp, path, size_bytes, state, attempts, due_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending', 0, $8) \
             ON CONFLICT (org_id, record_id, field) DO UPDATE SET stamp = excluded.stamp, path = excluded.path, \
             size_bytes = excluded.size_bytes, state = 'pending', hash = NULL, attempts = 0, \
             due_at = excluded.due_at, owner = NULL, lease_until = NULL, error_code = NULL, error_message = NULL \
             WHERE files.stamp <> excluded.stamp",
        )
        .bind(body.org.as_str())
        .bind(body.object.as_str())
        .bind(body.record.as_str())
        .bind(&body.field)
        .bind(&body.stamp)
        .bind(&body.path)
        .bind(body.size_bytes.map(stored_count))
        .bind(us(now))
        .execute(&mut **transaction)
        .await
        .map_err(Error::doing("note the file"))?;
        added += put.rows_affected();
    }
    Ok(added)
}

/// Takes the body of the org that has been due for longest and that nobody is fetching.
pub async fn claim_due(
    db: &sqlx::AnyPool,
    org: &OrgId,
    owner: &str,
    lease_until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Option<File>, Error> {
    const CLAIMABLE: &str =
        "state = 'pending' AND due_at <= $2 AND (lease_until IS NULL OR lease_until <= $2)";
    let oldest = format!(
        "SELECT record_id, field FROM files WHERE org_id = $1 AND {CLAIMABLE} \
         ORDER BY due_at, record_id, field LIMIT 1"
    );
    let take = format!(
        "UPDATE files SET owner = $3, lease_until = $4, attempts = attempts + 1 \
         WHERE org_id = $1 AND (record_id, field) = ({oldest}) AND {CLAIMABLE} RETURNING {COLUMNS}"
    );
    loop {
        let taken = sqlx::query(&take)
            .bind(org.as_str())
            .bind(us(now))
            .bind(owner)
            .bind(us(lease_until))
            .fetch_all(db)
            .await
            .map_err(Error::doing("take a file to fetch"))?;
        if let Some(row) = taken.first() {
            return read(row).map(Some);
        }
        let left = sqlx::query(&oldest)
            .bind(org.as_str())
            .bind(us(now))
            .fetch_optional(db)
            .await
            .map_err(Error::doing("look for files to fetch"))?;
        if left.is_none() {
            return Ok(None);
        }
    }
}

/// The body lies in the lake. False if a later body of the same record is wanted by now.
pub async fn stored<'c>(
    db: impl Db<'c>,
    body: &FileBody,
    hash: &BlobHash,
    size_bytes: u64,
) -> Result<bool, Error> {
    let updated = sqlx::query(
        "UPDATE files SET state = 'stored', hash = $5, size_bytes = $6, owner = NULL, lease_until = NULL, \
         error_code = NULL, error_message = NULL \
         WHERE org_id = $1 AND record_id = $2 AND field = $3 AND stamp = $4",
    )
    .bind(body.org.as_str())
    .bind(body.record.as_str())
    .bind(&body.field)
    .bind(&body.stamp)
    .bind(hash.as_str())
    .bind(stored_count(size_bytes))
    .execute(db)
    .await
    .map_err(Error::doing("note that a file is stored"))?;
    Ok(updated.rows_affected() == 1)
}

/// The try failed: again at `retry_at`, or, without one, not before [`retry_failed`]. Does nothing
/// if somebody else is fetching the body by now.
pub async fn failed<'c>(
    db: impl Db<'c>,
    body: &FileBody,
    owner: &str,
    failure: &Failure,
    retry_at: Option<DateTime<Utc>>,
) -> Result<(), Error> {
    let state = if retry_at.is_some() { FileState::Pending } else { FileState::Failed };
    sqlx::query(
        "UPDATE files SET state = $6, due_at = COALESCE($7, due_at), owner = NULL, lease_until = NULL, \
         error_code = $8, error_message = $9 \
         WHERE org_id = $1 AND record_id = $2 AND field = $3 AND stamp = $4 AND owner = $5",
    )
    .bind(body.org.as_str())
    .bind(body.record.as_str())
    .bind(&body.field)
    .bind(&body.stamp)
    .bind(owner)
    .bind(state.as_str())
    .bind(retry_at.map(us))
    .bind(failure.code.as_str())
    .bind(&failure.message)
    .execute(db)
    .await
    .map_err(Error::doing("note that a file failed"))?;
    Ok(())
}

/// Lets every failed body of the org be tried again, such as after a permission was granted.
pub async fn retry_failed<'c>(db: impl Db<'c>, org: &OrgId, now: DateTime<Utc>) -> Result<u64, Error> {
    let updated = sqlx::query(
        "UPDATE files SET state = 'pending', attempts = 0, due_at = $2 WHERE org_id = $1 AND state = 'failed'",
    )
    .bind(org.as_str())
    .bind(us(now))
    .execute(db)
    .await
    .map_err(Error::doing("try the failed files again"))?;
    Ok(updated.rows_affected())
}

pub async fn get<'c>(
    db: impl Db<'c>,
    org: &OrgId,
    record: &RecordId,
    field: &str,
) -> Result<Option<File>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM files WHERE org_id = $1 AND record_id = $2 AND field = $3");
    let row = sqlx::query(&sql)
        .bind(org.as_str())
        .bind(record.as_str())
        .bind(field)
        .fetch_optional(db)
        .await
        .map_err(Error::doing("look for the file"))?;
    row.as_ref().map(read).transpose()
}

/// When the next body of the org falls due, as far as nobody is fetching it; none if nothing waits.
pub async fn next_due<'c>(db: impl Db<'c>, org: &OrgId) -> Result<Option<DateTime<Utc>>, Error> {
    let row = sqlx::query(
        "SELECT MIN(CASE WHEN lease_until > due_at THEN lease_until ELSE due_at END) AS due_at \
         FROM files WHERE org_id = $1 AND state = 'pending'",
    )
    .bind(org.as_str())
    .fetch_one(db)
    .await
    .map_err(Error::doing("look for files to fetch"))?;
    Fields(&row).optional_time("due_at")
}

pub async fn counts<'c>(db: impl Db<'c>, org: &OrgId) -> Result<FileCounts, Error> {
    let rows = sqlx::query(
        "SELECT state, COUNT(*), CAST(COALESCE(SUM(size_bytes), 0) AS BIGINT) \
         FROM files WHERE org_id = $1 GROUP BY state",
    )
    .bind(org.as_str())
    .fetch_all(db)
    .await
    .map_err(Error::doing("count the files"))?;
    let mut counts = FileCounts::default();
    for row in &rows {
        let number = |index: usize| -> Result<u64, Error> {
            let number: i64 = row.try_get(index).map_err(unreadable("state"))?;
            u64::try_from(number).map_err(unreadable("state"))
        };
        match Fields(row).word("state", FileState::parse)? {
            FileState::Pending => counts.pending = number(1)?,
            FileState::Failed => counts.failed = number(1)?,
            FileState::Stored => (counts.stored, counts.bytes) = (number(1)?, number(2)?),
        }
    }
    Ok(counts)
}

fn read(row: &AnyRow) -> Result<File, Error> {
    let fields = Fields(row);
    Ok(File {
        body: FileBody {
            org: fields.parsed("org_id")?,
            object: fields.parsed("object")?,
            record: fields.parsed("record_id")?,
            field: fields.text("field")?,
            stamp: fields.text("stamp")?,
            path: fields.text("path")?,
            size_bytes: fields.optional_count("size_bytes")?,
        },
        state: fields.word("state", FileState::parse)?,
        attempts: fields.count("attempts")?,
        hash: fields.optional_parsed("hash")?,
        failure: fields.failure()?,
    })
}
