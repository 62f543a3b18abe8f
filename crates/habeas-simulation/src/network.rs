//! The network between the actors: calls of one router by another engine, and what goes wrong on the way.

pub(crate) mod faults;
pub(crate) mod letters;
pub(crate) mod message;
pub(crate) mod observed;
pub(crate) mod systems;

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
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

/// Where an actor listens.
struct Place {
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
    /// Wakes whoever drives the node that has died.
    died: Notify,
    /// Wakes whoever waits for an answer of a node that has died.
    fallen: Notify,
    /// Whether the node that works may die.
    mortal: AtomicBool,
    /// Whether somebody presses a button, and its node may die of it.
    pressed: AtomicBool,
}

#[derive(Default)]
struct State {
    places: BTreeMap<&'static str, Place>,
    weather: Weather,
    down: BTreeSet<&'static str>,
    late: Vec<Late>,
    overheard: Vec<Message>,
    at_work: BTreeSet<&'static str>,
    /// To how many messages each answers.
    serving: BTreeMap<&'static str, usize>,
    /// Those who have died and not started anew.
    dead: BTreeSet<&'static str>,
}

impl Network {
    pub(crate) fn new(seed: u64, clock: Arc<ManualClock>, trace: Arc<Trace>, sabotage: Option<Sabotage>) -> Self {
        Self {
            observed: Observed::default(),
            systems: Systems::new(seed),
            chance: Chance::new(seed, "network"),
            state: Mutex::default(),
            died: Notify::new(),
            fallen: Notify::new(),
            mortal: AtomicBool::new(false),
            pressed: AtomicBool::new(false),
            clock,
            trace,
            sabotage,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on an actor listens there.
    pub(crate) fn opens(&self, name: &'static str, router: Router, engine: Arc<Engine>) {
        let mut state = self.state();
        state.dead.remove(name);
        state.places.insert(name, Place { router, engine });
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

    /// Whether a node dies at the durable step that it is about to take: only where nothing else of it goes on.
    pub(crate) fn death_of(&self, name: &'static str, step: &str) -> Option<Side> {
        let state = self.state();
        // What is served is a task; the driven worker and who presses a button are none.
        let alone = match tokio::task::try_id() {
            None if self.pressed.load(Ordering::Relaxed) => state.at_work.is_empty(),
            None => self.mortal.load(Ordering::Relaxed) && state.at_work.iter().all(|one| *one == name),
            Some(_) => state.serving.get(name) == Some(&1) && !state.at_work.contains(name),
        };
        // Who never rests would die of it sooner or later.
        let mortal = alone && self.sabotage != Some(Sabotage::Restless);
        mortal.then(|| state.weather.death(&self.chance, step)).flatten()
    }

    /// A node dies at a durable step.
    pub(crate) fn dies(&self, name: &'static str, side: Side, step: &str) {
        self.trace.say(&format!("    {name} dies at a step, {side} {step}"));
        let served = tokio::task::try_id().is_some();
        if served || self.pressed.load(Ordering::Relaxed) {
            self.state().dead.insert(name);
        }
        if served {
            self.fallen.notify_waiters();
        } else {
            self.died.notify_one();
        }
    }

    /// Somebody presses a button; nothing comes of it where its node dies of it.
    pub(crate) async fn press<T>(&self, button: impl Future<Output = T>) -> Option<T> {
        self.pressed.store(true, Ordering::Relaxed);
        let done = tokio::select! {
            biased;
            done = button => Some(done),
            () = self.died.notified() => None,
        };
        self.pressed.store(false, Ordering::Relaxed);
        done
    }

    async fn until_dead(&self, name: &str) {
        loop {
            let fallen = self.fallen.notified();
            if self.state().dead.contains(name) {
                return;
            }
            fallen.await;
        }
    }

    /// Brings a message of an engine to where it goes, and the answer back, or not.
    pub(crate) async fn carry(
        self: &Arc<Self>,
        from: &'static str,
        outgoing: Outgoing,
        within_ms: i64,
    ) -> Result<Heard, OutboundError> {
        let message = Message::of(from, outgoing);
        self.observed.leaves(&message);
        let (fault, outcome) = if self.is_down(&message.to) || self.is_down(from) {
            (Fault::Down, Err(OutboundError::Connect))
        } else {
            let fault = self.fault_for(&message, within_ms);
            (fault, self.suffer(fault, &message, within_ms).await)
        };
        let outcome = self.falsified(&message, outcome);
        self.trace.say(&format!("    {}: {fault}{}", message.described(), said(&outcome)));
        self.observed.is_heard(&message, &outcome);
        outcome
    }

    fn fault_for(&self, message: &Message, within_ms: i64) -> Fault {
        let may_die = self.mortal.load(Ordering::Relaxed)
            // What is served is a task; the driven worker is none.
            && tokio::task::try_id().is_none()
            && self.state().at_work.iter().all(|name| *name == message.from);
        let weather = self.state().weather;
        weather.fault(&self.chance, within_ms, may_die, message.can_be_overtaken())
    }

    async fn suffer(self: &Arc<Self>, fault: Fault, message: &Message, within_ms: i64) -> Result<Heard, OutboundError> {
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
                self.died.notify_one();
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
        let place =
            self.state().places.get_key_value(message.to.as_str()).map(|(name, place)| (*name, place.router.clone()));
        let heard = match (place, message.to.as_str()) {
            (Some((name, router)), _) => {
                *self.state().serving.entry(name).or_default() += 1;
                let heard = tokio::select! {
                    biased;
                    () = self.until_dead(name) => None,
                    heard = message.ask(router) => Some(heard),
                };
                if let Some(count) = self.state().serving.get_mut(name) {
                    *count -= 1;
                }
                heard.ok_or(OutboundError::Broken)?
            }
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
        let (name, engine) = {
            let mut state = self.state();
            let Some((name, place)) = state.places.get_key_value(name) else { return };
            let (name, engine) = (*name, Arc::clone(&place.engine));
            if !state.at_work.insert(name) {
                return;
            }
            (name, engine)
        };
        self.trace.say(&format!("    {name} works while its answer is under way"));
        let network = Arc::clone(self);
        let work = tokio::spawn(async move {
            network.exhaust(name, &engine).await;
            network.state().at_work.remove(name);
        });
        if work.await.is_err() {
            self.observed.finds("defects", format!("the worker of {name} panicked"));
        }
    }

    /// An actor does what is due; says whether it died of it.
    pub(crate) async fn drive(&self, name: &'static str, engine: &Engine) -> bool {
        self.state().at_work.insert(name);
        self.mortal.store(true, Ordering::Relaxed);
        let died = tokio::select! {
            biased;
            () = self.exhaust(name, engine) => false,
            () = self.died.notified() => true,
        };
        self.mortal.store(false, Ordering::Relaxed);
        self.state().at_work.remove(name);
        died
    }

    /// An actor does what is due until nothing is.
    async fn exhaust(&self, name: &str, engine: &Engine) {
        for _ in 0..TURNS {
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
