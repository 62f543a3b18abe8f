//! Which commands are there? One file each.

mod api;
mod backup;
mod cancel;
mod check;
mod client;
mod completions;
mod deliveries;
mod demo;
mod dev;
pub mod exit;
mod faults;
mod identity;
mod init;
mod keys;
mod legs;
mod migrate_store;
pub mod output;
mod receipts;
mod reference;
mod requests;
mod send;
mod serve;
mod setup;
mod status;
mod verify;
mod watch;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use exit::{Exit, Outcome};
use output::Output;

const EXIT_CODES: &str = "\
Exit codes:
  0  it worked
  1  it failed, or was refused
  2  the command line or the configuration is wrong
  3  the server cannot be reached
  4  a signature, certificate or credential did not hold

Without --server, commands that talk to a server use the one of ./habeas.toml.";

/// A data rights server: it carries a person's request to access, move or erase their data, and signed proof back.
#[derive(Debug, Parser)]
#[command(name = "habeas", version, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Cli {
    /// Print JSON in place of text.
    #[arg(long, global = true)]
    json: bool,
    /// The configuration.
    #[arg(long, global = true, env = "HABEAS_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a commented configuration with new keys.
    Init(init::Args),
    /// Say what is wrong with the configuration, its keys, certificates and database.
    Check,
    /// Run the server.
    Serve(serve::Args),
    /// Copy the database, also while the server runs.
    Backup(backup::Args),
    /// Run a sandbox: processors, an agent and a controller that need no set-up.
    Dev(dev::Args),
    /// Show the main job from end to end, in a sandbox that is gone afterwards.
    Demo,
    /// Send a request to parties, or every request of a file.
    Send(send::Args),
    /// Show where a request stands.
    Status(status::Args),
    /// Take back a request that was sent.
    Cancel(cancel::Args),
    /// See and work on requests.
    #[command(subcommand)]
    Requests(requests::Command),
    /// See which party has which share of a request, who is late or stuck; try again or give up.
    #[command(subcommand)]
    Legs(legs::command::Command),
    /// Show everything that needs attention.
    Faults(faults::Args),
    /// See and repeat what other parties are told.
    #[command(subcommand)]
    Deliveries(deliveries::Command),
    /// See what parties signed about a request, and export it for somebody who checks it.
    #[command(subcommand)]
    Receipts(receipts::Command),
    /// Check an export, or one signed message: needs no server and no configuration.
    Verify(verify::Args),
    /// Move everything from a SQLite file into PostgreSQL; goes on where it was cut off.
    MigrateStore(migrate_store::Args),
    /// Make keys and credentials, install certificates.
    #[command(subcommand)]
    Keys(keys::Command),
    /// Print completions for a shell.
    Completions(completions::Args),
    /// Print docs/CONFIGURATION.md.
    #[command(hide = true)]
    Reference,
}

impl Cli {
    /// Runs the command, prints what comes of it, and says how it went.
    pub async fn run(self) -> Exit {
        let output = Output::new(self.json);
        match self.dispatch(output).await {
            Ok(()) => Exit::Worked,
            Err(failure) => {
                output.failure(&failure);
                failure.exit()
            }
        }
    }

    async fn dispatch(self, output: Output) -> Outcome {
        let setup = setup::Setup::new(self.config);
        match self.command {
            Command::Init(args) => init::run(&args, &setup, output),
            Command::Check => check::run(&setup, output).await,
            Command::Serve(args) => serve::run(args, &setup, output).await,
            Command::Backup(args) => backup::run(&args, &setup, output).await,
            Command::Dev(args) => dev::run(args, output).await,
            Command::Demo => demo::run(output).await,
            Command::Send(args) => send::run(args, &setup, output).await,
            Command::Status(args) => status::run(args, &setup, output).await,
            Command::Cancel(args) => cancel::run(args, &setup, output).await,
            Command::Requests(command) => requests::run(command, &setup, output).await,
            Command::Legs(command) => legs::command::run(command, &setup, output).await,
            Command::Faults(args) => faults::run(args, &setup, output).await,
            Command::Deliveries(command) => deliveries::run(command, &setup, output).await,
            Command::Receipts(command) => receipts::run(command, &setup, output).await,
            Command::Verify(args) => verify::run(&args, output),
            Command::MigrateStore(args) => migrate_store::run(&args, output).await,
            Command::Keys(command) => keys::run(command, &setup, output),
            Command::Completions(args) => completions::run(&args),
            Command::Reference => reference::run(output),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
