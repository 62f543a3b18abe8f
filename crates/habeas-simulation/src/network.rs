//! The network between the actors: calls of one router by another engine, and what goes wrong on the way.

pub(crate) mod faults;
pub(crate) mod letters;
pub(crate) mod lives;
pub(crate) mod message;
pub(crate) mod observed;
pub(crate) mod systems;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::Router;
use habeas_core::{
    clock::{Clock as _, Instant},
    dialect::Outgoing,
};
use habeas_engine::{
    Engine,
    outbound::{Heard, OutboundError},
};
use http::{HeaderMap, HeaderValue, header::RETRY_AFTER};
use tokio::sync::Notify;

use self::{
    faults::{Fault, Weather},
    lives::Life,
    message::Message,
    observed::Observed,
    systems::Systems,
};
use crate::{
    actors::{ALERTS, SYSTEMS},
    chance::Chance,
    clock::ManualClock,
    sabotage::Sabotage,
    trace::Trace,
};

/// So many messages are remembered, to be sent once more by somebody who has overheard them.
const OVERHEARD: usize = 64;

/// Where an actor listens.
struct Place {
    life: Life,
    router: Router,
    engine: Arc<Engine>,
}

/// A message that is under way although its sender waits no more.
struct Late {
    due_at: Instant,
    /// From when on it is lost.
    good_until: Instant,
    message: Message,
}

/// The network.
pub(crate) struct Network {
    clock: Arc<ManualClock>,
    trace: Arc<Trace>,
    chance: Chance,
    sabotage: Option<Sabotage>,
    pub(crate) observed: Observed,
    pub(crate) systems: Systems,
    state: Mutex<State>,
    /// Wakes whoever waits for a node that has died.
    fallen: Notify,
}

#[derive(Default)]
struct State {
    places: BTreeMap<&'static str, Place>,
    weather: Weather,
    down: BTreeSet<&'static str>,
    late: Vec<Late>,
    overheard: Vec<Message>,
    /// Who does what is due, and how many turns it took in this instant.
    at_work: BTreeMap<&'static str, usize>,
    /// Those who have died and not started anew.
    dead: BTreeSet<&'static str>,
    /// How often nodes died, by how.
    deaths: BTreeMap<String, u64>,
    /// Whether somebody has pressed a button of a node that died meanwhile.
    pressed_in_vain: bool,
}

impl Network {
    pub(crate) fn new(seed: u64, clock: Arc<ManualClock>, trace: Arc<Trace>, sabotage: Option<Sabotage>) -> Self {
        Self {
            observed: Observed::default(),
            systems: Systems::new(seed),
            chance: Chance::new(seed, "network"),
            state: Mutex::default(),
            fallen: Notify::new(),
            clock,
            trace,
            sabotage,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on an actor listens there.
    pub(crate) fn opens(&self, life: Life, router: Router, engine: Arc<Engine>) {
        let mut state = self.state();
        state.dead.remove(life.name);
        state.places.insert(life.name, Place { life, router, engine });
        drop(state);
        // Whatever was left of the life before has ended.
        self.fallen.notify_waiters();
    }

    pub(crate) fn set_weather(&self, weather: Weather) {
        self.state().weather = weather;
    }

    /// Whether nobody reaches an actor; says what holds from now on.
    pub(crate) fn set_down(&self, name: &'static str, down: bool) {
        let mut state = self.state();
        if down {
            state.down.insert(name);
        } else {
            state.down.remove(name);
        }
    }

    pub(crate) fn is_down(&self, name: &str) -> bool {
        let state = self.state();
        state.down.contains(name) || state.dead.contains(name)
    }

    /// Brings a message of an engine to where it goes, and the answer back, or not.
    pub(crate) async fn carry(
        self: &Arc<Self>,
        from: Life,
        outgoing: Outgoing,
        within_ms: i64,
    ) -> Result<Heard, OutboundError> {
        let message = Message::of(from.name, outgoing);
        self.observed.leaves(&message);
        let (fault, outcome) = if self.is_down(&message.to) || self.is_down(from.name) {
            (Fault::Down, Err(OutboundError::Connect))
        } else {
            let fault = self.fault_for(from, &message, within_ms);
            (fault, self.suffer(fault, from, &message, within_ms).await)
        };
        // Who has died meanwhile hears nothing.
        self.lives(from).await;
        let outcome = self.falsified(&message, outcome);
        self.trace.say(&format!("    {}: {fault}{}", message.described(), said(&outcome)));
        self.observed.is_heard(&message, &outcome);
        outcome
    }

    fn fault_for(&self, from: Life, message: &Message, within_ms: i64) -> Fault {
        let state = self.state();
        state.weather.fault(&self.chance, within_ms, state.may_die(from), message.can_be_overtaken())
    }

    async fn suffer(
        self: &Arc<Self>,
        fault: Fault,
        from: Life,
        message: &Message,
        within_ms: i64,
    ) -> Result<Heard, OutboundError> {
        match fault {
            Fault::None | Fault::Down => self.bring(message).await,
            Fault::Lost => {
                self.clock.advance(within_ms);
                Err(OutboundError::Timeout)
            }
            Fault::AnswerLost => {
                let _ = self.bring(message).await;
                Err(OutboundError::Broken)
            }
            Fault::Doubled => {
                let first = self.bring(message).await;
                let second = self.bring(message).await;
                if self.chance.in_thousand(500) { first } else { second }
            }
            Fault::Late { ms } => {
                self.clock.advance(within_ms);
                let gave_up_at = self.clock.now();
                let (due_at, good_until) = (gave_up_at.plus_ms(ms), gave_up_at.plus_ms(within_ms));
                self.state().late.push(Late { due_at, good_until, message: message.clone() });
                Err(OutboundError::Timeout)
            }
            Fault::Slow { ms } => {
                self.clock.advance(ms);
                self.bring(message).await
            }
            Fault::Failing { status } => Ok(refusal(status, None)),
            Fault::Busy { seconds } => Ok(refusal(429, Some(seconds))),
            Fault::Overtaken => {
                let heard = self.bring(message).await;
                self.overtake(&message.to).await;
                heard
            }
            Fault::Dies { heard } => {
                if heard {
                    let _ = self.bring(message).await;
                }
                self.trace.say(&format!("    {}: {fault}", message.described()));
                self.dies(from, "while it waits").await
            }
        }
    }

    /// What somebody sees who is told a lie.
    fn falsified(&self, message: &Message, outcome: Result<Heard, OutboundError>) -> Result<Heard, OutboundError> {
        let lie = self.sabotage == Some(Sabotage::LostIsDelivered) && message.delivery().is_some();
        match outcome {
            Err(_) if lie => Ok(refusal(202, None)),
            outcome => outcome,
        }
    }

    /// The answer of whoever listens there; none, if they die of it.
    async fn bring(&self, message: &Message) -> Result<Heard, OutboundError> {
        let place = self.state().places.get(message.to.as_str()).map(|place| (place.life, place.router.clone()));
        let heard = match (place, message.to.as_str()) {
            (Some((life, router)), _) => tokio::select! {
                biased;
                () = self.until(|state| !state.is_alive(life)) => return Err(OutboundError::Broken),
                heard = message.ask(router) => heard,
            },
            (None, SYSTEMS) => self.systems.hear(message),
            (None, ALERTS) => refusal(204, None),
            (None, _) => refusal(404, None),
        };
        self.observed.is_answered(message, &heard, self.clock.now());
        let mut state = self.state();
        if message.can_be_replayed() {
            if state.overheard.len() == OVERHEARD {
                state.overheard.remove(0);
            }
            state.overheard.push(message.clone());
        }
        Ok(heard)
    }

    /// Brings what is under way and due by then.
    pub(crate) async fn bring_late(&self, until: Instant) {
        loop {
            let late = {
                let mut state = self.state();
                let first = state.late.iter().enumerate().min_by_key(|(_, late)| late.due_at);
                match first.filter(|(_, late)| late.due_at <= until).map(|(index, _)| index) {
                    Some(index) => state.late.remove(index),
                    None => return,
                }
            };
            self.clock.forward_to(late.due_at);
            if self.is_down(&late.message.to) || self.clock.now() >= late.good_until {
                continue;
            }
            let heard = said(&self.bring(&late.message).await);
            self.trace.say(&format!("    {}: late, {heard} unheard", late.message.described()));
        }
    }

    /// Somebody sends once more what was sent before.
    pub(crate) async fn replay(&self) {
        let message = self.chance.pick(&self.state().overheard).cloned();
        if let Some(message) = message.filter(|message| !self.is_down(&message.to)) {
            let heard = said(&self.bring(&message).await);
            self.trace.say(&format!("    {}: replayed, {heard}", message.described()));
        }
    }
}

/// What came of a message, in a word.
fn said(outcome: &Result<Heard, OutboundError>) -> String {
    match outcome {
        Ok(heard) => heard.status.to_string(),
        Err(error) => error.word().to_owned(),
    }
}

fn refusal(status: u16, retry_after_s: Option<u32>) -> Heard {
    let mut headers = HeaderMap::new();
    if let Some(seconds) = retry_after_s {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    Heard { status, headers, body: Vec::new(), whole: true }
}
