//! How is a server put under load? Each connection has one request under way; the next leaves when the answer is here.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use tokio::{net::TcpStream, task::JoinSet};

use crate::{
    clock::now,
    message::Template,
    stats::{float, percentile},
    wire::Wire,
};

/// What is to be done.
pub(crate) struct Load<'a> {
    /// Each takes its share of the connections.
    pub(crate) addresses: &'a [SocketAddr],
    /// The answer to every request must have this status, or the run is void.
    pub(crate) status: u16,
    /// One for each connection.
    pub(crate) templates: &'a [Template],
    pub(crate) extent: Extent,
}

/// How much load.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Extent {
    /// For so long.
    Lasting(Duration),
    /// So many requests.
    Counting(u64),
}

/// What came of it.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) requests: u64,
    pub(crate) answer_bytes: u64,
    elapsed: Duration,
    waits_us: Vec<u32>,
}

impl Tally {
    pub(crate) fn per_second(&self) -> f64 {
        float(self.requests) / self.elapsed.as_secs_f64()
    }

    /// The time that all cores together had, in microseconds.
    pub(crate) fn cores_us(&self) -> Result<f64> {
        let cores = u64::try_from(std::thread::available_parallelism()?.get())?;
        Ok(self.elapsed.as_secs_f64() * 1e6 * float(cores))
    }

    /// How long the given share of the requests waited at most, in milliseconds.
    pub(crate) fn wait_ms(&mut self, percent: usize) -> f64 {
        percentile(&mut self.waits_us, percent) / 1000.0
    }

    fn add(&mut self, other: Self) {
        self.requests += other.requests;
        self.answer_bytes += other.answer_bytes;
        self.waits_us.extend(other.waits_us);
    }
}

/// Puts a server under load; the clock starts when all connections stand.
///
/// # Errors
/// When any request fails or is answered otherwise than expected.
pub(crate) async fn run(load: Load<'_>) -> Result<Tally> {
    let mut wires = Vec::with_capacity(load.templates.len());
    for (template, address) in load.templates.iter().zip(load.addresses.iter().cycle()) {
        let stream = TcpStream::connect(address).await.context("the server takes no connection")?;
        stream.set_nodelay(true)?;
        wires.push((Wire::new(stream), template.another()));
    }
    let began = now();
    let budget = Arc::new(match load.extent {
        Extent::Lasting(time) => Budget { until: Some(began + time), left: AtomicU64::new(u64::MAX) },
        Extent::Counting(count) => Budget { until: None, left: AtomicU64::new(count) },
    });
    let mut connections = JoinSet::new();
    for (wire, template) in wires {
        connections.spawn(drive(wire, template, load.status, Arc::clone(&budget)));
    }
    let mut tally = Tally::default();
    while let Some(ended) = connections.join_next().await {
        tally.add(ended??);
    }
    tally.elapsed = began.elapsed();
    Ok(tally)
}

struct Budget {
    until: Option<Instant>,
    left: AtomicU64,
}

impl Budget {
    /// Whether another request may begin at this instant.
    fn take(&self, at: Instant) -> bool {
        match self.until {
            Some(until) => at < until,
            None => self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok(),
        }
    }
}

async fn drive(mut wire: Wire, mut template: Template, status: u16, budget: Arc<Budget>) -> Result<Tally> {
    let mut tally = Tally::default();
    let mut at = now();
    while budget.take(at) {
        wire.send(template.next()).await?;
        let answer = wire.next().await?.context("the server hung up")?;
        if answer.status() != status {
            bail!("answered {}: {}", answer.status(), String::from_utf8_lossy(answer.body));
        }
        tally.requests += 1;
        tally.answer_bytes += u64::try_from(answer.body.len())?;
        let then = now();
        tally.waits_us.push(u32::try_from(then.duration_since(at).as_micros()).unwrap_or(u32::MAX));
        at = then;
    }
    Ok(tally)
}
