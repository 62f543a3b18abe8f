//! How do a few threads work off what many wait for?
//!
//! Each has something of its own, a connection, that it works with. They are not the runtime's blocking threads: those
//! may all be waiting for a name server, and the store must not wait with them.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
};

use tokio::sync::{mpsc, oneshot};

use crate::{Result, StoreError};

/// So much may wait in the queue before the next has to wait outside.
pub(crate) const QUEUE: usize = 1024;

type Job<S> = Box<dyn FnOnce(&mut S) + Send>;

/// The threads, and the way to them.
pub(crate) struct Workers<S> {
    queue: Option<mpsc::Sender<Job<S>>>,
    /// Those that are waited for in the end.
    threads: Vec<JoinHandle<()>>,
}

impl<S: 'static> Workers<S> {
    /// Starts a thread for each of `own`, which is called there.
    pub(crate) fn start<F>(name: &str, own: impl IntoIterator<Item = F>) -> Result<Self>
    where
        F: FnOnce() -> S + Send + 'static,
    {
        let (queue, waiting) = mpsc::channel::<Job<S>>(QUEUE);
        let waiting = Arc::new(Mutex::new(waiting));
        let start = |own: F| {
            let waiting = Arc::clone(&waiting);
            let thread = thread::Builder::new().name(name.to_owned());
            thread.spawn(move || serve(&mut own(), &waiting)).map_err(StoreError::unavailable)
        };
        let threads = own.into_iter().map(start).collect::<Result<Vec<_>>>()?;
        Ok(Self { queue: Some(queue), threads })
    }

    /// Lets them come to their end alone, where they need the runtime for it: one of its own threads must not wait
    /// then.
    pub(crate) fn unattended(mut self) -> Self {
        self.threads.clear();
        self
    }

    /// Has one of the threads do the work. What nobody waits for any more is not begun.
    pub(crate) async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut S) -> Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job: Job<S> = Box::new(move |own| {
            if reply.is_closed() {
                return;
            }
            let done = catch_unwind(AssertUnwindSafe(|| work(own)));
            // Who asked may have gone away meanwhile.
            let _ = reply.send(done.unwrap_or_else(|_| Err(StoreError::unavailable(Panicked))));
        });
        let queue = self.queue.as_ref().ok_or(StoreError::Corrupt("the store's queue"))?;
        queue.send(job).await.map_err(|_| StoreError::unavailable(Gone))?;
        answer.await.map_err(StoreError::unavailable)?
    }
}

impl<S> Drop for Workers<S> {
    /// Waits until what was queued is done.
    fn drop(&mut self) {
        drop(self.queue.take());
        for thread in self.threads.drain(..) {
            // They catch the panics of their work; there is nothing to learn from how they ended.
            let _ = thread.join();
        }
    }
}

fn serve<S>(own: &mut S, waiting: &Mutex<mpsc::Receiver<Job<S>>>) {
    loop {
        // One thread waits for work at a time; the others wait for its place.
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        match next {
            Some(job) => job(own),
            None => return,
        }
    }
}

/// Nobody works any more.
#[derive(Debug, thiserror::Error)]
#[error("the store has ended")]
pub(crate) struct Gone;

/// The work has a mistake in it.
#[derive(Debug, thiserror::Error)]
#[error("the work panicked")]
pub(crate) struct Panicked;
