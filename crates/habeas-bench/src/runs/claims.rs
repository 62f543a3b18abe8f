//! How long does it take to lease a hundred deliveries, and does it matter how many wait?
//!
//! Everything is due, at many hosts, as after a long failure of the network: the store has to let the hosts take turns.

mod fill;

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, Result, bail};
use futures_util::future::try_join_all;
use habeas_core::clock::{Clock, MINUTE_MS};
use habeas_store::{Leased, Settlement, Slots, Store, Then};

use crate::{
    child::Server,
    clock::now,
    load::{self, Extent, Load},
    message::Template,
    place::Place,
    plan::{CONNECTIONS, Habeas, Plan},
    server::{self, Opened},
    stats::Spread,
    world::{self, Cast, Ports},
};

/// So many are leased at once.
const LIMIT: u32 = 100;
/// So many may be under way to each host.
const PER_HOST: u32 = 4;

/// What the rounds of one run came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    /// The middle lease of a round where fewer wait, in milliseconds.
    pub(crate) few_ms: f64,
    /// The same where more wait.
    pub(crate) many_ms: f64,
}

/// Fills a database with each number of deliveries, and then leases from both in turn.
///
/// # Errors
/// When they cannot be filled, or a lease does not get all that it asks for.
pub(crate) async fn measure(plan: &Plan) -> Result<Vec<Measured>> {
    let [few, many] = plan.waiting_rows;
    let (few, many) = (Backlog::open(plan, few).await?, Backlog::open(plan, many).await?);
    // The first leases prepare statements, and get pages from the disk.
    for backlog in [&few, &many] {
        backlog.middle_ms(plan.claims).await?;
    }
    let mut rounds = Vec::with_capacity(plan.rounds);
    for number in 0..plan.rounds {
        let (few_ms, many_ms) = if number.is_multiple_of(2) {
            let few_ms = few.middle_ms(plan.claims).await?;
            (few_ms, many.middle_ms(plan.claims).await?)
        } else {
            let many_ms = many.middle_ms(plan.claims).await?;
            (few.middle_ms(plan.claims).await?, many_ms)
        };
        rounds.push(Measured { few_ms, many_ms });
    }
    Ok(rounds)
}

/// A database in which many deliveries wait.
struct Backlog {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    /// Removed when the store is closed.
    _place: Place,
}

impl Backlog {
    async fn open(plan: &Plan, rows: u64) -> Result<Self> {
        let place = plan.place(Habeas::USUAL.kept, &[Cast::Mail])?;
        accept(plan, &place, rows / fill::OF_EACH_REQUEST).await?;
        fill::fill(&place, rows)?;
        let served = world::served(place.path(), Cast::Mail, Ports { own: 0, parties: None }, true)?;
        let Opened { store, clock } = server::open(&place, Cast::Mail, &served).await?;
        Ok(Self { store, clock, _place: place })
    }

    /// The middle of so many leases.
    async fn middle_ms(&self, claims: usize) -> Result<f64> {
        let mut took = Vec::with_capacity(claims);
        for _ in 0..claims {
            took.push(self.claim().await?);
        }
        Ok(Spread::of(took).context("nothing was leased")?.median)
    }

    /// Leases once and gives back what it got; says how long the lease took.
    async fn claim(&self) -> Result<f64> {
        let slots = Slots { per_host: PER_HOST, left: Vec::new() };
        let (at, began) = (self.clock.now(), now());
        let leased = self.store.lease_deliveries(at, at.plus_ms(MINUTE_MS), LIMIT, &slots).await?;
        let took = began.elapsed();
        if leased.len() != usize::try_from(LIMIT)? {
            bail!("{} deliveries were leased, not {LIMIT}", leased.len());
        }
        try_join_all(leased.into_iter().map(|leased| self.store.settle(untried(leased)))).await?;
        Ok(took.as_secs_f64() * 1000.0)
    }
}

fn untried(leased: Leased) -> Settlement {
    Settlement {
        id: leased.delivery.id,
        fence: leased.fence,
        attempt: None,
        then: Then::Untried,
        deliveries: Vec::new(),
    }
}

/// Has a server accept so many requests with a callback URL each.
async fn accept(plan: &Plan, place: &Place, requests: u64) -> Result<()> {
    let token = world::provide(place.path(), Habeas::USUAL.algorithm, &[Cast::Mail])?;
    let template = Template::new(&token, &["http://h0.localhost:20000/opengdpr_callbacks".to_owned()])?;
    let templates: Vec<_> = (0..CONNECTIONS).map(|_| template.another()).collect();
    let log: &Path = &plan.log_file();
    let server = Server::start(&Habeas::USUAL.words(place, Cast::Mail, &plan.log), log).await?;
    let extent = Extent::Counting(requests.max(1));
    let load = Load { addresses: &[server.address()], status: 201, templates: &templates, extent };
    load::run(load).await.with_context(|| server.last_words())?;
    server.stop().await
}
