//! The audit log: rows that are only added, each with the hash that chains it to the one before.
//!
//! What is hashed, and how, is the caller's business; here the numbers have no gap and the chain has one end.

use chrono::{DateTime, Utc};
use sqlx::any::AnyRow;

use crate::fields::{Fields, stored, us};
use crate::{Db, Error, Transaction};

/// One act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    pub number: u64,
    pub at: DateTime<Utc>,
    pub actor: String,
    pub actor_id: Option<String>,
    pub through: Option<String>,
    pub action: String,
    pub target: Option<String>,
    pub org_id: Option<String>,
    pub ip: Option<String>,
    /// JSON.
    pub details: String,
    pub hash: String,
}

/// The end of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub number: u64,
    pub hash: String,
}

/// Which entries are asked for; what is absent does not matter.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// How the action begins.
    pub action: Option<String>,
    pub actor_id: Option<String>,
    pub org_id: Option<String>,
    pub from: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
}

const SELECT: &str = "SELECT number, at, actor, actor_id, through, action, target, org_id, ip, details, hash \
                      FROM audit_entries";

/// The end of the chain, which nobody else can move before the transaction ends.
pub async fn lock_head(transaction: &mut Transaction) -> Result<Head, Error> {
    sqlx::query("UPDATE audit_head SET number = number WHERE id = 1")
        .execute(&mut **transaction)
        .await
        .map_err(Error::doing("lock the audit log"))?;
    head(&mut **transaction).await
}

pub async fn head<'c>(db: impl Db<'c>) -> Result<Head, Error> {
    let row = sqlx::query("SELECT number, hash FROM audit_head WHERE id = 1")
        .fetch_one(db)
        .await
        .map_err(Error::doing("read the end of the audit log"))?;
    let fields = Fields(&row);
    Ok(Head { number: fields.count("number")?, hash: fields.text("hash")? })
}

/// Adds the entry that follows the head, and moves the head.
pub async fn append(transaction: &mut Transaction, entry: &AuditEntry) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO audit_entries (number, at, actor, actor_id, through, action, target, org_id, ip, details, hash) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(stored(entry.number))
    .bind(us(entry.at))
    .bind(&entry.actor)
    .bind(&entry.actor_id)
    .bind(&entry.through)
    .bind(&entry.action)
    .bind(&entry.target)
    .bind(&entry.org_id)
    .bind(&entry.ip)
    .bind(&entry.details)
    .bind(&entry.hash)
    .execute(&mut **transaction)
    .await
    .map_err(Error::doing("write the audit log"))?;
    sqlx::query("UPDATE audit_head SET number = $1, hash = $2 WHERE id = 1")
        .bind(stored(entry.number))
        .bind(&entry.hash)
        .execute(&mut **transaction)
        .await
        .map_err(Error::doing("write the audit log"))?;
    Ok(())
}

/// Newest first; `before` is the number of the last entry of the page before.
pub async fn list<'c>(
    db: impl Db<'c>,
    filter: &Filter,
    before: Option<u64>,
    limit: u32,
) -> Result<Vec<AuditEntry>, Error> {
    let sql = format!(
        "{SELECT} WHERE number < $1 AND substr(action, 1, length($2)) = $2 \
         AND ($3 = '' OR actor_id = $3) AND ($4 = '' OR org_id = $4) AND at >= $5 AND at < $6 \
         ORDER BY number DESC LIMIT $7"
    );
    let rows = sqlx::query(&sql)
        .bind(before.map_or(i64::MAX, stored))
        .bind(filter.action.clone().unwrap_or_default())
        .bind(filter.actor_id.clone().unwrap_or_default())
        .bind(filter.org_id.clone().unwrap_or_default())
        .bind(filter.from.map_or(i64::MIN, us))
        .bind(filter.until.map_or(i64::MAX, us))
        .bind(i64::from(limit))
        .fetch_all(db)
        .await
        .map_err(Error::doing("read the audit log"))?;
    rows.iter().map(read).collect()
}

/// Oldest first, for going over the whole chain.
pub async fn list_after<'c>(db: impl Db<'c>, after: u64, limit: u32) -> Result<Vec<AuditEntry>, Error> {
    let rows = sqlx::query(&format!("{SELECT} WHERE number > $1 ORDER BY number LIMIT $2"))
        .bind(stored(after))
        .bind(i64::from(limit))
        .fetch_all(db)
        .await
        .map_err(Error::doing("read the audit log"))?;
    rows.iter().map(read).collect()
}

fn read(row: &AnyRow) -> Result<AuditEntry, Error> {
    let fields = Fields(row);
    Ok(AuditEntry {
        number: fields.count("number")?,
        at: fields.time("at")?,
        actor: fields.text("actor")?,
        actor_id: fields.optional_text("actor_id")?,
        through: fields.optional_text("through")?,
        action: fields.text("action")?,
        target: fields.optional_text("target")?,
        org_id: fields.optional_text("org_id")?,
        ip: fields.optional_text("ip")?,
        details: fields.text("details")?,
        hash: fields.text("hash")?,
    })
}
