//! What do the use cases need of a database?

use std::future::Future;

use super::{Received, Settling, Taken, due::Turn};
use crate::{Result, Sealers, model::Load, sql::Connection};

/// A database that runs use cases.
pub(crate) trait Backend: Send + Sync + 'static {
    /// Runs the work in a transaction. Its changes are safe when this returns `Ok`. The work may be run several times,
    /// each after the one before was undone.
    fn write<T, F>(&self, work: F) -> impl Future<Output = Result<T>> + Send
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> Result<T> + Send + 'static;

    /// Runs work that takes leases, which nobody else's writing may hold up: many others wait for what is leased.
    fn lease<T, F>(&self, work: F) -> impl Future<Output = Result<T>> + Send
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> Result<T> + Send + 'static,
    {
        self.write(work)
    }

    /// Runs work that only reads, all of it from one state of the database.
    fn read<T, F>(&self, work: F) -> impl Future<Output = Result<T>> + Send
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> Result<T> + Send + 'static;

    /// Saves a request that came in.
    fn receive(&self, received: Received) -> impl Future<Output = Result<Taken>> + Send;

    /// Saves what came of a delivery.
    fn settle(&self, settling: Settling) -> impl Future<Output = Result<()>> + Send {
        self.write(move |conn| settling.save(conn))
    }

    /// Sees to it that what was overwritten is gone.
    fn forget(&self) -> impl Future<Output = Result<()>> + Send;

    /// How it is used.
    fn load(&self) -> Load;

    /// Whether other nodes may share it.
    fn is_shared(&self) -> bool;
}

/// A store on a database.
pub struct Database<B> {
    pub(super) backend: B,
    pub(super) sealers: Sealers,
    pub(super) deliveries_turn: Turn,
    pub(super) legs_turn: Turn,
}

impl<B: Backend> Database<B> {
    pub(crate) fn new(backend: B, sealers: Sealers) -> Self {
        Self { backend, sealers, deliveries_turn: Turn::default(), legs_turn: Turn::default() }
    }

    pub(crate) const fn backend(&self) -> &B {
        &self.backend
    }
}
