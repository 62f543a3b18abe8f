//! How is a server under test started, watched and ended?

use std::{
    fs::File,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    time::timeout,
};

use crate::{proc, server::READY};

/// By then a server listens.
const START: Duration = Duration::from_secs(30);
/// By then it has ended by itself, or else it is killed.
const STOP: Duration = Duration::from_secs(60);
/// So much of its log is shown when it fails.
const LOG_LINES: usize = 5;

/// A running server. It is killed when this is dropped.
pub(crate) struct Server {
    child: Child,
    pid: u32,
    address: SocketAddr,
    operator: SocketAddr,
    log: PathBuf,
}

impl Server {
    /// Starts this program as a server and waits until it listens.
    pub(crate) async fn start(words: &[String], log: &Path) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(File::create(log)?);
        let mut child = command.kill_on_drop(true).spawn().context("the server does not start")?;
        let pid = child.id().context("the server has ended")?;
        let output = child.stdout.take().context("a server without output")?;
        let line = timeout(START, BufReader::new(output).lines().next_line()).await.context("the server is late")??;
        let ports = line.as_deref().and_then(|line| line.strip_prefix(READY)).and_then(|ports| ports.split_once(' '));
        let Some((public, operator)) = ports else { bail!("the server did not start: {}", tail(log)) };
        let here = |port: &str| -> Result<_> { Ok(SocketAddr::from(([127, 0, 0, 1], port.parse()?))) };
        Ok(Self { address: here(public)?, operator: here(operator)?, child, pid, log: log.to_owned() })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where operators are served.
    pub(crate) const fn operator(&self) -> SocketAddr {
        self.operator
    }

    /// The CPU time used so far, in microseconds.
    pub(crate) fn cpu_us(&self) -> Result<u64> {
        proc::cpu_us(self.pid)
    }

    /// The resident memory, in MiB: now, and at its peak since that was forgotten.
    pub(crate) fn memory_mib(&self) -> Result<(f64, f64)> {
        proc::memory_mib(self.pid)
    }

    /// The peak of the memory counts from now on.
    pub(crate) fn forget_peak(&self) -> Result<()> {
        proc::forget_peak(self.pid)
    }

    /// The end of what it logged.
    pub(crate) fn last_words(&self) -> String {
        tail(&self.log)
    }

    /// Has it end as it does when it is told to stop.
    ///
    /// # Errors
    /// When it fails, or does not end in time.
    pub(crate) async fn stop(mut self) -> Result<()> {
        drop(self.child.stdin.take());
        let status = timeout(STOP, self.child.wait()).await.context("the server does not stop")??;
        if !status.success() {
            bail!("the server ended with {status}: {}", tail(&self.log));
        }
        Ok(())
    }
}

fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().rev().take(LOG_LINES).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}
