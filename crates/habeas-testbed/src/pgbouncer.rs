//! A pooler between clients and a cluster, as many operators have one.

use std::{fs, net::TcpStream, process::Child};

use anyhow::{Context as _, Result, bail};

use crate::{
    cluster::{Cluster, USER},
    den::Den,
    find,
    port::free_port,
    wait,
};

const TRIES: u32 = 5;

/// A running PgBouncer that gives a server's connection away for one transaction at a time; ends when it is dropped.
#[derive(Debug)]
pub struct PgBouncer {
    den: Den,
    port: u16,
    child: Option<Child>,
}

impl Cluster {
    /// Puts a pooler before this cluster.
    ///
    /// # Errors
    /// When PgBouncer is not installed, or does not start.
    pub fn pgbouncer(&self) -> Result<PgBouncer> {
        let program = find::program("pgbouncer")?;
        let mut pooler = PgBouncer { den: Den::open(self.options.below.as_deref())?, port: 0, child: None };
        for _ in 0..TRIES {
            pooler.port = free_port();
            let file = pooler.den.path().join("pgbouncer.ini");
            fs::write(&file, settings(self.port(), pooler.port))?;
            let mut command = pooler.den.command(&program)?;
            command.arg(&file);
            if pooler.run(command).is_ok() {
                return Ok(pooler);
            }
        }
        bail!("PgBouncer does not start: {}", pooler.den.output())
    }
}

impl PgBouncer {
    /// A URL for a database of the cluster, through the pooler.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/{database}", self.port)
    }

    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    fn run(&mut self, mut command: std::process::Command) -> Result<()> {
        self.child = Some(command.spawn().context("PgBouncer could not be run")?);
        wait::until("PgBouncer answers", || {
            if let Some(status) = self.child.as_mut().and_then(|child| child.try_wait().transpose()) {
                bail!("PgBouncer ended with {}", status?);
            }
            Ok(TcpStream::connect(("127.0.0.1", self.port)).is_ok().then_some(()))
        })
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        self.den.end();
        // The watchdog has seen to it that it ends.
        let _ = self.child.take().map(|mut child| child.wait());
    }
}

/// Whoever comes is let in as the superuser.
fn settings(server: u16, own: u16) -> String {
    format!(
        "[databases]\n\
         * = host=127.0.0.1 port={server} user={USER}\n\
         [pgbouncer]\n\
         listen_addr = 127.0.0.1\n\
         listen_port = {own}\n\
         unix_socket_dir =\n\
         auth_type = any\n\
         pool_mode = transaction\n\
         max_client_conn = 200\n\
         default_pool_size = 10\n"
    )
}
