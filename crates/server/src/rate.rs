//! How many requests one address may make: a bucket of tokens for each, filled by the engine's clock.

use std::collections::HashMap;
use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};

/// How much is allowed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    /// So many at once.
    burst: f64,
    /// So many a second for long.
    per_second: f64,
}

/// A page of the console asks for a dozen things, and a whole office may share one address.
pub(crate) const REQUESTS: Rate = Rate { burst: 1_000.0, per_second: 400.0 };
/// Each asks the identity provider for something, and nobody needs to be known for it.
pub(crate) const SIGN_INS: Rate = Rate { burst: 100.0, per_second: 0.2 };

/// Addresses that are remembered; those with a full bucket are forgotten first.
const REMEMBERED: usize = 10_000;

#[derive(Debug)]
pub(crate) struct Limiter {
    rate: Rate,
    buckets: Mutex<HashMap<String, Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: DateTime<Utc>,
}

impl Bucket {
    fn filled(self, rate: Rate, now: DateTime<Utc>) -> Self {
        let seconds = (now - self.at).max(TimeDelta::zero()).as_seconds_f64();
        Self { tokens: (self.tokens + seconds * rate.per_second).min(rate.burst), at: now }
    }
}

impl Limiter {
    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, buckets: Mutex::default() }
    }

    /// Takes one token; false if there is none.
    pub(crate) fn allows(&self, address: &str, now: DateTime<Utc>) -> bool {
        let rate = self.rate;
        let mut buckets = self.buckets.lock().expect("no code panics while holding this lock");
        if buckets.len() >= REMEMBERED {
            buckets.retain(|_, bucket| bucket.filled(rate, now).tokens < rate.burst);
        }
        let bucket = buckets.entry(address.to_owned()).or_insert(Bucket { tokens: rate.burst, at: now });
        *bucket = bucket.filled(rate, now);
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
        let limiter = Limiter::new(REQUESTS);
        let now: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        let taken = |at: DateTime<Utc>| (0..5_000).filter(|_| limiter.allows("10.0.0.1", at)).count();
        assert_eq!(taken(now), 1_000);
        assert_eq!(taken(now + TimeDelta::seconds(1)), 400);
        assert!(limiter.allows("10.0.0.2", now), "another address has a bucket of its own");
        let sign_ins = Limiter::new(SIGN_INS);
        let begun = |at: DateTime<Utc>| (0..5_000).filter(|_| sign_ins.allows("10.0.0.1", at)).count();
        assert_eq!((begun(now), begun(now + TimeDelta::minutes(1))), (100, 12));
    }
}
