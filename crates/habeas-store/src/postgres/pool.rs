//! How do many use cases share a few connections?
//!
//! No statement is waited for longer than a few seconds; what nobody waits for any more is not begun.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use super::{
    connector::Connector,
    session::{Session, Transaction},
};
use crate::{
    Result, StoreError,
    sql::Connection,
    workers::{Panicked, Workers},
};

/// So often a use case is run that others crossed.
const TRIES: usize = 5;

/// Threads with a connection each.
pub(super) struct Pool {
    workers: Workers<Link>,
    transaction: Transaction,
}

impl Pool {
    pub(super) fn start(name: &str, size: usize, connector: &Arc<Connector>, transaction: Transaction) -> Result<Self> {
        let own = |_| {
            let connector = Arc::clone(connector);
            move || Link::new(connector)
        };
        Ok(Self { workers: Workers::start(name, (0..size).map(own))?.unattended(), transaction })
    }

    /// Runs the work in a transaction. Its changes are safe when this returns `Ok`; when it returns an error they are
    /// undone, or, where the database fell silent, it is not known. The work may be run several times.
    pub(super) async fn run<T, F>(&self, mut work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> Result<T> + Send + 'static,
    {
        let transaction = self.transaction;
        let run = move |link: &mut Link| match transaction {
            Transaction::Read => link.transact(transaction, &mut work),
            Transaction::Write => link.write(&mut work, |_| 1),
        };
        self.workers.run(run).await
    }
}

/// A connection that is made when it is needed, and made anew when it broke.
pub(super) struct Link {
    connector: Arc<Connector>,
    connection: Option<Connection>,
}

impl Link {
    pub(super) const fn new(connector: Arc<Connector>) -> Self {
        Self { connector, connection: None }
    }

    /// Runs work that writes, and counts how many use cases it was.
    ///
    /// # Errors
    /// As [`Pool::run`].
    pub(super) fn write<T>(
        &mut self,
        work: &mut impl FnMut(&Connection) -> Result<T>,
        count: impl FnOnce(&T) -> usize,
    ) -> Result<T> {
        let done = self.transact(Transaction::Write, work)?;
        self.connector.counters().committed(count(&done));
        Ok(done)
    }

    /// Runs the work in a transaction, again where others crossed it, and once more where the connection turns out to
    /// have been lost before anything of it was done.
    fn transact<T>(&mut self, transaction: Transaction, work: &mut impl FnMut(&Connection) -> Result<T>) -> Result<T> {
        let mut tries = 0;
        loop {
            tries += 1;
            let connection = self.connection.take().filter(|one| one.session().is_ok_and(Session::is_free));
            let fresh = connection.is_none();
            let connection = match connection {
                Some(connection) => connection,
                None => self.connector.connect()?,
            };
            let session = connection.session()?;
            session.begin(transaction);
            let result = catch_unwind(AssertUnwindSafe(|| work(&connection)));
            let result = result.unwrap_or_else(|_| Err(StoreError::unavailable(Panicked)));
            let (done, committing) = match result {
                Ok(done) => (session.commit(transaction).map(|()| done).map_err(StoreError::from), true),
                Err(error) => {
                    session.roll_back();
                    (Err(error), false)
                }
            };
            let (crossed, broken) = (session.was_crossed(), session.is_broken());
            if !broken {
                self.connection = Some(connection);
            }
            match done {
                Ok(done) => return Ok(done),
                // A commit that failed may have been done.
                Err(StoreError::Unavailable(_)) if crossed && tries < TRIES => {}
                Err(StoreError::Unavailable(_)) if broken && !committing && !fresh => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether there is a connection.
    pub(super) const fn is_up(&self) -> bool {
        self.connection.is_some()
    }
}
