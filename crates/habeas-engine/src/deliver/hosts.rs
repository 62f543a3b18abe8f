//! Which receivers are dead, slow or busy? So that none of them delays the others.
//!
//! A host that answered last time may have several attempts under way. Any other is a stranger: it gets a single
//! slot, and all strangers together hold at most half of the slots. After several failures in a row a host rests for a
//! while.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use habeas_core::clock::{Instant, MINUTE_MS, SECOND_MS};
use habeas_store::Slots;

use crate::settings::Settings;

/// Failures in a row after which a host rests.
const REST_AFTER: u32 = 3;
const FIRST_REST_MS: i64 = 5 * SECOND_MS;
const LONGEST_REST_MS: i64 = 5 * MINUTE_MS;
/// So many hosts are remembered; beyond that, those that do not rest are forgotten, and beyond four times that all that
/// have nothing under way.
const REMEMBERED: usize = 1_000;

/// What is known of the receivers.
pub struct Hosts {
    per_host: u32,
    strangers: u32,
    known: Mutex<HashMap<String, Host>>,
}

/// What an attempt says of its host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Went {
    /// It answered, whatever it said.
    Reached,
    /// It could not be reached, or did not answer in time.
    Failed,
    /// Nothing.
    Unknown,
}

#[derive(Default)]
struct Host {
    under_way: u32,
    failures: u32,
    good: bool,
    rests_until: Option<Instant>,
}

impl Host {
    /// A clock that was set back does not prolong it.
    fn rests(&self, now: Instant) -> bool {
        self.rests_until.is_some_and(|until| until > now && until.since(now) <= LONGEST_REST_MS)
    }
}

impl Hosts {
    /// No host is known yet.
    pub fn new(settings: &Settings) -> Self {
        Self {
            per_host: small(settings.attempts_per_host),
            strangers: small(settings.attempts_at_once / 2),
            known: Mutex::default(),
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Host>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many deliveries may be leased now, and to whom.
    pub fn slots(&self, now: Instant) -> Slots {
        let known = self.known();
        let strangers = strangers_under_way(&known);
        let left = known.iter().map(|(name, host)| (name.clone(), self.left(host, strangers, now))).collect();
        // Nobody knows how many strangers one batch will hold, so their common limit is kept when slots are taken.
        Slots { per_host: u32::from(strangers < self.strangers), left }
    }

    /// Takes a slot of the host, if it has one.
    pub fn take(&self, name: &str, now: Instant) -> bool {
        let mut known = self.known();
        let strangers = strangers_under_way(&known);
        if known.len() >= REMEMBERED {
            known.retain(|_, host| host.under_way > 0 || host.rests(now));
        }
        if known.len() >= 4 * REMEMBERED {
            known.retain(|_, host| host.under_way > 0);
        }
        let host = known.entry(name.to_owned()).or_default();
        let free = self.left(host, strangers, now) > 0;
        if free {
            host.under_way += 1;
        }
        free
    }

    /// Gives the slot back, and says how it went.
    pub fn give_back(&self, name: &str, went: Went, now: Instant) {
        let mut known = self.known();
        let Some(host) = known.get_mut(name) else { return };
        host.under_way = host.under_way.saturating_sub(1);
        match went {
            Went::Unknown => return,
            Went::Reached => host.failures = 0,
            Went::Failed => host.failures = host.failures.saturating_add(1),
        }
        host.good = went == Went::Reached;
        host.rests_until = rest(host.failures).map(|ms| now.plus_ms(ms));
    }

    /// Forgets all failures: an operator says that they are mended.
    pub fn forgive(&self) {
        for host in self.known().values_mut() {
            host.failures = 0;
            host.rests_until = None;
        }
    }

    /// When the first resting host may be tried again.
    pub fn next_awake(&self, now: Instant) -> Option<Instant> {
        self.known().values().filter_map(|host| host.rests_until).filter(|until| *until > now).min()
    }

    fn left(&self, host: &Host, strangers: u32, now: Instant) -> u32 {
        if host.rests(now) {
            return 0;
        }
        if host.good {
            return self.per_host.saturating_sub(host.under_way);
        }
        u32::from(host.under_way == 0 && strangers < self.strangers)
    }
}

fn strangers_under_way(known: &HashMap<String, Host>) -> u32 {
    known.values().filter(|host| !host.good).map(|host| host.under_way).sum()
}

fn rest(failures: u32) -> Option<i64> {
    let doublings = failures.checked_sub(REST_AFTER)?.min(10);
    Some((FIRST_REST_MS << doublings).min(LONGEST_REST_MS))
}

fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(hosts: &Hosts, name: &str, now: Instant) -> u32 {
        let slots = hosts.slots(now);
        slots.left.iter().find(|(host, _)| host == name).map_or(slots.per_host, |(_, left)| *left)
    }

    #[test]
    fn a_host_that_failed_gets_one_slot_and_then_rests() {
        let hosts = Hosts::new(&Settings { attempts_per_host: 4, ..Settings::default() });
        let now = Instant::from_ms(0);
        assert!(hosts.take("a:443", now));
        assert!(!hosts.take("a:443", now), "one slot for a stranger");
        hosts.give_back("a:443", Went::Reached, now);
        assert!((0..4).all(|_| hosts.take("a:443", now)));
        assert!(!hosts.take("a:443", now));
        assert!(hosts.take("b:443", now), "another host is not affected");
        for _ in 0..4 {
            hosts.give_back("a:443", Went::Failed, now);
        }
        assert_eq!(left(&hosts, "a:443", now), 0, "it rests");
        let later = now.plus_ms(2 * FIRST_REST_MS);
        assert_eq!(left(&hosts, "a:443", later), 1, "one slot while it is suspect");
        assert!(hosts.take("a:443", later));
        hosts.give_back("a:443", Went::Reached, later);
        assert_eq!(left(&hosts, "a:443", later), 4, "forgiven");
    }

    #[test]
    fn strangers_together_hold_at_most_half_of_the_slots() {
        let hosts = Hosts::new(&Settings { attempts_at_once: 4, ..Settings::default() });
        let now = Instant::from_ms(0);
        assert!(hosts.take("healthy", now));
        hosts.give_back("healthy", Went::Reached, now);
        assert!(hosts.take("a", now) && hosts.take("b", now));
        assert!(!hosts.take("c", now));
        assert_eq!(left(&hosts, "never seen", now), 0);
        assert!(hosts.take("healthy", now));
    }
}
