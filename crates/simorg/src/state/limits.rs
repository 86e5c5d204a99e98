//! The org's daily API limit, shared by all callers and counted over a rolling window of 24 hours.

use serde::{Deserialize, Serialize};

use std::collections::VecDeque;
use std::sync::Mutex;

use chrono::{DateTime, Duration, Utc};

/// Allowed and used API calls.
#[derive(Debug, Serialize, Deserialize)]
pub struct Limits(Mutex<Counter>);

#[derive(Debug, Serialize, Deserialize)]
struct Counter {
    max: u64,
    /// Calls per minute of the last 24 hours, oldest first.
    minutes: VecDeque<(i64, u64)>,
    used: u64,
}

/// The daily limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitReached;

impl Default for Limits {
    fn default() -> Limits {
        Limits(Mutex::new(Counter { max: 100_000, minutes: VecDeque::new(), used: 0 }))
    }
}

impl Limits {
    fn counter(&self, now: DateTime<Utc>) -> std::sync::MutexGuard<'_, Counter> {
        let mut counter = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let oldest = (now - Duration::hours(24)).timestamp() / 60;
        while let Some((minute, calls)) = counter.minutes.front().copied() {
            if minute > oldest {
                break;
            }
            counter.used -= calls;
            counter.minutes.pop_front();
        }
        counter
    }

    /// Counts one call, or refuses it.
    pub fn count_call(&self, now: DateTime<Utc>) -> Result<(), LimitReached> {
        let mut counter = self.counter(now);
        if counter.used >= counter.max {
            return Err(LimitReached);
        }
        counter.used += 1;
        let minute = now.timestamp() / 60;
        match counter.minutes.back_mut() {
            Some((last, calls)) if *last == minute => *calls += 1,
            _ => counter.minutes.push_back((minute, 1)),
        }
        Ok(())
    }

    pub fn used(&self, now: DateTime<Utc>) -> u64 {
        self.counter(now).used
    }

    pub fn max(&self) -> u64 {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).max
    }

    pub fn set_max(&self, max: u64) {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).max = max;
    }

    /// Pretends that this many calls were made just now and no others before.
    pub fn set_used(&self, used: u64, now: DateTime<Utc>) {
        let mut counter = self.counter(now);
        counter.minutes.clear();
        counter.minutes.push_back((now.timestamp() / 60, used));
        counter.used = used;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_leave_the_window_after_24_hours() {
        let limits = Limits::default();
        limits.set_max(2);
        let start = DateTime::<Utc>::from_timestamp(1_700_000_000, 0).expect("valid time");
        assert_eq!(limits.count_call(start), Ok(()));
        assert_eq!(limits.count_call(start + Duration::hours(1)), Ok(()));
        assert_eq!(limits.count_call(start + Duration::hours(2)), Err(LimitReached));
        assert_eq!(limits.count_call(start + Duration::hours(24)), Ok(()));
        assert_eq!(limits.used(start + Duration::hours(24)), 2);
    }
}
