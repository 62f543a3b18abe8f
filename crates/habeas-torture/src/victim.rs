//! How is the server started and killed?

use std::{
    fs::{self, File},
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use rustix::process::Signal;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, ChildStdin, Command},
    time::timeout,
};

use crate::{serve::READY, tamper::Crash};

/// By then a server listens, also after a crash of its database.
const START: Duration = Duration::from_secs(60);

/// How servers are started: always from the same copy of this program, since a build may replace the file.
#[derive(Debug, Clone)]
pub(crate) struct Starter {
    program: PathBuf,
    folder: PathBuf,
    without_durability: bool,
}

impl Starter {
    pub(crate) fn new(folder: &Path, without_durability: bool) -> Result<Self> {
        let program = folder.join("server");
        if !program.exists() {
            fs::copy(std::env::current_exe()?, &program).context("this program cannot be copied")?;
        }
        Ok(Self { program, folder: folder.to_owned(), without_durability })
    }

    /// Starts a server; it does not listen yet.
    pub(crate) fn spawn(&self, crash: Option<&Crash>) -> Result<Victim> {
        let log = self.folder.join("server.log");
        let errors = File::options().append(true).create(true).open(&log)?;
        let mut command = Command::new(&self.program);
        command.arg("serve").arg("--config").arg(self.folder.join("habeas.toml"));
        command.args(self.without_durability.then_some("--without-durability"));
        if let Some(crash) = crash {
            command.args(["--crash", &crash.to_string()]);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors).kill_on_drop(true);
        let mut child = command.spawn().context("the server does not start")?;
        let input = child.stdin.take();
        Ok(Victim { child, _input: input, log })
    }
}

/// A server's process. It is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Victim {
    child: Child,
    /// Held here, because waiting for a child closes its input, and with it the server would end in order.
    _input: Option<ChildStdin>,
    log: PathBuf,
}

impl Victim {
    /// Waits until it listens.
    pub(crate) async fn ready(&mut self) -> Result<()> {
        let output = self.child.stdout.take().context("a server without output")?;
        let line = timeout(START, BufReader::new(output).lines().next_line()).await.context("the server is late")??;
        match line.as_deref() {
            Some(READY) => Ok(()),
            _ => bail!("the server did not start: {}", self.last_words()),
        }
    }

    /// `kill -9`.
    pub(crate) async fn kill(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// Waits until it has killed itself; says whether it did. One that ended otherwise was never where it should have
    /// crashed.
    ///
    /// # Errors
    /// When it ended otherwise.
    pub(crate) async fn kills_itself(&mut self, patience: Duration) -> Result<bool> {
        let Ok(ended) = timeout(patience, self.child.wait()).await else { return Ok(false) };
        let status = ended?;
        if status.signal() != Some(Signal::KILL.as_raw()) {
            bail!("the server ended with {status}: {}", self.last_words());
        }
        Ok(true)
    }

    /// The end of what it logged.
    pub(crate) fn last_words(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().rev().take(5).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}
