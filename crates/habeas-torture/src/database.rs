//! Which database is under the server, and how is it struck?

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use habeas_testbed::{Cluster, Options};

/// Which one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

impl Kind {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// A database of one run.
pub(crate) struct Database {
    cluster: Option<Cluster>,
    url: String,
}

impl Database {
    /// Makes it; a commit reaches the disk.
    pub(crate) fn make(kind: Kind) -> Result<Self> {
        Ok(match kind {
            Kind::Sqlite => Self { cluster: None, url: "sqlite:habeas.db".to_owned() },
            Kind::Postgres => {
                let cluster = tokio::task::block_in_place(|| Cluster::start(&Options::default()))?;
                let url = cluster.create_database("habeas")?;
                Self { cluster: Some(cluster), url }
            }
        })
    }

    /// As the configuration has it.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The cluster, if it is one.
    pub(crate) fn cluster(&mut self) -> Result<&mut Cluster> {
        self.cluster.as_mut().context("not PostgreSQL")
    }
}
