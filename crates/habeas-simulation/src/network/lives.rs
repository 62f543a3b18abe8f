//! Who lives, who works, and who dies of it? A node's life goes from one start to its death or the next start; after its
//! end nothing of it reads, writes, calls or answers.

use std::{
    collections::BTreeMap,
    future::{Future, pending},
    sync::Arc,
};

use habeas_engine::Engine;

use super::{Network, State};
use crate::{frail::Side, sabotage::Sabotage};

/// Who has something to do so often in one instant will never be done.
const TURNS: usize = 2_000;
/// So many of them a node may die in: who is in a circle is to be seen, and not to end by chance.
const MORTAL_TURNS: usize = 100;

/// A node from one start to its death or the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Life {
    pub(crate) name: &'static str,
    /// Which start, from 0 on.
    pub(crate) start: u64,
}

impl State {
    pub(super) fn is_alive(&self, life: Life) -> bool {
        !self.dead.contains(life.name) && self.places.get(life.name).is_some_and(|place| place.life == life)
    }

    pub(super) fn may_die(&self, life: Life) -> bool {
        self.is_alive(life) && self.at_work.get(life.name).is_none_or(|turns| *turns < MORTAL_TURNS)
    }
}

impl Network {
    /// Who has died and is to start anew.
    pub(crate) fn dead(&self) -> Vec<&'static str> {
        self.state().dead.iter().copied().collect()
    }

    /// How often nodes died, by how: `before apply`, `after settle`, and so on.
    pub(crate) fn deaths(&self) -> BTreeMap<String, u64> {
        self.state().deaths.clone()
    }

    /// On which side of the durable step that it is about to take a node dies, if it does.
    pub(crate) fn death_of(&self, life: Life, step: &str) -> Option<Side> {
        let state = self.state();
        state.may_die(life).then(|| state.weather.death(&self.chance, step)).flatten()
    }

    /// A node dies, and everything of it stops, whoever called this first of all.
    pub(crate) async fn dies<T>(&self, life: Life, how: &str) -> T {
        self.trace.say(&format!("    {} dies {how}", life.name));
        {
            let mut state = self.state();
            state.dead.insert(life.name);
            state.at_work.remove(life.name);
            *state.deaths.entry(how.to_owned()).or_default() += 1;
        }
        self.lives(life).await;
        pending().await
    }

    /// Goes on only where that life has not ended.
    pub(crate) async fn lives(&self, life: Life) {
        {
            let mut state = self.state();
            if state.is_alive(life) {
                return;
            }
            // Whoever is served is a task. Who is driven is none either, but then nobody presses a button.
            state.pressed_in_vain |= tokio::task::try_id().is_none();
        }
        self.fallen.notify_waiters();
        pending().await
    }

    pub(super) async fn until(&self, over: impl Fn(&State) -> bool) {
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
        self.state().pressed_in_vain = false;
        tokio::select! {
            biased;
            done = button => Some(done),
            () = self.until(|state| state.pressed_in_vain) => None,
        }
    }

    /// An actor does what is due, if nothing of it does so already.
    pub(crate) async fn drive(&self, name: &str) {
        if let Some((life, engine)) = self.takes_up_work(name) {
            self.work_or_die(life, &engine).await;
        }
    }

    /// The same while an answer of its own is still under way, so that its news overtake it. As a task, for it goes on
    /// when whoever waits for the answer dies.
    pub(super) async fn overtake(self: &Arc<Self>, name: &str) {
        let Some((life, engine)) = self.takes_up_work(name) else { return };
        self.trace.say(&format!("    {name} works while its answer is under way"));
        let network = Arc::clone(self);
        let work = tokio::spawn(async move { network.work_or_die(life, &engine).await });
        if work.await.is_err() {
            self.state().at_work.remove(name);
            self.observed.finds("defects", format!("the worker of {name} panicked"));
        }
    }

    fn takes_up_work(&self, name: &str) -> Option<(Life, Arc<Engine>)> {
        let mut state = self.state();
        let place = state.places.get(name)?;
        let (life, engine) = (place.life, Arc::clone(&place.engine));
        let free = state.is_alive(life) && !state.at_work.contains_key(name);
        free.then(|| {
            state.at_work.insert(life.name, 0);
            (life, engine)
        })
    }

    async fn work_or_die(&self, life: Life, engine: &Engine) {
        tokio::select! {
            biased;
            () = self.until(|state| !state.is_alive(life)) => return,
            () = self.exhaust(life.name, engine) => {}
        }
        self.state().at_work.remove(life.name);
    }

    /// An actor does what is due until nothing is.
    async fn exhaust(&self, name: &'static str, engine: &Engine) {
        for turn in 0..TURNS {
            self.state().at_work.insert(name, turn);
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

    /// Waits for those who still work, because whoever waited for them has died.
    pub(crate) async fn settles(&self) {
        while !self.state().at_work.is_empty() {
            tokio::task::yield_now().await;
        }
    }
}
