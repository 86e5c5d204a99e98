//! What was granted to members on single orgs.

use std::collections::BTreeMap;

use holdfast_domain::OrgId;
use holdfast_domain::access::Rights;

use crate::fields::Fields;
use crate::{Db, Error, MemberId};

/// Grants exactly these rights, in place of any before.
pub async fn set<'c>(db: impl Db<'c>, org: &OrgId, member: MemberId, rights: Rights) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO rights (org_id, member_id, rights) VALUES ($1, $2, $3) \
         ON CONFLICT (org_id, member_id) DO UPDATE SET rights = excluded.rights",
    )
    .bind(org.as_str())
    .bind(member.to_string())
    .bind(rights.to_text())
    .execute(db)
    .await
    .map_err(Error::doing("grant the rights"))?;
    Ok(())
}

pub async fn of_member<'c>(db: impl Db<'c>, member: MemberId) -> Result<BTreeMap<OrgId, Rights>, Error> {
    let rows = sqlx::query("SELECT org_id, rights FROM rights WHERE member_id = $1")
        .bind(member.to_string())
        .fetch_all(db)
        .await
        .map_err(Error::doing("read the rights of the member"))?;
    let mut rights = BTreeMap::new();
    for row in &rows {
        let fields = Fields(row);
        rights.insert(fields.parsed("org_id")?, fields.word("rights", Rights::parse)?);
    }
    Ok(rights)
}

pub async fn on_org<'c>(db: impl Db<'c>, org: &OrgId) -> Result<BTreeMap<MemberId, Rights>, Error> {
    let rows = sqlx::query("SELECT member_id, rights FROM rights WHERE org_id = $1")
        .bind(org.as_str())
        .fetch_all(db)
        .await
        .map_err(Error::doing("read the rights on the org"))?;
    let mut rights = BTreeMap::new();
    for row in &rows {
        let fields = Fields(row);
        rights.insert(fields.parsed("member_id")?, fields.word("rights", Rights::parse)?);
    }
    Ok(rights)
}
