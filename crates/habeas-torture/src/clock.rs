//! What time is it? The one place here that asks.

use std::time::{Duration, Instant};

/// Now.
#[allow(clippy::disallowed_methods, reason = "faults and patience are real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// As milliseconds that fit into JSON.
pub(crate) fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
