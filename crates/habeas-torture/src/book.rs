//! What were clients promised, and how were they treated? Promises go to a file at once, as a client would keep them.

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, Result};
use serde::Serialize;
use tokio::sync::watch;

use crate::{clock::ms, history::Acknowledged};

/// A server that cannot store a request says so within 5 s; a shared machine may take a second more.
const LATE: Duration = Duration::from_secs(6);

/// How clients were treated when something was out of order.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Treatment {
    /// Tries that ended without an answer.
    pub(crate) interrupted: u64,
    /// Answers 503.
    pub(crate) unavailable: u64,
    /// Of these, those that did not say when to come again.
    pub(crate) without_retry_after: u64,
    /// Answers, of any kind, that took longer than 6 s.
    pub(crate) late: u64,
    /// The slowest 503, and the slowest answer of all.
    pub(crate) slowest_503_ms: u64,
    pub(crate) slowest_ms: u64,
    /// Answers that should not be: the first few.
    pub(crate) unexpected: Vec<String>,
}

/// The clients' common book.
pub(crate) struct Book {
    path: PathBuf,
    file: Mutex<File>,
    treatment: Mutex<Treatment>,
    /// Which life of the server this is.
    life: watch::Sender<u64>,
    /// The last life in which somebody was acknowledged.
    acknowledged_in: watch::Sender<u64>,
}

impl Book {
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let path = folder.join("acknowledged.jsonl");
        let file = File::options().append(true).create(true).open(&path)?;
        Ok(Self {
            path,
            file: Mutex::new(file),
            treatment: Mutex::default(),
            life: watch::Sender::new(1),
            acknowledged_in: watch::Sender::new(0),
        })
    }

    /// Which life of the server this is. To be asked before a request is sent.
    pub(crate) fn life(&self) -> u64 {
        *self.life.borrow()
    }

    /// Another life begins.
    pub(crate) fn next_life(&self) -> u64 {
        self.life.send_modify(|life| *life += 1);
        self.life()
    }

    /// Waits until a request that was sent in this life is acknowledged.
    pub(crate) async fn acknowledged_in(&self, life: u64, patience: Duration) -> Result<()> {
        let mut seen = self.acknowledged_in.subscribe();
        let waited = tokio::time::timeout(patience, seen.wait_for(|in_life| *in_life >= life)).await;
        waited.context("nobody was answered any more").map(|_| ())
    }

    /// Writes down a promise.
    pub(crate) fn promised(&self, one: &Acknowledged, life: u64) -> Result<()> {
        let mut line = serde_json::to_vec(one)?;
        line.push(b'\n');
        lock(&self.file).write_all(&line)?;
        self.acknowledged_in.send_if_modified(|seen| std::mem::replace(seen, life.max(*seen)) < life);
        Ok(())
    }

    /// Notes how somebody was treated.
    pub(crate) fn note(&self, note: impl FnOnce(&mut Treatment)) {
        note(&mut lock(&self.treatment));
    }

    /// Notes how long an answer took.
    pub(crate) fn took(&self, status: u16, took: Duration) {
        self.note(|treatment| {
            treatment.late += u64::from(took > LATE);
            treatment.slowest_ms = treatment.slowest_ms.max(ms(took));
            if status == 503 {
                treatment.unavailable += 1;
                treatment.slowest_503_ms = treatment.slowest_503_ms.max(ms(took));
            }
        });
    }

    /// How they were treated so far.
    pub(crate) fn treatment(&self) -> Treatment {
        lock(&self.treatment).clone()
    }

    /// All promises, as the file has them.
    pub(crate) fn read(&self) -> Result<Vec<Acknowledged>> {
        let text = fs::read_to_string(&self.path)?;
        text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
