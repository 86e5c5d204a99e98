//! The org's clock: the machine's, or one that a test sets and advances.

use std::sync::Mutex;

use chrono::{DateTime, Datelike, Duration, Utc};

/// What the org takes for now.
#[derive(Debug)]
pub struct Clock(Mutex<Reading>);

#[derive(Debug, Clone, Copy)]
enum Reading {
    /// The machine's time plus this much.
    Running(Duration),
    /// Stands still until it is moved.
    Stopped(DateTime<Utc>),
}

impl Default for Clock {
    fn default() -> Clock {
        Clock(Mutex::new(Reading::Running(Duration::zero())))
    }
}

impl Clock {
    fn reading(&self) -> std::sync::MutexGuard<'_, Reading> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub fn now(&self) -> DateTime<Utc> {
        match *self.reading() {
            Reading::Running(ahead) => machine_now() + ahead,
            Reading::Stopped(at) => at,
        }
    }

    /// The time at which it stands still, or how many milliseconds it is ahead of the machine.
    pub(crate) fn saved(&self) -> Result<DateTime<Utc>, i64> {
        match *self.reading() {
            Reading::Running(ahead) => Err(ahead.num_milliseconds()),
            Reading::Stopped(at) => Ok(at),
        }
    }

    pub(crate) fn restore(&self, saved: Result<DateTime<Utc>, i64>) {
        *self.reading() = match saved {
            Ok(at) => Reading::Stopped(at),
            Err(ahead_ms) => Reading::Running(Duration::milliseconds(ahead_ms)),
        };
    }

    /// Stops the clock at this time.
    pub fn stop_at(&self, at: DateTime<Utc>) {
        *self.reading() = Reading::Stopped(at);
    }

    /// Lets the clock run on from this time.
    pub fn run_from(&self, at: DateTime<Utc>) {
        *self.reading() = Reading::Running(at - machine_now());
    }

    /// Moves the clock, running or stopped; answers false, and does nothing, if no calendar reaches so far.
    pub fn advance(&self, by: Duration) -> bool {
        let mut reading = self.reading();
        let moved = match *reading {
            Reading::Running(ahead) => ahead
                .checked_add(&by)
                .filter(|ahead| machine_now().checked_add_signed(*ahead).is_some_and(is_in_calendar))
                .map(Reading::Running),
            Reading::Stopped(at) => {
                at.checked_add_signed(by).filter(|at| is_in_calendar(*at)).map(Reading::Stopped)
            }
        };
        let is_moved = moved.is_some();
        *reading = moved.unwrap_or(*reading);
        is_moved
    }
}

/// Dates reach from 1700 to 4000 (Salesforce: "Valid Date Formats and Date Literals").
fn is_in_calendar(at: DateTime<Utc>) -> bool {
    (1700..=4000).contains(&at.year())
}

#[expect(clippy::disallowed_methods, reason = "this is the clock that others ask")]
fn machine_now() -> DateTime<Utc> {
    Utc::now()
}
