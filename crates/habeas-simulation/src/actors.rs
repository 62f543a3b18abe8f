//! Who takes part? Six organisations, each a node of its own: a store, an engine and a router. A node that stops loses
//! everything but its store.

pub(crate) mod tenants;

use std::sync::{Arc, Weak};

use anyhow::Result;
use async_trait::async_trait;
use axum::Router;
use habeas_core::{clock::Clock as _, dialect::Outgoing, domain::Domain};
use habeas_engine::{
    Engine, Outside,
    directory::{Directory, Webhook},
    mail::{Mail, MailError, Mailer},
    outbound::{Carrier, Heard, Outbound, OutboundError, Policy},
    settings::Settings,
};
use habeas_store::{Sealers, Store, sqlite::InMemory};

use crate::{
    chance::Chance,
    clock::ManualClock,
    frail::Frail,
    keys::Keys,
    network::{Network, letters::Letters, lives::Life},
};

/// A controller, which asks the processors and the agent.
pub(crate) const SHOP: &str = "shop.example";
/// An OpenGDPR agent, which hands on to the processors.
pub(crate) const AGENT: &str = "agent.example";
/// A processor whose work an operator does.
pub(crate) const MAIL: &str = "mail.example";
/// A processor whose own systems do the work.
pub(crate) const ADS: &str = "ads.example";
/// A covered business of the Data Rights Protocol, whose work the processors do.
pub(crate) const BUSINESS: &str = "business.example";
/// An authorized agent of the Data Rights Protocol, which asks the business for people.
pub(crate) const HELPER: &str = "helper.example";

/// All of them.
pub(crate) const ALL: [&str; 6] = [SHOP, AGENT, MAIL, ADS, BUSINESS, HELPER];

/// Where operators are told of what needs attention, and parties of callbacks that fail.
pub(crate) const ALERTS: &str = "alerts.example";
/// The systems that do the work of ads.example.
pub(crate) const SYSTEMS: &str = "systems.example";
/// Where people go back to when they have proved who they are.
pub(crate) const REDIRECT: &str = "https://helper.example/done";

/// One organisation's server.
pub(crate) struct Node {
    /// Its domain.
    pub(crate) name: &'static str,
    /// What runs.
    pub(crate) engine: Arc<Engine>,
    /// What outlives it.
    pub(crate) store: Arc<dyn Store>,
    starts: u64,
}

/// What nodes are started with.
pub(crate) struct Site {
    pub(crate) seed: u64,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) network: Arc<Network>,
    pub(crate) letters: Arc<Letters>,
    pub(crate) keys: &'static Keys,
}

impl Node {
    pub(crate) fn start(name: &'static str, site: &Site) -> Result<Self> {
        let store = site.empty_store(name)?;
        Self::over(name, site, store, 0)
    }

    /// Starts anew over the same store: leases are taken back, nothing else is known.
    pub(crate) async fn restart(&mut self, site: &Site) -> Result<()> {
        *self = Self::over(self.name, site, Arc::clone(&self.store), self.starts + 1)?;
        self.store.take_back_leases().await?;
        Ok(())
    }

    /// The same with a store that has forgotten everything: what no server may do, to see that it is noticed.
    pub(crate) fn restart_empty(&mut self, site: &Site) -> Result<()> {
        *self = Self::over(self.name, site, site.empty_store(self.name)?, self.starts + 1)?;
        Ok(())
    }

    fn over(name: &'static str, site: &Site, store: Arc<dyn Store>, starts: u64) -> Result<Self> {
        let policy = Policy {
            sandbox: false,
            allow: Vec::new(),
            ports: Vec::new(),
            tls_roots_pem: None,
            trust_roots: Arc::clone(&site.keys.roots),
        };
        let life = Life { name, start: starts };
        let exit = Exit { life, network: Arc::downgrade(&site.network) };
        let dialects =
            vec![habeas_opengdpr::v1_0(), habeas_opengdpr::v0_1_3(), habeas_opengdpr::v0_1_2(), habeas_drp::v0_5()];
        let alert = Webhook { url: format!("https://{ALERTS}/{name}").parse()?, secret: site.keys.webhook.clone() };
        let engine = Engine::new(
            Directory::new([tenants::tenant(name, site.keys)?], dialects),
            Frail::before(life, &store, &site.network),
            Outside {
                clock: Arc::clone(&site.clock) as Arc<_>,
                random: Arc::new(Chance::new(site.seed, &format!("{name}, start {starts}"))),
                outbound: Outbound::carried(policy, Arc::new(exit)),
                mailer: Arc::new(Desk { letters: Arc::clone(&site.letters) }),
            },
            Settings { alert: Some(Arc::new(alert)), ..Settings::default() },
        );
        let router: Router = habeas_server::public(Arc::clone(&engine));
        site.network.opens(life, router, Arc::clone(&engine));
        Ok(Self { name, engine, store, starts })
    }

    /// The organisation.
    pub(crate) fn domain(&self) -> Result<Domain> {
        Ok(self.name.parse()?)
    }
}

impl Site {
    fn empty_store(&self, name: &str) -> Result<Arc<dyn Store>> {
        let sealer = (name.parse()?, Arc::clone(&self.keys.of(name)?.sealer));
        Ok(Arc::new(InMemory::in_memory(Sealers::new([sealer]))?))
    }

    pub(crate) fn now(&self) -> habeas_core::clock::Instant {
        self.clock.now()
    }
}

/// The way out of a node.
struct Exit {
    life: Life,
    network: Weak<Network>,
}

#[async_trait]
impl Carrier for Exit {
    async fn carry(&self, message: Outgoing, within_ms: i64) -> Result<Heard, OutboundError> {
        let network = self.network.upgrade().ok_or(OutboundError::Connect)?;
        network.lives(self.life).await;
        network.carry(self.life, message, within_ms).await
    }
}

/// The way to people's letter boxes.
struct Desk {
    letters: Arc<Letters>,
}

#[async_trait]
impl Mailer for Desk {
    async fn send(&self, mail: Mail) -> Result<(), MailError> {
        self.letters.take(mail)
    }
}
