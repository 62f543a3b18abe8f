//! Does everything come to its end once nothing breaks any more? Faults are off, everybody does their work, and time
//! goes on until nobody is owed anything.

use anyhow::Result;
use habeas_core::{
    clock::{DAY_MS, Instant, MINUTE_MS},
    delivery::DeliveryState,
    dialect::DialectId,
    event::Actor,
    id::{PartyId, WireId},
    leg::LegCancel,
    state::{Ground, Reached, State},
};
use habeas_store::{DeliveryFilter, LegFilter, LegRow};

use crate::{
    actors::{ADS, ALL, BUSINESS, MAIL, tenants::KEEP_MS},
    invariants::Violation,
    network::faults::Weather,
    world::World,
};

/// So often the clock is moved to what is due next.
const ROUNDS: u32 = 400;
/// Hosts that rest are looked at so often.
const REST_MS: i64 = 5 * MINUTE_MS;
const MANY: u32 = 1000;
/// By then whatever has an end has ended: the results of a request, and what is kept of a person.
const LONG_MS: i64 = 45 * DAY_MS;

impl World {
    /// Lets everything come to its end.
    pub(crate) async fn heal(&mut self) -> Result<std::result::Result<(), Violation>> {
        self.trace.say("nothing breaks any more");
        self.site.network.set_weather(Weather::default());
        for name in ALL {
            self.site.network.set_down(name, false);
        }
        self.pass(MINUTE_MS).await;
        let mut left = Vec::new();
        for _ in 0..ROUNDS {
            self.all_work().await?;
            self.finish().await?;
            self.all_work().await?;
            if let Err(violation) = self.judge() {
                return Ok(Err(violation));
            }
            left = self.left_over().await?;
            if left.is_empty() {
                return Ok(Ok(()));
            }
            let next = self.next_due().await?;
            self.pass(next.since(self.site.now()).max(1)).await;
        }
        let what = format!("after {ROUNDS} rounds without faults: {}", left.join("; "));
        Ok(Err(Violation { invariant: "liveness", what }))
    }

    /// Long after, when nothing personal may be left.
    pub(crate) async fn forget(&mut self) -> Result<()> {
        self.trace.say("a long time passes");
        for ms in [LONG_MS, KEEP_MS + DAY_MS, DAY_MS] {
            self.pass(ms).await;
            self.all_work().await?;
        }
        Ok(())
    }

    /// Everybody decides what waits for them.
    async fn finish(&mut self) -> Result<()> {
        for name in [MAIL, ADS, BUSINESS] {
            let engine = self.engine(name)?;
            for request in self.open_requests(name).await? {
                let id = &request.id;
                if matches!(request.standing.state, State::AwaitingVerification { .. }) {
                    self.note(&format!("{name} knows the person of {id}"), &engine.verify(id, true).await);
                } else if name == BUSINESS || !self.chance.in_thousand(250) {
                    self.fulfill(name, &request).await?;
                } else {
                    let denied = engine.deny(id, Actor::Operator, Ground::Exempt).await;
                    self.note(&format!("{name} denies {id}"), &denied);
                }
            }
        }
        for name in ALL {
            let engine = self.engine(name)?;
            let stuck = LegFilter { stuck: true, limit: MANY, ..LegFilter::default() };
            for row in engine.legs(&stuck).await? {
                let what = format!("{name} retries a stuck leg of {}", row.leg.request);
                self.note(&what, &engine.retry_leg(&row.leg.id).await);
            }
        }
        Ok(())
    }

    /// What is not at its end, in words.
    async fn left_over(&self) -> Result<Vec<String>> {
        let mut left = Vec::new();
        for node in &self.nodes {
            for state in [DeliveryState::Due, DeliveryState::Leased] {
                let filter = DeliveryFilter { state: Some(state), limit: MANY, ..DeliveryFilter::default() };
                for row in node.engine.deliveries(&filter).await? {
                    left.push(format!("{} owes a {} {}", node.name, row.delivery.kind, row.delivery.id));
                }
            }
            for row in node.store.list_legs(&LegFilter { limit: MANY, ..LegFilter::default() }, self.site.now()).await?
            {
                let doubtful = row.leg.accepted_at.is_none() || row.leg.cancel == LegCancel::Wanted;
                if doubtful && row.due_at.is_some() {
                    left.push(format!("{} is not done with {} in {}", node.name, row.leg.party, row.leg.request));
                }
            }
            for request in self.open_requests(node.name).await? {
                let rows = node.store.legs(&request.id).await?;
                let open: Vec<_> = rows.iter().filter(|row| !row.leg.state.is_final()).collect();
                if open.is_empty() {
                    left.push(format!("{} has {} {}", node.name, request.standing.state.name(), request.id));
                }
                for row in open {
                    if !self.is_silent(row).await? {
                        left.push(format!("{} waits for {} in {}", node.name, row.leg.party, request.id));
                    }
                }
            }
        }
        Ok(left)
    }

    /// Whether a party has ended without a word for it, for 0.1.3 has none for a denial, or waits for nobody but such a
    /// party.
    async fn is_silent(&self, row: &LegRow) -> Result<bool> {
        let leg = &row.leg;
        if leg.accepted_at.is_none() {
            return Ok(false);
        }
        let node = self.node(leg.party.as_str())?;
        let sender = PartyId::new(leg.organisation.as_str());
        let wire_id = WireId::new(leg.remote_id.as_ref().map_or(leg.wire_id.as_str(), |id| id.as_str()));
        let Some(theirs) = node.store.find(&node.domain()?, &sender, &wire_id).await? else { return Ok(false) };
        if theirs.standing.state.is_final() {
            return Ok(leg.dialect == DialectId::known("opengdpr/0.1.3")
                && theirs.standing.state.reached() < Reached::Fulfilled);
        }
        let rows = node.store.legs(&theirs.id).await?;
        let mut open = rows.iter().filter(|row| !row.leg.state.is_final()).peekable();
        let waits = open.peek().is_some();
        for row in open {
            if !Box::pin(self.is_silent(row)).await? {
                return Ok(false);
            }
        }
        Ok(waits)
    }

    async fn next_due(&self) -> Result<Instant> {
        let now = self.site.now();
        let mut next = now.plus_ms(DAY_MS);
        for node in &self.nodes {
            if let Some(due) = node.store.next_due(now).await? {
                next = next.min(due);
            }
            let filter = DeliveryFilter { state: Some(DeliveryState::Due), limit: MANY, ..DeliveryFilter::default() };
            let deliveries = node.store.deliveries(&filter).await?;
            let legs = node.store.list_legs(&LegFilter { limit: MANY, ..LegFilter::default() }, now).await?;
            let waits = deliveries.iter().any(|row| row.delivery.due_at <= now)
                || legs.iter().any(|row| row.due_at.is_some_and(|due| due <= now));
            if waits {
                next = next.min(now.plus_ms(REST_MS));
            }
        }
        Ok(next)
    }
}
