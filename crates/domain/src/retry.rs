//! When to try again, and when a failure has lasted long enough to be shown.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Whether trying the same thing again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// With growing pauses.
    BackOff,
    /// Not before this long, because the other side said so.
    After(Duration),
    /// When the org's 24-hour API window has moved.
    WhenLimitMoves,
    /// After a smaller request: fewer rows, a shorter time window.
    Smaller,
    /// Never: a person or another plan is needed.
    Never,
}

/// Exponential back-off with full jitter.
#[derive(Debug, Clone, Copy)]
pub struct BackOff {
    pub first: Duration,
    pub longest: Duration,
}

impl Default for BackOff {
    fn default() -> Self {
        Self { first: Duration::from_millis(500), longest: Duration::from_mins(2) }
    }
}

impl BackOff {
    /// The pause before try `attempt` (1 is the first repeat). `jitter` lies in `0.0..1.0`.
    pub fn pause(&self, attempt: u32, jitter: f64) -> Duration {
        let doubled = self.first.saturating_mul(2u32.saturating_pow(attempt.saturating_sub(1).min(20)));
        let ceiling = doubled.min(self.longest);
        ceiling.div_f64(2.0) + ceiling.div_f64(2.0).mul_f64(jitter.clamp(0.0, 1.0))
    }
}

/// What the dashboard shows beside an Object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Light {
    Green,
    Yellow,
    /// Not captured: it cannot be, or a person has decided so.
    Grey,
    /// Its first capture is still to come; of an org, its first backup goes on.
    Blue,
}

/// Green until a failure has lasted for `patience` (default one hour: [`DEFAULT_PATIENCE`]).
pub fn light(failing_since: Option<DateTime<Utc>>, now: DateTime<Utc>, patience: TimeDelta) -> Light {
    match failing_since {
        Some(since) if now - since >= patience => Light::Yellow,
        _ => Light::Green,
    }
}

/// How long failures are retried before the light turns yellow.
pub const DEFAULT_PATIENCE: TimeDelta = TimeDelta::hours(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stay_within_the_longest() {
        let back_off = BackOff::default();
        assert_eq!(back_off.pause(1, 0.0), Duration::from_millis(250));
        assert_eq!(back_off.pause(2, 1.0), Duration::from_secs(1));
        assert_eq!(back_off.pause(99, 1.0), Duration::from_mins(2));
    }

    /// G-30
    #[test]
    fn a_brief_failure_stays_green() {
        let since: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(light(None, since, DEFAULT_PATIENCE), Light::Green);
        assert_eq!(light(Some(since), since + TimeDelta::minutes(59), DEFAULT_PATIENCE), Light::Green);
        assert_eq!(light(Some(since), since + TimeDelta::minutes(60), DEFAULT_PATIENCE), Light::Yellow);
    }
}
