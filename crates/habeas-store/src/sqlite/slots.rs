//! How much may be leased now, and for which hosts?

use std::collections::HashMap;

use habeas_core::clock::Instant;

use crate::model::Slots;

/// What a lease is asked for with.
pub(super) struct Ask {
    pub(super) now: Instant,
    pub(super) until: Instant,
    pub(super) limit: u32,
    pub(super) slots: Slots,
}

impl Ask {
    pub(super) fn new(now: Instant, until: Instant, limit: u32, slots: &Slots) -> Self {
        Self { now, until, limit, slots: slots.clone() }
    }

    pub(super) fn limit(&self) -> usize {
        usize::try_from(self.limit).unwrap_or(usize::MAX)
    }
}

/// How many more each host may be given.
pub(super) struct Left {
    per_host: u32,
    of: HashMap<String, u32>,
}

impl Left {
    pub(super) fn of(slots: &Slots) -> Self {
        Self { per_host: slots.per_host, of: slots.left.iter().cloned().collect() }
    }

    /// Takes a slot of the host, if it has one.
    pub(super) fn take(&mut self, host: &str) -> bool {
        if let Some(left) = self.of.get_mut(host) {
            let free = *left > 0;
            *left = left.saturating_sub(1);
            return free;
        }
        self.of.insert(host.to_owned(), self.per_host.saturating_sub(1));
        self.per_host > 0
    }
}
