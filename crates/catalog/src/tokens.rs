//! API tokens: what programs of a member sign in with. Of each only a hash is kept.

use chrono::{DateTime, Utc};
use holdfast_domain::OrgId;
use holdfast_domain::access::Scopes;
use sqlx::any::AnyRow;

use crate::fields::{Fields, unreadable, us};
use crate::{Db, Error, MemberId, TokenId};

/// One API token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub id: TokenId,
    pub member: MemberId,
    pub name: String,
    pub scopes: Scopes,
    /// None: all orgs.
    pub orgs: Option<Vec<OrgId>>,
    /// Its first characters, to recognise it by.
    pub beginning: String,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
}

const SELECT: &str = "SELECT id, member_id, name, scopes, org_ids, beginning, created_at, expires_at, \
                      last_used_at FROM tokens";

pub async fn insert<'c>(db: impl Db<'c>, token: &Token, hash: &str) -> Result<(), Error> {
    let json = "words and ids are always JSON";
    let orgs = token.orgs.as_ref().map(|orgs| serde_json::to_string(orgs).expect(json));
    sqlx::query(
        "INSERT INTO tokens (id, hash, member_id, name, scopes, org_ids, beginning, created_at, expires_at, \
         last_used_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL)",
    )
    .bind(token.id.to_string())
    .bind(hash)
    .bind(token.member.to_string())
    .bind(&token.name)
    .bind(serde_json::to_string(&token.scopes).expect(json))
    .bind(orgs)
    .bind(&token.beginning)
    .bind(us(token.created_at))
    .bind(token.expires_at.map(us))
    .execute(db)
    .await
    .map_err(Error::doing("note the token"))?;
    Ok(())
}

pub async fn get<'c>(db: impl Db<'c>, id: TokenId) -> Result<Option<Token>, Error> {
    let row = sqlx::query(&format!("{SELECT} WHERE id = $1"))
        .bind(id.to_string())
        .fetch_optional(db)
        .await
        .map_err(Error::doing("look for the token"))?;
    row.as_ref().map(read).transpose()
}

pub async fn find<'c>(db: impl Db<'c>, hash: &str) -> Result<Option<Token>, Error> {
    let row = sqlx::query(&format!("{SELECT} WHERE hash = $1"))
        .bind(hash)
        .fetch_optional(db)
        .await
        .map_err(Error::doing("look for the token"))?;
    row.as_ref().map(read).transpose()
}

/// Those of one member, or of all, newest first; `before` is the last one of the page before.
pub async fn list<'c>(
    db: impl Db<'c>,
    member: Option<MemberId>,
    before: Option<TokenId>,
    limit: u32,
) -> Result<Vec<Token>, Error> {
    let before = before.map_or_else(|| crate::runs::AFTER_ALL_IDS.to_owned(), |id| id.to_string());
    let rows = sqlx::query(&format!(
        "{SELECT} WHERE ($1 = '' OR member_id = $1) AND id < $2 ORDER BY id DESC LIMIT $3"
    ))
    .bind(member.map(|id| id.to_string()).unwrap_or_default())
    .bind(before)
    .bind(i64::from(limit))
    .fetch_all(db)
    .await
    .map_err(Error::doing("list the tokens"))?;
    rows.iter().map(read).collect()
}

pub async fn used<'c>(db: impl Db<'c>, id: TokenId, at: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query("UPDATE tokens SET last_used_at = $2 WHERE id = $1")
        .bind(id.to_string())
        .bind(us(at))
        .execute(db)
        .await
        .map_err(Error::doing("note that the token was used"))?;
    Ok(())
}

/// Ends one token of a member; none if there is no such token.
pub async fn remove(
    transaction: &mut crate::Transaction,
    member: MemberId,
    id: TokenId,
) -> Result<Option<Token>, Error> {
    let doing = || Error::doing("end the token");
    let row = sqlx::query(&format!("{SELECT} WHERE member_id = $1 AND id = $2"))
        .bind(member.to_string())
        .bind(id.to_string())
        .fetch_optional(&mut **transaction)
        .await
        .map_err(doing())?;
    sqlx::query("DELETE FROM tokens WHERE member_id = $1 AND id = $2")
        .bind(member.to_string())
        .bind(id.to_string())
        .execute(&mut **transaction)
        .await
        .map_err(doing())?;
    row.as_ref().map(read).transpose()
}

fn read(row: &AnyRow) -> Result<Token, Error> {
    let fields = Fields(row);
    let orgs = fields.optional_text("org_ids")?.map(|text| serde_json::from_str(&text)).transpose();
    Ok(Token {
        id: fields.parsed("id")?,
        member: fields.parsed("member_id")?,
        name: fields.text("name")?,
        scopes: serde_json::from_str(&fields.text("scopes")?).map_err(unreadable("scopes"))?,
        orgs: orgs.map_err(unreadable("org_ids"))?,
        beginning: fields.text("beginning")?,
        created_at: fields.time("created_at")?,
        expires_at: fields.optional_time("expires_at")?,
        last_used_at: fields.optional_time("last_used_at")?,
    })
}
