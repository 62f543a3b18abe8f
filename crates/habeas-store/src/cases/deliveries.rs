//! Which deliveries are due, and who may try them?

use std::collections::HashMap;

use habeas_core::{
    clock::Instant,
    delivery::{Delivery, DeliveryKind, DeliveryState},
    id::{DeliveryId, RequestId},
};

use super::{
    Backend, Database,
    convert::{fence_out, instant, named, text},
    due::{self, Due, KEY, Taken},
    lanes,
    rows::{AFTER_REQUEST, AFTER_STANDING, RawRequest, RawStanding, request_columns, standing_columns},
    slots::{Ask, Left},
};
use crate::{
    Result, Sealers, StoreError,
    model::{Leased, Slots},
    seal::open_callbacks,
    sql::{self, Connection, Row, Sweep, params},
};

impl<B: Backend> Database<B> {
    /// A delivery whose request cannot be opened stays leased, with a word in the log, and is due again when the
    /// lease runs out: it must not stop the others.
    pub(super) async fn lease_due_deliveries(
        &self,
        now: Instant,
        until: Instant,
        limit: u32,
        slots: &Slots,
    ) -> Result<Vec<Leased>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let ask = Ask::new(now, until, limit, slots, self.deliveries_turn.begin());
        let (taken, next) = self.backend.lease(move |conn| lease(conn, &ask)).await?;
        self.deliveries_turn.pass_on(next);
        if taken.is_empty() {
            return Ok(Vec::new());
        }
        let read = self.backend.read(move |conn| load(conn, &taken));
        let mut leased = Vec::new();
        for loaded in read.await? {
            match loaded.and_then(|raw| raw.open(&self.sealers)) {
                Ok(one) => leased.push(one),
                Err(error @ StoreError::Unavailable(_)) => return Err(error),
                Err(error) => tracing::error!(%error, "a delivery cannot be read"),
            }
        }
        Ok(leased)
    }
}

/// A delivery's place in its table.
type Key = (String, i32, u32);

pub(crate) fn lease(conn: &Connection, ask: &Ask) -> Result<Taken<(Delivery, u64)>> {
    conn.sweep(Sweep::Deliveries)?;
    let mut left = ask.left();
    let mut found = ran_out(conn, ask, &mut left)?;
    let next = DELIVERIES.choose(conn, ask, &mut left, &mut found)?;
    let found = free(conn, found)?;
    let keys: Vec<_> = found
        .iter()
        .map(|(request, lane, seq)| params![request, lane, seq, ask.until.ms(), ask.now.ms()].to_vec())
        .collect();
    let mut taken = conn.query_all((TAKE, TAKE_ALL), &keys, read_taken)?;
    // What is taken at once comes back in any order.
    let places: HashMap<_, _> =
        found.iter().zip(0..).map(|((request, lane, seq), n)| ((request.as_str(), *lane, *seq), n)).collect();
    taken.sort_by_key(|(delivery, _): &(Delivery, u64)| {
        places.get(&(delivery.id.request.as_str(), delivery.id.lane, delivery.id.seq)).copied().unwrap_or(usize::MAX)
    });
    Ok((taken, next))
}

/// Leases that ran out. Each is looked at once: what was replaced meanwhile is closed, because whoever had it is gone
/// and a newer one waits in its lane; what is not leased again is given back, and waits with the rest.
fn ran_out(conn: &Connection, ask: &Ask, left: &mut Left<'_>) -> Result<Vec<Key>> {
    let (mut found, mut passed) = (Vec::new(), Vec::new());
    let mut query = conn.prepare_cached(RAN_OUT)?;
    let mut rows = query.query(params![ask.now.ms()])?;
    while found.len() < ask.limit()
        && let Some(row) = rows.next()?
    {
        let replaced: bool = row.get(1)?;
        let chosen = if !replaced && left.take(due::host(&row)?) { &mut found } else { &mut passed };
        chosen.push(key(&row)?);
    }
    drop(rows);
    let mut let_go = conn.prepare_cached(LET_GO)?;
    for (request, lane, seq) in free(conn, passed)? {
        let_go.execute(params![request, lane, seq, ask.now.ms()])?;
        lanes::choose_heads(conn, [(request.as_str(), lane)])?;
    }
    Ok(found)
}

/// Those of requests that nobody else works on at this moment, kept from others until the transaction ends.
fn free(conn: &Connection, keys: Vec<Key>) -> Result<Vec<Key>> {
    if !conn.is_shared() || keys.is_empty() {
        return Ok(keys);
    }
    let free = conn.lock_free(keys.iter().map(|(request, ..)| request.clone()).collect())?;
    Ok(keys.into_iter().filter(|(request, ..)| free.contains(request)).collect())
}

fn key(row: &Row<'_>) -> sql::Result<Key> {
    Ok((row.get(KEY)?, row.get(KEY + 1)?, row.get(KEY + 2)?))
}

fn read_taken(row: &Row<'_>) -> sql::Result<(Delivery, u64)> {
    let delivery = Delivery {
        id: DeliveryId { request: text(row, 0, RequestId::new)?, lane: row.get(1)?, seq: row.get(2)? },
        kind: named(row, 3, "deliveries.kind", DeliveryKind::named)?,
        host: row.get(4)?,
        state: DeliveryState::Leased,
        due_at: instant(row, 5)?,
        attempts: row.get(6)?,
    };
    Ok((delivery, fence_out(row, 7)?))
}

const DELIVERIES: Due<Key> = Due { oldest: OLDEST, next_host: NEXT_HOST, next_hosts: NEXT_HOSTS, rest: REST, key };
const OLDEST: &str = "SELECT host, due_at, request_id, lane, seq FROM deliveries INDEXED BY deliveries_due
    WHERE state = 'due' AND head = 1 AND due_at <= ?1 ORDER BY due_at LIMIT ?2";
const NEXT_HOST: &str = "SELECT host, due_at, request_id, lane, seq FROM deliveries INDEXED BY deliveries_due_of_host
    WHERE state = 'due' AND head = 1 AND host >= ?1 ORDER BY host, due_at, request_id, lane, seq LIMIT 1";
const NEXT_HOSTS: &str = "WITH RECURSIVE hosts AS (
    (SELECT host, due_at, request_id, lane, seq FROM deliveries
        WHERE state = 'due' AND head = 1 AND host >= ?1 ORDER BY host, due_at, request_id, lane, seq LIMIT 1)
    UNION ALL
    SELECT d.host, d.due_at, d.request_id, d.lane, d.seq FROM hosts h, LATERAL (
        SELECT host, due_at, request_id, lane, seq FROM deliveries
        WHERE state = 'due' AND head = 1 AND host > h.host
        ORDER BY host, due_at, request_id, lane, seq LIMIT 1) d
    ) SELECT host, due_at, request_id, lane, seq FROM hosts LIMIT ?2";
const REST: &str = "SELECT host, due_at, request_id, lane, seq FROM deliveries INDEXED BY deliveries_due_of_host
    WHERE state = 'due' AND head = 1 AND host = ?1 AND due_at <= ?2
    ORDER BY due_at, request_id, lane, seq LIMIT ?3 OFFSET 1";
const RAN_OUT: &str = "SELECT host, replaced, request_id, lane, seq FROM deliveries INDEXED BY deliveries_leased
    WHERE state = 'leased' AND leased_until <= ?1 ORDER BY leased_until";
#[cfg(test)]
pub(crate) const ALL: [&str; 6] = [OLDEST, NEXT_HOST, REST, RAN_OUT, LET_GO, TAKE];
const LET_GO: &str =
    "UPDATE deliveries SET state = CASE WHEN replaced = 1 THEN 'superseded' ELSE 'due' END, head = 1 - replaced,
        replaced = 0, leased_until = NULL
    WHERE request_id = ?1 AND lane = ?2 AND seq = ?3 AND state = 'leased' AND leased_until <= ?4";
const TAKE: &str = "UPDATE deliveries SET state = 'leased', fence = fence + 1, leased_until = ?4
    WHERE request_id = ?1 AND lane = ?2 AND seq = ?3
        AND (state = 'due' AND head = 1 OR state = 'leased' AND leased_until <= ?5)
    RETURNING request_id, lane, seq, kind, host, due_at, attempts, fence";
const TAKE_ALL: &str = "UPDATE deliveries d SET state = 'leased', fence = fence + 1, leased_until = k.until
    FROM UNNEST($1, $2, $3, $4, $5) AS k (request_id, lane, seq, until, now)
    WHERE d.request_id = k.request_id AND d.lane = k.lane AND d.seq = k.seq
        AND (state = 'due' AND head = 1 OR state = 'leased' AND leased_until <= k.now)
    RETURNING d.request_id, d.lane, d.seq, kind, host, due_at, attempts, fence";
macro_rules! columns_of_leased {
    ($calls_back:literal) => {
        concat!(
            "SELECT ",
            request_columns!(),
            ", ",
            standing_columns!("e"),
            ", CASE WHEN ",
            $calls_back,
            " THEN (SELECT s.callbacks FROM request_secrets s WHERE s.request_id = r.id) END"
        )
    };
}
/// The last parameter comes back: it says which of the deliveries it is.
const OF_LEASED: &str = concat!(
    columns_of_leased!("?3"),
    ", ?4 FROM requests r JOIN events e ON e.request_id = r.id AND e.seq = ?2 WHERE r.id = ?1"
);
const OF_ALL_LEASED: &str = concat!(
    columns_of_leased!("k.calls_back"),
    ", k.n FROM UNNEST($1, $2, $3, $4) AS k (id, seq, calls_back, n)",
    " JOIN requests r ON r.id = k.id JOIN events e ON e.request_id = k.id AND e.seq = k.seq"
);

struct RawLeased {
    delivery: Delivery,
    fence: u64,
    news: News,
}

/// What a delivery is about.
struct News {
    request: RawRequest,
    standing: RawStanding,
    callbacks: Option<Vec<u8>>,
}

impl News {
    fn read(row: &Row<'_>) -> sql::Result<Self> {
        Ok(Self {
            request: RawRequest::read(row)?,
            standing: RawStanding::read(row, AFTER_REQUEST)?,
            callbacks: row.get(AFTER_REQUEST + AFTER_STANDING)?,
        })
    }
}

/// What leased deliveries are about; one that cannot be read stops no other.
fn load(conn: &Connection, taken: &[(Delivery, u64)]) -> Result<Vec<Result<RawLeased>>> {
    let keys: Vec<_> = (0i64..)
        .zip(taken)
        .map(|(n, (delivery, _))| {
            let calls_back = delivery.kind == DeliveryKind::Callback;
            params![delivery.id.request.as_str(), delivery.id.seq, calls_back, n].to_vec()
        })
        .collect();
    let with_number = |row: &Row<'_>| Ok((row.get::<i64>(AFTER_REQUEST + AFTER_STANDING + 1)?, News::read(row)));
    let mut found: HashMap<_, _> =
        conn.query_all((OF_LEASED, OF_ALL_LEASED), &keys, with_number)?.into_iter().collect();
    let raw = |(n, (delivery, fence)): (i64, &(Delivery, u64))| {
        let news = found.remove(&n).ok_or(StoreError::Corrupt("deliveries.request_id"))??;
        Ok(RawLeased { delivery: delivery.clone(), fence: *fence, news })
    };
    Ok((0i64..).zip(taken).map(raw).collect())
}

impl RawLeased {
    fn open(self, sealers: &Sealers) -> Result<Leased> {
        let News { request, standing, callbacks } = self.news;
        let opener = request.opener(sealers)?;
        let standing = standing.open(&request, opener.as_ref())?;
        let urls = match &opener {
            Some(opener) => open_callbacks(&opener.keys, &opener.key, &request.id, callbacks.as_deref())?,
            None => Vec::new(),
        };
        let lane = usize::try_from(self.delivery.id.lane).ok();
        Ok(Leased {
            url: lane.and_then(|lane| urls.into_iter().nth(lane)),
            request: request.open(sealers)?,
            delivery: self.delivery,
            fence: self.fence,
            standing,
        })
    }
}
