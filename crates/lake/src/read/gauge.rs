//! Counts the bytes of rows that are held in memory, so that tests can see that they are bounded.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Shared by those who hold rows for one piece of work.
#[derive(Debug, Clone, Default)]
pub struct Gauge(Arc<Levels>);

#[derive(Debug, Default)]
struct Levels {
    now: AtomicUsize,
    peak: AtomicUsize,
}

impl Gauge {
    pub(crate) fn rise(&self, bytes: usize) {
        let now = self.0.now.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.0.peak.fetch_max(now, Ordering::Relaxed);
    }

    pub(crate) fn fall(&self, bytes: usize) {
        self.0.now.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// The most bytes that were held at one time.
    pub fn peak(&self) -> usize {
        self.0.peak.load(Ordering::Relaxed)
    }

    /// The bytes that are held now.
    pub fn now(&self) -> usize {
        self.0.now.load(Ordering::Relaxed)
    }
}
