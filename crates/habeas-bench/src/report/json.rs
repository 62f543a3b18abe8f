//! How do machines read it?

use serde_json::{Map, Value, json};

use super::{
    Results,
    figures::{FIGURES, TO_PARTIES, Told, WAITING, callbacks, told, under_load},
    gate_line::spread,
};
use crate::{
    gates::{Bound, Gate, Unit},
    plan::Variant,
    proc::{self, Machine},
    stats::Spread,
};

/// One object for all.
pub(super) fn document(machine: &Machine, all: &[Results]) -> Value {
    json!({
        "machine": {
            "cores": machine.cores,
            "cpu": machine.cpu,
            "kernel": machine.kernel,
            "load_before": machine.load_before,
        },
        "databases": all.iter().map(of).collect::<Vec<_>>(),
    })
}

fn of(results: &Results) -> Value {
    let plan = &results.plan;
    json!({
        "database": plan.database().name(),
        "disk": proc::file_system(plan.disk.path()),
        "memory": proc::file_system(plan.memory.path()),
        "rounds": results.rounds.len(),
        "seconds": plan.run.as_secs_f64(),
        "log": plan.log,
        "waiting_rows": plan.waiting_rows,
        "gates": results.gates().map(|gate| of_gate(gate, results)).collect::<Vec<_>>(),
        "runs": runs(results),
        "callbacks": callbacks(results)
            .into_iter()
            .map(|(name, [accepted, delivered, cpu])| {
                json!({
                    "run": name,
                    "accepted_per_second": accepted.map(numbers),
                    "delivered_per_second": delivered.map(numbers),
                    "server_cpu_us": cpu.map(numbers),
                })
            })
            .collect::<Vec<_>>(),
        "to_parties": as_object(plan.wishes, &TO_PARTIES, results),
        "waiting": as_object(plan.waiting, &WAITING, results),
        "void": results.voids().collect::<Vec<_>>(),
    })
}

fn of_gate(gate: &Gate, results: &Results) -> Value {
    let spread = spread(gate, results);
    let judged = gate.bound.zip(spread).map(|(bound, spread)| bound.judge(spread.median));
    let (bound, limit, reach) = match gate.bound {
        None => (None, None, None),
        Some(Bound::AtLeast { gate, reach }) => (Some("at_least"), Some(gate), Some(reach)),
        Some(Bound::AtMost { gate, reach }) => (Some("at_most"), Some(gate), Some(reach)),
    };
    json!({
        "gate": gate.number,
        "what": gate.what.trim(),
        "unit": match gate.unit {
            Unit::Ratio => "ratio",
            Unit::PerSecond => "per_second",
            Unit::Microseconds => "us",
            Unit::Milliseconds => "ms",
            Unit::Seconds => "s",
            Unit::Mebibytes => "MiB",
        },
        "measured": spread.map(numbers),
        "bound": bound,
        "limit": limit,
        "reach": reach,
        "met": judged.map(|(met, _)| met),
        "reached": judged.map(|(_, reached)| reached),
    })
}

fn runs(results: &Results) -> Vec<Value> {
    let measured = Variant::ALL.into_iter().filter_map(|variant| Some((variant, under_load(results, variant)?)));
    let object = |(variant, spreads): (Variant, [Spread; FIGURES.len()])| {
        let figures = FIGURES.iter().zip(spreads).map(|((name, _), spread)| ((*name).to_owned(), numbers(spread)));
        [("run".to_owned(), json!(variant.name()))].into_iter().chain(figures).collect::<Map<_, _>>().into()
    };
    measured.map(object).collect()
}

fn as_object<const N: usize>(requests: u64, figures: &[Told; N], results: &Results) -> Option<Value> {
    let members = figures.iter().zip(told(results, figures)?);
    let members = members.map(|((name, _), value)| ((*name).to_owned(), numbers(value)));
    Some([("requests".to_owned(), json!(requests))].into_iter().chain(members).collect::<Map<_, _>>().into())
}

fn numbers(spread: Spread) -> Value {
    json!({ "median": spread.median, "min": spread.min, "max": spread.max })
}
