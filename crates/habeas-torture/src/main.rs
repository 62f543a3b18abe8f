//! Proof under fire: does the server keep its promises while it, its database, its disk and its receivers fail?
//!
//! Counts are asserted; times are told, or judged as ratios within one run. The last line on standard output is a JSON
//! object, and the exit code is 1 when a promise was broken.
#![allow(clippy::print_stderr, reason = "this program talks to a developer's terminal")]

mod args;
mod book;
mod client;
mod clock;
mod database;
mod gates;
mod history;
mod hosts;
mod progress;
mod protocol;
mod random;
mod receiver;
mod relay;
mod report;
mod scene;
mod serve;
mod site;
mod stats;
mod tamper;
mod victim;

use std::process::ExitCode;

use anyhow::{Result, anyhow};
use clap::{Parser, Subcommand};

/// The allocator of the product's binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Debug, Parser)]
#[command(name = "torture", args_conflicts_with_subcommands = true, about = "Proof under fire")]
struct Cli {
    #[command(subcommand)]
    part: Option<Part>,
    #[command(flatten)]
    args: args::Args,
}

/// What this program is in the processes that it starts.
#[derive(Debug, Subcommand)]
enum Part {
    /// The server.
    #[command(hide = true)]
    Serve(serve::Options),
    /// The run on a small disk, with mounts of its own.
    #[command(hide = true)]
    Full(gates::full::Options),
    /// The run with several nodes, each in a network of its own.
    #[command(hide = true)]
    Network(gates::network::Options),
    /// What connects networks.
    #[command(hide = true)]
    Relay(relay::Options),
}

/// Tells whoever looks on.
pub(crate) fn say(text: &str) {
    eprintln!("{text}");
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<bool> {
    rustls::crypto::aws_lc_rs::default_provider().install_default().map_err(|_| anyhow!("TLS was set up twice"))?;
    many_files();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match cli.part {
            Some(Part::Serve(options)) => serve::run(options).await.map(|()| true),
            Some(Part::Full(options)) => gates::full::inside(&options).await.map(|()| true),
            Some(Part::Network(options)) => gates::network::inside(&options).await.map(|()| true),
            Some(Part::Relay(options)) => relay::run(options).await.map(|()| true),
            None => report::run(cli.args).await,
        }
    })
}

/// A thousand receivers need as many connections, here and in the server.
fn many_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // What is not allowed stays as it is, and shows when it is not enough.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
}
