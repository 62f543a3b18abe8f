//! What time is it? The one place of the benchmark that asks.

use std::time::Instant;

/// Now.
#[allow(clippy::disallowed_methods, reason = "a benchmark measures real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
