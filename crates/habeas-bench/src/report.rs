//! How is the result told? As tables for people, or as one JSON object.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is where the benchmark talks to the terminal")]

use serde_json::{Value, json};

use crate::{
    gates::{Bound, GATES, Gate, Unit},
    plan::{Plan, Variant},
    proc::{self, Machine},
    rounds::Round,
    runs::under_load::Measured,
    stats::Spread,
};

/// Says on standard error what runs.
pub(crate) fn progress(what: &str) {
    eprintln!("{what}");
}

/// Prints the result.
pub(crate) fn print(machine: &Machine, plan: &Plan, wanted: &[u8], rounds: &[Round], as_json: bool) {
    if as_json {
        println!("{:#}", document(machine, plan, wanted, rounds));
    } else {
        table(machine, plan, wanted, rounds);
    }
}

type Figure = (&'static str, fn(&Measured) -> f64);

/// What is told of each run, beside the gates.
const FIGURES: [Figure; 8] = [
    ("requests_per_second", |run| run.per_second),
    ("server_cpu_us", |run| run.cpu_us),
    ("generator_cpu_us", |run| run.generator_cpu_us),
    ("others_percent", |run| run.others_percent),
    ("p50_ms", |run| run.p50_ms),
    ("p99_ms", |run| run.p99_ms),
    ("payload_bytes", |run| run.payload_bytes),
    ("disk_bytes", |run| run.disk_bytes),
];

fn figure(rounds: &[Round], variant: Variant, of: fn(&Measured) -> f64) -> Option<Spread> {
    Spread::of(rounds.iter().filter_map(|round| round.load(variant).map(of)))
}

fn table(machine: &Machine, plan: &Plan, wanted: &[u8], rounds: &[Round]) {
    let Machine { cores, cpu, kernel, load_before } = machine;
    println!("{cores} cores, {cpu}, Linux {kernel}; load average before: {load_before}");
    println!(
        "database on {}, in memory on {}; {} rounds of {:.1} s, log level {}",
        proc::file_system(plan.disk.path()),
        proc::file_system(plan.memory.path()),
        rounds.len(),
        plan.run.as_secs_f64(),
        plan.log
    );
    println!("\n{:>4}  {:<47} {:>27}  {:>8} {:>8}", "gate", "what", "median (min–max)", "gate", "reach");
    for gate in GATES.iter().filter(|gate| wanted.contains(&gate.number)) {
        println!("{}", line(gate, rounds));
    }
    println!(
        "\n{:<34} {:>23} {:>22} {:>9} {:>7} {:>7} {:>8} {:>8} {:>6}",
        "run", "requests/s", "server CPU µs", "generator", "others", "p50 ms", "p99 ms", "payload", "disk"
    );
    for variant in Variant::ALL {
        let all: Option<Vec<Spread>> = FIGURES.iter().map(|(_, of)| figure(rounds, variant, *of)).collect();
        if let Some([rate, cpu, generator, others, p50, p99, payload, disk]) = all.as_deref() {
            println!(
                "{:<34} {:>23} {:>22} {:>9.1} {:>6.0}% {:>7.2} {:>8.2} {:>8.0} {:>6.0}",
                variant.name(),
                format!("{:.0} ({:.0}–{:.0})", rate.median, rate.min, rate.max),
                format!("{:.1} ({:.1}–{:.1})", cpu.median, cpu.min, cpu.max),
                generator.median,
                others.median,
                p50.median,
                p99.median,
                payload.median,
                disk.median
            );
        }
    }
    for (name, runs) in callbacks(rounds) {
        if let [Some(accepted), Some(delivered), Some(cpu)] = runs {
            println!(
                "{name}: {:.0} accepted/s, {:.0} delivered/s, {:.1} µs CPU each",
                accepted.median, delivered.median, cpu.median
            );
        }
    }
    for line in ours(plan, rounds) {
        println!("{line}");
    }
    for void in rounds.iter().flat_map(|round| &round.void) {
        println!("VOID {void}");
    }
}

fn line(gate: &Gate, rounds: &[Round]) -> String {
    // What is told beside a gate has no number of its own.
    let number = gate.bound.map_or_else(String::new, |_| gate.number.to_string());
    let Some(spread) = Spread::of(rounds.iter().filter_map(gate.value)) else {
        let why = if rounds.iter().any(|round| !round.void.is_empty()) { "void" } else { "not measured" };
        return format!("{number:>4}  {:<47} {why:>27}", gate.what);
    };
    let show = |value: f64| match gate.unit {
        Unit::Ratio => format!("{value:.3}"),
        Unit::PerSecond => format!("{value:.0}/s"),
        Unit::Microseconds => format!("{value:.1} µs"),
        Unit::Seconds => format!("{value:.3} s"),
        Unit::Mebibytes => format!("{value:.1} MiB"),
    };
    let measured = format!("{} ({}–{})", show(spread.median), show(spread.min), show(spread.max));
    let Some(bound) = gate.bound else { return format!("{number:>4}  {:<47} {measured:>27}", gate.what) };
    let (sign, limit, reach) = match bound {
        Bound::AtLeast { gate, reach } => ("≥", gate, reach),
        Bound::AtMost { gate, reach } => ("≤", gate, reach),
    };
    let verdict = match bound.judge(spread.median) {
        (_, true) => "met, reached",
        (true, false) => "met",
        (false, false) => "not met",
    };
    format!("{number:>4}  {:<47} {measured:>27}  {sign}{limit:>7} {sign}{reach:>7}  {verdict}", gate.what)
}

type Callbacks = [(&'static str, [Option<Spread>; 3]); 2];

/// Accepted and delivered a second, and CPU of a delivery.
fn callbacks(rounds: &[Round]) -> Callbacks {
    let one = |of: fn(&crate::runs::callbacks::Measured) -> f64| {
        Spread::of(rounds.iter().filter_map(|round| round.to_one_host.as_ref().map(of)))
    };
    let many = |of: fn(&crate::runs::callbacks::Measured) -> f64| {
        Spread::of(rounds.iter().filter_map(|round| round.to_many_hosts.as_ref().map(of)))
    };
    [
        ("callbacks to one host", [one(|r| r.accepted_per_second), one(|r| r.delivered_per_second), one(|r| r.cpu_us)]),
        (
            "callbacks to 64 hosts",
            [many(|r| r.accepted_per_second), many(|r| r.delivered_per_second), many(|r| r.cpu_us)],
        ),
    ]
}

type Told = (&'static str, fn(&Round) -> Option<f64>);

/// What is told of requests of ours that go out to three parties.
const TO_PARTIES: [Told; 6] = [
    ("accepted_per_second", |round| round.to_parties.map(|run| run.accepted_per_second)),
    ("complete_per_second", |round| round.to_parties.map(|run| run.complete_per_second)),
    ("controller_cpu_us_per_leg", |round| round.to_parties.map(|run| run.leg_cpu_us)),
    ("rest_mib", |round| round.to_parties.map(|run| run.memory.rest)),
    ("peak_mib", |round| round.to_parties.map(|run| run.memory.peak)),
    ("end_mib", |round| round.to_parties.map(|run| run.memory.end)),
];

/// What is told of those that wait for them.
const WAITING: [Told; 4] = [
    ("accepted_per_second", |round| round.waiting.map(|run| run.accepted_per_second)),
    ("rest_mib", |round| round.waiting.map(|run| run.memory.rest)),
    ("peak_mib", |round| round.waiting.map(|run| run.memory.peak)),
    ("end_mib", |round| round.waiting.map(|run| run.memory.end)),
];

fn told(rounds: &[Round], figures: &[Told]) -> Vec<Option<Spread>> {
    figures.iter().map(|(_, of)| Spread::of(rounds.iter().filter_map(of))).collect()
}

/// A line for each of both, if it was measured.
fn ours(plan: &Plan, rounds: &[Round]) -> Vec<String> {
    let mut lines = Vec::new();
    if let [Some(accepted), Some(complete), Some(cpu), Some(rest), Some(peak), Some(end)] =
        told(rounds, &TO_PARTIES).as_slice()
    {
        lines.push(format!(
            "{} requests to 3 parties: {:.0} accepted/s, {:.0}/s until their receipts are there, {:.0} µs CPU for each \
             of 3; MiB at rest {:.1}, peak {:.1}, end {:.1}",
            plan.wishes, accepted.median, complete.median, cpu.median, rest.median, peak.median, end.median
        ));
    }
    if let [Some(accepted), Some(rest), Some(peak), Some(end)] = told(rounds, &WAITING).as_slice() {
        lines.push(format!(
            "{} requests wait for 3 parties: {:.0} accepted/s; MiB at rest {:.1}, peak {:.1}, end {:.1}",
            plan.waiting, accepted.median, rest.median, peak.median, end.median
        ));
    }
    lines
}

fn as_document(requests: u64, figures: &[Told], rounds: &[Round]) -> Option<Value> {
    let values = told(rounds, figures).into_iter().collect::<Option<Vec<_>>>()?;
    let members = figures.iter().zip(values).map(|((name, _), value)| ((*name).to_owned(), numbers(value)));
    Some(
        [("requests".to_owned(), json!(requests))].into_iter().chain(members).collect::<serde_json::Map<_, _>>().into(),
    )
}

fn document(machine: &Machine, plan: &Plan, wanted: &[u8], rounds: &[Round]) -> Value {
    let gates: Vec<Value> = GATES
        .iter()
        .filter(|gate| wanted.contains(&gate.number))
        .map(|gate| {
            let spread = Spread::of(rounds.iter().filter_map(gate.value));
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
        })
        .collect();
    let runs: Vec<Value> = Variant::ALL
        .into_iter()
        .filter(|variant| rounds.iter().any(|round| round.load(*variant).is_some()))
        .map(|variant| {
            let figures = FIGURES.map(|(name, of)| (name.to_owned(), json!(figure(rounds, variant, of).map(numbers))));
            let name = ("run".to_owned(), json!(variant.name()));
            [name].into_iter().chain(figures).collect::<serde_json::Map<_, _>>().into()
        })
        .collect();
    let callbacks: Vec<Value> = callbacks(rounds)
        .into_iter()
        .map(|(name, [accepted, delivered, cpu])| {
            json!({
                "run": name,
                "accepted_per_second": accepted.map(numbers),
                "delivered_per_second": delivered.map(numbers),
                "server_cpu_us": cpu.map(numbers),
            })
        })
        .collect();
    json!({
        "machine": {
            "cores": machine.cores,
            "cpu": machine.cpu,
            "kernel": machine.kernel,
            "load_before": machine.load_before,
            "disk": proc::file_system(plan.disk.path()),
            "memory": proc::file_system(plan.memory.path()),
        },
        "rounds": rounds.len(),
        "seconds": plan.run.as_secs_f64(),
        "log": plan.log,
        "gates": gates,
        "runs": runs,
        "callbacks": callbacks,
        "to_parties": as_document(plan.wishes, &TO_PARTIES, rounds),
        "waiting": as_document(plan.waiting, &WAITING, rounds),
        "void": rounds.iter().flat_map(|round| round.void.clone()).collect::<Vec<_>>(),
    })
}

fn numbers(spread: Spread) -> Value {
    json!({ "median": spread.median, "min": spread.min, "max": spread.max })
}
