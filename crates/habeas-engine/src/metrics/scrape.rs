//! What is told to whoever scrapes: the node's own counters, and beside them what the store counts, if it answers.

use std::fmt;

use habeas_store::{Counts, Load, model::BATCH_SIZES};
use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeMetric, MetricEncoder, NoLabelSet, text::encode},
    metrics::{
        MetricType,
        counter::ConstCounter,
        family::Family,
        gauge::{ConstGauge, Gauge},
        info::Info,
    },
    registry::Registry,
};

use super::Metrics;
use crate::{Engine, operator::CertificateEnd};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByOrganisation {
    organisation: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByState {
    organisation: String,
    role: &'static str,
    state: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DeliveryByState {
    kind: &'static str,
    state: &'static str,
}

impl Engine {
    /// The numbers in Prometheus' text format. Those of the store are left out while it does not answer, and
    /// `habeas_store_up` is 0: the others are needed most just then.
    pub async fn numbers(&self) -> String {
        let counts = match self.store.counts(self.clock.now()).await {
            Ok(counts) => Some(counts),
            Err(error) => {
                tracing::warn!(%error, "the store could not be asked for its numbers");
                None
            }
        };
        self.metrics.encode(counts.as_ref(), self.store.load(), &self.certificates())
    }
}

impl Metrics {
    fn encode(&self, counts: Option<&Counts>, load: Load, certificates: &[CertificateEnd]) -> String {
        let mut registry = Registry::with_prefix("habeas");
        let all = &mut registry;
        all.register("build", "The program", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        self.register(all);
        plain(all, "store_up", "Whether the store answered", i64::from(counts.is_some()));
        register_load(all, load);
        register_ends(all, certificates);
        if let Some(counts) = counts {
            register_counts(all, counts);
        }
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &registry);
        text
    }

    fn register(&self, all: &mut Registry) {
        all.register("requests_received", "Rights asked for in requests accepted", self.received.clone());
        all.register("intake_duration_seconds", "From a submission to its signed answer", self.intake.clone());
        all.register("delivery_attempts", "Attempts at deliveries", self.attempts.clone());
        all.register("delivery_attempt_duration_seconds", "How long attempts took", self.attempt.clone());
        all.register("callbacks_heard", "Verified callbacks taken", self.callbacks_heard.clone());
        all.register("http_request_duration_seconds", "From a message's head to its answer", self.answered.clone());
        all.register("failures", "Messages answered with 5xx", self.failures.clone());
        all.register("throttled", "Messages of peers answered with 429 or 503", self.throttled.clone());
    }
}

fn register_load(all: &mut Registry, load: Load) {
    all.register("store_writes", "Use cases written", ConstCounter::new(load.writes));
    all.register("store_commits", "Commits", ConstCounter::new(load.commits));
    all.register("store_commit_writes", "Use cases that shared a commit", Batches(load));
}

fn register_ends(all: &mut Registry, certificates: &[CertificateEnd]) {
    let ends = Family::<ByOrganisation, Gauge>::default();
    for end in certificates {
        let labels = ByOrganisation { organisation: end.organisation.to_string() };
        ends.get_or_create(&labels).set(end.not_after.ms() / 1000);
    }
    all.register("certificate_not_after_timestamp_seconds", "When the certificate ends", ends);
}

fn register_counts(all: &mut Registry, counts: &Counts) {
    let requests = Family::<ByState, Gauge>::default();
    for (organisation, role, state, count) in &counts.requests {
        let labels = ByState { organisation: organisation.to_string(), role: role.as_str(), state: state.clone() };
        requests.get_or_create(&labels).set(whole(*count));
    }
    all.register("requests", "Requests by organisation, role and state", requests);
    let deliveries = Family::<DeliveryByState, Gauge>::default();
    for (kind, state, count) in &counts.deliveries {
        let labels = DeliveryByState { kind: kind.as_str(), state: state.as_str() };
        deliveries.get_or_create(&labels).set(whole(*count));
    }
    all.register("deliveries", "Deliveries by kind and state", deliveries);
    plain(all, "deliveries_failing", "Deliveries tried and not delivered", whole(counts.failing));
    plain(all, "requests_late", "Open requests past their date", whole(counts.late));
    plain(all, "legs_late", "Open legs whose party is past its date", whole(counts.legs_late));
    plain(all, "legs_stuck", "Legs that wait for an operator", whole(counts.legs_stuck));
    for (name, help, age_ms) in [
        ("delivery_lag_seconds", "How long the delivery due longest is due", counts.oldest_due_ms),
        ("oldest_undelivered_callback_age_seconds", "Age of the oldest news not delivered", counts.oldest_untold_ms),
    ] {
        all.register(name, help, ConstGauge::new(seconds(age_ms.unwrap_or(0))));
    }
}

fn plain(all: &mut Registry, name: &str, help: &str, value: i64) {
    all.register(name, help, ConstGauge::new(value));
}

#[allow(clippy::cast_precision_loss, reason = "ages are far below 2^53 ms")]
fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// How many use cases shared a commit, as the store has counted it.
#[derive(Debug)]
struct Batches(Load);

impl EncodeMetric for Batches {
    #[allow(clippy::cast_precision_loss, reason = "nobody writes 2^53 times")]
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let bounds = BATCH_SIZES.iter().map(|size| *size as f64).chain([f64::INFINITY]);
        let buckets: Vec<(f64, u64)> = bounds.zip(self.0.batches.iter().copied().chain([0])).collect();
        encoder.encode_histogram::<NoLabelSet>(self.0.writes as f64, self.0.commits, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}
