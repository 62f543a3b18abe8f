//! Everything with an effect, written once for all protocols: receiving, deciding, fulfilling, sending, delivering.
//!
//! The engine knows no protocol: it is handed dialects and asks them. It knows no SQL: it calls the store's use
//! cases. Every way out passes the guard in [`outbound`]. Time and randomness are arguments.

pub mod ambient;
pub mod begin;
mod change;
pub mod deliver;
pub mod directory;
mod distribute;
mod error;
pub mod evidence;
mod fulfil;
mod hand;
mod identities;
mod keyring;
pub mod mail;
pub mod metrics;
pub mod operator;
mod ours;
pub mod outbound;
pub mod readiness;
pub mod results;
pub mod send;
pub mod serve;
pub mod settings;
pub mod verify;
mod watch;
mod worker;

pub use fulfil::WebhookAnswer;

use std::sync::{Arc, atomic::AtomicI64};

use habeas_core::{clock::Clock, random::Random};
use habeas_store::{Prompt, Store};
use tokio::sync::Notify;

pub use error::Error;
pub use serve::Arrival;

use crate::{
    deliver::hosts::Hosts, directory::Directory, mail::Mailer, metrics::Metrics, outbound::Outbound,
    send::cache::PeerCache, settings::Settings,
};

/// The result of something the engine does.
pub type Result<T> = std::result::Result<T, Error>;

/// What an engine has to do with the world outside of it.
pub struct Outside {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub random: Arc<dyn Random>,
    /// The way out to other servers.
    pub outbound: Outbound,
    /// The way to people's letter boxes.
    pub mailer: Arc<dyn Mailer>,
}

/// The engine of one node.
pub struct Engine {
    directory: Directory,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    outbound: Outbound,
    mailer: Arc<dyn Mailer>,
    settings: Settings,
    metrics: Metrics,
    hosts: Hosts,
    peers: PeerCache,
    /// Says that something is due sooner than the worker thinks.
    wake: Notify,
    served: serve::signed::Cache,
    looked_at: AtomicI64,
    certificates_told_at: AtomicI64,
    readiness: readiness::Readiness,
}

impl Engine {
    /// Brings the parts together. Nothing runs yet: see [`Engine::run`].
    pub fn new(directory: Directory, store: Arc<dyn Store>, outside: Outside, settings: Settings) -> Arc<Self> {
        let Outside { clock, random, outbound, mailer } = outside;
        Arc::new(Self {
            directory,
            store: Arc::new(Prompt::new(store, settings.store_within)),
            clock,
            random,
            outbound,
            mailer,
            hosts: Hosts::new(&settings),
            settings,
            metrics: Metrics::new(),
            peers: PeerCache::default(),
            wake: Notify::new(),
            served: serve::signed::Cache::default(),
            looked_at: AtomicI64::new(0),
            certificates_told_at: AtomicI64::new(0),
            readiness: readiness::Readiness::default(),
        })
    }

    /// The organisations and dialects.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The store.
    pub fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    /// The clock.
    pub fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// The numbers.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Tells the worker to look again.
    fn wake(&self) {
        self.wake.notify_one();
    }
}
