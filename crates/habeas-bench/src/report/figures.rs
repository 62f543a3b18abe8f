//! What is told of each run, beside the gates?

use super::Results;
use crate::{
    plan::Variant,
    rounds::Round,
    runs::{callbacks, under_load::Measured},
    stats::Spread,
};

type Figure = (&'static str, fn(&Measured) -> f64);

/// Of a run under load.
pub(super) const FIGURES: [Figure; 9] = [
    ("requests_per_second", |run| run.per_second),
    ("server_cpu_us", |run| run.cpu_us),
    ("database_cpu_us", |run| run.database_cpu_us),
    ("generator_cpu_us", |run| run.generator_cpu_us),
    ("others_percent", |run| run.others_percent),
    ("p50_ms", |run| run.p50_ms),
    ("p99_ms", |run| run.p99_ms),
    ("payload_bytes", |run| run.payload_bytes),
    ("disk_bytes", |run| run.disk_bytes),
];

/// All of them for a variant; `None` if that was not measured.
pub(super) fn under_load(results: &Results, variant: Variant) -> Option<[Spread; FIGURES.len()]> {
    let all = FIGURES.iter().map(|(_, of)| {
        let values = results.rounds.iter().filter_map(|round| round.load(variant).map(of));
        Spread::of(values)
    });
    all.collect::<Option<Vec<_>>>()?.try_into().ok()
}

/// Accepted and delivered a second, and CPU of a delivery.
pub(super) type Callbacks = [(&'static str, [Option<Spread>; 3]); 2];

pub(super) fn callbacks(results: &Results) -> Callbacks {
    type Runs = fn(&Round) -> Option<callbacks::Measured>;
    let of = |runs: Runs| {
        let spread = |figure: fn(&callbacks::Measured) -> f64| {
            Spread::of(results.rounds.iter().filter_map(runs).map(|run| figure(&run)))
        };
        [spread(|run| run.accepted_per_second), spread(|run| run.delivered_per_second), spread(|run| run.cpu_us)]
    };
    [
        ("callbacks to one host", of(|round| round.to_one_host)),
        ("callbacks to 64 hosts", of(|round| round.to_many_hosts)),
    ]
}

pub(super) type Told = (&'static str, fn(&Round) -> Option<f64>);

/// What is told of requests of ours that go out to three parties.
pub(super) const TO_PARTIES: [Told; 6] = [
    ("accepted_per_second", |round| round.to_parties.map(|run| run.accepted_per_second)),
    ("complete_per_second", |round| round.to_parties.map(|run| run.complete_per_second)),
    ("controller_cpu_us_per_leg", |round| round.to_parties.map(|run| run.leg_cpu_us)),
    ("rest_mib", |round| round.to_parties.map(|run| run.memory.rest)),
    ("peak_mib", |round| round.to_parties.map(|run| run.memory.peak)),
    ("end_mib", |round| round.to_parties.map(|run| run.memory.end)),
];

/// What is told of those that wait for them.
pub(super) const WAITING: [Told; 4] = [
    ("accepted_per_second", |round| round.waiting.map(|run| run.accepted_per_second)),
    ("rest_mib", |round| round.waiting.map(|run| run.memory.rest)),
    ("peak_mib", |round| round.waiting.map(|run| run.memory.peak)),
    ("end_mib", |round| round.waiting.map(|run| run.memory.end)),
];

/// These figures; `None` if they were not measured.
pub(super) fn told<const N: usize>(results: &Results, figures: &[Told; N]) -> Option<[Spread; N]> {
    let all = figures.iter().map(|(_, of)| Spread::of(results.rounds.iter().filter_map(of)));
    all.collect::<Option<Vec<_>>>()?.try_into().ok()
}
