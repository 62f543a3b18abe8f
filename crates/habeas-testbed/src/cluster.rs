//! One PostgreSQL server with its data.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Child,
};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::{den::Den, find, port::free_port, processes, sql, wait};

/// Who connects: the superuser, trusted without a password.
pub(crate) const USER: &str = "postgres";
/// A port that was free may be taken before the server has it.
const TRIES: u32 = 5;

/// How a cluster is made.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether a commit is on disk when it is acknowledged. Without that, tests of behaviour are faster, and tests of
    /// durability mean nothing.
    pub fsync: bool,
    /// Settings of `postgresql.conf`.
    pub settings: Vec<(String, String)>,
    /// The folder in which the cluster's own is made, instead of that for temporary files.
    pub below: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self { fsync: true, settings: Vec::new(), below: None }
    }
}

impl Options {
    /// For tests of behaviour.
    #[must_use]
    pub fn fast() -> Self {
        Self { fsync: false, ..Self::default() }
    }

    /// With a setting of `postgresql.conf`.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A cluster; all its processes end when it is dropped, or when the process that made it ends in any way.
#[derive(Debug)]
pub struct Cluster {
    pub(crate) den: Den,
    pub(crate) programs: PathBuf,
    pub(crate) options: Options,
    port: u16,
    postmaster: Option<Child>,
}

impl Cluster {
    /// Makes a cluster and starts it.
    ///
    /// # Errors
    /// When PostgreSQL is not installed, or does not start.
    pub fn start(options: &Options) -> Result<Self> {
        let (den, programs) = (Den::open(options.below.as_deref())?, find::server()?);
        let mut initdb = den.command(&programs.join("initdb"))?;
        initdb.args(["--auth=trust", "--encoding=UTF8", "--no-locale", "--username", USER, "--pgdata"]);
        initdb.arg(den.path().join("data"));
        if !options.fsync {
            initdb.arg("--no-sync");
        }
        den.run(initdb)?;
        Self::of(den, programs, options.clone())
    }

    /// Starts a server on data that are there.
    pub(crate) fn of(den: Den, programs: PathBuf, options: Options) -> Result<Self> {
        let mut cluster = Self { den, programs, options, port: 0, postmaster: None };
        for _ in 0..TRIES {
            cluster.port = free_port();
            if cluster.run().is_ok() {
                return Ok(cluster);
            }
        }
        bail!("PostgreSQL does not start: {}", cluster.den.output())
    }

    /// A URL for a database of this cluster.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        url_across(&[self], database)
    }

    /// Where it listens, on the loopback interface.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its data.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.den.path().join("data")
    }

    /// Makes an empty database and returns its URL. Names are of small letters, digits and `_`.
    ///
    /// # Errors
    /// When there is one of that name.
    pub fn create_database(&self, name: &str) -> Result<String> {
        self.create_database_like(name, "template0")
    }

    /// Makes a copy of a database that nobody is connected to, and returns its URL.
    ///
    /// # Errors
    /// When there is one of that name, or somebody is connected to the other.
    pub fn create_database_like(&self, name: &str, template: &str) -> Result<String> {
        let (name, template) = (sql::plain(name)?, sql::plain(template)?);
        self.sql("postgres", &format!("CREATE DATABASE {name} TEMPLATE {template}"))?;
        Ok(self.url(name))
    }

    /// Runs a statement and returns the rows, columns parted by `|`.
    ///
    /// # Errors
    /// When it fails, or nobody answers.
    pub fn sql(&self, database: &str, statement: &str) -> Result<String> {
        sql::run(&self.programs, self.port, database, statement)
    }

    /// The ids of all its processes, for those who measure what they use.
    #[must_use]
    pub fn processes(&self) -> Vec<u32> {
        let ids = processes::below(&self.data()).into_iter();
        ids.filter_map(|id| u32::try_from(id.as_raw_nonzero().get()).ok()).collect()
    }

    /// `kill -9` to the server and all its processes, as when the machine loses its power but keeps its disk cache.
    ///
    /// # Errors
    /// When one of them does not end.
    pub fn kill_9(&mut self) -> Result<()> {
        processes::kill(&self.data())?;
        self.reap()
    }

    /// Freezes all its processes: connections stay open and nobody answers.
    pub fn stop_signal(&self) {
        processes::signal(&self.data(), Signal::STOP);
    }

    /// Lets them go on.
    pub fn continue_signal(&self) {
        processes::signal(&self.data(), Signal::CONT);
    }

    /// Ends the server in order, without waiting for those who are connected.
    ///
    /// # Errors
    /// When it does not end.
    pub fn stop(&mut self) -> Result<()> {
        if let Some(id) = self.postmaster.as_ref().and_then(|child| Pid::from_raw(child.id().cast_signed())) {
            kill_process(id, Signal::INT)?;
        }
        self.reap()
    }

    /// Starts it again at the same port; ends it in order first if it runs.
    ///
    /// # Errors
    /// When it does not start.
    pub fn restart(&mut self) -> Result<()> {
        self.stop()?;
        self.run()
    }

    fn run(&mut self) -> Result<()> {
        let (data, port) = (self.data(), self.port.to_string());
        let mut server = self.den.command(&self.programs.join("postgres"))?;
        server.arg("-D").arg(&data).args(["-p", &port, "-c", "listen_addresses=127.0.0.1"]);
        server.arg("-c").arg(format!("unix_socket_directories={}", self.den.path().display()));
        // In a file of the data folder, so that nothing outlives a kill.
        server.args(["-c", "dynamic_shared_memory_type=mmap", "-c"]);
        server.arg(if self.options.fsync { "fsync=on" } else { "fsync=off" });
        for (name, value) in &self.options.settings {
            server.arg("-c").arg(format!("{name}={value}"));
        }
        let child = server.spawn().context("PostgreSQL does not start")?;
        let id = child.id();
        self.postmaster = Some(child);
        wait::until("PostgreSQL is ready", || {
            if let Some(status) = self.postmaster.as_mut().and_then(|child| child.try_wait().transpose()) {
                self.postmaster = None;
                bail!("PostgreSQL ended with {}: {}", status?, self.den.output());
            }
            Ok(is_ready(&data, id).then_some(()))
        })?;
        self.check_that_it_is_ours()
    }

    /// Somebody else may listen on the port; nothing may be written there.
    fn check_that_it_is_ours(&self) -> Result<()> {
        let told = self.sql("postgres", "SHOW data_directory")?;
        if Path::new(&told) != self.data() {
            bail!("another PostgreSQL listens on port {}: {told}", self.port);
        }
        Ok(())
    }

    fn reap(&mut self) -> Result<()> {
        let Some(mut child) = self.postmaster.take() else { return Ok(()) };
        wait::until("PostgreSQL has ended", || Ok(child.try_wait()?)).map(|_| ())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.den.end();
        // The watchdog has seen to it that it ends.
        let _ = self.postmaster.take().map(|mut child| child.wait());
    }
}

/// A URL that names all these clusters, in this order, and asks for the one that takes writes.
#[must_use]
pub fn url_across(clusters: &[&Cluster], database: &str) -> String {
    let mut hosts = String::new();
    for cluster in clusters {
        let comma = if hosts.is_empty() { "" } else { "," };
        // Writing to a string cannot fail.
        let _ = write!(hosts, "{comma}127.0.0.1:{}", cluster.port);
    }
    let wish = if clusters.len() > 1 { "?target_session_attrs=read-write" } else { "" };
    format!("postgres://{USER}@{hosts}/{database}{wish}")
}

/// Whether the server of that id takes connections: it says so in the last line of a file.
fn is_ready(data: &Path, id: u32) -> bool {
    let told = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
    let mut lines = told.lines();
    lines.next() == Some(&id.to_string()) && lines.nth(6).is_some_and(|line| line.trim_end() == "ready")
}
