//! What is run, and how long?

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::Result;
use clap::ValueEnum;
use habeas_testbed::Cluster;
use tempfile::TempDir;

use crate::{
    place::Place,
    server::Kept,
    world::{Algorithm, Cast},
};

/// Connections of a full load.
pub(crate) const CONNECTIONS: usize = 64;

/// What requests are kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Database {
    Sqlite,
    Postgres,
}

impl Database {
    pub(crate) const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// What holds for all runs.
pub(crate) struct Plan {
    pub(crate) rounds: usize,
    /// How long a run is measured.
    pub(crate) run: Duration,
    /// How long it warms up before.
    pub(crate) warm_up: Duration,
    /// How many callbacks are owed before they are delivered.
    pub(crate) callbacks: u64,
    /// How many requests of ours go out to three parties.
    pub(crate) wishes: u64,
    /// How many wait for them.
    pub(crate) waiting: u64,
    /// How many deliveries wait where leases of them are timed.
    pub(crate) waiting_rows: [u64; 2],
    /// How often a lease is timed in a round, with each number of them.
    pub(crate) claims: usize,
    /// What the servers log.
    pub(crate) log: String,
    /// The PostgreSQL of this benchmark, where that is what is measured.
    pub(crate) cluster: Option<Arc<Cluster>>,
    /// A folder on a disk.
    pub(crate) disk: TempDir,
    /// A folder in memory.
    pub(crate) memory: TempDir,
}

impl Plan {
    pub(crate) const fn database(&self) -> Database {
        if self.cluster.is_some() { Database::Postgres } else { Database::Sqlite }
    }

    /// A new place with databases for these.
    pub(crate) fn place(&self, kept: Kept, casts: &[Cast]) -> Result<Place> {
        match kept {
            Kept::Full | Kept::Postgres => Place::new(self.disk.path(), self.cluster.as_ref(), casts),
            Kept::Memory => Place::new(self.memory.path(), None, casts),
        }
    }

    /// Where a server logs to. In memory, so that writing it does not disturb the disk.
    pub(crate) fn log_file(&self) -> PathBuf {
        self.memory.path().join("log")
    }
}

/// What differs between runs under load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Variant {
    Echo,
    Durable,
    Memory,
    Single,
    ThreeUrls,
    TwoNodes,
    Rsa,
    RsaHeaderOnly,
}

impl Variant {
    pub(crate) const ALL: [Self; 8] = [
        Self::Echo,
        Self::Durable,
        Self::Memory,
        Self::Single,
        Self::ThreeUrls,
        Self::TwoNodes,
        Self::Rsa,
        Self::RsaHeaderOnly,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Echo => "echo, 64 connections",
            Self::Durable => "durable, P-256, 64 connections",
            Self::Memory => "the same, store in memory",
            Self::Single => "the same, 1 connection",
            Self::ThreeUrls => "the same, 3 callback URLs",
            Self::TwoNodes => "the same, 2 nodes, 32 connections each",
            Self::Rsa => "durable, RSA-2048, 64 connections",
            Self::RsaHeaderOnly => "the same, signed in header only",
        }
    }

    pub(crate) const fn connections(self) -> usize {
        if matches!(self, Self::Single) { 1 } else { CONNECTIONS }
    }

    /// How many servers share the database and the load.
    pub(crate) const fn nodes(self) -> usize {
        if matches!(self, Self::TwoNodes) { 2 } else { 1 }
    }

    /// The callback URLs of a request. Nobody listens there, since nothing is delivered in these runs.
    pub(crate) fn callbacks(self) -> Vec<String> {
        let count = if self == Self::ThreeUrls { 3 } else { 0 };
        (0..count).map(|number| format!("http://shop.localhost:20000/opengdpr_callbacks/{number}")).collect()
    }

    /// How the server is put together; `None` for the echo.
    pub(crate) const fn habeas(self) -> Option<Habeas> {
        let (algorithm, kept, header_only) = match self {
            Self::Echo => return None,
            Self::Durable | Self::Single | Self::ThreeUrls | Self::TwoNodes => (Algorithm::P256, Kept::Full, false),
            Self::Memory => (Algorithm::P256, Kept::Memory, false),
            Self::Rsa => (Algorithm::Rsa2048, Kept::Full, false),
            Self::RsaHeaderOnly => (Algorithm::Rsa2048, Kept::Full, true),
        };
        Some(Habeas { algorithm, kept, header_only, work: false })
    }
}

/// How a server of ours is put together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Habeas {
    pub(crate) algorithm: Algorithm,
    pub(crate) kept: Kept,
    pub(crate) header_only: bool,
    pub(crate) work: bool,
}

impl Habeas {
    /// As the product is by default, but with P-256.
    pub(crate) const USUAL: Self =
        Self { algorithm: Algorithm::P256, kept: Kept::Full, header_only: false, work: false };

    /// The words of the command line that starts it.
    pub(crate) fn words(self, place: &Place, cast: Cast, log: &str) -> Vec<String> {
        let url = place.url(cast);
        let store = match (self.kept, &url) {
            (Kept::Memory, _) => "memory",
            (_, None) => "full",
            (_, Some(_)) => "postgres",
        };
        let data = place.path().to_string_lossy();
        let words = ["server-habeas", "--data", &data, "--store", store, "--cast", cast.word(), "--log", log];
        let mut words = words.map(str::to_owned).to_vec();
        words.extend(url.into_iter().flat_map(|url| ["--url".to_owned(), url]));
        words.extend(self.header_only.then(|| "--header-only".to_owned()));
        words.extend(self.work.then(|| "--work".to_owned()));
        words
    }
}
