//! How does the store read without waiting for the writer?
//!
//! A few read-only connections, lent to blocking threads. Each read sees one state of the database.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::{sync::Semaphore, task};

use super::convert::unavailable;
use crate::{Result, StoreError};

/// The connections.
pub(super) struct Readers {
    idle: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(connections: Vec<Connection>) -> Self {
        let permits = Arc::new(Semaphore::new(connections.len()));
        Self { idle: Arc::new(Mutex::new(connections)), permits }
    }

    /// Lends a connection for one piece of work.
    pub(super) async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(unavailable)?;
        let idle = Arc::clone(&self.idle);
        let read = task::spawn_blocking(move || {
            let lent = Lent::take(idle)?;
            let result = lent.read(work);
            // The connection first, then the permit: whoever gets the permit finds a connection.
            drop(lent);
            drop(permit);
            result
        });
        read.await.map_err(unavailable)?
    }
}

/// A connection that goes back, whatever happens to its work.
struct Lent {
    connection: Option<Connection>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Lent {
    fn take(idle: Arc<Mutex<Vec<Connection>>>) -> Result<Self> {
        let connection = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Ok(Self { connection, idle })
    }

    fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let connection = self.connection.as_ref().ok_or(StoreError::Corrupt("the pool of readers"))?;
        // An earlier work that panicked may have left its transaction open.
        if !connection.is_autocommit() {
            connection.execute_batch("ROLLBACK")?;
        }
        connection.prepare_cached("BEGIN")?.execute([])?;
        let result = work(connection);
        connection.prepare_cached("COMMIT")?.execute([])?;
        result
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }
}
