//! How fast do requests of ours reach three parties and come back with a receipt from each, and how much memory do they
//! hold on the way, or while they wait because all three are down?
//!
//! One server is the controller, another serves the three processors; both are as the product is, so that processors
//! also call back when they have accepted. Wishes come through the operator's API.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use habeas_core::dialect::Operation;
use habeas_store::model::RequestFilter;

use crate::{
    child::Server,
    clock::now,
    load::{self, Extent, Load, Tally},
    message::Template,
    operator::{self, Metrics},
    place::Place,
    plan::{Habeas, Plan},
    server::{self, OPERATOR},
    stats::float,
    world::{self, Cast, PARTIES, Ports, SHOP},
};

/// Connections to the operator's API.
const CONNECTIONS: usize = 16;
/// Nobody waits longer for receipts: what is not there by then makes the run void.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often is looked whether they are there.
const LOOK: Duration = Duration::from_millis(25);

/// What requests on their way came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    /// By the operator's API.
    pub(crate) accepted_per_second: f64,
    /// From the first wish until each request has its three receipts.
    pub(crate) complete_per_second: f64,
    /// The controller's CPU time for one party's share of a request, its part of the wish included, in microseconds.
    pub(crate) leg_cpu_us: f64,
    pub(crate) memory: Memory,
}

/// What requests that wait came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waiting {
    pub(crate) accepted_per_second: f64,
    pub(crate) memory: Memory,
}

/// The controller's resident memory, in MiB.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    /// After one request to all three.
    pub(crate) rest: f64,
    pub(crate) peak: f64,
    /// When all are there: their receipts, or they themselves where they wait.
    pub(crate) end: f64,
}

/// Measures requests on their way.
///
/// # Errors
/// When a wish is not taken, or a receipt is missing in the end.
pub(crate) async fn on_their_way(plan: &Plan) -> Result<Measured> {
    let trade = Trade::open(plan).await?;
    let (began, cpu_us) = (now(), trade.shop.cpu_us()?);
    let wished = trade.wish(plan.wishes).await?;
    let all = plan.wishes + 1;
    trade.until_distributed(all).await?;
    let took = began.elapsed();
    let cpu_us = trade.shop.cpu_us()? - cpu_us;
    let memory = trade.memory()?;
    let place = trade.close().await?;
    receipts(&place, all).await?;
    Ok(Measured {
        accepted_per_second: wished.per_second(),
        complete_per_second: float(plan.wishes) / took.as_secs_f64(),
        leg_cpu_us: float(cpu_us) / float(plan.wishes * legs()),
        memory,
    })
}

/// Measures requests whose parties are down.
///
/// # Errors
/// When a wish is not taken, or does not wait in the end.
pub(crate) async fn waiting(plan: &Plan) -> Result<Waiting> {
    let mut trade = Trade::open(plan).await?;
    if let Some(parties) = trade.parties.take() {
        parties.stop().await?;
    }
    let wished = trade.wish(plan.waiting).await?;
    let memory = trade.memory()?;
    let waiting = requests(&trade.metrics().await?, "received");
    if waiting != plan.waiting {
        bail!("{waiting} requests wait, not {}: {}", plan.waiting, trade.shop.last_words());
    }
    trade.close().await?;
    Ok(Waiting { accepted_per_second: wished.per_second(), memory })
}

/// A controller and its three processors.
struct Trade {
    place: Place,
    shop: Server,
    /// The processors, while they are up.
    parties: Option<Server>,
    rest_mib: f64,
}

impl Trade {
    /// Starts both servers and sends one request to all three, so that the controller knows them.
    async fn open(plan: &Plan) -> Result<Self> {
        let usual = Habeas { work: true, ..Habeas::USUAL };
        let casts = [Cast::Shop, Cast::Parties];
        let place = plan.place(usual.kept, &casts)?;
        world::provide(place.path(), usual.algorithm, &casts)?;
        let log = plan.log_file();
        let parties = usual.words(&place, Cast::Parties, &plan.log);
        let parties = Server::start(&parties, &log.with_extension(Cast::Parties.word())).await?;
        let port = parties.address().port().to_string();
        let mut shop = usual.words(&place, Cast::Shop, &plan.log);
        shop.extend(["--parties".to_owned(), port]);
        let shop = Server::start(&shop, &log.with_extension(Cast::Shop.word())).await?;
        let mut trade = Self { place, shop, parties: Some(parties), rest_mib: 0.0 };
        trade.wish(1).await?;
        trade.until_distributed(1).await?;
        (trade.rest_mib, _) = trade.shop.memory_mib()?;
        trade.shop.forget_peak()?;
        Ok(trade)
    }

    /// Wishes for so many requests.
    async fn wish(&self, count: u64) -> Result<Tally> {
        let template = Template::wish(OPERATOR, SHOP)?;
        let connections = CONNECTIONS.min(usize::try_from(count)?);
        let templates: Vec<_> = (0..connections).map(|_| template.another()).collect();
        let extent = Extent::Counting(count);
        let load = Load { addresses: &[self.shop.operator()], status: 202, templates: &templates, extent };
        load::run(load).await.with_context(|| self.shop.last_words())
    }

    /// Waits until so many requests were answered by every party.
    async fn until_distributed(&self, count: u64) -> Result<()> {
        let began = now();
        loop {
            let distributed = requests(&self.metrics().await?, "distributed");
            if distributed >= count {
                return Ok(());
            }
            if began.elapsed() > PATIENCE {
                bail!("{distributed} of {count} requests were answered in time: {}", self.shop.last_words());
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn metrics(&self) -> Result<Metrics> {
        let metrics = operator::metrics(self.shop.operator()).await?;
        if metrics.value("habeas_failures_total")? > 0 {
            bail!("the controller failed: {}", self.shop.last_words());
        }
        Ok(metrics)
    }

    fn memory(&self) -> Result<Memory> {
        let (end, peak) = self.shop.memory_mib()?;
        Ok(Memory { rest: self.rest_mib, peak, end })
    }

    async fn close(self) -> Result<Place> {
        self.shop.stop().await?;
        if let Some(parties) = self.parties {
            parties.stop().await?;
        }
        Ok(self.place)
    }
}

fn requests(metrics: &Metrics, state: &str) -> u64 {
    metrics.sum("habeas_requests", &format!("state=\"{state}\""))
}

fn legs() -> u64 {
    u64::try_from(PARTIES.len()).unwrap_or(0)
}

/// Looks whether every request has a receipt from each party: only what was verified is kept as one.
async fn receipts(place: &Place, all: u64) -> Result<()> {
    let ports = Ports { own: 0, parties: Some(0) };
    let served = world::served(place.path(), Cast::Shop, ports, true)?;
    let store = server::open(place, Cast::Shop, &served).await?.store;
    let filter = RequestFilter { limit: u32::MAX, ..RequestFilter::default() };
    let requests = store.list(&filter).await?;
    if u64::try_from(requests.len())? != all {
        bail!("{} requests are kept, not {all}", requests.len());
    }
    for request in requests {
        let kept = store.receipts(&request.id).await?;
        let answers = kept.into_iter().map(|row| row.receipt).filter(|receipt| receipt.operation == Operation::Submit);
        let mut signers: Vec<_> = answers.map(|receipt| receipt.signer.to_string()).collect();
        signers.sort_unstable();
        signers.dedup();
        if signers.len() != PARTIES.len() {
            bail!("a request has receipts of {} parties", signers.len());
        }
    }
    Ok(())
}
