//! How long somebody must wait who failed to sign in again and again.
//!
//! The first failures are free, because people mistype. Then each doubles the wait, so that guessing a password takes
//! years, and a person who remembers it after all waits a quarter of an hour at most.

use chrono::{DateTime, TimeDelta, Utc};

/// Failures are forgotten after this long without another one.
pub const FORGOTTEN_AFTER: TimeDelta = TimeDelta::hours(24);

const FIRST_WAIT: TimeDelta = TimeDelta::seconds(2);
const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(15);

/// Who is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// One account, or one authenticator.
    Account,
    /// One address that requests come from; a whole office may share it.
    Address,
}

impl Counted {
    fn free(self) -> u64 {
        match self {
            Self::Account => 5,
            Self::Address => 30,
        }
    }
}

/// How much longer to wait after so many failures in a row; none if trying is allowed.
pub fn wait(
    counted: Counted,
    failures: u64,
    last_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Option<TimeDelta> {
    let beyond = failures.checked_sub(counted.free())?;
    let doublings = u32::try_from(beyond.min(20)).expect("twenty at most");
    let wait = (FIRST_WAIT * 2_i32.pow(doublings)).min(LONGEST_WAIT);
    let left = last_at + wait - now;
    (left > TimeDelta::zero()).then_some(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    ///
    #[test]
    fn waits_begin_after_some_failures_double_and_end() {
        let at: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        let seconds = |counted, failures, later| {
            wait(counted, failures, at, at + TimeDelta::seconds(later)).map(|wait| wait.num_seconds())
        };
        for (failures, later, expected) in [
            (0, 0, None),
            (4, 0, None),
            (5, 0, Some(2)),
            (5, 2, None),
            (6, 0, Some(4)),
            (8, 10, Some(6)),
            (14, 0, Some(900)),
            (1_000_000, 0, Some(900)),
            (1_000_000, 900, None),
        ] {
            assert_eq!(seconds(Counted::Account, failures, later), expected, "{failures} {later}");
        }
        assert_eq!(seconds(Counted::Address, 29, 0), None);
        assert_eq!(seconds(Counted::Address, 30, 0), Some(2));
    }
}
