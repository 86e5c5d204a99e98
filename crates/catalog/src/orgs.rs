//! The orgs that are connected. Removing one removes all that the catalog knows of it, and nothing in the lake.

use chrono::{DateTime, Utc};
use holdfast_domain::OrgId;
use holdfast_domain::budget::ApiBudget;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;

use crate::fields::{Fields, unreadable, us};
use crate::{Db, Error, MemberId};

/// One connected org.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Org {
    pub id: OrgId,
    /// What the user calls it; unique.
    pub name: String,
    pub instance_url: String,
    pub organization_type: Option<String>,
    pub is_sandbox: Option<bool>,
    pub auto_state: AutoState,
    pub api_budget: ApiBudget,
    pub connected_at: DateTime<Utc>,
    /// The member who owns the connection; none if the owners of the team share it.
    pub owner: Option<MemberId>,
}

/// What auto backup does with an org.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AutoState {
    /// Never started.
    Off,
    Running,
    /// Records go on, file bodies wait.
    FilesPaused,
    /// No API call is made.
    Paused,
}

impl AutoState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Running => "running",
            Self::FilesPaused => "files_paused",
            Self::Paused => "paused",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Off, Self::Running, Self::FilesPaused, Self::Paused]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

const SELECT: &str = "SELECT id, name, instance_url, organization_type, is_sandbox, auto_state, \
                      api_budget_percent, files_budget_percent, connected_at, owner_id FROM orgs";

/// Adds an org; its name and its id must both be new.
pub async fn insert<'c>(db: impl Db<'c>, org: &Org) -> Result<(), Error> {
    let inserted = sqlx::query(
        "INSERT INTO orgs (id, name, instance_url, organization_type, is_sandbox, auto_state, \
         api_budget_percent, files_budget_percent, connected_at, owner_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(org.id.as_str())
    .bind(&org.name)
    .bind(&org.instance_url)
    .bind(&org.organization_type)
    .bind(org.is_sandbox.map(i64::from))
    .bind(org.auto_state.as_str())
    .bind(i64::from(org.api_budget.percent))
    .bind(i64::from(org.api_budget.files_percent))
    .bind(us(org.connected_at))
    .bind(org.owner.map(|owner| owner.to_string()))
    .execute(db)
    .await;
    inserted.map(drop).map_err(|source| on_conflict(source, org, "add the org"))
}

/// Connects a known org anew: its name, address and kind may have changed, its settings stay.
pub async fn update<'c>(db: impl Db<'c>, org: &Org) -> Result<(), Error> {
    let updated = sqlx::query(
        "UPDATE orgs SET name = $2, instance_url = $3, organization_type = $4, is_sandbox = $5 WHERE id = $1",
    )
    .bind(org.id.as_str())
    .bind(&org.name)
    .bind(&org.instance_url)
    .bind(&org.organization_type)
    .bind(org.is_sandbox.map(i64::from))
    .execute(db)
    .await;
    let updated = updated.map_err(|source| on_conflict(source, org, "change the org"))?;
    found(updated.rows_affected(), &org.id)
}

pub async fn find_by_name<'c>(db: impl Db<'c>, name: &str) -> Result<Option<Org>, Error> {
    let row = sqlx::query(&format!("{SELECT} WHERE name = $1"))
        .bind(name)
        .fetch_optional(db)
        .await
        .map_err(Error::doing("look for the org"))?;
    row.as_ref().map(read).transpose()
}

pub async fn get<'c>(db: impl Db<'c>, id: &OrgId) -> Result<Option<Org>, Error> {
    let row = sqlx::query(&format!("{SELECT} WHERE id = $1"))
        .bind(id.as_str())
        .fetch_optional(db)
        .await
        .map_err(Error::doing("look for the org"))?;
    row.as_ref().map(read).transpose()
}

/// All of them, by name.
pub async fn list<'c>(db: impl Db<'c>) -> Result<Vec<Org>, Error> {
    let rows = sqlx::query(SELECT).fetch_all(db).await.map_err(Error::doing("list the orgs"))?;
    let mut orgs = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    // Sorted here, because databases differ in how they order text.
    orgs.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(orgs)
}

pub async fn remove<'c>(db: impl Db<'c>, id: &OrgId) -> Result<(), Error> {
    let removed = sqlx::query("DELETE FROM orgs WHERE id = $1")
        .bind(id.as_str())
        .execute(db)
        .await
        .map_err(Error::doing("remove the org"))?;
    found(removed.rows_affected(), id)
}

pub async fn set_auto_state<'c>(db: impl Db<'c>, id: &OrgId, state: AutoState) -> Result<(), Error> {
    let updated = sqlx::query("UPDATE orgs SET auto_state = $2 WHERE id = $1")
        .bind(id.as_str())
        .bind(state.as_str())
        .execute(db)
        .await
        .map_err(Error::doing("change what auto backup does"))?;
    found(updated.rows_affected(), id)
}

pub async fn set_api_budget<'c>(db: impl Db<'c>, id: &OrgId, budget: ApiBudget) -> Result<(), Error> {
    let updated =
        sqlx::query("UPDATE orgs SET api_budget_percent = $2, files_budget_percent = $3 WHERE id = $1")
            .bind(id.as_str())
            .bind(i64::from(budget.percent))
            .bind(i64::from(budget.files_percent))
            .execute(db)
            .await
            .map_err(Error::doing("change the API budget"))?;
    found(updated.rows_affected(), id)
}

/// Another name; it must be free.
pub async fn rename<'c>(db: impl Db<'c>, org: &Org, name: &str) -> Result<(), Error> {
    let renamed = Org { name: name.to_owned(), ..org.clone() };
    update(db, &renamed).await
}

/// Hands the connection to a member, or to the owners of the team.
pub async fn set_owner<'c>(db: impl Db<'c>, id: &OrgId, owner: Option<MemberId>) -> Result<(), Error> {
    let updated = sqlx::query("UPDATE orgs SET owner_id = $2 WHERE id = $1")
        .bind(id.as_str())
        .bind(owner.map(|owner| owner.to_string()))
        .execute(db)
        .await
        .map_err(Error::doing("change who owns the connection"))?;
    found(updated.rows_affected(), id)
}

fn found(rows: u64, id: &OrgId) -> Result<(), Error> {
    if rows == 0 {
        return Err(Error::NotFound { what: "org", name: id.to_string() });
    }
    Ok(())
}

/// PostgreSQL names the constraint, SQLite's message names its column.
fn on_conflict(error: sqlx::Error, org: &Org, doing: &'static str) -> Error {
    let Some(refusal) = error.as_database_error().filter(|refusal| refusal.is_unique_violation()) else {
        return Error::doing(doing)(error);
    };
    let is_the_name = refusal.constraint() == Some("orgs_name") || refusal.message().ends_with("orgs.name");
    let name = if is_the_name { org.name.clone() } else { org.id.to_string() };
    Error::AlreadyExists { what: "org", name }
}

fn read(row: &AnyRow) -> Result<Org, Error> {
    let fields = Fields(row);
    let percent = |column| u8::try_from(fields.number(column)?).map_err(unreadable(column));
    Ok(Org {
        id: fields.parsed("id")?,
        name: fields.text("name")?,
        instance_url: fields.text("instance_url")?,
        organization_type: fields.optional_text("organization_type")?,
        is_sandbox: fields.optional_number("is_sandbox")?.map(|value| value != 0),
        auto_state: fields.word("auto_state", AutoState::parse)?,
        api_budget: ApiBudget {
            percent: percent("api_budget_percent")?,
            files_percent: percent("files_budget_percent")?,
        },
        connected_at: fields.time("connected_at")?,
        owner: fields.optional_parsed("owner_id")?,
    })
}
