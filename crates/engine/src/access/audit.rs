//! The audit log: who did what, in a chain that shows when an entry was changed or taken out.
//!
//! Each entry's hash is keyed with the secret key and covers the entry and the hash before it. So whoever can
//! write to the database but does not hold `secret.key` can neither change an entry nor write a new one. Entries
//! cut off at the end show only to somebody who noted a later hash, which is why verifying tells the newest.

use holdfast_catalog::audit_entries::{self, AuditEntry, Filter};
use holdfast_catalog::{MemberId, SecretKey, Transaction};
use holdfast_domain::OrgId;
use serde::Serialize;
use serde_json::Value;

use crate::engine::Engine;
use crate::error::{Doing, Result};

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub name: String,
    pub id: Option<MemberId>,
    /// `session`, or the name of a token.
    pub through: Option<String>,
    pub ip: Option<String>,
}

impl Actor {
    /// Somebody who may use the machine itself.
    pub fn command_line() -> Self {
        Self { name: "command line".to_owned(), id: None, through: None, ip: None }
    }

    /// Somebody who is not signed in yet.
    pub fn nobody(ip: Option<String>) -> Self {
        Self { name: "not signed in".to_owned(), id: None, through: None, ip }
    }
}

/// What was done.
#[derive(Debug, Clone)]
pub struct Act<'a> {
    /// Such as `org.removed`.
    pub action: &'a str,
    pub target: Option<String>,
    pub org: Option<&'a OrgId>,
    /// Never a secret, and nothing that records hold.
    pub details: Value,
}

impl<'a> Act<'a> {
    pub fn new(action: &'a str) -> Self {
        Self { action, target: None, org: None, details: Value::Null }
    }

    #[must_use]
    pub fn on(mut self, target: impl Into<String>) -> Self {
        self.target = Some(target.into());
        self
    }

    #[must_use]
    pub fn of_org(mut self, org: &'a OrgId) -> Self {
        self.org = Some(org);
        self
    }

    #[must_use]
    pub fn with(mut self, details: Value) -> Self {
        self.details = details;
        self
    }
}

/// One page of the log, newest first.
#[derive(Debug, Clone)]
pub struct AuditPage {
    pub entries: Vec<AuditEntry>,
    pub has_more: bool,
}

/// What going over the whole chain found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditVerification {
    pub checked: u64,
    /// The first entry that was changed, or before which one is missing, and what is wrong with it.
    pub broken: Option<(u64, &'static str)>,
    /// Hash of the newest entry.
    pub head: String,
}

/// Entries that are read at once when the chain is gone over.
const CHUNK: u32 = 1000;

impl Engine {
    /// Notes an act that is done. Acts that are rows themselves are noted in their own transaction.
    pub async fn note(&self, actor: &Actor, act: Act<'_>) -> Result<()> {
        let mut transaction = self.begin().await?;
        self.write_audit(&mut transaction, actor, act).await?;
        self.commit(transaction).await
    }

    pub(crate) async fn write_audit(
        &self,
        transaction: &mut Transaction,
        actor: &Actor,
        act: Act<'_>,
    ) -> Result<()> {
        let doing = || "write the audit log".to_owned();
        let head = audit_entries::lock_head(transaction).await.doing(doing)?;
        let mut entry = AuditEntry {
            number: head.number + 1,
            at: whole_microseconds(self.clock().now()),
            actor: actor.name.clone(),
            actor_id: actor.id.map(|id| id.to_string()),
            through: actor.through.clone(),
            action: act.action.to_owned(),
            target: act.target,
            org_id: act.org.map(ToString::to_string),
            ip: actor.ip.clone(),
            details: act.details.to_string(),
            hash: String::new(),
        };
        entry.hash = chained(self.catalog().key(), &head.hash, &entry);
        audit_entries::append(transaction, &entry).await.doing(doing)
    }

    /// Newest first; `before` is the number of the last entry of the page before.
    pub async fn audit_entries(&self, filter: &Filter, before: Option<u64>, limit: u32) -> Result<AuditPage> {
        let entries = audit_entries::list(self.catalog().db(), filter, before, limit + 1).await;
        let mut entries = entries.doing(|| "read the audit log".to_owned())?;
        let has_more = entries.len() > limit as usize;
        entries.truncate(limit as usize);
        Ok(AuditPage { entries, has_more })
    }

    /// Goes over the whole chain, from the first entry to the last. A hash that was noted at an earlier time must be in
    /// it: without one, entries that were cut off at the end do not show.
    pub async fn verify_audit(&self, noted: Option<&str>) -> Result<AuditVerification> {
        let doing = || "read the audit log".to_owned();
        let db = self.catalog().db();
        let end = audit_entries::head(db).await.doing(doing)?;
        let (mut number, mut hash) = (0, String::new());
        let mut is_found = noted.is_none();
        while number < end.number {
            let entries = audit_entries::list_after(db, number, CHUNK).await.doing(doing)?;
            if entries.is_empty() {
                break;
            }
            for entry in entries.into_iter().filter(|entry| entry.number <= end.number) {
                let reason = if entry.number != number + 1 {
                    Some("an entry before it is missing")
                } else if entry.hash != chained(self.catalog().key(), &hash, &entry) {
                    Some("it was changed, or written with another secret key")
                } else {
                    None
                };
                if let Some(reason) = reason {
                    let broken = Some((entry.number, reason));
                    return Ok(AuditVerification { checked: number, broken, head: end.hash });
                }
                (number, hash) = (entry.number, entry.hash);
                is_found |= noted == Some(hash.as_str());
            }
        }
        let is_whole = (number, &hash) == (end.number, &end.hash);
        let broken = if is_whole && is_found {
            None
        } else if is_whole {
            Some((number + 1, "the noted hash is not in it: entries at the end were cut off"))
        } else {
            Some((number + 1, "entries at the end are missing"))
        };
        Ok(AuditVerification { checked: number, broken, head: end.hash })
    }
}

/// What the hash covers: a JSON list, in which no value can pass for two.
#[derive(Serialize)]
struct Covered<'a>(
    &'a str,
    u64,
    i64,
    &'a str,
    &'a Option<String>,
    &'a Option<String>,
    &'a str,
    &'a Option<String>,
    &'a Option<String>,
    &'a Option<String>,
    &'a str,
);

fn chained(key: &SecretKey, before: &str, entry: &AuditEntry) -> String {
    let covered = Covered(
        before,
        entry.number,
        entry.at.timestamp_micros(),
        &entry.actor,
        &entry.actor_id,
        &entry.through,
        &entry.action,
        &entry.target,
        &entry.org_id,
        &entry.ip,
        &entry.details,
    );
    key.authenticate(&serde_json::to_vec(&covered).expect("texts and numbers are always JSON"))
}

/// The catalog keeps no more.
fn whole_microseconds(time: chrono::DateTime<chrono::Utc>) -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp_micros(time.timestamp_micros()).unwrap_or(time)
}
