//! Receivers that mean harm: they hang, trickle, never end, or send whoever calls elsewhere.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::Result;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use crate::clock::{ms, now};

/// One byte in so long.
const TRICKLE: Duration = Duration::from_secs(10);
const NEVER_ENDS: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n";
/// No head of a request here is longer.
const MOST: usize = 16 * 1024;
/// Where nobody may be led to.
const ELSEWHERE: &str = "/elsewhere";

/// All of them, on one port, told apart by the names they are called under.
pub(crate) struct Hostile {
    port: u16,
    seen: Arc<Seen>,
    task: JoinHandle<()>,
}

/// What they saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Calls under way by host.
    open: Mutex<HashMap<u64, u64>>,
    /// Calls in all.
    pub(crate) calls: AtomicU64,
    /// Calls under way at one host, at most.
    pub(crate) at_one_host: AtomicU64,
    /// How long the longest call lasted.
    pub(crate) longest_ms: AtomicU64,
    /// Redirects that were followed.
    pub(crate) followed: AtomicU64,
    /// How much of an endless body went into the connection, at most; kernels buffer some of it.
    pub(crate) body_bytes: AtomicU64,
}

impl Hostile {
    pub(crate) async fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", habeas_testbed::free_port())).await?;
        let port = listener.local_addr()?.port();
        let seen = Arc::<Seen>::default();
        let theirs = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let seen = Arc::clone(&theirs);
                tokio::spawn(async move {
                    // However it ends, it was hostile.
                    let _ = seen.serve(stream, port).await;
                });
            }
        });
        Ok(Self { port, seen, task })
    }

    pub(crate) fn url(&self, number: u64) -> String {
        format!("http://h{number}.localhost:{}/", self.port)
    }

    pub(crate) fn seen(&self) -> &Seen {
        &self.seen
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Of ten hosts so many hold whoever calls until they give up: four hang, three trickle.
pub(crate) const HOLD: u64 = 7;

impl Seen {
    /// How many calls are under way.
    pub(crate) fn under_way(&self) -> u64 {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).values().sum()
    }

    async fn serve(&self, mut stream: TcpStream, port: u16) -> Result<()> {
        let mut buffer = Vec::new();
        loop {
            let Some(head) = head(&mut stream, &mut buffer).await? else { return Ok(()) };
            self.calls.fetch_add(1, Ordering::Relaxed);
            if head.contains(ELSEWHERE) {
                self.followed.fetch_add(1, Ordering::Relaxed);
            }
            let number = number(&head);
            let (began, call) = (now(), Call::begin(self, number));
            match number % 10 {
                0..4 => gone(&mut stream).await,
                4..HOLD => trickle(&mut stream).await,
                HOLD => self.never_end(&mut stream).await,
                other => {
                    let to = if other == 8 { format!("http://127.0.0.1:{port}") } else { "http://10.0.0.1".to_owned() };
                    let answer =
                        format!("HTTP/1.1 302 Found\r\nlocation: {to}{ELSEWHERE}\r\ncontent-length: 0\r\n\r\n");
                    // Whoever has this answer may call again at once.
                    drop(call);
                    stream.write_all(answer.as_bytes()).await?;
                    continue;
                }
            }
            self.longest_ms.fetch_max(ms(began.elapsed()), Ordering::Relaxed);
            return Ok(());
        }
    }

    async fn never_end(&self, stream: &mut TcpStream) {
        let (block, mut sent) = ([b'x'; 4096], 0);
        if stream.write_all(NEVER_ENDS).await.is_ok() {
            while stream.write_all(&block).await.is_ok() {
                sent += 4096;
            }
        }
        self.body_bytes.fetch_max(sent, Ordering::Relaxed);
    }
}

/// A call under way.
struct Call<'a>(&'a Seen, u64);

impl<'a> Call<'a> {
    fn begin(seen: &'a Seen, host: u64) -> Self {
        let mut open = seen.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(host).or_default();
        *count += 1;
        seen.at_one_host.fetch_max(*count, Ordering::Relaxed);
        Self(seen, host)
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        let mut open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.1) {
            *count -= 1;
        }
    }
}

/// The head of the next request, its body taken off, too.
async fn head(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<Option<String>> {
    loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(buffer.get(..end).unwrap_or_default()).to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            let whole = end + 4 + length.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
            if buffer.len() >= whole {
                buffer.drain(..whole);
                return Ok(Some(head));
            }
        }
        if buffer.len() > MOST || stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

/// The number in `host: h7.localhost`.
fn number(head: &str) -> u64 {
    let host = head.lines().find_map(|line| line.strip_prefix("host:")).unwrap_or_default();
    let digits: String = host.trim().trim_start_matches('h').chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

/// Waits until the caller has gone.
async fn gone(stream: &mut TcpStream) {
    let mut byte = [0];
    while matches!(stream.read(&mut byte).await, Ok(1)) {}
}

async fn trickle(stream: &mut TcpStream) {
    let (mut reads, mut writes) = stream.split();
    let left = async {
        let mut byte = [0];
        while matches!(reads.read(&mut byte).await, Ok(1)) {}
    };
    let drips = async {
        for byte in NEVER_ENDS.iter().cycle() {
            tokio::time::sleep(TRICKLE).await;
            if writes.write_all(&[*byte]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = left => {}
        () = drips => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_known_by_the_number_in_its_name() {
        assert_eq!(number("post / http/1.1\r\nhost: h17.localhost:123\r\naccept: */*"), 17);
        assert_eq!(number("post / http/1.1"), 0);
    }
}
