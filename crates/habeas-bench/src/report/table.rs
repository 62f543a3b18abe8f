//! How do people read it on a terminal?

use std::fmt::Write as _;

use super::{
    Results,
    figures::{TO_PARTIES, WAITING, callbacks, told, under_load},
    gate_line::GateLine,
};
use crate::{
    plan::Variant,
    proc::{self, Machine},
    stats::Spread,
};

/// All tables.
pub(super) fn text(machine: &Machine, all: &[Results]) -> String {
    let Machine { cores, cpu, kernel, load_before } = machine;
    let mut text = format!("{cores} cores, {cpu}, Linux {kernel}; load average before: {load_before}\n");
    for results in all {
        // Writing to a string cannot fail.
        let _ = of(results, &mut text);
    }
    text
}

fn of(results: &Results, text: &mut String) -> std::fmt::Result {
    let plan = &results.plan;
    writeln!(
        text,
        "\n{} on {}, in memory on {}; {} rounds of {:.1} s, log level {}",
        plan.database().name(),
        proc::file_system(plan.disk.path()),
        proc::file_system(plan.memory.path()),
        results.rounds.len(),
        plan.run.as_secs_f64(),
        plan.log
    )?;
    writeln!(text, "\n{:>4}  {:<47} {:>27}  {:>8} {:>8}", "gate", "what", "median (min–max)", "gate", "reach")?;
    for gate in results.gates() {
        let GateLine { number, what, measured, bounds: [gate, reach], verdict } = GateLine::of(gate, results);
        let measured = measured.unwrap_or_default();
        let line = format!("{number:>4}  {what:<47} {measured:>27}  {gate:>8} {reach:>8}  {verdict}");
        writeln!(text, "{}", line.trim_end())?;
    }
    runs(results, text)?;
    for (name, run) in callbacks(results) {
        if let [Some(accepted), Some(delivered), Some(cpu)] = run {
            writeln!(
                text,
                "{name}: {:.0} accepted/s, {:.0} delivered/s, {:.1} µs CPU each",
                accepted.median, delivered.median, cpu.median
            )?;
        }
    }
    ours(results, text)?;
    results.voids().try_for_each(|void| writeln!(text, "VOID {void}"))
}

fn runs(results: &Results, text: &mut String) -> std::fmt::Result {
    writeln!(
        text,
        "\n{:<38} {:>20} {:>21} {:>8} {:>9} {:>6} {:>7} {:>7} {:>7} {:>6}",
        "run", "requests/s", "server CPU µs", "database", "generator", "others", "p50 ms", "p99 ms", "payload", "disk"
    )?;
    for variant in Variant::ALL {
        let Some([rate, cpu, rest @ ..]) = under_load(results, variant) else { continue };
        let [database, generator, others, p50, p99, payload, disk] = rest.map(|spread| spread.median);
        let spread = |Spread { median, min, max }: Spread, digits: usize| {
            format!("{median:.digits$} ({min:.digits$}–{max:.digits$})")
        };
        writeln!(
            text,
            "{:<38} {:>20} {:>21} {database:>8.1} {generator:>9.1} {others:>5.0}% {p50:>7.2} {p99:>7.2} {payload:>7.0} \
             {disk:>6.0}",
            variant.name(),
            spread(rate, 0),
            spread(cpu, 1),
        )?;
    }
    Ok(())
}

/// A line each for requests on their way to three parties and for those that wait for them, if that was measured.
fn ours(results: &Results, text: &mut String) -> std::fmt::Result {
    if let Some(all) = told(results, &TO_PARTIES) {
        let [accepted, complete, cpu, rest, peak, end] = all.map(|spread| spread.median);
        writeln!(
            text,
            "{} requests to 3 parties: {accepted:.0} accepted/s, {complete:.0}/s until their receipts are there, \
             {cpu:.0} µs CPU for each of 3; MiB at rest {rest:.1}, peak {peak:.1}, end {end:.1}",
            results.plan.wishes
        )?;
    }
    if let Some(all) = told(results, &WAITING) {
        let [accepted, rest, peak, end] = all.map(|spread| spread.median);
        writeln!(
            text,
            "{} requests wait for 3 parties: {accepted:.0} accepted/s; MiB at rest {rest:.1}, peak {peak:.1}, end \
             {end:.1}",
            results.plan.waiting
        )?;
    }
    Ok(())
}
