//! Who takes the callbacks? A receiver in the harness that answers 202 at once and counts each `webhook-id` once.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::Result;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::JoinHandle,
    time::timeout,
};

use crate::{clock::now, server, stats::float, wire::Wire};

const ACCEPTED: &[u8] = b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n";

/// A running receiver. It ends when this is dropped.
pub(crate) struct Receiver {
    port: u16,
    heard: Arc<Heard>,
    task: JoinHandle<()>,
}

struct Heard {
    expected: usize,
    seen: Mutex<Seen>,
    complete: Notify,
}

#[derive(Default)]
struct Seen {
    ids: HashSet<String>,
    span: Option<(Instant, Instant)>,
}

/// What came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drain {
    /// Different callbacks.
    pub(crate) callbacks: u64,
    /// From the first to the last of them.
    pub(crate) per_second: f64,
}

impl Receiver {
    /// Listens for so many callbacks.
    pub(crate) fn start(expected: usize) -> Result<Self> {
        let listener = server::listener()?;
        let port = listener.local_addr()?.port();
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let heard = Arc::new(Heard { expected, seen: Mutex::default(), complete: Notify::new() });
        let task = tokio::spawn(accept(listener, Arc::clone(&heard)));
        Ok(Self { port, heard, task })
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// Waits until all callbacks have come, but not longer than this.
    pub(crate) async fn drained(&self, patience: Duration) -> Drain {
        // Out of time: what has come by then counts.
        let _ = timeout(patience, self.heard.complete.notified()).await;
        let seen = self.heard.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let callbacks = u64::try_from(seen.ids.len()).unwrap_or(u64::MAX);
        let took = seen.span.map_or(Duration::ZERO, |(first, last)| last.duration_since(first));
        let per_second = if took.is_zero() { 0.0 } else { float(callbacks.saturating_sub(1)) / took.as_secs_f64() };
        Drain { callbacks, per_second }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, heard: Arc<Heard>) {
    while let Ok((stream, _)) = listener.accept().await {
        let heard = Arc::clone(&heard);
        tokio::spawn(async move {
            // A connection that breaks off is the sender's to try again.
            let _ = answer(stream, &heard).await;
        });
    }
}

async fn answer(stream: TcpStream, heard: &Heard) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut wire = Wire::new(stream);
    while let Some(message) = wire.next().await? {
        if let Some(id) = message.header("webhook-id") {
            heard.note(id);
        }
        wire.send(ACCEPTED).await?;
    }
    Ok(())
}

impl Heard {
    fn note(&self, id: &str) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if !seen.ids.insert(id.to_owned()) {
            return;
        }
        let at = now();
        seen.span = Some((seen.span.map_or(at, |(first, _)| first), at));
        if seen.ids.len() == self.expected {
            self.complete.notify_one();
        }
    }
}
