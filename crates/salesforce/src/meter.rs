//! What the answers say besides their content: calls used, and the org's own clock.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use holdfast_domain::budget::ApiUsage;
use reqwest::header::{DATE, HeaderMap};
use tokio::time::Instant;

#[derive(Debug, Default)]
pub(crate) struct Meter {
    calls: AtomicU64,
    usage: Mutex<Option<ApiUsage>>,
    clock: Mutex<Option<(DateTime<Utc>, Instant)>>,
}

impl Meter {
    pub(crate) fn count_call(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    pub(crate) fn usage(&self) -> Option<ApiUsage> {
        *self.usage.lock().expect("no code panics while holding this lock")
    }

    /// The newest Date header plus the time since it came. A second late at most, never early:
    /// the header is cut to whole seconds and was written before it arrived.
    pub(crate) fn org_clock(&self) -> Option<DateTime<Utc>> {
        let (date, seen) = (*self.clock.lock().expect("no code panics while holding this lock"))?;
        TimeDelta::from_std(seen.elapsed()).ok().map(|elapsed| date + elapsed)
    }

    /// Reads the headers of any answer of the org, errors included.
    pub(crate) fn observe(&self, headers: &HeaderMap) {
        if let Some(usage) = api_usage(headers) {
            *self.usage.lock().expect("no code panics while holding this lock") = Some(usage);
        }
        if let Some(date) = date(headers) {
            *self.clock.lock().expect("no code panics while holding this lock") =
                Some((date, Instant::now()));
        }
    }
}

/// `Sforce-Limit-Info` may also carry `per-app-api-usage=17/250(appName=…)`, in any order.
fn api_usage(headers: &HeaderMap) -> Option<ApiUsage> {
    headers.get_all("sforce-limit-info").iter().filter_map(|value| value.to_str().ok()).find_map(|value| {
        value
            .split([';', ','])
            .map(str::trim)
            .filter(|part| part.starts_with("api-usage="))
            .find_map(ApiUsage::parse)
    })
}

pub(crate) fn date(headers: &HeaderMap) -> Option<DateTime<Utc>> {
    http_date(headers.get(DATE)?.to_str().ok()?)
}

pub(crate) fn http_date(text: &str) -> Option<DateTime<Utc>> {
    Some(DateTime::parse_from_rfc2822(text).ok()?.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(limit_info: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("sforce-limit-info", limit_info.parse().unwrap());
        headers
    }

    #[test]
    fn the_orgs_usage_is_never_taken_from_the_apps_share() {
        for info in [
            "api-usage=25/5000",
            "api-usage=25/5000; per-app-api-usage=17/250(appName=sample-connected-app)",
            "per-app-api-usage=17/250(appName=x); api-usage=25/5000",
            "api-bursts=1/750; api-usage=25/5000",
            "api-usage=25/5000, api-bursts=1/750",
        ] {
            assert_eq!(api_usage(&headers(info)), Some(ApiUsage { used: 25, allowed: 5000 }), "{info}");
        }
        assert_eq!(api_usage(&headers("per-app-api-usage=17/250")), None);
    }

    #[tokio::test(start_paused = true)]
    async fn the_org_clock_goes_on_from_the_date_of_the_newest_answer() {
        let meter = Meter::default();
        assert_eq!(meter.org_clock(), None);
        let mut headers = HeaderMap::new();
        headers.insert(DATE, "Sun, 06 Nov 1994 08:49:37 GMT".parse().unwrap());
        meter.observe(&headers);

        tokio::time::advance(std::time::Duration::from_secs(90)).await;

        let expected: DateTime<Utc> = "1994-11-06T08:51:07Z".parse().unwrap();
        assert_eq!(meter.org_clock(), Some(expected));
    }
}
