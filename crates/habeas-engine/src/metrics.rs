//! How does this node do, in numbers? Labels are names of ours only, so no personal data can enter.
//!
//! What happens is counted here as it happens; what stands in the store is asked for when somebody looks
//! (`scrape`). `docs/OPERATIONS.md` says what each number means, and a test holds it to that.

mod scrape;

use std::time::Duration;

use habeas_core::{delivery::DeliveryKind, right::Right};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
};

/// Upper bounds of what lasts from a millisecond to the longest deadline, in seconds.
const SECONDS: [f64; 14] = [0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// A histogram for each set of labels.
type Durations<L> = Family<L, Histogram, fn() -> Histogram>;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Received {
    dialect: String,
    right: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByDialect {
    dialect: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByKind {
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Attempted {
    kind: &'static str,
    delivered: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    listener: &'static str,
    operation: String,
    status: &'static str,
}

/// Who was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listener {
    /// Peers and persons.
    Public,
    /// Operators and their tools.
    Operator,
}

/// The counters of this node.
pub struct Metrics {
    received: Family<Received, Counter>,
    intake: Durations<ByDialect>,
    attempts: Family<Attempted, Counter>,
    attempt: Durations<ByKind>,
    callbacks_heard: Counter,
    answered: Durations<Answered>,
    failures: Counter,
    throttled: Counter,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        Self {
            received: Family::default(),
            intake: Family::new_with_constructor(seconds),
            attempts: Family::default(),
            attempt: Family::new_with_constructor(seconds),
            callbacks_heard: Counter::default(),
            answered: Family::new_with_constructor(seconds),
            failures: Counter::default(),
            throttled: Counter::default(),
        }
    }

    pub(crate) fn received(&self, dialect: &str, rights: &[Right]) {
        for right in rights {
            let labels = Received { dialect: dialect.to_owned(), right: right.as_str() };
            self.received.get_or_create(&labels).inc();
        }
    }

    pub(crate) fn attempted(&self, kind: DeliveryKind, delivered: bool, took_ms: i64) {
        let delivered = if delivered { "true" } else { "false" };
        self.attempts.get_or_create(&Attempted { kind: kind.as_str(), delivered }).inc();
        // A clock that was set back meanwhile makes no time negative.
        let took = Duration::from_millis(u64::try_from(took_ms).unwrap_or(0));
        self.attempt.get_or_create(&ByKind { kind: kind.as_str() }).observe(took.as_secs_f64());
    }

    pub(crate) fn heard(&self) {
        self.callbacks_heard.inc();
    }

    /// A submission was answered, from its last byte in to the answer signed and committed.
    pub fn taken_in(&self, dialect: &str, took: Duration) {
        self.intake.get_or_create(&ByDialect { dialect: dialect.to_owned() }).observe(took.as_secs_f64());
    }

    /// A message was answered. `operation` is a name of ours or a route's template, never a path as it came.
    pub fn answered(&self, listener: Listener, operation: &str, status: u16, took: Duration) {
        let labels = Answered {
            listener: match listener {
                Listener::Public => "public",
                Listener::Operator => "operator",
            },
            operation: operation.to_owned(),
            status: class(status),
        };
        self.answered.get_or_create(&labels).observe(took.as_secs_f64());
        if status >= 500 {
            self.failures.inc();
        }
        if listener == Listener::Public && matches!(status, 429 | 503) {
            self.throttled.inc();
        }
    }
}

fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

const fn class(status: u16) -> &'static str {
    match status {
        0..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        500.. => "5xx",
    }
}
