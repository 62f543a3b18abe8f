//! Who does what is due? One loop for each node: it takes leases, starts the work, and sleeps until the next is due.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use futures_util::future::join_all;
use habeas_core::{
    clock::{Instant, MINUTE_MS, SECOND_MS},
    id::{DeliveryId, LegId},
};
use habeas_store::{Errand, Settlement, StoreError, Then, causes};
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{Engine, Result};

/// How many leases are taken at once.
const BATCH: usize = 128;
/// How many legs are stepped at once.
const LEGS: usize = 64;
/// How many errands are run at once.
const ERRANDS: u32 = 128;
/// A lease outlives the longest attempt, so that nobody else tries meanwhile.
const LEASE_BEYOND_MS: i64 = 30 * SECOND_MS;
/// The worker looks at least so often, and after a failure of the store waits so long.
const LONGEST_SLEEP_MS: i64 = 30 * SECOND_MS;
/// Where other nodes may make work for it, it looks so often: they have no other way to wake it.
const LONGEST_SLEEP_AMONG_NODES_MS: i64 = SECOND_MS / 2;
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// When something is due but cannot be begun, because its host is busy.
const BUSY: Duration = Duration::from_millis(50);

/// What is under way, and how much more may be.
struct Floor {
    tasks: TaskTracker,
    deliveries: Arc<Semaphore>,
    legs: Arc<Semaphore>,
    /// Says that it has to be left now.
    leave: CancellationToken,
}

impl Engine {
    /// Works until it is told to stop, then finishes what it has begun. What takes too long is left as by a crash in
    /// the middle, but its lease is given back, so that another node, or this one when it is back, goes on at once.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let floor = Floor {
            tasks: TaskTracker::new(),
            deliveries: Arc::new(Semaphore::new(self.settings.attempts_at_once)),
            legs: Arc::new(Semaphore::new(LEGS)),
            leave: CancellationToken::new(),
        };
        let too_long = async {
            stop.cancelled().await;
            tokio::time::sleep(self.settings.finish_within).await;
        };
        tokio::select! {
            () = self.work(&floor, &stop) => {}
            () = too_long => {
                tracing::info!(tasks = floor.tasks.len(), "what is still under way is left");
                floor.leave.cancel();
                floor.tasks.close();
                floor.tasks.wait().await;
            }
        }
    }

    async fn work(self: &Arc<Self>, floor: &Floor, stop: &CancellationToken) {
        let mut failing = false;
        while !stop.is_cancelled() {
            let begun = self.begin(floor).await;
            if failing && begun.is_ok() {
                tracing::info!("the worker takes work again");
            }
            let pause = match &begun {
                Ok(0) => self.pause().await,
                Ok(_) => Duration::ZERO,
                Err(error) => {
                    if !failing {
                        tracing::error!(%error, cause = causes(error), "the worker cannot take work, and goes on trying");
                    }
                    AFTER_FAILURE
                }
            };
            failing = begun.is_err();
            if pause.is_zero() {
                tokio::task::yield_now().await;
                continue;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.wake.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        floor.tasks.close();
        floor.tasks.wait().await;
    }

    /// Takes leases and starts the work; says how much.
    async fn begin(self: &Arc<Self>, floor: &Floor) -> Result<usize> {
        let now = self.clock.now();
        let limit = u32::try_from(floor.deliveries.available_permits().min(BATCH)).unwrap_or(u32::MAX);
        let legs = u32::try_from(floor.legs.available_permits()).unwrap_or(u32::MAX);
        let until = now.plus_ms(self.settings.attempt_ms + LEASE_BEYOND_MS);
        let free = self.hosts.slots(now);
        // The step of a leg may be several calls: discovery, the call itself at two places, the certificate.
        let legs_until = now.plus_ms(3 * self.settings.attempt_ms + LEASE_BEYOND_MS);
        // At once, so that the leases share a commit, or at least the time it takes.
        let (deliveries, legs, errands) = tokio::join!(
            self.store.lease_deliveries(now, until, limit, &free),
            self.store.lease_legs(now, legs_until, legs, &free),
            self.store.errands(now, ERRANDS)
        );
        let (deliveries, legs) = (deliveries?, legs?);
        let mut begun = deliveries.len() + legs.len();
        for leased in deliveries {
            let slot = Arc::clone(&floor.deliveries).acquire_owned().await;
            let (engine, leave) = (Arc::clone(self), floor.leave.clone());
            floor.tasks.spawn(async move {
                let (id, fence) = (leased.delivery.id.clone(), leased.fence);
                tokio::select! {
                    () = engine.deliver(leased) => {}
                    () = leave.cancelled() => engine.give_delivery_back(id, fence).await,
                }
                drop(slot);
                engine.wake();
            });
        }
        for leased in legs {
            let slot = Arc::clone(&floor.legs).acquire_owned().await;
            let (engine, leave) = (Arc::clone(self), floor.leave.clone());
            floor.tasks.spawn(async move {
                let (id, fence) = (leased.row.leg.id.clone(), leased.fence);
                tokio::select! {
                    () = engine.step(leased) => {}
                    () = leave.cancelled() => engine.give_leg_back(&id, fence).await,
                }
                drop(slot);
                engine.wake();
            });
        }
        begun += self.run_errands(errands?).await?;
        if self.may_look(now) {
            begun += self.shred().await? + self.watch().await?;
            let (engine, leave) = (Arc::clone(self), floor.leave.clone());
            floor.tasks.spawn(async move {
                tokio::select! {
                    () = engine.watch_certificates() => {}
                    () = leave.cancelled() => {}
                }
            });
        }
        Ok(begun)
    }

    /// The receiver may have heard it: it hears it again then, under the same `webhook-id`.
    async fn give_delivery_back(&self, id: DeliveryId, fence: u64) {
        let untried = Settlement { id, fence, attempt: None, then: Then::Untried, deliveries: Vec::new() };
        given_back(self.store.settle(untried).await);
    }

    /// What was sent is frozen, so the party gets the same bytes again.
    async fn give_leg_back(&self, id: &LegId, fence: u64) {
        given_back(self.store.release_leg(id, fence, self.clock.now()).await);
    }

    async fn run_errands(&self, errands: Vec<Errand>) -> Result<usize> {
        let mut done = 0;
        for result in join_all(errands.into_iter().map(|errand| self.run_errand(errand))).await {
            done += usize::from(result?);
        }
        Ok(done)
    }

    /// Shredding and lateness are looked at once a minute: nobody waits for them.
    fn may_look(&self, now: Instant) -> bool {
        let before = self.looked_at.load(Ordering::Relaxed);
        // Also when the clock was set back.
        let may = now.ms() - before >= MINUTE_MS || now.ms() < before;
        if may {
            self.looked_at.store(now.ms(), Ordering::Relaxed);
        }
        may
    }

    async fn shred(&self) -> Result<usize> {
        Ok(usize::try_from(self.store.shred(self.clock.now(), 128).await?).unwrap_or(0))
    }

    async fn pause(&self) -> Duration {
        let now = self.clock.now();
        let next = self.store.next_due(now).await.ok().flatten();
        // What is due already and was not leased waits for its host, which says so when it is free.
        let next = next.into_iter().chain(self.hosts.next_awake(now)).min();
        let longest = if self.store.is_shared() { LONGEST_SLEEP_AMONG_NODES_MS } else { LONGEST_SLEEP_MS };
        let ms = next.map_or(longest, |due| due.since(now)).min(longest);
        Duration::from_millis(u64::try_from(ms).unwrap_or(0)).max(BUSY)
    }

    /// Does everything that is due at the clock's present instant, and what becomes due by it, then returns. For
    /// tests that move the clock by hand.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn run_until_idle(&self) -> Result<()> {
        while self.run_once().await? > 0 {}
        Ok(())
    }

    /// Does what is due at the clock's present instant, and says how much that was. What becomes due by it is left for
    /// the next time. For tests that move the clock by hand.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn run_once(&self) -> Result<usize> {
        let now = self.clock.now();
        let until = now.plus_ms(self.settings.attempt_ms + LEASE_BEYOND_MS);
        let deliveries = self.store.lease_deliveries(now, until, 64, &self.hosts.slots(now)).await?;
        let legs = self.store.lease_legs(now, until, 64, &self.hosts.slots(now)).await?;
        let count = deliveries.len() + legs.len();
        join_all(deliveries.into_iter().map(|leased| self.deliver(leased))).await;
        join_all(legs.into_iter().map(|leased| self.step(leased))).await;
        self.watch_certificates().await;
        let errands = self.store.errands(self.clock.now(), ERRANDS).await?;
        Ok(count + self.run_errands(errands).await? + self.shred().await? + self.watch().await?)
    }
}

/// A lease that is not given back runs out. Stale means that it was settled in the same moment.
fn given_back(result: habeas_store::Result<()>) {
    match result {
        Ok(()) | Err(StoreError::Stale) => {}
        Err(error) => tracing::warn!(%error, "a lease could not be given back; it runs out"),
    }
}
