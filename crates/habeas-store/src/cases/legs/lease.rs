//! Which legs are due, and who may do their next step?

use habeas_core::{clock::Instant, id::LegId};

use super::row::{self, RawLeg};
use crate::{
    Result, Sealers, StoreError,
    cases::{
        Backend, Database,
        convert::{fence_in, fence_out},
        due::{self, Due, KEY, Taken},
        requests,
        rows::RawRequest,
        slots::{Ask, Left},
    },
    model::{LeasedLeg, Slots},
    sql::{Connection, Sweep, params},
};

impl<B: Backend> Database<B> {
    /// A leg that cannot be opened stays leased, with a word in the log, and is due again when the lease runs out: it
    /// must not stop the others.
    pub(crate) async fn lease_due_legs(
        &self,
        now: Instant,
        until: Instant,
        limit: u32,
        slots: &Slots,
    ) -> Result<Vec<LeasedLeg>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let ask = Ask::new(now, until, limit, slots, self.legs_turn.begin());
        let (taken, next) = self.backend.lease(move |conn| lease(conn, &ask)).await?;
        self.legs_turn.pass_on(next);
        if taken.is_empty() {
            return Ok(Vec::new());
        }
        let read = self
            .backend
            .read(move |conn| Ok(taken.iter().map(|(id, fence)| load(conn, id, *fence)).collect::<Vec<_>>()));
        let mut leased = Vec::new();
        for loaded in read.await? {
            match loaded.and_then(|raw| raw.open(&self.sealers)) {
                Ok(one) => leased.push(one),
                Err(error @ StoreError::Unavailable(_)) => return Err(error),
                Err(error) => tracing::error!(%error, "a leg cannot be read"),
            }
        }
        Ok(leased)
    }

    pub(crate) async fn release_leased_leg(&self, leg: &LegId, fence: u64, due_at: Instant) -> Result<()> {
        let leg = leg.clone();
        let release = move |conn: &Connection| {
            let released =
                conn.prepare_cached(RELEASE)?.execute(params![leg.as_str(), fence_in(fence), due_at.ms()])?;
            if released == 0 { Err(StoreError::Stale) } else { Ok(()) }
        };
        self.backend.write(release).await
    }
}

pub(crate) fn lease(conn: &Connection, ask: &Ask) -> Result<Taken<(String, u64)>> {
    conn.sweep(Sweep::Legs)?;
    let mut left = ask.left();
    let mut found = ran_out(conn, ask, &mut left)?;
    let next = LEGS.choose(conn, ask, &mut left, &mut found)?;
    let found = free(conn, found)?;
    let keys: Vec<_> = found.iter().map(|n| params![n, ask.until.ms(), ask.now.ms()].to_vec()).collect();
    let taken = conn.prepare_cached(TAKE)?.query_each(&keys, |row| Ok((row.get(0)?, fence_out(row, 1)?)))?;
    Ok((taken, next))
}

/// Those of requests that nobody else works on at this moment, kept from others until the transaction ends.
fn free(conn: &Connection, legs: Vec<i64>) -> Result<Vec<i64>> {
    if !conn.is_shared() || legs.is_empty() {
        return Ok(legs);
    }
    let keys: Vec<_> = legs.iter().map(|n| params![n].to_vec()).collect();
    let mut query = conn.prepare_cached(REQUEST)?;
    let requests = query.query_each(&keys, |row| Ok((row.get::<i64>(0)?, row.get::<String>(1)?)))?;
    let free = conn.lock_free(requests.iter().map(|(_, request)| request.clone()).collect())?;
    Ok(requests.into_iter().filter(|(_, request)| free.contains(request)).map(|(n, _)| n).collect())
}

/// Leases that ran out. Each is looked at once: what is not leased again is given back, and waits with the rest.
fn ran_out(conn: &Connection, ask: &Ask, left: &mut Left<'_>) -> Result<Vec<i64>> {
    let (mut found, mut passed) = (Vec::new(), Vec::new());
    let mut query = conn.prepare_cached(RAN_OUT)?;
    let mut rows = query.query(params![ask.now.ms()])?;
    while found.len() < ask.limit()
        && let Some(row) = rows.next()?
    {
        let due = row.get::<i64>(1)? <= ask.now.ms();
        let chosen = if due && left.take(due::host(&row)?) { &mut found } else { &mut passed };
        chosen.push(row.get(KEY)?);
    }
    drop(rows);
    let mut give_back = conn.prepare_cached(GIVE_BACK)?;
    for n in free(conn, passed)? {
        give_back.execute(params![n, ask.now.ms()])?;
    }
    Ok(found)
}

const LEGS: Due<i64> =
    Due { oldest: OLDEST, next_host: NEXT_HOST, next_hosts: NEXT_HOSTS, rest: REST, key: |row| row.get(KEY) };
/// All of these come from an index alone.
pub(crate) const OLDEST: &str = "SELECT host, due_at, n FROM legs INDEXED BY legs_due
    WHERE due_at IS NOT NULL AND leased_until IS NULL AND due_at <= ?1 ORDER BY due_at LIMIT ?2";
pub(crate) const NEXT_HOST: &str = "SELECT host, due_at, n FROM legs INDEXED BY legs_due_of_host
    WHERE due_at IS NOT NULL AND leased_until IS NULL AND host >= ?1 ORDER BY host, due_at, n LIMIT 1";
const NEXT_HOSTS: &str = "WITH RECURSIVE hosts AS (
    (SELECT host, due_at, n FROM legs
        WHERE due_at IS NOT NULL AND leased_until IS NULL AND host >= ?1 ORDER BY host, due_at, n LIMIT 1)
    UNION ALL
    SELECT l.host, l.due_at, l.n FROM hosts h, LATERAL (
        SELECT host, due_at, n FROM legs WHERE due_at IS NOT NULL AND leased_until IS NULL AND host > h.host
        ORDER BY host, due_at, n LIMIT 1) l
    ) SELECT host, due_at, n FROM hosts LIMIT ?2";
pub(crate) const REST: &str = "SELECT host, due_at, n FROM legs INDEXED BY legs_due_of_host
    WHERE due_at IS NOT NULL AND leased_until IS NULL AND host = ?1 AND due_at <= ?2
    ORDER BY due_at, n LIMIT ?3 OFFSET 1";
pub(crate) const RAN_OUT: &str = "SELECT host, due_at, n FROM legs INDEXED BY legs_leased
    WHERE due_at IS NOT NULL AND leased_until IS NOT NULL AND leased_until <= ?1 ORDER BY leased_until";
#[cfg(test)]
pub(crate) const ALL: [&str; 6] = [OLDEST, NEXT_HOST, REST, RAN_OUT, GIVE_BACK, TAKE];
const REQUEST: &str = "SELECT n, request_id FROM legs WHERE n = ?1";
const GIVE_BACK: &str = "UPDATE legs SET leased_until = NULL WHERE n = ?1 AND leased_until <= ?2";
const TAKE: &str = "UPDATE legs SET fence = fence + 1, leased_until = ?2
    WHERE n = ?1 AND due_at <= ?3 AND (leased_until IS NULL OR leased_until <= ?3)
    RETURNING id, fence";
/// Of a leg that came to its end meanwhile nothing becomes due again.
const RELEASE: &str = "UPDATE legs SET leased_until = NULL, due_at = CASE WHEN due_at IS NOT NULL THEN ?3 END
    WHERE id = ?1 AND fence = ?2 AND leased_until IS NOT NULL";

struct RawLeasedLeg {
    leg: RawLeg,
    fence: u64,
    request: RawRequest,
}

fn load(conn: &Connection, id: &str, fence: u64) -> Result<RawLeasedLeg> {
    let leg = row::by_id(conn, id)?.ok_or(StoreError::Corrupt("legs.id"))?;
    let request = requests::by_id(conn, leg.request())?.ok_or(StoreError::Corrupt("legs.request_id"))?;
    Ok(RawLeasedLeg { leg, fence, request })
}

impl RawLeasedLeg {
    fn open(self, sealers: &Sealers) -> Result<LeasedLeg> {
        Ok(LeasedLeg { row: self.leg.open(sealers)?, fence: self.fence, request: self.request.open(sealers)? })
    }
}
