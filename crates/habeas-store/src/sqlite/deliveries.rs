//! Which deliveries are due, and who may try them?

use habeas_core::{
    clock::Instant,
    delivery::{Delivery, DeliveryKind, DeliveryState},
    id::{DeliveryId, RequestId},
};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    Sqlite,
    convert::{fence_out, instant, named, text},
    lanes,
    rows::{AFTER_REQUEST, AFTER_STANDING, RawRequest, RawStanding, request_columns, standing_columns},
    slots::{Ask, Left},
};
use crate::{
    Result, Sealers, StoreError,
    model::{Leased, Slots},
    seal::open_callbacks,
};

impl Sqlite {
    /// A delivery whose request cannot be opened stays leased, with a word in the log, and is due again when the
    /// lease runs out: it must not stop the others.
    pub(super) async fn lease_due_deliveries(
        &self,
        now: Instant,
        until: Instant,
        limit: u32,
        slots: &Slots,
    ) -> Result<Vec<Leased>> {
        let ask = Ask::new(now, until, limit, slots);
        let taken = self.writer.run(move |conn| lease(conn, &ask)).await?;
        if taken.is_empty() {
            return Ok(Vec::new());
        }
        let read = self.readers.run(move |conn| {
            Ok(taken.into_iter().map(|(delivery, fence)| load(conn, delivery, fence)).collect::<Vec<_>>())
        });
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

fn lease(conn: &Connection, ask: &Ask) -> Result<Vec<(Delivery, u64)>> {
    let mut left = Left::of(&ask.slots);
    let mut keys = Vec::new();
    for (key, replaced) in ran_out(conn, ask, &mut left)? {
        if replaced {
            // Whoever had it is gone, and a newer one waits in its lane.
            conn.prepare_cached(CLOSE_REPLACED)?.execute(params![key.0, key.1, key.2])?;
            lanes::choose_head(conn, &key.0, key.1)?;
        } else {
            keys.push(key);
        }
    }
    if keys.len() < ask.limit() {
        let mut query = conn.prepare_cached(DUE)?;
        let mut rows = query.query(params![ask.now.ms()])?;
        // The rows come from the index alone, so those of crowded hosts are passed over cheaply.
        while keys.len() < ask.limit()
            && let Some(row) = rows.next()?
        {
            if left.take(row.get_ref(3)?.as_str().map_err(|_| StoreError::Corrupt("deliveries.host"))?) {
                keys.push((row.get(0)?, row.get(1)?, row.get(2)?));
            }
        }
    }
    let mut take = conn.prepare_cached(TAKE)?;
    let mut taken = Vec::with_capacity(keys.len());
    for (request, lane, seq) in keys {
        taken.push(take.query_row(params![request, lane, seq, ask.until.ms()], read_taken)?);
    }
    Ok(taken)
}

/// Leases that ran out, with whether the delivery was replaced meanwhile.
fn ran_out(conn: &Connection, ask: &Ask, left: &mut Left) -> Result<Vec<(Key, bool)>> {
    let mut query = conn.prepare_cached(RAN_OUT)?;
    let mut rows = query.query(params![ask.now.ms(), ask.limit])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let replaced: bool = row.get(3)?;
        if replaced || left.take(row.get_ref(4)?.as_str().map_err(|_| StoreError::Corrupt("deliveries.host"))?) {
            found.push(((row.get(0)?, row.get(1)?, row.get(2)?), replaced));
        }
    }
    Ok(found)
}

fn read_taken(row: &Row<'_>) -> rusqlite::Result<(Delivery, u64)> {
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

const DUE: &str = "SELECT request_id, lane, seq, host FROM deliveries INDEXED BY deliveries_due
    WHERE state = 'due' AND head = 1 AND due_at <= ?1 ORDER BY due_at";
const RAN_OUT: &str = "SELECT request_id, lane, seq, replaced, host FROM deliveries INDEXED BY deliveries_leased
    WHERE state = 'leased' AND leased_until <= ?1 ORDER BY leased_until LIMIT ?2";
const CLOSE_REPLACED: &str = "UPDATE deliveries SET state = 'superseded', head = 0, replaced = 0, leased_until = NULL
    WHERE request_id = ?1 AND lane = ?2 AND seq = ?3";
const TAKE: &str = "UPDATE deliveries SET state = 'leased', fence = fence + 1, leased_until = ?4
    WHERE request_id = ?1 AND lane = ?2 AND seq = ?3
    RETURNING request_id, lane, seq, kind, host, due_at, attempts, fence";
const OF_LEASED: &str = concat!(
    "SELECT ",
    request_columns!(),
    ", ",
    standing_columns!("e"),
    ", CASE WHEN ?3 THEN (SELECT s.callbacks FROM request_secrets s WHERE s.request_id = r.id) END",
    " FROM requests r JOIN events e ON e.request_id = r.id AND e.seq = ?2 WHERE r.id = ?1"
);

struct RawLeased {
    delivery: Delivery,
    fence: u64,
    request: RawRequest,
    standing: RawStanding,
    callbacks: Option<Vec<u8>>,
}

fn load(conn: &Connection, delivery: Delivery, fence: u64) -> Result<RawLeased> {
    let mut query = conn.prepare_cached(OF_LEASED)?;
    let calls_back = delivery.kind == DeliveryKind::Callback;
    let row = query.query_row(params![delivery.id.request.as_str(), delivery.id.seq, calls_back], |row| {
        let standing = RawStanding::read(row, AFTER_REQUEST)?;
        Ok((RawRequest::read(row)?, standing, row.get(AFTER_REQUEST + AFTER_STANDING)?))
    });
    let (request, standing, callbacks) = row.optional()?.ok_or(StoreError::Corrupt("deliveries.request_id"))?;
    Ok(RawLeased { delivery, fence, request, standing, callbacks })
}

impl RawLeased {
    fn open(self, sealers: &Sealers) -> Result<Leased> {
        let opener = self.request.opener(sealers)?;
        let standing = self.standing.open(&self.request, opener.as_ref())?;
        let urls = match &opener {
            Some(opener) => open_callbacks(&opener.keys, &opener.key, &self.request.id, self.callbacks.as_deref())?,
            None => Vec::new(),
        };
        let lane = usize::try_from(self.delivery.id.lane).ok();
        Ok(Leased {
            url: lane.and_then(|lane| urls.into_iter().nth(lane)),
            request: self.request.open(sealers)?,
            delivery: self.delivery,
            fence: self.fence,
            standing,
        })
    }
}
