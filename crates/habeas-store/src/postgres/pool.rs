//! How do many use cases share a few connections?
//!
//! Threads with a connection each take them from one queue. No statement is waited for longer than a few seconds; what
//! nobody waits for any more is not begun.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
};

use tokio::sync::{mpsc, oneshot};

use super::{connector::Connector, session::Transaction};
use crate::{Result, StoreError, sql::Connection};

/// So many may wait in the queue before the next has to wait outside.
const QUEUE: usize = 1024;
/// So often a use case is run that others crossed.
const TRIES: usize = 5;

type Job = Box<dyn FnOnce(&mut Link) + Send>;

/// The threads, and the way to them.
pub(super) struct Pool {
    queue: Option<mpsc::Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
    transaction: Transaction,
}

impl Pool {
    pub(super) fn start(name: &str, size: usize, connector: &Arc<Connector>, transaction: Transaction) -> Result<Self> {
        let (queue, waiting) = mpsc::channel::<Job>(QUEUE);
        let waiting = Arc::new(Mutex::new(waiting));
        let start = |_| {
            let (waiting, connector) = (Arc::clone(&waiting), Arc::clone(connector));
            let thread = thread::Builder::new().name(name.to_owned());
            thread.spawn(move || serve(Link::new(&connector), &waiting)).map_err(unavailable)
        };
        let threads = (0..size).map(start).collect::<Result<Vec<_>>>()?;
        Ok(Self { queue: Some(queue), threads, transaction })
    }

    /// Runs the work in a transaction. Its changes are safe when this returns `Ok`; when it returns an error they are
    /// undone, or, where the database fell silent, it is not known. The work may be run several times.
    pub(super) async fn run<T, F>(&self, mut work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let transaction = self.transaction;
        let job: Job = Box::new(move |link| {
            if !reply.is_closed() {
                // Who asked may have gone away meanwhile.
                let done = link.transact(transaction, &mut work);
                if done.is_ok() && transaction == Transaction::Write {
                    link.connector.counters().committed(1);
                }
                let _ = reply.send(done);
            }
        });
        let queue = self.queue.as_ref().ok_or(StoreError::Corrupt("the store's queue"))?;
        queue.send(job).await.map_err(|_| unavailable(Gone))?;
        answer.await.map_err(unavailable)?
    }
}

impl Drop for Pool {
    /// Waits until what was queued is done.
    fn drop(&mut self) {
        drop(self.queue.take());
        join(&mut self.threads);
    }
}

/// Waits for threads. One of the runtime's own must not wait for those that need it.
pub(super) fn join(threads: &mut Vec<JoinHandle<()>>) {
    let wait = |thread: JoinHandle<()>| {
        // The threads catch the panics of their work; there is nothing to learn from how they ended.
        let _ = thread.join();
    };
    if tokio::runtime::Handle::try_current().is_err() {
        threads.drain(..).for_each(wait);
    }
}

pub(super) fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Unavailable(Box::new(error))
}

fn serve(mut link: Link, waiting: &Mutex<mpsc::Receiver<Job>>) {
    loop {
        // One thread waits for work at a time; the others wait for its place.
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        match next {
            Some(job) => job(&mut link),
            None => return,
        }
    }
}

/// A connection that is made when it is needed, and made anew when it broke.
pub(super) struct Link {
    connector: Arc<Connector>,
    connection: Option<Connection>,
}

impl Link {
    pub(super) fn new(connector: &Arc<Connector>) -> Self {
        Self { connector: Arc::clone(connector), connection: None }
    }

    /// Runs the work in a transaction, again where others crossed it, and once more where the connection turns out to
    /// have been lost before anything of it was done.
    pub(super) fn transact<T>(
        &mut self,
        transaction: Transaction,
        work: &mut impl FnMut(&Connection) -> Result<T>,
    ) -> Result<T> {
        let mut tries = 0;
        loop {
            tries += 1;
            let fresh = self.connection.is_none();
            let connection = match self.connection.take() {
                Some(connection) => connection,
                None => self.connector.connect()?,
            };
            let Connection::Postgres(session) = &connection else { return Err(StoreError::Corrupt("a connection")) };
            session.begin(transaction);
            let result = catch_unwind(AssertUnwindSafe(|| work(&connection)));
            let result = result.unwrap_or_else(|_| Err(unavailable(Panicked)));
            let (done, committing) = match result {
                Ok(done) => (session.commit().map(|()| done).map_err(StoreError::from), true),
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

    pub(super) fn connector(&self) -> &Connector {
        &self.connector
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the store has ended")]
pub(super) struct Gone;

#[derive(Debug, thiserror::Error)]
#[error("the work panicked")]
struct Panicked;
