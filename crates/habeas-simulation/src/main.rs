//! Runs seeds on all cores and says which of them failed.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this program talks to a developer's terminal")]

use std::{
    collections::BTreeMap,
    io::IsTerminal as _,
    process::ExitCode,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use anyhow::{Result, anyhow};
use clap::Parser;
use habeas_simulation::{Outcome, Plan, hash, simulate};
use habeas_store::{Effect, Step};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

/// A seed makes six databases and forgets them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs random worlds and checks what must hold in each of them.
#[derive(Parser)]
#[command(name = "cargo xtask simulate")]
struct Cli {
    /// How many seeds are run.
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// Only this seed, with its trace.
    #[arg(long)]
    seed: Option<u64>,
    /// The first of the seeds.
    #[arg(long, default_value_t = 0, value_name = "SEED")]
    from: u64,
    /// How many operations a seed has.
    #[arg(long, default_value_t = 60)]
    operations: u64,
    /// How many seeds run at once; as many as there are cores, if not given.
    #[arg(long)]
    threads: Option<usize>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// With one seed: what was logged, too.
    #[arg(long)]
    logs: bool,
}

/// A seed that failed.
struct Failure {
    seed: u64,
    outcome: Outcome,
}

/// Durable steps that are not places of death: this world's nodes take their leases back before they work, and give one
/// back only where a host has too much to do.
const NO_PLACES: [&str; 2] = ["take_back_leases", "release_leg"];
/// With so many seeds each of the others is one.
const ENOUGH: u64 = 1000;

/// What is told of many seeds.
struct Told {
    exchanges: u64,
    /// How often nodes died, by how.
    deaths: BTreeMap<String, u64>,
    /// The places at which nobody died.
    missed: Vec<String>,
    seconds: f64,
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<ExitCode> {
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .map_err(|_| anyhow!("cryptography was set up twice"))?;
    match cli.seed {
        Some(seed) => one(cli, seed),
        None => many(cli),
    }
}

fn plan(cli: &Cli) -> Plan {
    Plan { operations: cli.operations, sabotage: None }
}

fn one(cli: &Cli, seed: u64) -> Result<ExitCode> {
    let outcome = simulate(seed, plan(cli))?;
    if cli.json {
        let violation = outcome.violation.as_ref().map(ToString::to_string);
        let trace = format!("{:016x}", hash(&outcome.trace));
        println!("{}", json!({"seed": seed, "trace_hash": trace, "violation": violation, "trace": outcome.trace}));
    } else {
        show(&outcome);
        if cli.logs {
            println!("\n{}", outcome.logs);
        }
    }
    Ok(if outcome.violation.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn show(outcome: &Outcome) {
    for line in &outcome.trace {
        println!("{line}");
    }
    println!("trace {:016x}", hash(&outcome.trace));
    if let Some(violation) = &outcome.violation {
        println!("BROKEN {violation}");
    }
}

fn many(cli: &Cli) -> Result<ExitCode> {
    let threads = cli.threads.or_else(|| thread::available_parallelism().ok().map(usize::from)).unwrap_or(1);
    let bar = bar(cli);
    let (next, end) = (AtomicU64::new(cli.from), cli.from.saturating_add(cli.seeds));
    let failures = Mutex::new(Vec::new());
    let (exchanges, deaths) = (AtomicU64::new(0), Mutex::new(BTreeMap::new()));
    let work = || -> Result<()> {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                return Ok(());
            }
            let outcome = simulate(seed, plan(cli))?;
            let count = outcome.trace.iter().filter(|line| line.contains(" → ")).count();
            exchanges.fetch_add(u64::try_from(count).unwrap_or(0), Ordering::Relaxed);
            for (how, times) in &outcome.deaths {
                *deaths.lock().unwrap_or_else(PoisonError::into_inner).entry(how.clone()).or_insert(0) += times;
            }
            if let Some(violation) = &outcome.violation {
                // At once, since the rest may take long.
                bar.suspend(|| eprintln!("seed {seed}: {violation}"));
                failures.lock().unwrap_or_else(PoisonError::into_inner).push(Failure { seed, outcome });
            }
            bar.inc(1);
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|one| one.join().map_err(|_| anyhow!("a seed panicked"))?)
    })?;
    let seconds = bar.elapsed().as_secs_f64();
    bar.finish_and_clear();
    let mut failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    failures.sort_by_key(|failure| failure.seed);
    let deaths = deaths.into_inner().unwrap_or_else(PoisonError::into_inner);
    let missed = if cli.seeds < ENOUGH { Vec::new() } else { missed(&deaths) };
    let passed = failures.is_empty() && missed.is_empty();
    report(cli, &failures, &Told { exchanges: exchanges.load(Ordering::Relaxed), deaths, missed, seconds });
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The places at which nobody died.
fn missed(deaths: &BTreeMap<String, u64>) -> Vec<String> {
    let durable = Step::ALL.iter().filter(|step| step.effect != Effect::Reads && !NO_PLACES.contains(&step.name));
    let places = durable.flat_map(|step| ["before", "after"].map(|side| format!("{side} {}", step.name)));
    places.filter(|place| !deaths.contains_key(place)).collect()
}

/// Moving only where somebody looks on.
fn bar(cli: &Cli) -> ProgressBar {
    if cli.json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} seeds, {per_sec}, {eta} left");
    ProgressBar::new(cli.seeds).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn report(cli: &Cli, failures: &[Failure], told: &Told) {
    let Told { exchanges, deaths, missed, seconds } = told;
    if cli.json {
        let failed: Vec<_> = failures
            .iter()
            .map(|Failure { seed, outcome }| {
                json!({"seed": seed, "violation": outcome.violation.as_ref().map(ToString::to_string)})
            })
            .collect();
        println!(
            "{}",
            json!({"seeds": cli.seeds, "from": cli.from, "operations": cli.operations, "exchanges": exchanges,
                "deaths": deaths, "missed": missed, "seconds": seconds, "failed": failed})
        );
        return;
    }
    if let Some(Failure { seed, outcome }) = failures.first() {
        show(outcome);
        println!("\nto replay it: cargo xtask simulate --seed {seed} --operations {}\n", cli.operations);
    }
    for Failure { seed, outcome } in failures {
        let violation = outcome.violation.as_ref().map(ToString::to_string).unwrap_or_default();
        println!("seed {seed}: {violation}");
    }
    if !missed.is_empty() {
        println!("nobody died {}", missed.join(", "));
    }
    println!(
        "{} seeds of {} operations, {exchanges} exchanges, {} deaths in {} ways, {} broken, in {seconds:.1} s",
        cli.seeds,
        cli.operations,
        deaths.values().sum::<u64>(),
        deaths.len(),
        failures.len(),
    );
}
