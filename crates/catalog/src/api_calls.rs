//! Every call to an org's API that Holdfast made, by quarters of an hour.
//!
//! Runs tell of their own calls; here are also those of rounds that left no Run, and of questions outside of Runs.

use chrono::{DateTime, Utc};
use holdfast_domain::OrgId;

use crate::fields::{Fields, stored, us};
use crate::statistics::{DAY_US, sum};
use crate::{Db, Error};

const QUARTER_US: i64 = 900_000_000;

/// Adds calls that were made by `now`, since they were last added.
pub async fn add<'c>(db: impl Db<'c>, org: &OrgId, calls: u64, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO api_calls (org_id, began_at, calls) VALUES ($1, $2, $3) \
         ON CONFLICT (org_id, began_at) DO UPDATE SET calls = api_calls.calls + excluded.calls",
    )
    .bind(org.as_str())
    .bind(us(now) / QUARTER_US * QUARTER_US)
    .bind(stored(calls))
    .execute(db)
    .await
    .map_err(Error::doing("note the API calls"))?;
    Ok(())
}

/// Calls since then, the whole quarter of an hour around it among them.
pub async fn since<'c>(db: impl Db<'c>, org: &OrgId, since: DateTime<Utc>) -> Result<u64, Error> {
    let sql =
        format!("SELECT {} FROM api_calls WHERE org_id = $1 AND began_at >= $2", sum("calls", "all_calls"));
    let row = sqlx::query(&sql)
        .bind(org.as_str())
        .bind(us(since) / QUARTER_US * QUARTER_US)
        .fetch_one(db)
        .await
        .map_err(Error::doing("count the API calls"))?;
    Fields(&row).count("all_calls")
}

/// The days (UTC) since then on which calls were made, with their number.
pub async fn days<'c>(
    db: impl Db<'c>,
    org: &OrgId,
    from: DateTime<Utc>,
) -> Result<Vec<(DateTime<Utc>, u64)>, Error> {
    let sql = format!(
        "SELECT began_at / {DAY_US} AS day, {} FROM api_calls WHERE org_id = $1 AND began_at >= $2 \
         GROUP BY began_at / {DAY_US} ORDER BY day",
        sum("calls", "all_calls"),
    );
    let rows = sqlx::query(&sql)
        .bind(org.as_str())
        .bind(us(from))
        .fetch_all(db)
        .await
        .map_err(Error::doing("count the API calls"))?;
    rows.iter()
        .map(|row| {
            let fields = Fields(row);
            let day = DateTime::from_timestamp_micros(fields.number("day")? * DAY_US);
            Ok((day.unwrap_or_default(), fields.count("all_calls")?))
        })
        .collect()
}
