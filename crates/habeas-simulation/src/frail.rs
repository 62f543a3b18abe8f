//! A node may die at each durable step: right before it is taken, or right after. What was committed stays, and whoever
//! waited for an answer hears nothing.

use std::{
    fmt,
    future::{Future, pending},
    sync::{Arc, Weak},
};

use habeas_store::{Effect, Layer, Layered, Result, Step, Store, StoreError};

use crate::network::{Network, lives::Life};

/// On which side of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Before,
    After,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Before => "before",
            Self::After => "after",
        })
    }
}

/// A node's way to its store, for as long as it lives.
pub(crate) struct Frail {
    life: Life,
    store: Arc<dyn Store>,
    network: Weak<Network>,
}

impl Frail {
    /// The store of that node, as the node reaches it.
    pub(crate) fn before(life: Life, store: &Arc<dyn Store>, network: &Arc<Network>) -> Arc<dyn Store> {
        Arc::new(Layered(Self { life, store: Arc::clone(store), network: Arc::downgrade(network) }))
    }
}

impl Layer for Frail {
    fn store(&self) -> &dyn Store {
        &*self.store
    }

    async fn step<T: Send>(&self, step: Step, work: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let Some(network) = self.network.upgrade() else { return pending().await };
        network.lives(self.life).await;
        let side = if step.effect == Effect::Reads { None } else { network.death_of(self.life, step.name) };
        let Some(side) = side else { return work.await };
        if side == Side::After {
            // Whoever is dead does not hear what came of it.
            match work.await {
                Ok(_) | Err(StoreError::Stale) => {}
                Err(error) => network.observed.finds("defects", format!("the step {} failed: {error}", step.name)),
            }
        }
        network.dies(self.life, &format!("{side} {}", step.name)).await
    }
}
