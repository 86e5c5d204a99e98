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

impl Window {
    /// The first half; none of a single second.
    pub fn half(self, org_now: OrgSecond) -> Option<Self> {
        let half = self.seconds(org_now) / 2;
        (half > 0).then(|| Self { until: Some(OrgSecond(self.from.0 + half)), ..self })
    }

    fn seconds(self, org_now: OrgSecond) -> i64 {
        let end = self.until.unwrap_or(OrgSecond(org_now.0.saturating_add(1)));
        end.0.saturating_sub(self.from.0)
    }
}

/// How far windows keep from the present, and how large a Block may be.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct WindowPolicy {
    /// The Watermark stays this far behind the org's clock. Two minutes: the clock that answers may
    /// differ from the one that stamps.
    pub lag: Duration,
    /// Each window begins this far before the Watermark. Ten minutes: the longest API transaction.
    pub overlap: Duration,
    /// Records in one Block, at most, unless one second alone holds more. Two million: eight full pages of one Bulk job, so
    /// that the job itself costs few calls beside them, and no more than that is read again after a crash.
    pub block_records: u64,
}

impl Default for WindowPolicy {
    fn default() -> Self {
        Self { lag: Duration::from_mins(2), overlap: Duration::from_mins(10), block_records: 2_000_000 }
    }
}

impl WindowPolicy {
    /// Where reading begins: the overlap before the Watermark, or the oldest stamp of the Object.
    pub fn start(&self, watermark: Option<OrgSecond>, oldest: OrgSecond) -> OrgSecond {
        watermark.map_or(oldest, |watermark| watermark.minus(self.overlap))
    }

    /// How far the Watermark may be at most, after everything visible at `org_now` was read.
    fn safe_at(&self, org_now: OrgSecond) -> OrgSecond {
        org_now.minus(self.lag)
    }

    /// True if and only if a reading at `org_now` found all that there will ever be before the end of
    /// the window. What becomes visible later in one that is not settled is left to the next Run, so
    /// no Watermark of this one may pass [`Self::safe_at`] that moment.
    fn is_settled(&self, window: Window, org_now: OrgSecond) -> bool {
        window.until.is_some_and(|until| until <= self.safe_at(org_now).minus(self.overlap))
    }

    /// True if and only if records stamped at or after this may still appear behind the newest one held.
    pub fn is_recent(&self, newest_held: OrgSecond, watermark: OrgSecond) -> bool {
        newest_held >= watermark.minus(self.overlap)
    }

    /// What to do with a window that was counted to hold `records`.
    pub fn fit(&self, window: Window, records: u64, org_now: OrgSecond) -> Fit {
        let seconds = window.seconds(org_now);
        if records <= self.block_records || seconds <= 1 {
            return Fit::Take;
        }
        let share = i128::from(seconds) * i128::from(self.block_records) * 9 / (i128::from(records) * 10);
        let shorter = i64::try_from(share).unwrap_or(i64::MAX).clamp(1, seconds - 1);
        Fit::Shorten(Window { from: window.from, until: Some(OrgSecond(window.from.0 + shorter)) })
    }
}

/// The Watermark that one pass over an Object's windows may reach at most, however long the pass goes on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ceiling(Option<OrgSecond>);

impl Ceiling {
    /// The Watermark once a window that was read at `org_now` is stored. It never moves back.
    pub fn watermark(
        &mut self,
        policy: &WindowPolicy,
        window: Window,
        org_now: OrgSecond,
        held: Option<OrgSecond>,
    ) -> OrgSecond {
        let safe = policy.safe_at(org_now);
        if !policy.is_settled(window, org_now) {
            self.0.get_or_insert(safe);
        }
        let reached = window.until.into_iter().chain(self.0).min().unwrap_or(safe);
        held.map_or(reached, |held| held.max(reached))
    }
}

/// The verdict on a counted window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    Take,
    /// Count this one instead: as long as nine tenths of a Block would be if records lay evenly.
    Shorten(Window),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const POLICY: WindowPolicy =
        WindowPolicy { lag: Duration::from_mins(2), overlap: Duration::from_mins(10), block_records: 100 };

    ///
    #[test]
    fn a_window_begins_an_overlap_before_the_watermark() {
        assert_eq!(POLICY.start(None, OrgSecond(5)), OrgSecond(5));
        assert_eq!(POLICY.start(Some(OrgSecond(10_000)), OrgSecond(5)), OrgSecond(9_400));
    }

    ///
    #[test]
    fn a_window_is_settled_once_no_transaction_can_add_to_it() {
        assert_eq!(POLICY.safe_at(OrgSecond(1_000)), OrgSecond(880));
        let until = |until| Window { from: OrgSecond(0), until };
        assert!(POLICY.is_settled(until(Some(OrgSecond(280))), OrgSecond(1_000)));
        assert!(!POLICY.is_settled(until(Some(OrgSecond(281))), OrgSecond(1_000)));
        assert!(!POLICY.is_settled(until(None), OrgSecond(1_000)));
    }

    #[test]
    fn literals_are_utc_seconds() {
        assert_eq!(OrgSecond(1_700_000_000).literal(), "2023-11-14T22:13:20Z");
    }

    ///
    #[test]
    fn the_watermark_stays_where_a_transaction_may_still_show_records() {
        let window = |until: Option<i64>| Window { from: OrgSecond(0), until: until.map(OrgSecond) };
        let mut ceiling = Ceiling::default();
        let mut after = |until, now, held: Option<i64>| {
            ceiling.watermark(&POLICY, window(until), OrgSecond(now), held.map(OrgSecond)).0
        };
        assert_eq!(after(Some(280), 1_000, None), 280, "settled");
        assert_eq!(after(Some(950), 1_000, Some(280)), 880, "behind the lag, though the window goes on");
        assert_eq!(after(Some(2_000), 9_000, Some(880)), 880, "however late the next windows are read");
        assert_eq!(after(None, 20_000, Some(880)), 880);

        let mut next_run = Ceiling::default();
        let open = window(None);
        assert_eq!(next_run.watermark(&POLICY, open, OrgSecond(1_000), None), OrgSecond(880));
        let later = next_run.watermark(&POLICY, open, OrgSecond(900), Some(OrgSecond(950)));
        assert_eq!(later, OrgSecond(950), "it never moves back");
    }

    #[test]
    fn halves_end_at_one_second() {
        let mut window = Window { from: OrgSecond(0), until: None };
        let mut halves = 0;
        while let Some(half) = window.half(OrgSecond(1_023)) {
            (window, halves) = (half, halves + 1);
        }
        assert_eq!((window.until, halves), (Some(OrgSecond(1)), 10));
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
        /// G-13: blocks together hold every record once.
        #[test]
        fn windows_cover_every_stamp_once(stamps in prop::collection::vec(0i64..5_000, 1..800)) {
            let taken = blocks(&stamps, 5_000);
            prop_assert_eq!(taken.iter().sum::<usize>(), stamps.len());
        }

        /// G-11
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
