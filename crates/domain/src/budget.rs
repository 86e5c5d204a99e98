//! The share of the org's daily API calls that Holdfast leaves to everybody else.

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
}

impl Default for ApiBudget {
    fn default() -> Self {
        Self { percent: 80 }
    }
}

impl ApiBudget {
    /// True if and only if another data call may be made. Unknown usage permits: the first answer tells it.
    pub fn permits(self, usage: Option<ApiUsage>) -> bool {
        usage.is_none_or(|usage| {
            u128::from(usage.used) * 100 < u128::from(usage.allowed) * u128::from(self.percent)
        })
    }
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
        let budget = ApiBudget { percent: 80 };
        assert!(budget.permits(None));
        assert!(budget.permits(Some(ApiUsage { used: 799, allowed: 1000 })));
        assert!(!budget.permits(Some(ApiUsage { used: 800, allowed: 1000 })));
    }
}
