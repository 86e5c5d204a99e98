//! How many requests one address may make: a bucket of tokens for each, filled by the engine's clock.

use std::collections::HashMap;
use std::net::IpAddr;
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

/// Addresses that are remembered, never more.
const REMEMBERED: usize = 10_000;
/// Addresses that are left when some are forgotten, so that this is not done for each request.
const LEFT: usize = REMEMBERED / 10 * 9;

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
            forget_some(&mut buckets, rate, now);
        }
        let bucket = buckets.entry(network(address)).or_insert(Bucket { tokens: rate.burst, at: now });
        *bucket = bucket.filled(rate, now);
        let is_allowed = bucket.tokens >= 1.0;
        if is_allowed {
            bucket.tokens -= 1.0;
        }
        is_allowed
    }
}

/// Those with a full bucket, and of the others those that have asked for nothing for longest.
fn forget_some(buckets: &mut HashMap<String, Bucket>, rate: Rate, now: DateTime<Utc>) {
    buckets.retain(|_, bucket| bucket.filled(rate, now).tokens < rate.burst);
    let Some(last) = buckets.len().checked_sub(LEFT + 1) else { return };
    let mut times: Vec<DateTime<Utc>> = buckets.values().map(|bucket| bucket.at).collect();
    let (_, newest_forgotten, _) = times.select_nth_unstable(last);
    let newest_forgotten = *newest_forgotten;
    buckets.retain(|_, bucket| bucket.at > newest_forgotten);
}

/// What shares a bucket. An IPv6 network of 64 bits is the least that one customer has, and all its addresses are theirs.
fn network(address: &str) -> String {
    match address.parse::<IpAddr>().map(|ip| ip.to_canonical()) {
        Ok(IpAddr::V6(ip)) => format!("{:x}/64", u128::from(ip) >> 64),
        Ok(IpAddr::V4(ip)) => ip.to_string(),
        Err(_) => address.to_owned(),
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

    #[test]
    fn one_network_has_one_bucket_and_no_more_than_so_many_are_remembered() {
        let limiter = Limiter::new(Rate { burst: 1.0, per_second: 0.001 });
        let now: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        assert!(limiter.allows("2001:db8:1:2::1", now));
        assert!(!limiter.allows("2001:db8:1:2:ffff::9", now), "the same network");
        assert!(limiter.allows("2001:db8:1:3::1", now), "the one next to it");
        assert!(limiter.allows("10.0.0.1", now));
        assert!(!limiter.allows("::ffff:10.0.0.1", now), "the same address, written otherwise");

        for at in 0..30_000 {
            limiter.allows(&format!("2001:db8:{at:x}::1"), now + TimeDelta::milliseconds(at));
            assert!(limiter.buckets.lock().unwrap().len() <= REMEMBERED);
        }
        let newest = now + TimeDelta::milliseconds(29_999);
        assert!(!limiter.allows("2001:db8:752f::1", newest), "the newest are not forgotten");
    }
}
