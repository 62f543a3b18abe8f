//! How does the store read without waiting for the writer?
//!
//! A few threads, each with a read-only connection of its own. They are not the runtime's blocking threads: those may
//! all be waiting for a name server, and the store must not wait with them. Each read sees one state of the database.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::unavailable;
use crate::{
    Result, StoreError,
    sql::{self, params},
};

/// So many reads may wait in the queue before the next has to wait outside.
const QUEUE: usize = 1024;

type Job = Box<dyn FnOnce(&sql::Connection) + Send>;

/// The threads, and the way to them.
pub(super) struct Readers {
    queue: Option<mpsc::Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

impl Readers {
    pub(super) fn start(connections: Vec<Connection>) -> Result<Self> {
        let (queue, waiting) = mpsc::channel::<Job>(QUEUE);
        let waiting = Arc::new(Mutex::new(waiting));
        let start = |connection: Connection| {
            let waiting = Arc::clone(&waiting);
            let thread = thread::Builder::new().name("store reader".to_owned());
            thread.spawn(move || serve(connection, &waiting)).map_err(unavailable)
        };
        let threads = connections.into_iter().map(start).collect::<Result<Vec<_>>>()?;
        Ok(Self { queue: Some(queue), threads })
    }

    /// Runs one piece of work on one of the connections.
    pub(super) async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&sql::Connection) -> Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = move |connection: &sql::Connection| {
            let result = catch_unwind(AssertUnwindSafe(|| read(connection, work)));
            // Who asked may have gone away.
            let _ = reply.send(result.unwrap_or_else(|_| Err(unavailable(Panicked))));
        };
        let queue = self.queue.as_ref().ok_or(StoreError::Corrupt("the readers' queue"))?;
        queue.send(Box::new(job)).await.map_err(|_| unavailable(Gone))?;
        answer.await.map_err(unavailable)?
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        drop(self.queue.take());
        for thread in self.threads.drain(..) {
            // The thread catches the panics of its work; there is nothing to learn from how it ended.
            let _ = thread.join();
        }
    }
}

fn serve(connection: Connection, waiting: &Mutex<mpsc::Receiver<Job>>) {
    let connection = sql::Connection::Sqlite(Rc::new(connection));
    loop {
        // One thread waits for work at a time; the others wait for its place.
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        match next {
            Some(job) => job(&connection),
            None => return,
        }
    }
}

fn read<T>(connection: &sql::Connection, work: impl FnOnce(&sql::Connection) -> Result<T>) -> Result<T> {
    // An earlier work that panicked may have left its transaction open.
    if let sql::Connection::Sqlite(file) = connection
        && !file.is_autocommit()
    {
        file.execute_batch("ROLLBACK")?;
    }
    connection.prepare_cached("BEGIN")?.execute(params![])?;
    let result = work(connection);
    connection.prepare_cached("COMMIT")?.execute(params![])?;
    result
}

#[derive(Debug, thiserror::Error)]
#[error("the readers have ended")]
struct Gone;

#[derive(Debug, thiserror::Error)]
#[error("the work panicked")]
struct Panicked;
