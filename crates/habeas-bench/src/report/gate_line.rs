//! How is a gate told, in words?

use super::Results;
use crate::{
    gates::{Bound, Gate, Unit},
    stats::Spread,
};

/// A gate with what was measured.
pub(super) struct GateLine {
    /// Empty for what is told beside a gate.
    pub(super) number: String,
    pub(super) what: &'static str,
    /// Median, least and most.
    pub(super) measured: Option<String>,
    /// What is asked, and what is to be reached for; empty where nothing is.
    pub(super) bounds: [String; 2],
    pub(super) verdict: &'static str,
}

impl GateLine {
    pub(super) fn of(gate: &Gate, results: &Results) -> Self {
        let spread = spread(gate, results);
        let is_beside = gate.what.starts_with(' ');
        let (bounds, verdict) = match (gate.bound, spread) {
            (bound, None) => (bounds(bound), if results.is_void() { "void" } else { "not measured" }),
            (None, Some(_)) => (bounds(None), ""),
            (Some(bound), Some(spread)) => {
                let verdict = match bound.judge(spread.median) {
                    (_, true) => "met, reached",
                    (true, false) => "met",
                    (false, false) => "not met",
                };
                (bounds(Some(bound)), verdict)
            }
        };
        Self {
            number: if is_beside { String::new() } else { gate.number.to_string() },
            what: gate.what,
            measured: spread.map(|spread| {
                let [median, min, max] = [spread.median, spread.min, spread.max].map(|value| show(gate.unit, value));
                format!("{median} ({min}–{max})")
            }),
            bounds,
            verdict,
        }
    }
}

/// What the rounds came to.
pub(super) fn spread(gate: &Gate, results: &Results) -> Option<Spread> {
    Spread::of(results.rounds.iter().filter_map(gate.value))
}

fn bounds(bound: Option<Bound>) -> [String; 2] {
    match bound {
        None => [String::new(), String::new()],
        Some(Bound::AtLeast { gate, reach }) => [format!("≥ {gate}"), format!("≥ {reach}")],
        Some(Bound::AtMost { gate, reach }) => [format!("≤ {gate}"), format!("≤ {reach}")],
    }
}

fn show(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Ratio => format!("{value:.3}"),
        Unit::PerSecond => format!("{value:.0}/s"),
        Unit::Microseconds => format!("{value:.1} µs"),
        Unit::Milliseconds => format!("{value:.2} ms"),
        Unit::Seconds => format!("{value:.3} s"),
        Unit::Mebibytes => format!("{value:.1} MiB"),
    }
}
