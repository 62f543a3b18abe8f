//! The benchmark of habeas: how does it compare with what is possible on the same machine, in the same run?
//!
//! Prints the gates as ratios of runs that are measured in turn, and fails nothing by time alone: it exits with 1 only
//! when a run is void because something went wrong in it. The program is both harness and servers: it starts itself.
//! The load generator and the receiver of callbacks share the cores with the server.

mod child;
mod clock;
mod gates;
mod load;
mod message;
mod operator;
mod place;
mod plan;
mod proc;
mod receiver;
mod report;
mod rounds;
mod runs;
mod server;
mod stats;
mod wire;
mod world;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Context as _, Result, anyhow, bail};
use clap::{Parser, Subcommand};
use tokio::runtime::Builder;

use crate::{
    plan::{Database, Plan},
    proc::Machine,
    report::Results,
};

/// What a task allocates the store's writer frees, which the system's allocator serves badly.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Prints the gates of the project as ratios measured in one run.
#[derive(Parser)]
#[command(name = "habeas-bench")]
struct Cli {
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// Fewer and shorter rounds, to see that it works: the numbers say little.
    #[arg(long)]
    quick: bool,
    /// Write the result into docs/BENCHMARKS.md and its plots, too.
    #[arg(long)]
    write: bool,
    /// What requests are kept in: both, if not given.
    #[arg(long, value_enum, value_delimiter = ',')]
    database: Vec<Database>,
    /// Only the gates of these numbers.
    #[arg(long, value_delimiter = ',', value_name = "NUMBERS")]
    only: Vec<u8>,
    /// How often everything is measured.
    #[arg(long)]
    rounds: Option<usize>,
    /// How many requests of ours wait while their parties are down; a million if not given, 1,000 if quick.
    #[arg(long, value_name = "NUMBER")]
    waiting: Option<u64>,
    /// From how many waiting deliveries leases are timed, against a tenth of that; ten million if not given, 100,000 if
    /// quick.
    #[arg(long, value_name = "NUMBER")]
    waiting_rows: Option<u64>,
    /// A folder on the disk that is to be measured; beside this program, if not given.
    #[arg(long)]
    data: Option<PathBuf>,
    /// What the servers log, into memory; the product's default is info.
    #[arg(long, default_value = "info")]
    log: String,
    #[command(subcommand)]
    server: Option<Server>,
}

#[derive(Subcommand)]
enum Server {
    #[command(hide = true)]
    ServerEcho,
    #[command(hide = true)]
    ServerHabeas(server::Options),
}

fn main() -> ExitCode {
    match start() {
        Ok(code) => code,
        Err(error) => {
            report::progress(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn start() -> Result<ExitCode> {
    let mut cli = Cli::parse();
    match cli.server.take() {
        None => Builder::new_current_thread().enable_all().build()?.block_on(harness(cli)),
        Some(server) => {
            rustls::crypto::aws_lc_rs::default_provider()
                .install_default()
                .map_err(|_| anyhow!("TLS was set up twice"))?;
            let runtime = Builder::new_multi_thread().enable_all().build()?;
            match server {
                Server::ServerEcho => runtime.block_on(server::echo())?,
                Server::ServerHabeas(options) => runtime.block_on(server::habeas(options))?,
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// One thread for the load generator, so that it takes as little as it can from the server.
async fn harness(cli: Cli) -> Result<ExitCode> {
    if let Some(unknown) = cli.only.iter().find(|number| !gates::exists(**number)) {
        bail!("there is no gate {unknown} here");
    }
    let machine = Machine::read();
    let databases = if cli.database.is_empty() { Database::ALL.to_vec() } else { cli.database.clone() };
    let mut all = Vec::with_capacity(databases.len());
    for database in databases {
        let numbers = gates::of(database).iter().map(|gate| gate.number);
        let wanted: Vec<u8> = numbers.filter(|number| cli.only.is_empty() || cli.only.contains(number)).collect();
        let plan = plan(&cli, database)?;
        let rounds = rounds::run(&plan, &wanted).await;
        all.push(Results { plan, wanted, rounds });
    }
    report::print(&machine, &all, cli.json);
    if cli.write {
        report::write(&machine, &all)?;
    }
    let void = all.iter().any(Results::is_void);
    Ok(if void { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn plan(cli: &Cli, database: Database) -> Result<Plan> {
    let program = std::env::current_exe()?;
    let beside = program.parent().context("a program without a folder")?;
    let disk = cli.data.clone().unwrap_or_else(|| beside.to_owned());
    let shared_memory = PathBuf::from("/dev/shm");
    let memory = if shared_memory.is_dir() { shared_memory } else { std::env::temp_dir() };
    let (rounds, run_ms, warm_up_ms, callbacks, wishes) =
        if cli.quick { (2, 400, 200, 500, 1000) } else { (5, 2000, 500, 6000, 4000) };
    let (waiting, many, claims) = if cli.quick { (1000, 100_000, 10) } else { (1_000_000, 10_000_000, 40) };
    let many = cli.waiting_rows.unwrap_or(many).max(100_000);
    let disk = tempfile::tempdir_in(disk)?;
    let cluster = match database {
        Database::Sqlite => None,
        Database::Postgres => Some(place::cluster(disk.path())?),
    };
    Ok(Plan {
        rounds: cli.rounds.unwrap_or(rounds).max(1),
        run: Duration::from_millis(run_ms),
        warm_up: Duration::from_millis(warm_up_ms),
        callbacks,
        wishes,
        waiting: cli.waiting.unwrap_or(waiting).max(1),
        waiting_rows: [many / 10, many],
        claims,
        cluster,
        log: cli.log.clone(),
        disk,
        memory: tempfile::tempdir_in(memory)?,
    })
}
