//! A server in a process of its own.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Read as _},
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
};

use serde_json::Value;

/// A running server; killed when this is dropped.
pub(crate) struct Server {
    child: Child,
    output: BufReader<ChildStdout>,
    log: PathBuf,
}

impl Server {
    /// Starts it. What it writes to standard error goes into a file.
    pub(crate) fn start(mut command: Command, log: &Path) -> Self {
        let file = File::options().append(true).create(true).open(log).expect("a log file");
        let mut child = command.stdout(Stdio::piped()).stderr(file).spawn().expect("the server starts");
        let output = BufReader::new(child.stdout.take().expect("its output"));
        Self { child, output, log: log.to_owned() }
    }

    /// The next line that it prints.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        let length = self.output.read_line(&mut line).expect("a line");
        assert!(length > 0, "the server has ended: {}", self.logged());
        line
    }

    /// What it prints as one line of JSON when it is ready.
    pub(crate) fn ready(&mut self) -> Value {
        serde_json::from_str(&self.line()).expect("a line of JSON")
    }

    /// What it wrote to standard error so far.
    pub(crate) fn logged(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.end();
    }

    /// Tells it to stop: its exit code, and what it printed since.
    #[cfg(unix)]
    pub(crate) fn terminate(self) -> (Option<i32>, String) {
        self.tell_to_stop();
        self.ended()
    }

    /// Only tells it.
    #[cfg(unix)]
    pub(crate) fn tell_to_stop(&self) {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill runs");
        assert!(told.success());
    }

    /// Waits until it has ended: its exit code, and what it printed since.
    #[cfg(unix)]
    pub(crate) fn ended(mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).expect("its output");
        (self.child.wait().expect("it ends").code(), rest)
    }

    fn end(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// A port that nobody listens on, below those that systems give to connections that go out.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 5000).expect("a small number");
    let mut ports = std::iter::repeat_with(|| 22_000 + (first + NEXT.fetch_add(1, Ordering::Relaxed)) % 10_000);
    let mut tried = ports.by_ref().take(1000);
    tried.find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok()).expect("a free port")
}
