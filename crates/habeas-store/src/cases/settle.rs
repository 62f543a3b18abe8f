//! What came of an attempt, and when is the next?

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, PoisonError},
};

use habeas_core::{
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
    model::{Settlement, Then},
    seal::{Place, RequestKeys},
    sql::{self, Connection, Row, Value, params},
};

/// So much of an answer is kept.
const ANSWER_BYTES: usize = 4096;

impl<B: Backend> Database<B> {
    pub(super) async fn settle_delivery(&self, settlement: Settlement) -> Result<()> {
        self.backend.settle(Settling { sealers: self.sealers.clone(), settlement }).await
    }
}

/// What came of an attempt, about to be saved.
pub(crate) struct Settling {
    sealers: Sealers,
    settlement: Settlement,
}

/// The delivery of a lease that has not ended: whose it is, and the number of its last attempt.
type Settled = (Domain, u32);

impl Settling {
    /// Saves it, unless the lease has ended.
    pub(crate) fn save(&self, conn: &Connection) -> Result<()> {
        conn.lock(&self.settlement.id.request)?;
        match Self::save_locked(conn, &[self])?.first() {
            Some(true) => Ok(()),
            _ => Err(StoreError::Stale),
        }
    }

    /// Whether nothing is changed but its own lane, so that it can be saved with many others at once.
    pub(crate) fn stands_alone(&self) -> bool {
        self.settlement.deliveries.is_empty() && self.settlement.then != Then::LaneAbandoned
    }

    pub(crate) fn request(&self) -> &str {
        self.settlement.id.request.as_str()
    }

    /// Saves several, whose requests are locked; says of each whether its lease had not ended.
    pub(crate) fn save_locked(conn: &Connection, all: &[&Self]) -> Result<Vec<bool>> {
        let rows: Vec<_> = (0..).zip(all).map(|(place, one)| one.row(place)).collect();
        let mut found: HashMap<_, _> = conn.query_all((SETTLE, SETTLE_ALL), &rows, read_settled)?.into_iter().collect();
        let settled: Vec<_> = (0..).zip(all).map(|(place, _)| found.remove(&place)).collect();
        let current = || all.iter().zip(&settled).filter_map(|(one, settled)| Some((*one, settled.as_ref()?)));

        let recorded = current().filter_map(|(one, settled)| one.recorded(settled)).collect::<Result<Vec<_>>>()?;
        let rows: Vec<_> = recorded.iter().map(Recorded::row).collect();
        conn.query_all((RECORD, RECORD_ALL), &rows, |_| Ok(()))?;

        for (one, _) in current().filter(|(one, _)| one.settlement.then == Then::LaneAbandoned) {
            lanes::abandon(conn, one.request(), one.settlement.id.lane)?;
        }
        let lanes: BTreeSet<_> = current().map(|(one, _)| (one.request(), one.settlement.id.lane)).collect();
        lanes::choose_heads(conn, lanes)?;
        for (one, (organisation, _)) in current() {
            let Settlement { id, deliveries, .. } = &one.settlement;
            lanes::insert_consequences(conn, organisation, &id.request, deliveries)?;
        }
        Ok(settled.iter().map(Option::is_some).collect())
    }

    fn row(&self, place: i64) -> Vec<Value<'_>> {
        let (state, due_at) = match self.settlement.then {
            Then::Delivered => ("delivered", None),
            Then::Again(at) => ("due", Some(at)),
            Then::Untried => ("due", None),
            Then::Superseded => ("superseded", None),
            Then::Abandoned | Then::LaneAbandoned => ("abandoned", None),
        };
        let tried = u32::from(self.settlement.attempt.is_some());
        let DeliveryId { lane, seq, .. } = self.settlement.id;
        params![self.request(), lane, seq, fence_in(self.settlement.fence), state, ms(due_at), tried, place].to_vec()
    }

    fn recorded(&self, (organisation, n): &Settled) -> Option<Result<Recorded<'_>>> {
        let attempt = self.settlement.attempt.as_ref()?;
        let sealed = self.sealed_answer(&attempt.answer, organisation, *n);
        let organisation = organisation.clone();
        Some(sealed.map(|answer| Recorded { delivery: &self.settlement.id, organisation, n: *n, attempt, answer }))
    }

    /// An answer may repeat anything, so it is sealed, and deleted when the request is shredded.
    fn sealed_answer(&self, answer: &[u8], organisation: &Domain, n: u32) -> Result<Option<Vec<u8>>> {
        if answer.is_empty() {
            return Ok(None);
        }
        let delivery = &self.settlement.id;
        let keys = self.sealers.keys(organisation, &delivery.request)?;
        let kept = answer.get(..ANSWER_BYTES).unwrap_or(answer);
        keys.seal_lasting(Place::new("attempts", &format_args!("{delivery}.{n}"), "answer"), kept).map(Some)
    }
}

/// Which of several settlements a row is of, and what it was.
fn read_settled(row: &Row<'_>) -> sql::Result<(i64, Settled)> {
    Ok((row.get(2)?, (parsed::<Domain>(row, 0, "deliveries.organisation")?, row.get(1)?)))
}

/// Attempt number `n` of a delivery.
struct Recorded<'s> {
    delivery: &'s DeliveryId,
    organisation: Domain,
    n: u32,
    attempt: &'s Attempt,
    answer: Option<Vec<u8>>,
}

impl Recorded<'_> {
    fn row(&self) -> Vec<Value<'_>> {
        let (status, failure) = match self.attempt.outcome {
            Outcome::Answered(status) => (Some(status), None),
            Outcome::Failed(word) => (None, Some(word)),
        };
        params![
            self.delivery.request.as_str(),
            self.delivery.lane,
            self.delivery.seq,
            self.n,
            self.organisation.as_str(),
            self.attempt.at.ms(),
            self.attempt.took_ms,
            status,
            failure,
            self.answer,
        ]
        .to_vec()
    }
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

/// Ends the lease of fence `$fence`, unless it has ended. `$place` comes back: it says which of several this is.
macro_rules! settle {
    ($from:literal, $request:literal, $lane:literal, $seq:literal, $fence:literal, $state:literal, $due_at:literal,
     $tried:literal, $place:literal) => {
        concat!(
            "UPDATE deliveries SET state = CASE WHEN ",
            $state,
            " = 'due' AND replaced = 1 THEN 'superseded' ELSE ",
            $state,
            " END, head = CASE WHEN ",
            $state,
            " = 'due' AND replaced = 0 THEN 1 ELSE 0 END, due_at = coalesce(",
            $due_at,
            ", deliveries.due_at), attempts = attempts + ",
            $tried,
            ", leased_until = NULL, replaced = 0 ",
            $from,
            " WHERE request_id = ",
            $request,
            " AND lane = ",
            $lane,
            " AND seq = ",
            $seq,
            " AND state = 'leased' AND fence = ",
            $fence,
            " RETURNING organisation, attempts, ",
            $place
        )
    };
}

const SETTLE: &str = settle!("", "?1", "?2", "?3", "?4", "?5", "?6", "?7", "?8");
const SETTLE_ALL: &str = settle!(
    "FROM UNNEST($1, $2, $3, $4, $5, $6, $7, $8)
        AS s (of_request, of_lane, of_seq, of_fence, becomes, due_next, tried, place)",
    "s.of_request",
    "s.of_lane",
    "s.of_seq",
    "s.of_fence",
    "s.becomes",
    "s.due_next",
    "s.tried",
    "s.place"
);
const RECORD: &str =
    "INSERT INTO attempts (request_id, lane, seq, n, organisation, at, took_ms, status, failure, answer)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
const RECORD_ALL: &str =
    "INSERT INTO attempts (request_id, lane, seq, n, organisation, at, took_ms, status, failure, answer)
    SELECT * FROM UNNEST($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
