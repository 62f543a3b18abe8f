//! What stands between the engine and its store here? Nothing, or one of two faults: a crash at a chosen step, and
//! acknowledging what is not committed.
//!
//! Each method of the store is one transaction, so before and after each of them are all the places between two durable
//! steps.

use std::{
    future::Future,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, bail};
use habeas_store::{Layer, NewRequest, Receive, Result, Step, Store};
use rustix::process::{Signal, getpid, kill_process};

/// So long after it was acknowledged a request is committed, where that is the fault.
const LATE: Duration = Duration::from_millis(200);

/// A place at which this process kills itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Crash {
    pub(crate) step: String,
    /// Once the step is committed, not right before it begins.
    pub(crate) after: bool,
    /// At which call of it.
    pub(crate) call: u64,
}

impl std::fmt::Display for Crash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", if self.after { "after" } else { "before" }, self.step, self.call)
    }
}

impl FromStr for Crash {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let mut parts = text.split(':');
        let (when, step, call) = (parts.next(), parts.next(), parts.next());
        let after = match when {
            Some("after") => true,
            Some("before") => false,
            _ => bail!("before or after"),
        };
        Ok(Self { step: step.context("which step?")?.to_owned(), after, call: call.context("which call?")?.parse()? })
    }
}

/// A store with a fault.
pub(crate) struct Tampered {
    inner: Arc<dyn Store>,
    crash: Option<Crash>,
    calls: AtomicU64,
    hasty: bool,
}

impl Tampered {
    /// `hasty` acknowledges before the commit.
    pub(crate) fn new(inner: Arc<dyn Store>, crash: Option<Crash>, hasty: bool) -> Self {
        Self { inner, crash, calls: AtomicU64::new(0), hasty }
    }

    /// Promises what may never be kept.
    async fn receive_hastily(&self, new: NewRequest) -> Result<Receive> {
        let party = new.request.upstream.as_ref().map(|upstream| upstream.party.clone());
        if let Some(party) = party
            && self.inner.find(&new.request.organisation, &party, &new.request.standing.wire_id).await?.is_none()
        {
            let inner = Arc::clone(&self.inner);
            tokio::spawn(async move {
                tokio::time::sleep(LATE).await;
                // Nobody is told when it fails: that is the fault.
                let _ = inner.receive(new).await;
            });
            return Ok(Receive::Accepted);
        }
        self.inner.receive(new).await
    }
}

/// As `kill -9` does, from within.
fn die() {
    // It does not return where it works.
    let _ = kill_process(getpid(), Signal::KILL);
}

impl Layer for Tampered {
    fn store(&self) -> &dyn Store {
        &*self.inner
    }

    async fn step<T: Send>(&self, step: Step, work: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let Some(crash) = self.crash.as_ref().filter(|crash| crash.step == step.name) else { return work.await };
        let comes = self.calls.fetch_add(1, Ordering::Relaxed) + 1 == crash.call;
        if comes && !crash.after {
            die();
        }
        let result = work.await;
        if comes && crash.after {
            die();
        }
        result
    }

    async fn receive(&self, new: NewRequest) -> Result<Receive> {
        if self.hasty {
            return self.receive_hastily(new).await;
        }
        self.step(Step::RECEIVE, self.inner.receive(new)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_named_on_the_command_line() {
        let crash = Crash { step: "settle".to_owned(), after: true, call: 3 };
        assert_eq!(crash.to_string(), "after:settle:3");
        assert_eq!("after:settle:3".parse::<Crash>().unwrap(), crash);
        assert!("settle".parse::<Crash>().is_err() && "after:settle".parse::<Crash>().is_err());
    }
}
