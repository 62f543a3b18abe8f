//! What came of an attempt, and when is the next?

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use habeas_core::{
    clock::Instant,
    delivery::{Attempt, Outcome},
    domain::Domain,
    id::DeliveryId,
};

use super::{
    Backend, Database,
    convert::{fence_in, ms, parsed},
    lanes,
};
use crate::{
    Result, Sealers, StoreError,
    model::{Retry, Settlement, Then},
    seal::{Place, RequestKeys},
    sql::{self, Connection, OptionalExtension, Sweep, Value, params},
};

/// So much of an answer is kept.
const ANSWER_BYTES: usize = 4096;

impl<B: Backend> Database<B> {
    pub(super) async fn settle_delivery(&self, settlement: Settlement) -> Result<()> {
        let sealers = self.sealers.clone();
        self.backend.write(move |conn| settle(conn, &sealers, &settlement)).await
    }

    pub(super) async fn retry_deliveries(&self, which: &Retry, now: Instant) -> Result<u64> {
        let which = which.clone();
        let retry = move |conn: &Connection| match &which {
            Retry::One(id) => {
                conn.lock(&id.request)?;
                reopen(conn, RETRY_ONE, params![now.ms(), id.request.as_str(), id.lane, id.seq])
            }
            Retry::OfRequest(id) => {
                conn.lock(id)?;
                reopen(conn, RETRY_REQUEST, params![now.ms(), id.as_str()])
            }
            Retry::Failing(organisation) => {
                let organisation = organisation.as_ref().map(Domain::as_str);
                lock_failing(conn, organisation)?;
                let failing = reopen(conn, RETRY_FAILING, params![now.ms(), organisation])?;
                Ok(failing + reopen(conn, RETRY_ABANDONED, params![now.ms(), organisation])?)
            }
        };
        self.backend.write(retry).await
    }

    pub(super) async fn take_back_all_leases(&self) -> Result<u64> {
        let take_back = |conn: &Connection| {
            conn.sweep(Sweep::Rest)?;
            let deliveries = reopen(conn, TAKE_BACK, params![])?;
            let legs = conn.prepare_cached(TAKE_BACK_LEGS)?.execute(params![])?;
            Ok(deliveries + u64::try_from(legs).unwrap_or(0))
        };
        self.backend.write(take_back).await
    }
}

fn settle(conn: &Connection, sealers: &Sealers, settlement: &Settlement) -> Result<()> {
    let (state, due_at) = match settlement.then {
        Then::Delivered => ("delivered", None),
        Then::Again(at) => ("due", Some(at)),
        Then::Untried => ("due", None),
        Then::Superseded => ("superseded", None),
        Then::Abandoned | Then::LaneAbandoned => ("abandoned", None),
    };
    let tried = u32::from(settlement.attempt.is_some());
    let DeliveryId { request, lane, seq } = &settlement.id;
    conn.lock(request)?;
    let fence = fence_in(settlement.fence);
    let given = params![request.as_str(), lane, seq, fence, state, ms(due_at), tried];
    let row = conn
        .prepare_cached(SETTLE)?
        .query_row(given, |row| Ok((parsed::<Domain>(row, 0, "organisation")?, row.get::<u32>(1)?)));
    let (organisation, n) = row.optional()?.ok_or(StoreError::Stale)?;
    if let Some(attempt) = &settlement.attempt {
        let keys = sealers.keys(&organisation, request)?;
        record(conn, &keys, &organisation, (&settlement.id, n), attempt)?;
    }
    if settlement.then == Then::LaneAbandoned {
        lanes::abandon(conn, request.as_str(), *lane)?;
    }
    lanes::choose_head(conn, request.as_str(), *lane)?;
    lanes::insert_consequences(conn, &organisation, request, &settlement.deliveries)
}

/// Adds attempt number `n` of a delivery. The answer may repeat anything, so it is sealed, and deleted when the
/// request is shredded.
fn record(
    conn: &Connection,
    keys: &RequestKeys,
    organisation: &Domain,
    (delivery, n): (&DeliveryId, u32),
    attempt: &Attempt,
) -> Result<()> {
    let (status, failure) = match attempt.outcome {
        Outcome::Answered(status) => (Some(status), None),
        Outcome::Failed(word) => (None, Some(word)),
    };
    let answer = attempt.answer.get(..ANSWER_BYTES).unwrap_or(&attempt.answer);
    let sealed = (!answer.is_empty())
        .then(|| keys.seal_lasting(Place::new("attempts", &format_args!("{delivery}.{n}"), "answer"), answer))
        .transpose()?;
    conn.prepare_cached(RECORD)?.execute(params![
        delivery.request.as_str(),
        delivery.lane,
        delivery.seq,
        n,
        organisation.as_str(),
        attempt.at.ms(),
        attempt.took_ms,
        status,
        failure,
        sealed,
    ])?;
    Ok(())
}

/// The answer to attempt number `n`.
pub(super) fn open_answer(keys: &RequestKeys, delivery: &DeliveryId, n: u32, sealed: &[u8]) -> Result<Vec<u8>> {
    keys.open_lasting(Place::new("attempts", &format_args!("{delivery}.{n}"), "answer"), sealed)
}

/// The word for a failure as the model has it. Words come from a program's own text, so there are few of them; each
/// is kept for good when it is first read.
pub(super) fn failure_named(word: &str) -> Option<&'static str> {
    static WORDS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    const MOST: usize = 1000;
    let mut words = WORDS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = words.get(word) {
        return Some(known);
    }
    let new: &'static str = if words.len() < MOST { Box::leak(word.into()) } else { return None };
    words.insert(new);
    Some(new)
}

/// Runs an update that opens deliveries, and chooses the heads of their lanes anew. Says how many it opened.
fn reopen(conn: &Connection, sql: &'static str, params: &[Value<'_>]) -> Result<u64> {
    let mut update = conn.prepare_cached(sql)?;
    let rows = update.query_map(params, |row| Ok((row.get::<String>(0)?, row.get::<i32>(1)?)))?;
    let opened = rows.collect::<sql::Result<Vec<_>>>()?;
    let lanes: BTreeSet<_> = opened.iter().collect();
    let lanes: Vec<_> = lanes.into_iter().map(|(request, lane)| params![request, lane].to_vec()).collect();
    conn.prepare_cached(lanes::CHOOSE_HEAD)?.execute_each(&lanes)?;
    Ok(u64::try_from(opened.len()).unwrap_or(0))
}

/// Where others may be at it too, they are kept from those requests first.
fn lock_failing(conn: &Connection, organisation: Option<&str>) -> Result<()> {
    if conn.is_shared() {
        conn.sweep(Sweep::Rest)?;
        conn.prepare_cached(LOCK_FAILING)?.execute(params![organisation])?;
    }
    Ok(())
}

const LOCK_FAILING: &str = "SELECT r.id FROM requests r WHERE r.id IN (
        SELECT request_id FROM deliveries WHERE (attempts > 0 AND state IN ('due', 'leased') OR state = 'abandoned')
            AND (?1 IS NULL OR organisation = ?1))
    ORDER BY r.id FOR UPDATE";
const SETTLE: &str = "UPDATE deliveries SET
        state = CASE WHEN ?5 = 'due' AND replaced = 1 THEN 'superseded' ELSE ?5 END,
        head = CASE WHEN ?5 = 'due' AND replaced = 0 THEN 1 ELSE 0 END, due_at = coalesce(?6, due_at),
        attempts = attempts + ?7, leased_until = NULL, replaced = 0
    WHERE request_id = ?1 AND lane = ?2 AND seq = ?3 AND state = 'leased' AND fence = ?4
    RETURNING organisation, attempts";
const RECORD: &str =
    "INSERT INTO attempts (request_id, lane, seq, n, organisation, at, took_ms, status, failure, answer)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
const TAKE_BACK: &str = "UPDATE deliveries SET state = CASE WHEN replaced = 1 THEN 'superseded' ELSE 'due' END,
        head = 1 - replaced, replaced = 0, leased_until = NULL
    WHERE state = 'leased'
    RETURNING request_id, lane";
const TAKE_BACK_LEGS: &str = "UPDATE legs SET leased_until = NULL WHERE leased_until IS NOT NULL";

/// Makes deliveries due at `?1`. Those of a shredded request have nothing left to tell.
macro_rules! retry {
    ($driver:literal, $which:literal) => {
        concat!(
            "UPDATE deliveries ",
            $driver,
            " SET state = 'due', head = 0, due_at = ?1 WHERE ",
            $which,
            " AND EXISTS (SELECT 1 FROM requests r WHERE r.id = deliveries.request_id AND r.wrapped_key IS NOT NULL)",
            " RETURNING request_id, lane"
        )
    };
}

const RETRY_ONE: &str = retry!("", "request_id = ?2 AND lane = ?3 AND seq = ?4 AND state IN ('due', 'abandoned')");
const RETRY_REQUEST: &str = retry!("", "request_id = ?2 AND state IN ('due', 'abandoned')");
const RETRY_FAILING: &str = retry!(
    "INDEXED BY deliveries_failing",
    "attempts > 0 AND state IN ('due', 'leased') AND state = 'due' AND (?2 IS NULL OR organisation = ?2)"
);
const RETRY_ABANDONED: &str =
    retry!("INDEXED BY deliveries_abandoned", "state = 'abandoned' AND (?2 IS NULL OR organisation = ?2)");
