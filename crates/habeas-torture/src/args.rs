//! What shall be tortured, how, and how long?

use std::{path::PathBuf, time::Duration};

use anyhow::Result;
use clap::{Args as ClapArgs, ValueEnum};
use tempfile::TempDir;

use crate::database::Kind;

/// A gate, by its number in the project's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Gate {
    /// Kill the server, and with PostgreSQL also R3: kill and freeze the database.
    R1,
    /// Crash before and after each durable step.
    R2,
    /// Lose PostgreSQL, and go on with its standby.
    R4,
    /// Cut a node off from everybody, and let it come back.
    Cut,
    /// Fill the disk.
    R5,
    /// Hostile receivers.
    R7,
    /// The same at once.
    R11,
}

/// The command line.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct Args {
    /// The database under the server.
    #[arg(long, value_enum, default_value = "sqlite")]
    pub(crate) database: Kind,
    /// The gates; all that apply, if none is named.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub(crate) gates: Vec<Gate>,
    /// How often the server is killed.
    #[arg(long, default_value_t = 20)]
    pub(crate) kills: u64,
    /// How often PostgreSQL is killed or frozen.
    #[arg(long, default_value_t = 6)]
    pub(crate) restarts: u64,
    /// How long there is load while things are killed; a second for each, if not given.
    #[arg(long)]
    pub(crate) seconds: Option<u64>,
    /// Requests a second.
    #[arg(long, default_value_t = 150)]
    pub(crate) rate: u64,
    /// How many hostile receivers there are.
    #[arg(long, default_value_t = 1000)]
    pub(crate) receivers: u64,
    /// Break the first promise on purpose: acknowledge before the commit. The verdict must be bad.
    #[arg(long)]
    pub(crate) without_durability: bool,
    /// What chance is made of; told at the end, to be repeated.
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Only the last line, in JSON, on standard output.
    #[arg(long)]
    pub(crate) json: bool,
    /// Where the folders of the runs are made, and kept; on the disk whose durability is in question.
    #[arg(long)]
    pub(crate) keep: Option<PathBuf>,
}

impl Args {
    /// Whether a gate is to be run.
    pub(crate) fn wants(&self, gate: Gate) -> bool {
        self.gates.is_empty() || self.gates.contains(&gate)
    }

    /// How long there is load.
    pub(crate) fn load(&self) -> Duration {
        Duration::from_secs(self.seconds.unwrap_or(self.kills + self.restarts))
    }

    /// A new folder for a run.
    pub(crate) fn folder(&self, name: &str) -> Result<TempDir> {
        let mut builder = tempfile::Builder::new();
        let prefix = format!("habeas-torture-{name}-");
        builder.prefix(&prefix).disable_cleanup(self.keep.is_some());
        Ok(match &self.keep {
            Some(folder) => builder.tempdir_in(folder)?,
            None => builder.tempdir()?,
        })
    }
}
