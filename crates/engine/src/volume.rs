//! How much is kept of an org, of which time, and how much of its API it costs.

use chrono::{DateTime, TimeDelta, Utc};
use holdfast_catalog::object_lists;
use holdfast_catalog::statistics::{self, Day, ObjectVolume, RunSums};
use holdfast_domain::budget::{ApiBudget, ApiUsage};

use crate::engine::Engine;
use crate::error::{Doing, Result};

#[derive(Debug, Clone)]
pub struct Volume {
    pub live_records: u64,
    pub objects: u64,
    pub sums: RunSums,
    /// Where the oldest time window that was read begins.
    pub oldest_record_at: Option<DateTime<Utc>>,
    /// Every one of the last 30 days, oldest first.
    pub days: Vec<Day>,
    pub largest: Vec<ObjectVolume>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiUse {
    /// None until the org has said it to this process.
    pub usage: Option<ApiUsage>,
    pub budget: ApiBudget,
    /// Of the Runs that began in the last 24 hours.
    pub own_calls: u64,
}

const DAYS: i64 = 30;
const LARGEST: u32 = 20;

impl Engine {
    pub async fn volume(&self, org: &str) -> Result<Volume> {
        let org = self.find_org(org).await?;
        let doing = || format!("add up what is kept of `{}`", org.name);
        let (db, now) = (self.catalog().db(), self.clock().now());
        let totals = object_lists::totals(db, &org.id, i64::MIN).await.doing(doing)?;
        let today = now.date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
        let first = today - TimeDelta::days(DAYS - 1);
        let busy = statistics::days(db, &org.id, first).await.doing(doing)?;
        let day = |back: i64| {
            let begins_at = today - TimeDelta::days(back);
            busy.iter().find(|day| day.begins_at == begins_at).copied().unwrap_or(Day::empty(begins_at))
        };
        Ok(Volume {
            live_records: totals.live_records,
            objects: totals.objects,
            sums: statistics::run_sums(db, &org.id).await.doing(doing)?,
            oldest_record_at: statistics::oldest_window(db, &org.id).await.doing(doing)?,
            days: (0..DAYS).rev().map(day).collect(),
            largest: statistics::largest(db, &org.id, LARGEST).await.doing(doing)?,
        })
    }

    pub async fn api_use(&self, org: &str) -> Result<ApiUse> {
        let org = self.find_org(org).await?;
        let since = self.clock().now() - TimeDelta::hours(24);
        let own = statistics::api_calls_since(self.catalog().db(), &org.id, since).await;
        Ok(ApiUse {
            usage: self.clients().usage(&org.id),
            budget: org.api_budget,
            own_calls: own.doing(|| "count the API calls".to_owned())?,
        })
    }
}
