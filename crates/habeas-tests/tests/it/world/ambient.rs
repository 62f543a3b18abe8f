//! Time that moves by hand, and chance that is the same in every run.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use habeas_core::{
    clock::{Clock, Instant},
    random::Random,
};
use habeas_trust::digest::sha256;

/// 2026-01-01T12:00:00Z, where every world begins.
pub(crate) const NOON: i64 = 1_767_268_800_000;

/// A clock that stands still until it is moved.
pub(crate) struct ManualClock(AtomicI64);

impl ManualClock {
    pub(crate) const fn new() -> Self {
        Self(AtomicI64::new(NOON))
    }

    pub(crate) fn advance(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }

    pub(crate) fn set(&self, at: Instant) {
        self.0.store(at.ms(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        Instant::from_ms(self.0.load(Ordering::SeqCst))
    }
}

/// Bytes that follow from a seed and a counter.
pub(crate) struct Seeded {
    seed: u64,
    drawn: AtomicU64,
}

impl Seeded {
    pub(crate) const fn new(seed: u64) -> Self {
        Self { seed, drawn: AtomicU64::new(0) }
    }
}

impl Random for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let n = self.drawn.fetch_add(1, Ordering::SeqCst);
            let block = sha256(format!("{}/{n}", self.seed).as_bytes());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}
