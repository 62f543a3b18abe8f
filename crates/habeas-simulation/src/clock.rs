//! The one clock of all actors: it stands still until it is moved.

use std::sync::atomic::{AtomicI64, Ordering};

use habeas_core::clock::{Clock, Instant};

/// 2026-01-01T12:00:00Z, where every world begins.
pub(crate) const NOON: i64 = 1_767_268_800_000;

/// The clock.
pub(crate) struct ManualClock(AtomicI64);

impl ManualClock {
    pub(crate) const fn new() -> Self {
        Self(AtomicI64::new(NOON))
    }

    pub(crate) fn advance(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::Relaxed);
    }

    /// Moves to that instant, never back.
    pub(crate) fn forward_to(&self, at: Instant) {
        self.0.fetch_max(at.ms(), Ordering::Relaxed);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        Instant::from_ms(self.0.load(Ordering::Relaxed))
    }
}
