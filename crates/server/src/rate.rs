//! How many requests one address may make: a bucket of tokens for each, filled by the engine's clock.

use std::collections::HashMap;
use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};

/// So many at once: a page of the console asks for a dozen things, and a whole office may share one address.
const BURST: f64 = 1_000.0;
/// So many a second for long.
const PER_SECOND: f64 = 400.0;
/// Addresses that are remembered; those with a full bucket are forgotten first.
const REMEMBERED: usize = 10_000;

#[derive(Debug, Default)]
pub(crate) struct Limiter(Mutex<HashMap<String, Bucket>>);

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: DateTime<Utc>,
}

impl Bucket {
    fn filled(self, now: DateTime<Utc>) -> Self {
        let seconds = (now - self.at).max(TimeDelta::zero()).as_seconds_f64();
        Self { tokens: (self.tokens + seconds * PER_SECOND).min(BURST), at: now }
    }
}

impl Limiter {
    /// Takes one token; false if there is none.
    pub(crate) fn allows(&self, address: &str, now: DateTime<Utc>) -> bool {
        let mut buckets = self.0.lock().expect("no code panics while holding this lock");
        if buckets.len() >= REMEMBERED {
            buckets.retain(|_, bucket| bucket.filled(now).tokens < BURST);
        }
        let bucket = buckets.entry(address.to_owned()).or_insert(Bucket { tokens: BURST, at: now });
        *bucket = bucket.filled(now);
        let is_allowed = bucket.tokens >= 1.0;
        if is_allowed {
            bucket.tokens -= 1.0;
        }
        is_allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_allowed_and_then_so_many_a_second() {
        let limiter = Limiter::default();
        let now: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        let taken = |at: DateTime<Utc>| (0..5_000).filter(|_| limiter.allows("10.0.0.1", at)).count();
        assert_eq!(taken(now), 1_000);
        assert_eq!(taken(now + TimeDelta::seconds(1)), 400);
        assert!(limiter.allows("10.0.0.2", now), "another address has a bucket of its own");
    }
}
