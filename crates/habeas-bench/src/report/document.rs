//! How does the result get into the document that is kept with the code? Between two markers for each database; the
//! prose around them is written by hand.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use super::{
    Results,
    figures::{TO_PARTIES, WAITING, callbacks, told, under_load},
    gate_line::GateLine,
};
use crate::{
    plan::Variant,
    proc::{self, Machine},
};

const FILE: &str = "BENCHMARKS.md";

/// The folder of documents, of the repository in which this program was built.
pub(super) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

pub(super) fn write(machine: &Machine, all: &[Results]) -> Result<()> {
    let file = folder().join(FILE);
    let mut text = fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
    for results in all {
        text = renewed(&text, results.plan.database().name(), &tables(machine, results))?;
    }
    Ok(fs::write(&file, text)?)
}

/// The document with a database's tables in place of the old ones.
fn renewed(old: &str, name: &str, tables: &str) -> Result<String> {
    let begin = format!("<!-- {name}: written by `cargo xtask bench --write` -->\n");
    let end = format!("<!-- end of {name} -->");
    let (before, rest) = old.split_once(&begin).context("the document has no marker where tables begin")?;
    let (_, after) = rest.split_once(&end).context("the document has no marker where tables end")?;
    Ok(format!("{before}{begin}{tables}{end}{after}"))
}

fn tables(machine: &Machine, results: &Results) -> String {
    let Machine { cores, cpu, kernel, load_before } = machine;
    let words: Vec<_> = std::env::args().skip(1).collect();
    let mut text = format!(
        "\n{cores} cores of {cpu}, Linux {kernel}; load average before the start: {load_before}.\n\n```console\ncargo xtask \
         bench {}\n```\n",
        words.join(" ")
    );
    // Writing to a string cannot fail.
    let _ = of(results, &mut text);
    text.push('\n');
    text
}

fn of(results: &Results, text: &mut String) -> std::fmt::Result {
    let plan = &results.plan;
    writeln!(
        text,
        "\n{} on {}; {} rounds, each run {:.1} s.\n\n| # | what | median (min–max) | gate | reach for | |\n|---|---|---|---|---|---|",
        plan.database().name(),
        proc::file_system(plan.disk.path()),
        results.rounds.len(),
        plan.run.as_secs_f64(),
    )?;
    for gate in results.gates() {
        let line = GateLine::of(gate, results);
        // What was not measured is left out.
        let Some(measured) = line.measured else { continue };
        let GateLine { number, what, bounds: [gate, reach], verdict, .. } = line;
        let what = if number.is_empty() { format!("… {}", what.trim()) } else { what.to_owned() };
        let verdict = if verdict == "not met" { "**not met**" } else { verdict };
        writeln!(text, "| {number} | {what} | {measured} | {gate} | {reach} | {verdict} |")?;
    }
    runs(results, text)?;
    told_beside(results, text)
}

fn runs(results: &Results, text: &mut String) -> std::fmt::Result {
    let measured = || Variant::ALL.into_iter().filter_map(|variant| Some((variant, under_load(results, variant)?)));
    if measured().next().is_none() {
        return Ok(());
    }
    writeln!(
        text,
        "\nMedians of the runs; CPU in µs for a request, bytes for a request.\n\n| run | requests/s | CPU of habeas | of the \
         database's processes | of the load generator | p50 ms | p99 ms | payload | disk |\n|---|---|---|---|---|---|---|---|---|"
    )?;
    for (variant, spreads) in measured() {
        let [rate, cpu, database, generator, _, p50, p99, payload, disk] = spreads.map(|spread| spread.median);
        let or_none = |value: f64| if value > 0.0 { format!("{value:.0}") } else { "–".to_owned() };
        writeln!(
            text,
            "| {} | {rate:.0} | {cpu:.1} | {} | {generator:.1} | {p50:.2} | {p99:.2} | {payload:.0} | {} |",
            variant.name(),
            or_none(database),
            or_none(disk)
        )?;
    }
    Ok(())
}

fn told_beside(results: &Results, text: &mut String) -> std::fmt::Result {
    writeln!(text)?;
    for (name, run) in callbacks(results) {
        if let [Some(accepted), Some(delivered), Some(cpu)] = run {
            let [accepted, delivered, cpu] = [accepted, delivered, cpu].map(|spread| spread.median);
            writeln!(
                text,
                "* {name}: {accepted:.0} accepted/s, {delivered:.0} delivered/s, {cpu:.0} µs of habeas each"
            )?;
        }
    }
    let plan = &results.plan;
    if results.rounds.iter().any(|round| round.claims.is_some()) {
        let [few, many] = plan.waiting_rows;
        writeln!(text, "* claims: of {few} and of {many} deliveries, all due, at 1,000 hosts")?;
    }
    if let Some(all) = told(results, &TO_PARTIES) {
        let [accepted, complete, cpu, rest, peak, _] = all.map(|spread| spread.median);
        writeln!(
            text,
            "* {} requests to 3 parties: {accepted:.0} accepted/s, {complete:.0}/s until their receipts are there, {cpu:.0} µs \
             of the controller for each of 3; {rest:.1} MiB at rest, {peak:.1} at most",
            plan.wishes
        )?;
    }
    if let Some(all) = told(results, &WAITING) {
        let [accepted, rest, peak, end] = all.map(|spread| spread.median);
        writeln!(
            text,
            "* {} requests wait for 3 parties, measured once: {accepted:.0} accepted/s; {rest:.1} MiB at rest, {peak:.1} at \
             most, {end:.1} in the end",
            plan.waiting
        )?;
    }
    results.voids().try_for_each(|void| writeln!(text, "* void: {void}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_markers_changes() {
        let text = |a: &str, b: &str| {
            let part = |name: &str, table: &str| {
                format!("<!-- {name}: written by `cargo xtask bench --write` -->\n{table}<!-- end of {name} -->\n")
            };
            format!("before\n{}between\n{}after\n", part("A", a), part("B", b))
        };
        assert_eq!(renewed(&text("old\n", "kept\n"), "A", "new\n").unwrap(), text("new\n", "kept\n"));
        assert!(renewed("nothing", "A", "new").is_err());
    }
}
