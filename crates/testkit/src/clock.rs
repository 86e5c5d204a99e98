//! A clock that runs fast, and can be moved: what waits for a minute waits for a second.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use holdfast_engine::Clock;

/// Seconds that pass here while one passes outside.
const SPEED: u32 = 60;

#[derive(Debug)]
pub struct FastClock {
    begun: Instant,
    start: DateTime<Utc>,
    moved: Mutex<TimeDelta>,
}

impl Default for FastClock {
    #[expect(clippy::disallowed_methods, reason = "this is a clock")]
    fn default() -> Self {
        Self { begun: Instant::now(), start: Utc::now(), moved: Mutex::new(TimeDelta::zero()) }
    }
}

impl FastClock {
    /// Nobody who is waiting wakes sooner; only what is read from now on is later.
    pub fn advance(&self, by: TimeDelta) {
        *self.moved.lock().expect("no test panics while holding this lock") += by;
    }
}

impl Clock for FastClock {
    fn now(&self) -> DateTime<Utc> {
        let moved = *self.moved.lock().expect("no test panics while holding this lock");
        self.start + self.begun.elapsed() * SPEED + moved
    }

    #[expect(clippy::disallowed_methods, reason = "this is a clock")]
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration / SPEED))
    }
}
