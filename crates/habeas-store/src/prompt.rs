//! How long is a store waited for?
//!
//! A database that hangs (a disk that is gone, a server behind a dead link, a lock that nobody gives back) must not
//! hold whoever waits for an answer: they are told to come again. What was begun may still be saved, as after a crash
//! in the middle, so nothing is acknowledged, and the same bytes come to the same request.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::time::timeout;

use crate::{Effect, Layer, Layered, Result, Step, Store, StoreError};

/// A store that answers in time, if only with [`StoreError::Unavailable`].
pub type Prompt = Layered<Within>;

impl Prompt {
    /// Waits for a store so long and no longer. Only what works off a whole backlog may take its time.
    pub fn new(store: Arc<dyn Store>, within: Duration) -> Self {
        Layered(Within { store, within })
    }
}

/// How long a store has to answer.
pub struct Within {
    store: Arc<dyn Store>,
    within: Duration,
}

#[derive(Debug, thiserror::Error)]
#[error("it did not answer in time")]
struct Silent;

impl Layer for Within {
    fn store(&self) -> &dyn Store {
        &*self.store
    }

    async fn step<T: Send>(&self, step: Step, work: impl Future<Output = Result<T>> + Send) -> Result<T> {
        if step.effect == Effect::Sweeps {
            return work.await;
        }
        timeout(self.within, work).await.unwrap_or_else(|_| Err(StoreError::unavailable(Silent)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Sealers,
        sqlite::{Durability, Sqlite},
    };

    #[tokio::test(start_paused = true)]
    async fn who_never_answers_is_not_available() {
        let home = tempfile::tempdir().unwrap();
        let store = Sqlite::open(&home.path().join("habeas.db"), Sealers::new([]), Durability::Off).unwrap();
        let Layered(within) = Prompt::new(Arc::new(store), Duration::from_secs(4));
        let asked = tokio::time::Instant::now();
        let reads = Step { name: "ping", effect: Effect::Reads };
        let answer = within.step(reads, std::future::pending::<Result<()>>()).await;
        assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
        assert_eq!(asked.elapsed(), Duration::from_secs(4));
        assert_eq!(within.step(reads, async { Ok(7) }).await.unwrap(), 7);
    }
}
