//! The share of the org's daily API calls that Holdfast leaves to everybody else.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What the org said of its rolling 24-hour API allocation (`Sforce-Limit-Info`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiUsage {
    pub used: u64,
    pub allowed: u64,
}

impl ApiUsage {
    /// Reads `api-usage=18/5000` anywhere in the header's value.
    pub fn parse(header: &str) -> Option<Self> {
        let (_, rest) = header.split_once("api-usage=")?;
        let (used, rest) = rest.split_once('/')?;
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        Some(Self { used: used.parse().ok()?, allowed: rest[..digits].parse().ok()? })
    }
}

/// How much of the org's daily calls may be used, by everybody together, before Holdfast stops
/// reading data. Percent of the allocation; the default of 80 leaves a fifth to other integrations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiBudget {
    pub percent: u8,
    /// Of it, what Holdfast itself may use for file bodies: one call each, so that many files do not keep
    /// records waiting.
    pub files_percent: u8,
}

impl Default for ApiBudget {
    fn default() -> Self {
        Self { percent: 80, files_percent: 40 }
    }
}

impl ApiBudget {
    /// True if and only if another data call may be made. Unknown usage permits: the first answer tells it.
    pub fn permits(self, usage: Option<ApiUsage>) -> bool {
        usage.is_none_or(|usage| is_below(usage.used, usage.allowed, self.percent))
    }

    /// True if and only if another body may be fetched after `fetched` calls for bodies within the last 24 hours.
    pub fn permits_file(self, usage: Option<ApiUsage>, fetched: u64) -> bool {
        usage.is_none_or(|usage| is_below(fetched, usage.allowed, self.files_percent))
    }

    /// Calls that may be made before [`Self::permits`] ends.
    pub fn left(self, usage: ApiUsage) -> u64 {
        let share = u128::from(usage.allowed) * u128::from(self.percent) / 100;
        u64::try_from(share).unwrap_or(u64::MAX).saturating_sub(usage.used)
    }
}

fn is_below(used: u64, allowed: u64, percent: u8) -> bool {
    u128::from(used) * 100 < u128::from(allowed) * u128::from(percent)
}

/// Calls of one kind within the last 24 hours, counted by the hour.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DailyCalls {
    by_hour: BTreeMap<i64, u64>,
}

impl DailyCalls {
    pub fn add(&mut self, now: DateTime<Utc>, calls: u64) {
        let hour = hour(now);
        self.by_hour.retain(|other, _| *other > hour - 24);
        *self.by_hour.entry(hour).or_default() += calls;
    }

    /// An hour that the window has begun to leave counts whole.
    pub fn of_last_day(&self, now: DateTime<Utc>) -> u64 {
        self.by_hour.range(hour(now) - 24..).map(|(_, calls)| calls).sum()
    }
}

fn hour(time: DateTime<Utc>) -> i64 {
    time.timestamp().div_euclid(3600)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// S-41
    #[test]
    fn usage_is_read_from_every_form_of_the_header() {
        for (header, used, allowed) in [
            ("api-usage=18/5000", 18, 5000),
            ("api-usage=25/5000; per-app-api-usage=17/250(appName=sample)", 25, 5000),
            ("api-bursts=1/750; api-usage=10018/100000", 10018, 100_000),
        ] {
            assert_eq!(ApiUsage::parse(header), Some(ApiUsage { used, allowed }));
        }
        assert_eq!(ApiUsage::parse("per-app=1"), None);
    }

    /// S-38, S-39: at 80 % no further data call is made.
    #[test]
    fn the_budget_stops_at_its_share() {
        let budget = ApiBudget { percent: 80, files_percent: 10 };
        assert!(budget.permits(None));
        assert!(budget.permits(Some(ApiUsage { used: 799, allowed: 1000 })));
        assert!(!budget.permits(Some(ApiUsage { used: 800, allowed: 1000 })));
    }

    ///
    #[test]
    fn files_have_a_share_of_their_own() {
        let budget = ApiBudget { percent: 80, files_percent: 10 };
        let usage = Some(ApiUsage { used: 500, allowed: 1000 });
        assert!(budget.permits_file(usage, 99));
        assert!(!budget.permits_file(usage, 100));
        assert!(budget.permits_file(None, 100));
        assert_eq!(budget.left(ApiUsage { used: 500, allowed: 1000 }), 300);
        assert_eq!(budget.left(ApiUsage { used: 900, allowed: 1000 }), 0);
    }

    #[test]
    fn calls_are_forgotten_after_a_day() {
        let at = |hours: i64| DateTime::from_timestamp(hours * 3600 + 1800, 0).unwrap();
        let mut calls = DailyCalls::default();
        calls.add(at(0), 3);
        calls.add(at(1), 4);
        assert_eq!(calls.of_last_day(at(24)), 7);
        assert_eq!(calls.of_last_day(at(25)), 4);
        assert_eq!(calls.of_last_day(at(26)), 0);
        calls.add(at(26), 1);
        assert_eq!(calls, DailyCalls { by_hour: BTreeMap::from([(26, 1)]) });
    }
}
