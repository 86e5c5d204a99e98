//! The members of the team, with what they sign in with.

use chrono::{DateTime, Utc};
use holdfast_domain::access::{MemberKind, Role};
use sqlx::any::AnyRow;

use crate::fields::{Fields, stored, us};
use crate::{Db, Error, MemberId};

/// One member. Addresses are kept in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub id: MemberId,
    pub email: String,
    pub name: String,
    pub role: Role,
    pub kind: MemberKind,
    /// The hash of the password; none for members who sign in elsewhere.
    pub password: Option<String>,
    pub totp: Totp,
    pub identity: Option<Identity>,
    pub is_disabled: bool,
    pub created_at: DateTime<Utc>,
    pub last_seen_at: Option<DateTime<Utc>>,
}

/// The authenticator of a member.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totp {
    /// Sealed for the member; there while it is being set up, too.
    pub sealed: Option<String>,
    /// A code has confirmed it, and signing in asks for it.
    pub is_on: bool,
    /// The time step of the last code that was taken: no code is good twice.
    pub last_step: u64,
}

/// Who a member is at the identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub issuer: String,
    pub subject: String,
}

const SELECT: &str = "SELECT id, email, name, role, kind, password, totp_sealed, totp_is_on, totp_last_step, \
                      identity_issuer, identity_subject, is_disabled, created_at, last_seen_at FROM members";

pub async fn insert<'c>(db: impl Db<'c>, member: &Member) -> Result<(), Error> {
    let identity = member.identity.as_ref();
    let inserted = sqlx::query(
        "INSERT INTO members (id, email, name, role, kind, password, totp_sealed, totp_is_on, totp_last_step, \
         identity_issuer, identity_subject, is_disabled, created_at, last_seen_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(member.id.to_string())
    .bind(&member.email)
    .bind(&member.name)
    .bind(member.role.as_str())
    .bind(member.kind.as_str())
    .bind(&member.password)
    .bind(&member.totp.sealed)
    .bind(i64::from(member.totp.is_on))
    .bind(stored(member.totp.last_step))
    .bind(identity.map(|identity| &identity.issuer))
    .bind(identity.map(|identity| &identity.subject))
    .bind(i64::from(member.is_disabled))
    .bind(us(member.created_at))
    .bind(member.last_seen_at.map(us))
    .execute(db)
    .await;
    inserted.map(drop).map_err(|source| on_conflict(source, &member.email, "add the member"))
}

pub async fn set_name<'c>(db: impl Db<'c>, id: MemberId, name: &str) -> Result<(), Error> {
    let set = sqlx::query("UPDATE members SET name = $2 WHERE id = $1").bind(id.to_string()).bind(name);
    let set = set.execute(db).await.map_err(Error::doing("change the name"))?;
    found(set.rows_affected(), id)
}

pub async fn set_password<'c>(db: impl Db<'c>, id: MemberId, hash: &str) -> Result<(), Error> {
    let set = sqlx::query("UPDATE members SET password = $2 WHERE id = $1").bind(id.to_string()).bind(hash);
    let set = set.execute(db).await.map_err(Error::doing("change the password"))?;
    found(set.rows_affected(), id)
}

pub async fn set_totp<'c>(db: impl Db<'c>, id: MemberId, totp: &Totp) -> Result<(), Error> {
    let sql = "UPDATE members SET totp_sealed = $2, totp_is_on = $3, totp_last_step = $4 WHERE id = $1";
    let set = sqlx::query(sql)
        .bind(id.to_string())
        .bind(&totp.sealed)
        .bind(i64::from(totp.is_on))
        .bind(stored(totp.last_step))
        .execute(db)
        .await
        .map_err(Error::doing("change the authenticator"))?;
    found(set.rows_affected(), id)
}

/// An identity belongs to one member.
pub async fn set_identity<'c>(db: impl Db<'c>, id: MemberId, identity: &Identity) -> Result<(), Error> {
    let sql = "UPDATE members SET identity_issuer = $2, identity_subject = $3 WHERE id = $1";
    let set = sqlx::query(sql)
        .bind(id.to_string())
        .bind(&identity.issuer)
        .bind(&identity.subject)
        .execute(db)
        .await
        .map_err(|source| on_conflict(source, &identity.subject, "link the member"))?;
    found(set.rows_affected(), id)
}

/// What the member is in the team, and whether they may sign in.
pub async fn set_standing<'c>(
    db: impl Db<'c>,
    id: MemberId,
    role: Role,
    is_disabled: bool,
) -> Result<(), Error> {
    let set = sqlx::query("UPDATE members SET role = $2, is_disabled = $3 WHERE id = $1")
        .bind(id.to_string())
        .bind(role.as_str())
        .bind(i64::from(is_disabled))
        .execute(db)
        .await
        .map_err(Error::doing("change the member"))?;
    found(set.rows_affected(), id)
}

/// Takes the time step of a code; false if a code of this step or a later one was taken before.
pub async fn take_totp_step<'c>(db: impl Db<'c>, id: MemberId, step: u64) -> Result<bool, Error> {
    let taken = sqlx::query("UPDATE members SET totp_last_step = $2 WHERE id = $1 AND totp_last_step < $2")
        .bind(id.to_string())
        .bind(stored(step))
        .execute(db)
        .await
        .map_err(Error::doing("note the code"))?;
    Ok(taken.rows_affected() == 1)
}

pub async fn seen<'c>(db: impl Db<'c>, id: MemberId, at: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query("UPDATE members SET last_seen_at = $2 WHERE id = $1")
        .bind(id.to_string())
        .bind(us(at))
        .execute(db)
        .await
        .map_err(Error::doing("note when the member was seen"))?;
    Ok(())
}

pub async fn get<'c>(db: impl Db<'c>, id: MemberId) -> Result<Option<Member>, Error> {
    one(db, "id = $1", &[&id.to_string()]).await
}

pub async fn find_by_email<'c>(db: impl Db<'c>, email: &str) -> Result<Option<Member>, Error> {
    one(db, "email = $1", &[email]).await
}

pub async fn find_by_identity<'c>(db: impl Db<'c>, identity: &Identity) -> Result<Option<Member>, Error> {
    one(db, "identity_issuer = $1 AND identity_subject = $2", &[&identity.issuer, &identity.subject]).await
}

/// In the order in which they joined; `after` is the last member of the page before.
pub async fn list<'c>(db: impl Db<'c>, after: Option<MemberId>, limit: u32) -> Result<Vec<Member>, Error> {
    let rows = sqlx::query(&format!("{SELECT} WHERE id > $1 ORDER BY id LIMIT $2"))
        .bind(after.map(|id| id.to_string()).unwrap_or_default())
        .bind(i64::from(limit))
        .fetch_all(db)
        .await
        .map_err(Error::doing("list the members"))?;
    rows.iter().map(read).collect()
}

/// Members with this role who may sign in.
pub async fn count_active<'c>(db: impl Db<'c>, role: Role) -> Result<u64, Error> {
    let row = sqlx::query("SELECT COUNT(*) AS members FROM members WHERE role = $1 AND is_disabled = 0")
        .bind(role.as_str())
        .fetch_one(db)
        .await
        .map_err(Error::doing("count the members"))?;
    Fields(&row).count("members")
}

pub async fn remove<'c>(db: impl Db<'c>, id: MemberId) -> Result<(), Error> {
    let removed = sqlx::query("DELETE FROM members WHERE id = $1")
        .bind(id.to_string())
        .execute(db)
        .await
        .map_err(Error::doing("remove the member"))?;
    found(removed.rows_affected(), id)
}

/// Replaces all recovery codes by these hashes.
pub async fn set_recovery_codes(
    transaction: &mut crate::Transaction,
    id: MemberId,
    hashes: &[String],
) -> Result<(), Error> {
    let doing = || Error::doing("store the recovery codes");
    sqlx::query("DELETE FROM recovery_codes WHERE member_id = $1")
        .bind(id.to_string())
        .execute(&mut **transaction)
        .await
        .map_err(doing())?;
    for hash in hashes {
        sqlx::query("INSERT INTO recovery_codes (member_id, hash) VALUES ($1, $2)")
            .bind(id.to_string())
            .bind(hash)
            .execute(&mut **transaction)
            .await
            .map_err(doing())?;
    }
    Ok(())
}

/// Uses a recovery code up; false if there is none with this hash.
pub async fn take_recovery_code<'c>(db: impl Db<'c>, id: MemberId, hash: &str) -> Result<bool, Error> {
    let taken = sqlx::query("DELETE FROM recovery_codes WHERE member_id = $1 AND hash = $2")
        .bind(id.to_string())
        .bind(hash)
        .execute(db)
        .await
        .map_err(Error::doing("use the recovery code"))?;
    Ok(taken.rows_affected() == 1)
}

pub async fn count_recovery_codes<'c>(db: impl Db<'c>, id: MemberId) -> Result<u64, Error> {
    let row = sqlx::query("SELECT COUNT(*) AS codes FROM recovery_codes WHERE member_id = $1")
        .bind(id.to_string())
        .fetch_one(db)
        .await
        .map_err(Error::doing("count the recovery codes"))?;
    Fields(&row).count("codes")
}

async fn one<'c>(db: impl Db<'c>, condition: &str, values: &[&str]) -> Result<Option<Member>, Error> {
    let sql = format!("{SELECT} WHERE {condition}");
    let mut query = sqlx::query(&sql);
    for value in values {
        query = query.bind((*value).to_owned());
    }
    let row = query.fetch_optional(db).await.map_err(Error::doing("look for the member"))?;
    row.as_ref().map(read).transpose()
}

fn found(rows: u64, id: MemberId) -> Result<(), Error> {
    if rows == 0 {
        return Err(Error::NotFound { what: "member", name: id.to_string() });
    }
    Ok(())
}

fn on_conflict(error: sqlx::Error, email: &str, doing: &'static str) -> Error {
    match error.as_database_error() {
        Some(refusal) if refusal.is_unique_violation() => {
            Error::AlreadyExists { what: "member", name: email.to_owned() }
        }
        _ => Error::doing(doing)(error),
    }
}

fn read(row: &AnyRow) -> Result<Member, Error> {
    let fields = Fields(row);
    let identity = fields.optional_text("identity_issuer")?.zip(fields.optional_text("identity_subject")?);
    Ok(Member {
        id: fields.parsed("id")?,
        email: fields.text("email")?,
        name: fields.text("name")?,
        role: fields.word("role", Role::parse)?,
        kind: fields.word("kind", MemberKind::parse)?,
        password: fields.optional_text("password")?,
        totp: Totp {
            sealed: fields.optional_text("totp_sealed")?,
            is_on: fields.number("totp_is_on")? != 0,
            last_step: fields.count("totp_last_step")?,
        },
        identity: identity.map(|(issuer, subject)| Identity { issuer, subject }),
        is_disabled: fields.number("is_disabled")? != 0,
        created_at: fields.time("created_at")?,
        last_seen_at: fields.optional_time("last_seen_at")?,
    })
}
