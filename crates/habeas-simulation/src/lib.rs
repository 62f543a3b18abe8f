//! Random worlds: a controller, an OpenGDPR agent, two processors, a covered business and an authorized agent of the
//! Data Rights Protocol; each a real engine behind a real router with a store of its own, on one clock that is moved by
//! hand, joined by a network that fails. All of it is one thread of one process, and all chance comes from the seed:
//! the same seed gives the same trace.
//!
//! # What happens
//!
//! People ask, ask again, and take back; operators start, fulfill, deny, extend, retry and give up; systems answer
//! later; persons prove who they are or fail to; time passes, from milliseconds to days; nodes start anew, die in the
//! middle of an exchange or right before or after a durable step, or cannot be reached; somebody sends once more what
//! they overheard. Each exchange may be delivered, lost on the way there ("request lost"), lost on the way back
//! ("answer lost"), doubled, late (its sender has given up), slow, answered with 5xx or with 429 and `Retry-After`, or
//! overtaken by what the other side has to tell. Then the faults end, everybody does their work, and time goes on until
//! nobody is owed anything.
//!
//! # What must hold
//!
//! By the names under which it is reported:
//!
//! * **ledger**: what was acknowledged with 2xx, heard or not, is there for ever.
//! * **receipts**: the same bytes of the same sender get the same receipt, bit for bit; the same reference names the
//!   same request; a receipt that was kept holds: chain, name, signature and bytes.
//! * **effects**: one request for each id and for the same bytes, one start, one end, one hand-over to the systems that
//!   do the work; nobody has a request of which its sender knows nothing.
//! * **states**: every history begins with the acceptance, has no gap and makes legal steps only; nothing comes
//!   back from its end; by OpenGDPR a sender takes back what is pending and nothing else.
//! * **words**: who was told `completed`, `fulfilled`, `cancelled`, `revoked`, `denied` or `expired` was told the end.
//!   A denial is never told as done, in any dialect.
//! * **order**: callbacks to one URL leave in order, none before the one before it was taken; by the Data Rights
//!   Protocol a newer one may replace older ones.
//! * **callbacks**: in the end every callback was taken by its receiver, or was given up with an alert.
//! * **agreement**: in the end each leg stands as the request stands that its party has; where a version has no word
//!   for an end, at the last honest word.
//! * **bridge**: a request that was handed on is fulfilled only if every party is.
//! * **privacy**: no URL, error, line of the log (at the level debug) or event holds a person's name or address; after
//!   the time of keeping nothing personal can be read.
//! * **liveness**: in the end nobody waits for anything.
//! * **defects**: no 5xx of a node's own, no logged error, no failure of the store.
//!
//! # What is not looked at
//!
//! * Disks and processes: the database is in memory and a node that dies loses nothing that was committed. Killed
//!   processes, full disks and lost power are other tests.
//! * Threads: everything runs on one, and what runs at once is interleaved where messages are under way.
//! * Sockets, TLS, name resolution, trickling bytes and hostile peers: these actors are honest, only their network is
//!   not.
//! * A message that arrives half a minute or more after its sender gave up. No protocol here has a word for how long a
//!   request is good, so somebody who takes back what is still under way could not be sure for ever.
//! * Clocks that go back, or differ between actors.
//! * The operator who gives up a leg that its party may have: what that party does then is what the operator chose.
#![allow(clippy::missing_errors_doc, reason = "what fails here is the simulation itself, and nobody acts on how")]

mod actors;
mod chance;
mod clock;
mod frail;
mod healing;
mod invariants;
mod keys;
mod logs;
mod network;
mod operations;
mod sabotage;
mod trace;
mod world;

pub use invariants::Violation;
pub use sabotage::Sabotage;
pub use trace::hash;

use std::collections::BTreeMap;

use anyhow::Result;
use tokio::runtime::Builder;

use crate::world::World;

/// How a seed is run.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// How many operations there are.
    pub operations: u64,
    /// What is broken on purpose.
    pub sabotage: Option<Sabotage>,
}

/// What a seed came to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What happened.
    pub trace: Vec<String>,
    /// How often nodes died, by how: `before` or `after` and the name of a durable step, or `while it waits`.
    pub deaths: BTreeMap<String, u64>,
    /// What must not have happened.
    pub violation: Option<Violation>,
    /// What was logged.
    pub logs: String,
}

/// Runs one seed.
///
/// # Errors
/// When the simulation itself cannot go on.
pub fn simulate(seed: u64, plan: Plan) -> Result<Outcome> {
    logs::capture();
    // One for each seed: what was still under way when a node died ends with it.
    let runtime = Builder::new_current_thread().enable_time().build()?;
    runtime.block_on(async {
        let mut world = World::new(seed, plan.sabotage)?;
        let lived = live(&mut world, plan.operations).await?;
        let mut violation = lived.err();
        if let Some(violation) = &mut violation {
            violation.what = world.trace.named(&violation.what);
        }
        let deaths = world.site.network.deaths();
        Ok(Outcome { trace: world.trace.lines(), deaths, violation, logs: logs::lines() })
    })
}

async fn live(world: &mut World, operations: u64) -> Result<std::result::Result<(), Violation>> {
    for _ in 0..operations {
        world.operate().await?;
        if let Err(violation) = world.judge() {
            return Ok(Err(violation));
        }
    }
    if let Err(violation) = world.examine_underway().await? {
        return Ok(Err(violation));
    }
    let healed = world.heal().await?;
    // What is wrong says more than that somebody waits because of it.
    if let Err(violation) = world.examine().await?.and(healed) {
        return Ok(Err(violation));
    }
    world.forget().await?;
    if let Err(violation) = world.judge() {
        return Ok(Err(violation));
    }
    world.examine_forgotten().await
}
