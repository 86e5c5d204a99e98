//! Time windows over an Object's stamp: half-open, on whole seconds, oldest first.
//!
//! Salesforce stamps a record when it is saved and shows it when the transaction commits, minutes
//! later at worst. So the Watermark stays a safety lag behind the org's clock, and the next window
//! begins an overlap before the Watermark; what it reads twice is dropped by comparing.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A moment of the org's clock in whole seconds since 1970 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OrgSecond(pub i64);

impl OrgSecond {
    /// Cuts to the second, as Salesforce does with its stamps.
    pub fn from_us(us: i64) -> Self {
        Self(us.div_euclid(1_000_000))
    }

    pub fn as_us(self) -> i64 {
        self.0.saturating_mul(1_000_000)
    }

    fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)))
    }

    /// As a SOQL dateTime literal.
    pub fn literal(self) -> String {
        chrono::DateTime::from_timestamp(self.0, 0).map_or_else(
            || "1970-01-01T00:00:00Z".to_owned(),
            |time| time.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        )
    }
}

/// The stamps from `from` up to, not including, `until`. An open end reads up to whatever is visible now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    pub from: OrgSecond,
    pub until: Option<OrgSecond>,
}

/// How far windows keep from the present, and how large a Block may be.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct WindowPolicy {
    /// The Watermark stays this far behind the org's clock. Two minutes: the clock that answers may
    /// differ from the one that stamps.
    pub lag: Duration,
    /// Each window begins this far before the Watermark. Ten minutes: the longest API transaction.
    pub overlap: Duration,
    /// Records in one Block, at most, unless one second alone holds more.
    pub block_records: u64,
}

impl Default for WindowPolicy {
    fn default() -> Self {
        Self { lag: Duration::from_mins(2), overlap: Duration::from_mins(10), block_records: 1_000_000 }
    }
}

impl WindowPolicy {
    /// Where reading begins: the overlap before the Watermark, or the oldest stamp of the Object.
    pub fn start(&self, watermark: Option<OrgSecond>, oldest: OrgSecond) -> OrgSecond {
        watermark.map_or(oldest, |watermark| watermark.minus(self.overlap))
    }

    /// The Watermark after everything visible at `org_now` was stored. It never moves back.
    pub fn watermark_at(&self, org_now: OrgSecond, before: Option<OrgSecond>) -> OrgSecond {
        let safe = org_now.minus(self.lag);
        before.map_or(safe, |before| before.max(safe))
    }

    /// True if and only if records stamped at or after this may still appear behind the newest one held.
    pub fn is_recent(&self, newest_held: OrgSecond, watermark: OrgSecond) -> bool {
        newest_held >= watermark.minus(self.overlap)
    }

    /// What to do with a window that was counted to hold `records`.
    pub fn fit(&self, window: Window, records: u64, org_now: OrgSecond) -> Fit {
        let end = window.until.unwrap_or(OrgSecond(org_now.0.saturating_add(1)));
        let seconds = end.0.saturating_sub(window.from.0);
        if records <= self.block_records || seconds <= 1 {
            return Fit::Take;
        }
        let share = i128::from(seconds) * i128::from(self.block_records) * 3 / (i128::from(records) * 4);
        let shorter = i64::try_from(share).unwrap_or(i64::MAX).clamp(1, seconds - 1);
        Fit::Shorten(Window { from: window.from, until: Some(OrgSecond(window.from.0 + shorter)) })
    }
}

/// The verdict on a counted window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    Take,
    /// Count this one instead: as long as three quarters of a Block would be if records lay evenly.
    Shorten(Window),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const POLICY: WindowPolicy =
        WindowPolicy { lag: Duration::from_mins(2), overlap: Duration::from_mins(10), block_records: 100 };

    #[test]
    fn a_window_begins_an_overlap_before_the_watermark() {
        assert_eq!(POLICY.start(None, OrgSecond(5)), OrgSecond(5));
        assert_eq!(POLICY.start(Some(OrgSecond(10_000)), OrgSecond(5)), OrgSecond(9_400));
    }

    #[test]
    fn the_watermark_keeps_its_lag_and_never_moves_back() {
        assert_eq!(POLICY.watermark_at(OrgSecond(1_000), None), OrgSecond(880));
        assert_eq!(POLICY.watermark_at(OrgSecond(1_000), Some(OrgSecond(950))), OrgSecond(950));
    }

    #[test]
    fn literals_are_utc_seconds() {
        assert_eq!(OrgSecond(1_700_000_000).literal(), "2023-11-14T22:13:20Z");
    }

    /// Takes windows until the end as capture does, over records at `stamps`.
    fn blocks(stamps: &[i64], now: i64) -> Vec<usize> {
        let count = |window: Window| {
            let until = window.until.map_or(i64::MAX, |until| until.0);
            stamps.iter().filter(|stamp| (window.from.0..until).contains(stamp)).count()
        };
        let mut taken = Vec::new();
        let mut window = Window { from: OrgSecond(*stamps.iter().min().unwrap_or(&0)), until: None };
        loop {
            let records = count(window);
            match POLICY.fit(window, records as u64, OrgSecond(now)) {
                Fit::Shorten(shorter) => window = shorter,
                Fit::Take => {
                    taken.push(records);
                    let Some(until) = window.until else { return taken };
                    window = Window { from: until, until: None };
                }
            }
        }
    }

    proptest! {
        /// G-11, G-13: blocks are bounded and together hold every record once.
        #[test]
        fn windows_cover_every_stamp_once(stamps in prop::collection::vec(0i64..5_000, 1..800)) {
            let taken = blocks(&stamps, 5_000);
            prop_assert_eq!(taken.iter().sum::<usize>(), stamps.len());
        }

        #[test]
        fn only_a_single_second_may_exceed_the_block(spread in 2i64..5_000, records in 101u64..100_000) {
            let window = Window { from: OrgSecond(0), until: Some(OrgSecond(spread)) };
            match POLICY.fit(window, records, OrgSecond(9_999)) {
                Fit::Shorten(shorter) => prop_assert!(shorter.until < window.until),
                Fit::Take => prop_assert!(false, "must shorten"),
            }
        }
    }
}
