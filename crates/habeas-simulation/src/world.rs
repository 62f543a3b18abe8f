//! A world: six actors, one clock, one network, and everybody who presses a button.

use std::{collections::BTreeSet, sync::Arc};

use anyhow::{Context as _, Result};
use habeas_core::{
    clock::Clock as _,
    id::{LegId, RequestId},
    right::Right,
};
use habeas_engine::{Engine, Error};

use crate::{
    actors::{ALL, Node, Site},
    chance::Chance,
    clock::ManualClock,
    invariants::Violation,
    keys::Keys,
    network::{Network, faults::Weather, letters::Letters},
    sabotage::Sabotage,
    trace::Trace,
};

/// What somebody wants of others, as often as it is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub(crate) from: &'static str,
    pub(crate) to: Vec<&'static str>,
    pub(crate) right: Right,
    /// The person, by number.
    pub(crate) person: u64,
    /// The sender's own name for it.
    pub(crate) reference: String,
    /// Under which it was made.
    pub(crate) id: Option<RequestId>,
}

impl Wish {
    /// Where the person is written to.
    pub(crate) fn address(&self) -> String {
        format!("c4na7y-{}@person.example", self.person)
    }
}

/// The world of one seed.
pub(crate) struct World {
    pub(crate) site: Site,
    pub(crate) nodes: Vec<Node>,
    pub(crate) chance: Chance,
    pub(crate) trace: Arc<Trace>,
    pub(crate) sabotage: Option<Sabotage>,
    pub(crate) wishes: Vec<Wish>,
    /// The legs that an operator gave up: their parties may have them all the same.
    pub(crate) waived: BTreeSet<LegId>,
}

impl World {
    pub(crate) fn new(seed: u64, sabotage: Option<Sabotage>) -> Result<Self> {
        let clock = Arc::new(ManualClock::new());
        let trace = Arc::new(Trace::new(Arc::clone(&clock)));
        let network = Arc::new(Network::new(seed, Arc::clone(&clock), Arc::clone(&trace), sabotage));
        let chance = Chance::new(seed, "operations");
        network.set_weather(Weather::of(&chance));
        let letters = Arc::new(Letters::new(seed));
        let site = Site { seed, clock, network, letters, keys: Keys::shared()? };
        let nodes = ALL.into_iter().map(|name| Node::start(name, &site)).collect::<Result<_>>()?;
        Ok(Self { site, nodes, chance, trace, sabotage, wishes: Vec::new(), waived: BTreeSet::new() })
    }

    pub(crate) fn node(&self, name: &str) -> Result<&Node> {
        self.nodes.iter().find(|node| node.name == name).with_context(|| format!("{name} is nobody"))
    }

    pub(crate) fn engine(&self, name: &str) -> Result<Arc<Engine>> {
        Ok(Arc::clone(&self.node(name)?.engine))
    }

    /// Nothing that was found must not be so.
    pub(crate) fn judge(&self) -> std::result::Result<(), Violation> {
        self.site.network.observed.seen().violations.pop().map_or(Ok(()), Err)
    }

    /// An operator's or a person's act came to something: it may be refused, but nothing else may be wrong.
    pub(crate) fn note<T>(&self, what: &str, done: &habeas_engine::Result<T>) {
        match done {
            Ok(_) => self.trace.say(what),
            Err(Error::Refused(problem)) => {
                self.trace.say(&format!("{what}: {}", problem.code.row().name));
            }
            Err(Error::Outbound(error)) => self.trace.say(&format!("{what}: {}", error.word())),
            Err(error) => {
                self.trace.say(&format!("{what}: {error}"));
                self.site.network.observed.finds("defects", format!("{what}: {error}"));
            }
        }
    }

    /// Who has died starts anew.
    pub(crate) async fn start_the_dead(&mut self) -> Result<()> {
        for name in self.site.network.dead() {
            self.restart(name).await?;
        }
        Ok(())
    }

    /// A node does what is due.
    pub(crate) async fn work(&mut self, name: &'static str) -> Result<()> {
        self.pass(0).await;
        self.start_the_dead().await?;
        if self.site.network.is_down(name) {
            return Ok(());
        }
        self.site.network.drive(name).await;
        self.site.network.settles().await;
        self.start_the_dead().await
    }

    pub(crate) async fn all_work(&mut self) -> Result<()> {
        // Whoever is first is another one each time.
        let first = usize::try_from(self.chance.below(6)).unwrap_or(0);
        for name in ALL.into_iter().cycle().skip(first).take(ALL.len()) {
            self.work(name).await?;
        }
        Ok(())
    }

    pub(crate) async fn restart(&mut self, name: &'static str) -> Result<()> {
        let site = &self.site;
        if let Some(node) = self.nodes.iter_mut().find(|node| node.name == name) {
            self.trace.say(&format!("{name} starts anew"));
            match self.sabotage {
                Some(Sabotage::Forgetful) => node.restart_empty(site)?,
                _ => node.restart(site).await?,
            }
        }
        Ok(())
    }

    /// Time passes; what is under way arrives.
    pub(crate) async fn pass(&self, ms: i64) {
        let until = self.site.clock.now().plus_ms(ms);
        self.site.network.bring_late(until).await;
        self.site.clock.forward_to(until);
    }
}
