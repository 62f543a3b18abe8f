//! Which of what is due is leased, so that no host waits for another?
//!
//! Usually little is due. It is seen in the order of time, and all of it that has slots is leased. Only where that is
//! too much for one lease, or where too many rows would be passed over because their hosts have no slots, is it looked
//! for by host: the hosts take turns, and the next lease begins where this one has stopped.
//!
//! **What it costs.** At most [`SEEN`] × limit entries of the index by time; then one seek for each host at which
//! anything waits, until enough of them are found that have slots; then the rows that are leased, and one more for
//! each of their hosts. How many rows wait at a host makes no difference.
//!
//! **Why nobody starves.** A lease that is not by host takes everything that it may. One that is goes round all hosts,
//! and ends early only when it has given each of `limit` hosts its oldest row. The next begins behind the last of them,
//! so it comes to a host before it comes to any other a second time. Of H hosts that have slots and something due, each
//! is served within H ÷ limit leases, rounded up; leases that ran out, each once, go before. And a lease is empty only
//! when there is nothing that it may take, for the worker goes to sleep then.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use super::slots::{Ask, Left};
use crate::{
    Result, StoreError,
    sql::{self, Connection, OptionalExtension as _, Row, params},
};

/// So many entries of the index by time are seen, for each that is wanted.
const SEEN: usize = 4;

/// How what is due is found in a table. Each query gives host, time and the columns of a key.
pub(super) struct Due<K> {
    /// What is due at `?1`, oldest first, at most `?2` rows.
    pub(super) oldest: &'static str,
    /// The oldest row of the first host from `?1` on at which any row waits, due or not.
    pub(super) next_host: &'static str,
    /// The same of up to `?2` hosts from `?1` on, where every question costs a journey.
    pub(super) next_hosts: &'static str,
    /// What is due at host `?1` at `?2` but for the oldest: at most `?3` rows.
    pub(super) rest: &'static str,
    /// Reads the key, which begins at column [`KEY`].
    pub(super) key: fn(&Row<'_>) -> sql::Result<K>,
}

/// What was leased, and with which host the next lease begins, where that changes.
pub(crate) type Taken<T> = (Vec<T>, Option<String>);

/// Where the columns of a key begin.
pub(super) const KEY: usize = 2;

impl<K> Due<K> {
    /// Adds to `found` up to the limit. Says with which host the next lease begins, where that changes.
    pub(super) fn choose(
        &self,
        conn: &Connection,
        ask: &Ask,
        left: &mut Left<'_>,
        found: &mut Vec<K>,
    ) -> Result<Option<String>> {
        let room = ask.limit().saturating_sub(found.len());
        if room == 0 {
            return Ok(None);
        }
        match self.all(conn, ask, left.clone(), room)? {
            Some(all) => {
                found.extend(all);
                Ok(None)
            }
            None => self.in_turn(conn, ask, left, found),
        }
    }

    /// Everything that is due and has slots, if it is seen at a glance and there is room for it.
    fn all(&self, conn: &Connection, ask: &Ask, mut left: Left<'_>, room: usize) -> Result<Option<Vec<K>>> {
        let most = ask.limit().saturating_mul(SEEN);
        let mut query = conn.prepare_cached(self.oldest)?;
        let mut rows = query.query(params![ask.now.ms(), i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1)])?;
        let (mut seen, mut all) = (0, Vec::new());
        while let Some(row) = rows.next()? {
            let free = left.take(host(&row)?);
            if seen == most || free && all.len() == room {
                return Ok(None);
            }
            seen += 1;
            if free {
                all.push((self.key)(&row)?);
            }
        }
        Ok(Some(all))
    }

    /// One row for each host in turn, and then for the same hosts what there is room for.
    fn in_turn(&self, conn: &Connection, ask: &Ask, left: &mut Left<'_>, found: &mut Vec<K>) -> Result<Option<String>> {
        let mut served = Vec::new();
        for (from, end) in [(ask.from.as_str(), None), ("", Some(ask.from.as_str()))] {
            let (mut at, mut hosts) = (from.to_owned(), Hosts::new(self));
            while let Some(place) = left.first_free(&at) {
                let Some((host, due_at, key)) = hosts.next(conn, place)? else { break };
                if end.is_some_and(|end| host.as_str() >= end) {
                    break;
                }
                at = behind(&host);
                if due_at > ask.now.ms() || !left.take(&host) {
                    continue;
                }
                found.push(key);
                if found.len() == ask.limit() {
                    return Ok(Some(at));
                }
                served.push(host);
            }
        }
        for host in &served {
            let room = u32::try_from(ask.limit().saturating_sub(found.len())).unwrap_or(u32::MAX);
            self.more(conn, ask, host, left.of(host).min(room), found)?;
        }
        // All had their turn. Another of them is the first next time, and has its choice of the room.
        Ok(served.first().map(|first| behind(first)))
    }

    /// Up to `most` rows of a host whose oldest is found.
    fn more(&self, conn: &Connection, ask: &Ask, host: &str, most: u32, found: &mut Vec<K>) -> Result<()> {
        if most == 0 {
            return Ok(());
        }
        let mut query = conn.prepare_cached(self.rest)?;
        for key in query.query_map(params![host, ask.now.ms(), most], self.key)? {
            found.push(key?);
        }
        Ok(())
    }
}

/// Host after host, each with its oldest row.
struct Hosts<'d, K> {
    due: &'d Due<K>,
    known: VecDeque<(String, i64, K)>,
    ended: bool,
}

impl<'d, K> Hosts<'d, K> {
    /// So many are asked for at once where every question costs a journey.
    const PAGE: usize = 200;

    const fn new(due: &'d Due<K>) -> Self {
        Self { due, known: VecDeque::new(), ended: false }
    }

    /// The first host from `place` on. Places only grow.
    fn next(&mut self, conn: &Connection, place: &str) -> Result<Option<(String, i64, K)>> {
        while let Some(known) = self.known.pop_front() {
            if known.0.as_str() >= place {
                return Ok(Some(known));
            }
        }
        if self.ended {
            return Ok(None);
        }
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, (self.due.key)(row)?));
        if conn.is_shared() {
            let mut query = conn.prepare_cached(self.due.next_hosts)?;
            let page = query.query_map(params![place, i64::try_from(Self::PAGE).unwrap_or(i64::MAX)], read)?;
            self.known = page.collect::<sql::Result<_>>()?;
            self.ended = self.known.len() < Self::PAGE;
        } else {
            let mut query = conn.prepare_cached(self.due.next_host)?;
            self.known.extend(query.query_row(params![place], read).optional()?);
        }
        Ok(self.known.pop_front())
    }
}

/// The host of a row.
pub(super) fn host<'a>(row: &'a Row<'_>) -> Result<&'a str> {
    row.text(0).map_err(|_| StoreError::Corrupt("host"))
}

/// The first name behind that of a host; PostgreSQL has no text with a zero in it.
fn behind(host: &str) -> String {
    [host, "\u{1}"].concat()
}

/// With which host the next lease begins.
#[derive(Default)]
pub(super) struct Turn(Mutex<String>);

impl Turn {
    pub(super) fn begin(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn pass_on(&self, to: Option<String>) {
        if let Some(to) = to {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = to;
        }
    }
}
