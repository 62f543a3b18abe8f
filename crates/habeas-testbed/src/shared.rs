//! The cluster that all tests of a program share, each with a database of its own.

use std::sync::OnceLock;

use anyhow::{Result, anyhow};

use crate::cluster::{Cluster, Options};

/// Starts it at the first call. Its commits are not waited for, so it is not for tests of durability; it ends with
/// the program.
///
/// # Errors
/// When PostgreSQL is not installed, or does not start.
pub fn shared() -> Result<&'static Cluster> {
    static CLUSTER: OnceLock<Result<Cluster, String>> = OnceLock::new();
    let cluster = CLUSTER.get_or_init(|| {
        let options = Options::fast().with("max_connections", "300");
        Cluster::start(&options).map_err(|error| format!("{error:#}"))
    });
    cluster.as_ref().map_err(|error| anyhow!(error.clone()))
}
