//! A node may die at each durable step: right before it is taken, or right after. What was committed stays, and whoever
//! waited for an answer hears nothing.

use std::{
    fmt,
    future::{Future, pending},
    sync::{Arc, Weak},
};

use habeas_store::{Effect, Layer, Layered, Result, Step, Store};

use crate::network::Network;

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

/// A node's way to its store.
pub(crate) struct Frail {
    name: &'static str,
    store: Arc<dyn Store>,
    network: Weak<Network>,
}

impl Frail {
    /// The store of that node, as the node reaches it.
    pub(crate) fn before(name: &'static str, store: &Arc<dyn Store>, network: &Arc<Network>) -> Arc<dyn Store> {
        Arc::new(Layered(Self { name, store: Arc::clone(store), network: Arc::downgrade(network) }))
    }
}

impl Layer for Frail {
    fn store(&self) -> &dyn Store {
        &*self.store
    }

    async fn step<T: Send>(&self, step: Step, work: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let network = self.network.upgrade().filter(|_| step.effect != Effect::Reads);
        let Some((network, side)) =
            network.and_then(|network| Some((Arc::clone(&network), network.death_of(self.name, step.name)?)))
        else {
            return work.await;
        };
        if side == Side::After {
            // Whoever is dead does not hear what came of it.
            let _ = work.await;
        }
        network.dies(self.name, side, step.name);
        pending().await
    }
}
