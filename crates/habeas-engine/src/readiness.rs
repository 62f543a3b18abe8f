//! May this node be sent requests?

use std::sync::atomic::{AtomicBool, Ordering};

use habeas_core::clock::{Instant, SECOND_MS};
use habeas_store::{StoreError, causes};
use tokio::sync::Mutex;

use crate::Engine;

/// How old what is told to strangers may be.
const FRESH_MS: i64 = SECOND_MS;

/// What is known of it.
#[derive(Default)]
pub(crate) struct Readiness {
    stopping: AtomicBool,
    /// When the store was last tried for a stranger, and whether it could be written to.
    tried: Mutex<Option<(Instant, bool)>>,
}

/// Why not. In words for operators; a stranger hears only that it is so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unready {
    /// It has been told to stop.
    #[error("this node is stopping")]
    Stopping,
    /// The store cannot be used at present.
    #[error("the database cannot be reached or written to")]
    Unavailable,
    /// The store is not as it should be: waiting will not help.
    #[error("the database is not as it should be; the log says more")]
    Broken,
}

impl Engine {
    /// This node takes nothing new from now on.
    pub fn retire(&self) {
        self.readiness.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether a request could be taken now: the store is written to, to know.
    ///
    /// # Errors
    /// [`Unready`].
    pub async fn ready(&self) -> Result<(), Unready> {
        if self.readiness.stopping.load(Ordering::Relaxed) {
            return Err(Unready::Stopping);
        }
        self.store.ping().await.map_err(|error| {
            let cause = causes(&error);
            tracing::warn!(%error, cause, "not ready: the database cannot be written to");
            match error {
                StoreError::Unavailable(_) | StoreError::Stale => Unready::Unavailable,
                StoreError::Corrupt(_) | StoreError::NoKey(_) | StoreError::Unfinished | StoreError::TooNew { .. } => {
                    Unready::Broken
                }
            }
        })
    }

    /// The same for anybody who comes: however many ask, the store is tried once a second.
    pub async fn is_ready(&self) -> bool {
        if self.readiness.stopping.load(Ordering::Relaxed) {
            return false;
        }
        // Who comes meanwhile waits for the same answer.
        let mut tried = self.readiness.tried.lock().await;
        let now = self.clock.now();
        match *tried {
            Some((at, ready)) if (0..FRESH_MS).contains(&now.since(at)) => ready,
            _ => {
                let ready = self.ready().await.is_ok();
                *tried = Some((now, ready));
                ready
            }
        }
    }
}
