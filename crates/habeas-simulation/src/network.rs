//! The network between the actors: calls of one router by another engine, and what goes wrong on the way.

pub(crate) mod faults;
pub(crate) mod letters;
pub(crate) mod message;
pub(crate) mod observed;
pub(crate) mod systems;

use std::{
    collections::{BTreeMap, BTreeSet},
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
    sabotage::Sabotage,
    trace::Trace,
};

/// So many messages are remembered, to be sent once more by somebody who has overheard them.
const OVERHEARD: usize = 64;

/// Where an actor listens.
struct Place {
    router: Router,
    engine: Arc<Engine>,
}

/// A message that is under way although its sender waits no more.
struct Late {
    due_at: Instant,
    /// After when it is lost.
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
    /// Whether the node that works may die.
    mortal: AtomicBool,
}

#[derive(Default)]
struct State {
    places: BTreeMap<&'static str, Place>,
    weather: Weather,
    down: BTreeSet<&'static str>,
    late: Vec<Late>,
    overheard: Vec<Message>,
    at_work: BTreeSet<&'static str>,
}

impl Network {
    pub(crate) fn new(seed: u64, clock: Arc<ManualClock>, trace: Arc<Trace>, sabotage: Option<Sabotage>) -> Self {
        Self {
            observed: Observed::default(),
            systems: Systems::new(seed),
            chance: Chance::new(seed, "network"),
            state: Mutex::default(),
            died: Notify::new(),
            mortal: AtomicBool::new(false),
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
        self.state().places.insert(name, Place { router, engine });
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
        self.state().down.contains(name)
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
        let answer = match &outcome {
            Ok(heard) => heard.status.to_string(),
            Err(error) => error.word().to_owned(),
        };
        self.trace.say(&format!("    {}: {fault}{answer}", message.described()));
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
            Fault::None | Fault::Down => Ok(self.bring(message).await),
            Fault::Lost => {
                self.clock.advance(within_ms);
                Err(OutboundError::Timeout)
            }
            Fault::AnswerLost => {
                self.bring(message).await;
                Err(OutboundError::Broken)
            }
            Fault::Doubled => {
                let first = self.bring(message).await;
                let second = self.bring(message).await;
                Ok(if self.chance.in_thousand(500) { first } else { second })
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
                Ok(self.bring(message).await)
            }
            Fault::Failing { status } => Ok(refusal(status, None)),
            Fault::Busy { seconds } => Ok(refusal(429, Some(seconds))),
            Fault::Overtaken => {
                let heard = self.bring(message).await;
                self.work_of(&message.to).await;
                Ok(heard)
            }
            Fault::Dies { heard } => {
                if heard {
                    self.bring(message).await;
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

    /// The answer of whoever listens there.
    async fn bring(&self, message: &Message) -> Heard {
        let router = self.state().places.get(message.to.as_str()).map(|place| place.router.clone());
        let heard = match (router, message.to.as_str()) {
            (Some(router), _) => message.ask(router).await,
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
        heard
    }

    /// An actor does what is due while an answer of its own is still under way, so that its news overtake it. As a task,
    /// for it goes on when whoever waits for the answer dies.
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
            if let Err(error) = engine.run_until_idle().await {
                network.observed.finds("defects", format!("the worker of {name} failed: {error}"));
            }
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
            done = engine.run_until_idle() => {
                if let Err(error) = done {
                    self.observed.finds("defects", format!("the worker of {name} failed: {error}"));
                }
                false
            }
            () = self.died.notified() => true,
        };
        self.mortal.store(false, Ordering::Relaxed);
        self.state().at_work.remove(name);
        died
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
            if self.is_down(&late.message.to) || self.clock.now() > late.good_until {
                continue;
            }
            let heard = self.bring(&late.message).await;
            self.trace.say(&format!("    {}: late, {} unheard", late.message.described(), heard.status));
        }
    }

    /// Somebody sends once more what was sent before.
    pub(crate) async fn replay(&self) {
        let message = self.chance.pick(&self.state().overheard).cloned();
        if let Some(message) = message.filter(|message| !self.is_down(&message.to)) {
            let heard = self.bring(&message).await;
            self.trace.say(&format!("    {}: replayed, {}", message.described(), heard.status));
        }
    }
}

fn refusal(status: u16, retry_after_s: Option<u32>) -> Heard {
    let mut headers = HeaderMap::new();
    if let Some(seconds) = retry_after_s {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    Heard { status, headers, body: Vec::new(), whole: true }
}
