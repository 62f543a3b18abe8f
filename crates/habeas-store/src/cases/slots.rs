//! How much may be leased now, and for which hosts?

use std::{
    collections::{BTreeMap, HashMap},
    ops::Bound,
};

use habeas_core::clock::Instant;

use crate::model::Slots;

/// What a lease is asked for with.
pub(crate) struct Ask {
    pub(super) now: Instant,
    pub(super) until: Instant,
    limit: u32,
    per_host: u32,
    named: BTreeMap<String, u32>,
    /// The host with which to begin where not everybody gets something.
    pub(crate) from: String,
}

impl Ask {
    pub(crate) fn new(now: Instant, until: Instant, limit: u32, slots: &Slots, from: String) -> Self {
        Self { now, until, limit, per_host: slots.per_host, named: slots.left.iter().cloned().collect(), from }
    }

    pub(super) fn limit(&self) -> usize {
        usize::try_from(self.limit).unwrap_or(usize::MAX)
    }

    pub(super) fn left(&self) -> Left<'_> {
        Left { ask: self, taken: HashMap::new() }
    }
}

/// How many more each host may be given.
#[derive(Clone)]
pub(super) struct Left<'a> {
    ask: &'a Ask,
    taken: HashMap<String, u32>,
}

impl<'a> Left<'a> {
    /// Takes a slot of the host, if it has one.
    pub(super) fn take(&mut self, host: &str) -> bool {
        let free = self.of(host) > 0;
        if free {
            match self.taken.get_mut(host) {
                Some(taken) => *taken += 1,
                None => drop(self.taken.insert(host.to_owned(), 1)),
            }
        }
        free
    }

    pub(super) fn of(&self, host: &str) -> u32 {
        let given = self.ask.named.get(host).copied().unwrap_or(self.ask.per_host);
        given.saturating_sub(self.taken.get(host).copied().unwrap_or(0))
    }

    /// Before which name, from `from` on, no host has slots. Where only the named ones have any, the others are not
    /// even looked for.
    pub(super) fn first_free<'b>(&self, from: &'b str) -> Option<&'b str>
    where
        'a: 'b,
    {
        if self.ask.per_host > 0 {
            return Some(from);
        }
        let mut named = self.ask.named.range::<str, _>((Bound::Included(from), Bound::Unbounded));
        named.find(|(_, left)| **left > 0).map(|(host, _)| host.as_str())
    }
}
