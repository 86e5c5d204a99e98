//! How much is kept of an org, of which time, and how much of its API it costs.

use arrow_array::cast::AsArray;
use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt;
use holdfast_catalog::objects::Kept;
use holdfast_catalog::statistics::{self, Day, FilesKept, ObjectVolume, RunSpan};
use holdfast_catalog::{api_calls, object_lists};
use holdfast_domain::budget::{ApiBudget, ApiUsage};
use holdfast_domain::{ObjectName, OrgId};
use holdfast_lake::blobs::{BLOB_HASH, BLOB_INDEX};

use crate::engine::Engine;
use crate::error::{Doing, Result};

#[derive(Debug, Clone)]
pub struct Volume {
    pub objects: u64,
    pub kept: Kept,
    pub files: FilesKept,
    pub span: RunSpan,
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
    /// Every call of Holdfast in the last 24 hours, to a quarter of an hour.
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
        let calls = api_calls::days(db, &org.id, first).await.doing(doing)?;
        let day = |back: i64| {
            let begins_at = today - TimeDelta::days(back);
            let day = busy.iter().find(|day| day.begins_at == begins_at).copied();
            let calls = calls.iter().find(|(day, _)| *day == begins_at);
            Day { api_calls: calls.map_or(0, |(_, calls)| *calls), ..day.unwrap_or(Day::empty(begins_at)) }
        };
        Ok(Volume {
            objects: totals.objects,
            kept: totals.kept,
            files: statistics::files_kept(db, &org.id).await.doing(doing)?,
            span: statistics::run_span(db, &org.id).await.doing(doing)?,
            oldest_record_at: statistics::oldest_window(db, &org.id).await.doing(doing)?,
            days: (0..DAYS).rev().map(day).collect(),
            largest: statistics::largest(db, &org.id, LARGEST).await.doing(doing)?,
        })
    }

    /// From the table of file bodies itself.
    pub(crate) async fn recount_files(&self, org: &OrgId) -> Result<()> {
        let doing = || "count the file bodies that are held".to_owned();
        let index = ObjectName::parse(BLOB_INDEX).expect("it is a well-formed name");
        let mut kept = FilesKept::default();
        if let Some(table) = self.lake().org(org).table(&index).await.doing(doing)? {
            let columns = [BLOB_HASH, "SizeBytes"].map(str::to_owned).to_vec();
            let mut rows = table.versions_between(-1, i64::MAX, Some(columns)).doing(doing)?;
            while let Some(batch) = rows.try_next().await.doing(doing)? {
                let column = |name: &str| batch.column_by_name(name).map(AsArray::as_string::<i32>);
                let (Some(hashes), Some(sizes)) = (column(BLOB_HASH), column("SizeBytes")) else { continue };
                for (_, size) in hashes.iter().zip(sizes).filter(|(hash, _)| hash.is_some()) {
                    kept.files += 1;
                    kept.bytes += size.and_then(|size| size.parse::<u64>().ok()).unwrap_or(0);
                }
            }
        }
        statistics::set_files(self.catalog().db(), org, kept).await.doing(doing)
    }

    pub async fn api_use(&self, org: &str) -> Result<ApiUse> {
        let org = self.find_org(org).await?;
        let since = self.clock().now() - TimeDelta::hours(24);
        let own = api_calls::since(self.catalog().db(), &org.id, since).await;
        Ok(ApiUse {
            usage: self.clients().usage(&org.id),
            budget: org.api_budget,
            own_calls: own.doing(|| "count the API calls".to_owned())?,
        })
    }
}
