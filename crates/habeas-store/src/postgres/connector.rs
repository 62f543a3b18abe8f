//! How is a connection made, and what if it cannot be?

use std::{
    fmt,
    future::Future,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{runtime::Handle, time::Instant};
use tokio_postgres::{Client, config::Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{Session, place::Place};
use crate::{
    Result, StoreError,
    counters::Counters,
    error::causes,
    sql::{Connection, Row, params},
};

/// So long a host may take to let us in.
const CONNECT: Duration = Duration::from_millis(1_500);
/// So long nobody else tries after one was tried in vain.
const PAUSE: Duration = Duration::from_millis(250);

/// Makes connections.
pub(super) struct Connector {
    hosts: Vec<Config>,
    tls: MakeRustlsConnect,
    runtime: Handle,
    /// The host that let us in last.
    good: AtomicUsize,
    /// When the database may be tried again, and why not before.
    resting: Mutex<Option<(Instant, String)>>,
    counters: Counters,
}

/// The database cannot be reached.
#[derive(Debug, thiserror::Error)]
#[error("no host of the database lets us in: {0}")]
struct Unreachable(String);

impl Connector {
    pub(super) fn new(place: Place, tls: rustls::ClientConfig, runtime: Handle) -> Self {
        Self {
            hosts: place.each(),
            tls: MakeRustlsConnect::new(tls),
            runtime,
            good: AtomicUsize::new(0),
            resting: Mutex::new(None),
            counters: Counters::default(),
        }
    }

    pub(super) const fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// Makes a connection, from a thread that is none of the runtime's.
    pub(super) fn connect(&self) -> Result<Connection> {
        let client = self.runtime.block_on(self.client())?;
        Ok(Connection::Postgres(Box::new(Session::new(self.runtime.clone(), client))))
    }

    /// Makes a connection, trying one host after another, first the one that was good last.
    pub(super) async fn client(&self) -> Result<Client> {
        if let Some((until, why)) = &*self.resting.lock().unwrap_or_else(PoisonError::into_inner)
            && Instant::now() < *until
        {
            return Err(StoreError::unavailable(Unreachable(why.clone())));
        }
        let (mut tried, good) = (Vec::new(), self.good.load(Ordering::Relaxed));
        for n in 0..self.hosts.len() {
            let at = (good + n) % self.hosts.len();
            let Some(host) = self.hosts.get(at) else { continue };
            match within(CONNECT, host.connect(self.tls.clone())).await {
                Ok((client, connection)) => {
                    self.runtime.spawn(async move {
                        // Whoever uses the connection gets the error too.
                        let _ = connection.await;
                    });
                    self.good.store(at, Ordering::Relaxed);
                    *self.resting.lock().unwrap_or_else(PoisonError::into_inner) = None;
                    return Ok(client);
                }
                Err(why) => tried.push(why),
            }
        }
        tried.dedup();
        let why = tried.join("; ");
        let until = Instant::now() + PAUSE;
        *self.resting.lock().unwrap_or_else(PoisonError::into_inner) = Some((until, why.clone()));
        Err(StoreError::unavailable(Unreachable(why)))
    }

    pub(super) const fn counters(&self) -> &Counters {
        &self.counters
    }
}

async fn within<T>(
    limit: Duration,
    work: impl Future<Output = std::result::Result<T, tokio_postgres::Error>>,
) -> std::result::Result<T, String> {
    match tokio::time::timeout(limit, work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(in_full(&error)),
        Err(_) => Err("no answer in time".to_owned()),
    }
}

fn in_full(error: &tokio_postgres::Error) -> String {
    match causes(error) {
        causes if causes.is_empty() => error.to_string(),
        causes => format!("{error}: {causes}"),
    }
}

/// What becomes of acknowledged requests when the database's machine is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standby {
    /// Nothing is acknowledged before a standby has it.
    Synchronous,
    /// The same, and no such standby is connected at present: nothing can be written.
    Away,
    /// No standby has to have it: what was acknowledged last may be lost.
    None,
    /// Commits are acknowledged before they are on any disk (`synchronous_commit = off`).
    NotEvenDisk,
}

impl fmt::Display for Standby {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Synchronous => "a synchronous standby has every acknowledged request",
            Self::Away => {
                "commits wait for a synchronous standby, and none is connected: nothing can be acknowledged until one is"
            }
            Self::None => "no synchronous standby: acknowledged requests are lost with the database's disk",
            Self::NotEvenDisk => {
                "PostgreSQL acknowledges commits before they are on its disk (synchronous_commit or fsync is off): \
                 acknowledged requests may be lost"
            }
        })
    }
}

/// Looks whether somebody must have a commit before it is acknowledged.
pub(super) fn standby(conn: &Connection) -> Result<Standby> {
    // Who may not see how a standby is connected sees no `sync_state`, but that it is there.
    const ASK: &str = "SELECT current_setting('synchronous_commit'), current_setting('fsync'),
        current_setting('synchronous_standby_names'),
        EXISTS (SELECT 1 FROM pg_stat_replication WHERE sync_state IS NULL OR sync_state <> 'async')";
    let read =
        |row: &Row<'_>| Ok((row.get::<String>(0)?, row.get::<String>(1)?, row.get::<String>(2)?, row.get::<bool>(3)?));
    let (commit, fsync, names, connected) = conn.prepare_cached(ASK)?.query_row(params![], read)?;
    Ok(match (commit.as_str(), fsync.as_str()) {
        ("off", _) | (_, "off") => Standby::NotEvenDisk,
        ("local", _) => Standby::None,
        _ if names.trim().is_empty() => Standby::None,
        _ if !connected => Standby::Away,
        _ => Standby::Synchronous,
    })
}
