//! WorkItems that somebody asked for and watches: they tell who asked, how far they are and what came of them, and stay
//! after they ended.
//!
//! They are claimed, renewed and released like all others ([`crate::work_items`]). While one of a key is not ended there is
//! no second one; an ended one has no key any more and is never claimed again.

use chrono::{DateTime, Utc};
use holdfast_domain::OrgId;
use serde_json::Value;
use sqlx::any::AnyRow;

use crate::fields::{Failure, Fields, unreadable, us};
use crate::runs::AFTER_ALL_IDS;
use crate::work_items::{self, WorkItem};
use crate::{Db, Error, Transaction, WorkItemId};

#[derive(Debug, Clone, PartialEq)]
pub struct AskedWorkItem {
    pub item: WorkItem,
    /// None if it is about the whole lake.
    pub org: Option<OrgId>,
    pub asked_by: String,
    /// Of the newest try.
    pub started_at: Option<DateTime<Utc>>,
    pub progress: Option<Value>,
    pub ended_at: Option<DateTime<Utc>>,
    /// Of what was done; none if it ended with a failure.
    pub outcome: Option<Value>,
}

#[derive(Debug, Clone)]
pub struct NewAskedWorkItem<'a> {
    pub queue: &'a str,
    pub kind: &'a str,
    pub key: &'a str,
    pub input: &'a Value,
    pub org: Option<&'a OrgId>,
    pub asked_by: &'a str,
}

/// Adds it to the queue, unless one with its key is not ended. Answers the one that is there now, and whether it is new.
pub async fn ask(
    transaction: &mut Transaction,
    new: &NewAskedWorkItem<'_>,
    now: DateTime<Utc>,
) -> Result<(AskedWorkItem, bool), Error> {
    let there = format!("{} WHERE queue = $1 AND dedupe_key = $2", select());
    loop {
        let is_new = insert(transaction, new, now).await?;
        let row = sqlx::query(&there)
            .bind(new.queue)
            .bind(new.key)
            .fetch_optional(&mut **transaction)
            .await
            .map_err(Error::doing("look into the queue"))?;
        // On PostgreSQL the one that stood in the way may end between the two statements; then its place is free.
        if let Some(row) = row {
            return Ok((read(&row)?, is_new));
        }
    }
}

async fn insert(
    transaction: &mut Transaction,
    new: &NewAskedWorkItem<'_>,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let inserted = sqlx::query(
        "INSERT INTO work_items \
         (id, queue, kind, dedupe_key, input, created_at, due_at, attempts, wanted_again, org_id, asked_by) \
         VALUES ($1, $2, $3, $4, $5, $6, $6, 0, 0, $7, $8) ON CONFLICT (queue, dedupe_key) DO NOTHING",
    )
    .bind(WorkItemId::new(now).to_string())
    .bind(new.queue)
    .bind(new.kind)
    .bind(new.key)
    .bind(new.input.to_string())
    .bind(us(now))
    .bind(new.org.map(OrgId::as_str))
    .bind(new.asked_by)
    .execute(&mut **transaction)
    .await
    .map_err(Error::doing("add work to the queue"))?;
    Ok(inserted.rows_affected() == 1)
}

pub async fn get<'c>(db: impl Db<'c>, id: WorkItemId) -> Result<Option<AskedWorkItem>, Error> {
    let row = sqlx::query(&format!("{} WHERE id = $1 AND asked_by IS NOT NULL", select()))
        .bind(id.to_string())
        .fetch_optional(db)
        .await
        .map_err(Error::doing("look for a work item"))?;
    row.as_ref().map(read).transpose()
}

/// Of one org, or about the whole lake, and of these kinds; the newest first.
pub async fn list<'c>(
    db: impl Db<'c>,
    org: Option<&OrgId>,
    kinds: &[&str],
    before: Option<WorkItemId>,
    limit: u32,
) -> Result<Vec<AskedWorkItem>, Error> {
    debug_assert!(!kinds.is_empty(), "the caller knows some kinds");
    let of_org = if org.is_some() { "org_id = $1" } else { "org_id IS NULL AND $1 = ''" };
    let of_kind: Vec<String> = (4..4 + kinds.len()).map(|at| format!("${at}")).collect();
    let whole = format!(
        "{} WHERE {of_org} AND asked_by IS NOT NULL AND id < $2 AND kind IN ({}) ORDER BY id DESC LIMIT $3",
        select(),
        of_kind.join(", ")
    );
    let mut query = sqlx::query(&whole)
        .bind(org.map_or("", OrgId::as_str))
        .bind(before.map_or_else(|| AFTER_ALL_IDS.to_owned(), |id| id.to_string()))
        .bind(i64::from(limit));
    for kind in kinds {
        query = query.bind(*kind);
    }
    let rows = query.fetch_all(db).await.map_err(Error::doing("list the work that was asked for"))?;
    rows.iter().map(read).collect()
}

/// What is claimed in a queue, and by whom.
pub async fn list_claimed<'c>(db: impl Db<'c>, queue: &str) -> Result<Vec<(WorkItemId, String)>, Error> {
    let rows = sqlx::query("SELECT id, owner FROM work_items WHERE queue = $1 AND owner IS NOT NULL")
        .bind(queue)
        .fetch_all(db)
        .await
        .map_err(Error::doing("list what is being worked on"))?;
    rows.iter().map(|row| Ok((Fields(row).parsed("id")?, Fields(row).text("owner")?))).collect()
}

/// Notes that the owner begins now.
pub async fn begin<'c>(
    db: impl Db<'c>,
    id: WorkItemId,
    owner: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let begun =
        sqlx::query("UPDATE work_items SET started_at = $3, progress = NULL WHERE id = $1 AND owner = $2")
            .bind(id.to_string())
            .bind(owner)
            .bind(us(now))
            .execute(db)
            .await
            .map_err(Error::doing("begin a work item"))?;
    work_items::held(begun.rows_affected(), id)
}

pub async fn note_progress<'c>(
    db: impl Db<'c>,
    id: WorkItemId,
    owner: &str,
    progress: &Value,
) -> Result<(), Error> {
    let noted = sqlx::query("UPDATE work_items SET progress = $3 WHERE id = $1 AND owner = $2")
        .bind(id.to_string())
        .bind(owner)
        .bind(progress.to_string())
        .execute(db)
        .await
        .map_err(Error::doing("note how far a work item is"))?;
    work_items::held(noted.rows_affected(), id)
}

/// Nobody works on it any more: it is done, or it failed.
pub async fn end<'c>(
    db: impl Db<'c>,
    id: WorkItemId,
    owner: &str,
    outcome: Result<&Value, &Failure>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let (code, message) = Failure::columns(outcome.err());
    let ended = sqlx::query(
        "UPDATE work_items SET owner = NULL, lease_until = NULL, dedupe_key = NULL, ended_at = $3, outcome = $4, \
         error_code = $5, error_message = $6 WHERE id = $1 AND owner = $2",
    )
    .bind(id.to_string())
    .bind(owner)
    .bind(us(now))
    .bind(outcome.ok().map(ToString::to_string))
    .bind(code)
    .bind(message)
    .execute(db)
    .await
    .map_err(Error::doing("end a work item"))?;
    work_items::held(ended.rows_affected(), id)
}

/// The owner could not go on and says so: it is begun again at `due_at`, and this try counts as none.
pub async fn put_back<'c>(
    db: impl Db<'c>,
    id: WorkItemId,
    owner: &str,
    failure: &Failure,
    due_at: DateTime<Utc>,
) -> Result<(), Error> {
    let put_back = sqlx::query(
        "UPDATE work_items SET owner = NULL, lease_until = NULL, due_at = $3, attempts = attempts - 1, \
         error_code = $4, error_message = $5 WHERE id = $1 AND owner = $2",
    )
    .bind(id.to_string())
    .bind(owner)
    .bind(us(due_at))
    .bind(failure.code.as_str())
    .bind(&failure.message)
    .execute(db)
    .await
    .map_err(Error::doing("put a work item back"))?;
    work_items::held(put_back.rows_affected(), id)
}

/// Ends it, whoever is working on it; false if it had ended.
pub async fn cancel<'c>(
    db: impl Db<'c>,
    id: WorkItemId,
    why: &Failure,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let ended = sqlx::query(
        "UPDATE work_items SET owner = NULL, lease_until = NULL, dedupe_key = NULL, ended_at = $2, \
         error_code = $3, error_message = $4 WHERE id = $1 AND ended_at IS NULL AND asked_by IS NOT NULL",
    )
    .bind(id.to_string())
    .bind(us(now))
    .bind(why.code.as_str())
    .bind(&why.message)
    .execute(db)
    .await
    .map_err(Error::doing("cancel a work item"))?;
    Ok(ended.rows_affected() == 1)
}

pub async fn remove_ended_before<'c>(db: impl Db<'c>, time: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query("DELETE FROM work_items WHERE ended_at < $1")
        .bind(us(time))
        .execute(db)
        .await
        .map_err(Error::doing("forget work that ended long ago"))?;
    Ok(())
}

fn select() -> String {
    let columns = work_items::COLUMNS;
    format!("SELECT {columns}, org_id, asked_by, started_at, progress, ended_at, outcome FROM work_items")
}

fn read(row: &AnyRow) -> Result<AskedWorkItem, Error> {
    let fields = Fields(row);
    let json = |column: &'static str| -> Result<Option<Value>, Error> {
        let text = fields.optional_text(column)?;
        text.map(|text| serde_json::from_str(&text)).transpose().map_err(unreadable(column))
    };
    Ok(AskedWorkItem {
        item: work_items::read(row)?,
        org: fields.optional_parsed("org_id")?,
        asked_by: fields.text("asked_by")?,
        started_at: fields.optional_time("started_at")?,
        progress: json("progress")?,
        ended_at: fields.optional_time("ended_at")?,
        outcome: json("outcome")?,
    })
}
