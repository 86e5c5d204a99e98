//! The durable queue. A WorkItem is claimed for a limited time; if its owner dies, another one
//! claims it again when that time has run out.
//!
//! With a deduplication key, a queue holds at most one item per key. Asking again for one that
//! waits changes nothing; asking again for one that is being worked on makes it run once more when
//! it is done, because the work under way may have missed the reason. Items are claimed in the
//! order in which they fell due, so that none is overtaken for ever.

use chrono::{DateTime, Utc};
use sqlx::any::AnyRow;

use crate::fields::{Failure, Fields, unreadable, us};
use crate::{Db, Error, WorkItemId};

/// One row of the queue.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkItem {
    pub id: WorkItemId,
    pub queue: String,
    pub kind: String,
    pub dedupe_key: Option<String>,
    pub input: serde_json::Value,
    pub created_at: DateTime<Utc>,
    pub due_at: DateTime<Utc>,
    /// How often it was claimed.
    pub attempts: u64,
    pub owner: Option<String>,
    pub lease_until: Option<DateTime<Utc>>,
    /// Since when nobody tries any more; it stays for a person to see.
    pub given_up_at: Option<DateTime<Utc>>,
    /// Of the last try.
    pub failure: Option<Failure>,
}

/// What is to be done.
#[derive(Debug, Clone)]
pub struct NewWorkItem<'a> {
    pub queue: &'a str,
    pub kind: &'a str,
    pub dedupe_key: Option<&'a str>,
    pub input: &'a serde_json::Value,
    pub due_at: DateTime<Utc>,
}

pub(crate) const COLUMNS: &str = "id, queue, kind, dedupe_key, input, created_at, due_at, attempts, owner, lease_until, \
                       given_up_at, error_code, error_message";

/// The id of the item that will do the work: a new one, or the one that has the same key.
pub async fn enqueue<'c>(
    db: impl Db<'c>,
    item: &NewWorkItem<'_>,
    now: DateTime<Utc>,
) -> Result<WorkItemId, Error> {
    let rows = sqlx::query(
        "INSERT INTO work_items (id, queue, kind, dedupe_key, input, created_at, due_at, attempts, wanted_again) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0) \
         ON CONFLICT (queue, dedupe_key) DO UPDATE SET \
         wanted_again = CASE WHEN work_items.owner IS NULL THEN 0 ELSE 1 END, \
         due_at = CASE WHEN work_items.owner IS NULL \
             AND (work_items.given_up_at IS NOT NULL OR excluded.due_at < work_items.due_at) \
             THEN excluded.due_at ELSE work_items.due_at END, \
         attempts = CASE WHEN work_items.given_up_at IS NULL THEN work_items.attempts ELSE 0 END, \
         given_up_at = NULL \
         RETURNING id",
    )
    .bind(WorkItemId::new(now).to_string())
    .bind(item.queue)
    .bind(item.kind)
    .bind(item.dedupe_key)
    .bind(item.input.to_string())
    .bind(us(now))
    .bind(us(item.due_at))
    .fetch_all(db)
    .await
    .map_err(Error::doing("add work to the queue"))?;
    Fields(rows.first().expect("an upsert without condition returns its row")).parsed("id")
}

/// Takes the item that has been due for longest and that nobody is working on.
///
/// When two workers choose the same row, the database lets one of them have it; the other one
/// finds the condition false and chooses again.
pub async fn claim(
    db: &sqlx::AnyPool,
    queue: &str,
    owner: &str,
    lease_until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Option<WorkItem>, Error> {
    const CLAIMABLE: &str = "queue = $1 AND due_at <= $2 AND given_up_at IS NULL AND ended_at IS NULL \
                             AND (lease_until IS NULL OR lease_until <= $2)";
    let oldest = format!("SELECT id FROM work_items WHERE {CLAIMABLE} ORDER BY due_at, id LIMIT 1");
    let take = format!(
        "UPDATE work_items SET owner = $3, lease_until = $4, attempts = attempts + 1 \
         WHERE id = ({oldest}) AND {CLAIMABLE} RETURNING {COLUMNS}"
    );
    loop {
        let taken = sqlx::query(&take)
            .bind(queue)
            .bind(us(now))
            .bind(owner)
            .bind(us(lease_until))
            .fetch_all(db)
            .await
            .map_err(Error::doing("take work from the queue"))?;
        if let Some(row) = taken.first() {
            return read(row).map(Some);
        }
        let left = sqlx::query(&oldest)
            .bind(queue)
            .bind(us(now))
            .fetch_optional(db)
            .await
            .map_err(Error::doing("look into the queue"))?;
        if left.is_none() {
            return Ok(None);
        }
    }
}

/// Holds on to a claimed item; [`Error::LeaseLost`] if it has passed to another owner.
pub async fn renew<'c>(
    db: impl Db<'c>,
    id: WorkItemId,
    owner: &str,
    lease_until: DateTime<Utc>,
) -> Result<(), Error> {
    let renewed = sqlx::query("UPDATE work_items SET lease_until = $3 WHERE id = $1 AND owner = $2")
        .bind(id.to_string())
        .bind(owner)
        .bind(us(lease_until))
        .execute(db)
        .await
        .map_err(Error::doing("renew the lease of a work item"))?;
    held(renewed.rows_affected(), id)
}

/// The work is done. The item is gone, unless it was asked for again meanwhile.
pub async fn complete(
    db: &sqlx::AnyPool,
    id: WorkItemId,
    owner: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let doing = || Error::doing("complete a work item");
    let removed = sqlx::query("DELETE FROM work_items WHERE id = $1 AND owner = $2 AND wanted_again = 0")
        .bind(id.to_string())
        .bind(owner)
        .execute(db)
        .await
        .map_err(doing())?;
    if removed.rows_affected() == 1 {
        return Ok(());
    }
    let put_back = sqlx::query(
        "UPDATE work_items SET owner = NULL, lease_until = NULL, wanted_again = 0, attempts = 0, due_at = $3, \
         error_code = NULL, error_message = NULL WHERE id = $1 AND owner = $2",
    )
    .bind(id.to_string())
    .bind(owner)
    .bind(us(now))
    .execute(db)
    .await
    .map_err(doing())?;
    held(put_back.rows_affected(), id)
}

/// Takes an item from an owner that will not come back: whoever is next may claim it.
pub async fn release<'c>(
    db: impl Db<'c>,
    id: WorkItemId,
    owner: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query(
        "UPDATE work_items SET owner = NULL, lease_until = NULL, due_at = $3 WHERE id = $1 AND owner = $2",
    )
    .bind(id.to_string())
    .bind(owner)
    .bind(us(now))
    .execute(db)
    .await
    .map_err(Error::doing("take over a work item"))?;
    Ok(())
}

/// The try failed: again at `retry_at`, or, without one, not before somebody asks for it again.
pub async fn fail<'c>(
    db: impl Db<'c>,
    id: WorkItemId,
    owner: &str,
    failure: &Failure,
    retry_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let failed = sqlx::query(
        "UPDATE work_items SET owner = NULL, lease_until = NULL, due_at = COALESCE($3, $4), \
         given_up_at = CASE WHEN $3 IS NULL AND wanted_again = 0 THEN $4 ELSE NULL END, wanted_again = 0, \
         error_code = $5, error_message = $6 WHERE id = $1 AND owner = $2",
    )
    .bind(id.to_string())
    .bind(owner)
    .bind(retry_at.map(us))
    .bind(us(now))
    .bind(failure.code.as_str())
    .bind(&failure.message)
    .execute(db)
    .await
    .map_err(Error::doing("put a work item back"))?;
    held(failed.rows_affected(), id)
}

/// Takes back what was asked for, whoever is working on it.
pub async fn remove<'c>(db: impl Db<'c>, id: WorkItemId) -> Result<(), Error> {
    sqlx::query("DELETE FROM work_items WHERE id = $1")
        .bind(id.to_string())
        .execute(db)
        .await
        .map_err(Error::doing("remove a work item"))?;
    Ok(())
}

/// All items of a queue, in the order in which they fall due.
pub async fn list<'c>(db: impl Db<'c>, queue: &str) -> Result<Vec<WorkItem>, Error> {
    let rows = sqlx::query(&format!("SELECT {COLUMNS} FROM work_items WHERE queue = $1 ORDER BY due_at, id"))
        .bind(queue)
        .fetch_all(db)
        .await
        .map_err(Error::doing("list the queue"))?;
    rows.iter().map(read).collect()
}

pub(crate) fn held(rows: u64, id: WorkItemId) -> Result<(), Error> {
    if rows == 0 {
        return Err(Error::LeaseLost { name: format!("work item {id}") });
    }
    Ok(())
}

pub(crate) fn read(row: &AnyRow) -> Result<WorkItem, Error> {
    let fields = Fields(row);
    Ok(WorkItem {
        id: fields.parsed("id")?,
        queue: fields.text("queue")?,
        kind: fields.text("kind")?,
        dedupe_key: fields.optional_text("dedupe_key")?,
        input: serde_json::from_str(&fields.text("input")?).map_err(unreadable("input"))?,
        created_at: fields.time("created_at")?,
        due_at: fields.time("due_at")?,
        attempts: fields.count("attempts")?,
        owner: fields.optional_text("owner")?,
        lease_until: fields.optional_time("lease_until")?,
        given_up_at: fields.optional_time("given_up_at")?,
        failure: fields.failure()?,
    })
}
