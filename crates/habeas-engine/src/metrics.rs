//! How does this node do, in numbers? Labels are names of ours only, so no personal data can enter.

use habeas_core::delivery::DeliveryKind;
use habeas_store::Counts;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

use crate::operator::CertificateEnd;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByDialect {
    dialect: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByOrganisation {
    organisation: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByKind {
    kind: String,
    delivered: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByState {
    organisation: String,
    role: String,
    state: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DeliveryByState {
    kind: String,
    state: String,
}

/// The counters of this node.
pub struct Metrics {
    received: Family<ByDialect, Counter>,
    attempts: Family<ByKind, Counter>,
    callbacks_heard: Counter,
    failures: Counter,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        Self {
            received: Family::default(),
            attempts: Family::default(),
            callbacks_heard: Counter::default(),
            failures: Counter::default(),
        }
    }

    pub(crate) fn received(&self, dialect: &str) {
        self.received.get_or_create(&ByDialect { dialect: dialect.to_owned() }).inc();
    }

    pub(crate) fn attempted(&self, kind: DeliveryKind, delivered: bool) {
        let labels = ByKind { kind: kind.as_str().to_owned(), delivered: delivered.to_string() };
        self.attempts.get_or_create(&labels).inc();
    }

    pub(crate) fn heard(&self) {
        self.callbacks_heard.inc();
    }

    pub(crate) fn failed(&self) {
        self.failures.inc();
    }

    /// Everything in Prometheus' text format, with what the store counts and when certificates end.
    pub fn encode(&self, counts: &Counts, certificates: &[CertificateEnd]) -> String {
        let mut registry = Registry::with_prefix("habeas");
        registry.register("requests_received", "Requests accepted by this node", self.received.clone());
        registry.register("delivery_attempts", "Attempts at deliveries by this node", self.attempts.clone());
        registry.register("callbacks_heard", "Verified callbacks taken by this node", self.callbacks_heard.clone());
        registry.register("failures", "Requests answered with 5xx by this node", self.failures.clone());
        let requests = Family::<ByState, Gauge>::default();
        for (organisation, role, state, count) in &counts.requests {
            let labels = ByState {
                organisation: organisation.to_string(),
                role: role.as_str().to_owned(),
                state: state.clone(),
            };
            requests.get_or_create(&labels).set(whole(*count));
        }
        registry.register("requests", "Requests by organisation, role and state", requests);
        let deliveries = Family::<DeliveryByState, Gauge>::default();
        for (kind, state, count) in &counts.deliveries {
            let labels = DeliveryByState { kind: kind.as_str().to_owned(), state: state.as_str().to_owned() };
            deliveries.get_or_create(&labels).set(whole(*count));
        }
        registry.register("deliveries", "Deliveries by kind and state", deliveries);
        let ends = Family::<ByOrganisation, Gauge>::default();
        for end in certificates {
            let labels = ByOrganisation { organisation: end.organisation.to_string() };
            ends.get_or_create(&labels).set(end.not_after.ms() / 1000);
        }
        registry.register("certificate_not_after", "When the certificate ends, in seconds since 1970", ends);
        for (name, help, value) in [
            ("legs_late", "Open legs whose party is past its date", whole(counts.legs_late)),
            ("legs_stuck", "Legs that wait for an operator", whole(counts.legs_stuck)),
            ("deliveries_failing", "Deliveries tried and not delivered", whole(counts.failing)),
            ("requests_late", "Open requests past their date", whole(counts.late)),
            (
                "oldest_due_ms",
                "Age of the oldest delivery that is due, in milliseconds",
                counts.oldest_due_ms.unwrap_or(0),
            ),
        ] {
            let gauge = Gauge::<i64>::default();
            gauge.set(value);
            registry.register(name, help, gauge);
        }
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &registry);
        text
    }
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
