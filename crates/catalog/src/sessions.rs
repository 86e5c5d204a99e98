//! Where members are signed in. Of the cookie only a hash is kept.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::any::AnyRow;

use crate::fields::{Fields, us};
use crate::{Db, Error, MemberId, SessionId};

/// One place where a member is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub member: MemberId,
    pub way: SignInWay,
    /// False until the second factor is given: such a session is good for that alone.
    pub is_complete: bool,
    pub signed_in_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
}

/// How a session began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInWay {
    Password,
    SingleSignOn,
    FirstOwner,
    Invitation,
}

impl SignInWay {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::SingleSignOn => "single_sign_on",
            Self::FirstOwner => "first_owner",
            Self::Invitation => "invitation",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Password, Self::SingleSignOn, Self::FirstOwner, Self::Invitation]
            .into_iter()
            .find(|way| way.as_str() == text)
    }
}

const SELECT: &str = "SELECT id, member_id, way, is_complete, signed_in_at, last_seen_at, expires_at, ip, \
                      user_agent FROM sessions";

pub async fn insert<'c>(db: impl Db<'c>, session: &Session, hash: &str) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO sessions (id, hash, member_id, way, is_complete, signed_in_at, last_seen_at, expires_at, ip, \
         user_agent) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(session.id.to_string())
    .bind(hash)
    .bind(session.member.to_string())
    .bind(session.way.as_str())
    .bind(i64::from(session.is_complete))
    .bind(us(session.signed_in_at))
    .bind(us(session.last_seen_at))
    .bind(us(session.expires_at))
    .bind(&session.ip)
    .bind(&session.user_agent)
    .execute(db)
    .await
    .map_err(Error::doing("note the session"))?;
    Ok(())
}

pub async fn get<'c>(db: impl Db<'c>, id: SessionId) -> Result<Option<Session>, Error> {
    let row = sqlx::query(&format!("{SELECT} WHERE id = $1"))
        .bind(id.to_string())
        .fetch_optional(db)
        .await
        .map_err(Error::doing("look for the session"))?;
    row.as_ref().map(read).transpose()
}

pub async fn find<'c>(db: impl Db<'c>, hash: &str) -> Result<Option<Session>, Error> {
    let row = sqlx::query(&format!("{SELECT} WHERE hash = $1"))
        .bind(hash)
        .fetch_optional(db)
        .await
        .map_err(Error::doing("look for the session"))?;
    row.as_ref().map(read).transpose()
}

/// Newest first; `before` is the last session of the page before.
pub async fn list<'c>(
    db: impl Db<'c>,
    member: MemberId,
    before: Option<SessionId>,
    limit: u32,
) -> Result<Vec<Session>, Error> {
    let before = before.map_or_else(|| crate::runs::AFTER_ALL_IDS.to_owned(), |id| id.to_string());
    let sql =
        format!("{SELECT} WHERE member_id = $1 AND is_complete = 1 AND id < $2 ORDER BY id DESC LIMIT $3");
    let rows = sqlx::query(&sql)
        .bind(member.to_string())
        .bind(before)
        .bind(i64::from(limit))
        .fetch_all(db)
        .await
        .map_err(Error::doing("list the sessions"))?;
    rows.iter().map(read).collect()
}

pub async fn seen<'c>(db: impl Db<'c>, id: SessionId, at: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query("UPDATE sessions SET last_seen_at = $2 WHERE id = $1")
        .bind(id.to_string())
        .bind(us(at))
        .execute(db)
        .await
        .map_err(Error::doing("note that the session is used"))?;
    Ok(())
}

/// Ends one session of a member; false if there is none.
pub async fn remove<'c>(db: impl Db<'c>, member: MemberId, id: SessionId) -> Result<bool, Error> {
    let removed = sqlx::query("DELETE FROM sessions WHERE member_id = $1 AND id = $2")
        .bind(member.to_string())
        .bind(id.to_string())
        .execute(db)
        .await
        .map_err(Error::doing("end the session"))?;
    Ok(removed.rows_affected() == 1)
}

/// Ends all sessions of a member, but one if one is to stay.
pub async fn remove_all<'c>(db: impl Db<'c>, member: MemberId, but: Option<SessionId>) -> Result<u64, Error> {
    let removed = sqlx::query("DELETE FROM sessions WHERE member_id = $1 AND id <> $2")
        .bind(member.to_string())
        .bind(but.map(|id| id.to_string()).unwrap_or_default())
        .execute(db)
        .await
        .map_err(Error::doing("end the sessions"))?;
    Ok(removed.rows_affected())
}

/// Forgets what has ended by itself.
pub async fn remove_ended<'c>(db: impl Db<'c>, now: DateTime<Utc>, idle: Duration) -> Result<u64, Error> {
    let removed = sqlx::query("DELETE FROM sessions WHERE expires_at <= $1 OR last_seen_at <= $2")
        .bind(us(now))
        .bind(us(now - idle))
        .execute(db)
        .await
        .map_err(Error::doing("forget the sessions that ended"))?;
    Ok(removed.rows_affected())
}

fn read(row: &AnyRow) -> Result<Session, Error> {
    let fields = Fields(row);
    Ok(Session {
        id: fields.parsed("id")?,
        member: fields.parsed("member_id")?,
        way: fields.word("way", SignInWay::parse)?,
        is_complete: fields.number("is_complete")? != 0,
        signed_in_at: fields.time("signed_in_at")?,
        last_seen_at: fields.time("last_seen_at")?,
        expires_at: fields.time("expires_at")?,
        ip: fields.optional_text("ip")?,
        user_agent: fields.optional_text("user_agent")?,
    })
}
