//! The network between the actors: calls of one router by another engine, and what goes wrong on the way.

pub(crate) mod faults;
pub(crate) mod letters;
pub(crate) mod message;
pub(crate) mod observed;
pub(crate) mod systems;

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
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
    message::Message,
    observed::Observed,
    systems::Systems,
};
use crate::{
    actors::{ALERTS, SYSTEMS},
    chance::Chance,
    clock::ManualClock,
    frail::Side,
    sabotage::Sabotage,
    trace::Trace,
};

/// So many messages are remembered, to be sent once more by somebody who has overheard them.
const OVERHEARD: usize = 64;
/// Who has something to do so often in one instant will never be done.
const TURNS: usize = 2_000;
/// So many of them a node may die in.
const MORTAL_TURNS: usize = 100;

/// A node from one start to its death or the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Life {
    pub(crate) name: &'static str,
    /// Which start, from 0 on.
    pub(crate) start: u64,
}

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
    at_work: BTreeSet<&'static str>,
    /// How many turns each has worked in this instant, without rest.
    turns: BTreeMap<&'static str, usize>,
    /// Those who have died and not started anew.
    dead: BTreeSet<&'static str>,
    /// Whether one of the dead died of a button that somebody pressed.
    pressed_to_death: bool,
}

impl State {
    /// Who has turned round so often may be in a circle: that is to be seen, and not to end by chance.
    fn may_die(&self, life: Life) -> bool {
        self.is_alive(life) && self.turns.get(life.name).is_none_or(|turns| *turns < MORTAL_TURNS)
    }

    fn is_alive(&self, life: Life) -> bool {
        !self.dead.contains(life.name) && self.places.get(life.name).is_some_and(|place| place.life == life)
    }
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

    /// Who has died and is to start anew.
    pub(crate) fn dead(&self) -> Vec<&'static str> {
        self.state().dead.iter().copied().collect()
    }

    /// On which side of the durable step that it is about to take a node dies, if it does.
    pub(crate) fn death_of(&self, life: Life, step: &str) -> Option<Side> {
        let state = self.state();
        state.may_die(life).then(|| state.weather.death(&self.chance, step)).flatten()
    }

    /// A node dies, and everything of it stops.
    pub(crate) fn dies(&self, life: Life, how: &str) {
        self.trace.say(&format!("    {} dies {how}", life.name));
        let mut state = self.state();
        state.dead.insert(life.name);
        // Whoever works or serves is a task, or at work.
        state.pressed_to_death |= tokio::task::try_id().is_none() && !state.at_work.contains(life.name);
        state.at_work.remove(life.name);
        drop(state);
        self.fallen.notify_waiters();
    }

    /// Goes on only where that life has not ended.
    pub(crate) async fn lives(&self, life: Life) {
        {
            let mut state = self.state();
            if state.is_alive(life) {
                return;
            }
            // Who presses a button of a node that has died waits for nothing.
            state.pressed_to_death |= tokio::task::try_id().is_none();
        }
        self.fallen.notify_waiters();
        std::future::pending().await
    }

    async fn until(&self, over: impl Fn(&State) -> bool) {
        loop {
            let fallen = self.fallen.notified();
            if over(&self.state()) {
                return;
            }
            fallen.await;
        }
    }

    /// Somebody presses a button; nothing comes of it where its node dies of it.
    pub(crate) async fn press<T>(&self, button: impl Future<Output = T>) -> Option<T> {
        self.state().pressed_to_death = false;
        tokio::select! {
            biased;
            done = button => Some(done),
            () = self.until(|state| state.pressed_to_death) => None,
        }
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
                self.work_of(&message.to).await;
                heard
            }
            Fault::Dies { heard } => {
                if heard {
                    let _ = self.bring(message).await;
                }
                self.trace.say(&format!("    {}: {fault}", message.described()));
                self.dies(from, "while it waits");
                std::future::pending().await
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

    /// An actor does what is due while an answer of its own is still under way, so that its news overtake it. As a
    /// task, for it goes on when whoever waits for the answer dies.
    async fn work_of(self: &Arc<Self>, name: &str) {
        let (life, engine) = {
            let mut state = self.state();
            let Some(place) = state.places.get(name) else { return };
            let (life, engine) = (place.life, Arc::clone(&place.engine));
            if !state.is_alive(life) || !state.at_work.insert(life.name) {
                return;
            }
            (life, engine)
        };
        let name = life.name;
        self.trace.say(&format!("    {name} works while its answer is under way"));
        let network = Arc::clone(self);
        let work = tokio::spawn(async move { network.work_or_die(life, &engine).await });
        if work.await.is_err() {
            self.state().at_work.remove(name);
            self.observed.finds("defects", format!("the worker of {name} panicked"));
        }
    }

    /// An actor does what is due, if nothing of it does so already.
    pub(crate) async fn drive(&self, name: &'static str) {
        let (life, engine) = {
            let mut state = self.state();
            let Some(place) = state.places.get(name) else { return };
            let (life, engine) = (place.life, Arc::clone(&place.engine));
            if !state.is_alive(life) || !state.at_work.insert(name) {
                return;
            }
            (life, engine)
        };
        self.work_or_die(life, &engine).await;
    }

    async fn work_or_die(&self, life: Life, engine: &Engine) {
        tokio::select! {
            biased;
            () = self.until(|state| !state.is_alive(life)) => return,
            () = self.exhaust(life.name, engine) => {}
        }
        self.state().at_work.remove(life.name);
    }

    /// Waits for those who still work, because whoever waited for them has died.
    pub(crate) async fn settles(&self) {
        while !self.state().at_work.is_empty() {
            tokio::task::yield_now().await;
        }
    }

    /// An actor does what is due until nothing is.
    async fn exhaust(&self, name: &'static str, engine: &Engine) {
        for turn in 0..TURNS {
            self.state().turns.insert(name, turn);
            match engine.run_once().await {
                Ok(0) if self.sabotage != Some(Sabotage::Restless) => return,
                Ok(_) => {}
                Err(error) => {
                    return self.observed.finds("defects", format!("the worker of {name} failed: {error}"));
                }
            }
        }
        self.observed.finds("liveness", format!("after {TURNS} turns in one instant {name} has still something to do"));
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
