//! How many, how late, and what is next?

use habeas_core::{
    clock::Instant,
    delivery::{DeliveryKind, DeliveryState},
    domain::Domain,
    role::Role,
};

use super::{
    Backend, Database,
    convert::{instant_or_null, odd, parsed},
    legs,
};
use crate::{
    Result, StoreError,
    model::Counts,
    sql::{Connection, params},
};

impl<B: Backend> Database<B> {
    pub(super) async fn load_counts(&self, now: Instant) -> Result<Counts> {
        self.backend.read(move |conn| counts(conn, now)).await
    }

    pub(super) async fn load_next_due(&self, after: Instant) -> Result<Option<Instant>> {
        let read = self.backend.read(move |conn| {
            let mut query = conn.prepare_cached(NEXT)?;
            Ok(query.query_row(params![after.ms()], |row| instant_or_null(row, 0))?)
        });
        read.await
    }

    pub(super) async fn beat(&self) -> Result<()> {
        let beaten = self
            .backend
            .write(|conn| Ok(conn.prepare_cached("UPDATE pulse SET beats = beats + 1")?.execute(params![])?));
        if beaten.await? == 1 { Ok(()) } else { Err(StoreError::Corrupt("pulse")) }
    }
}

const TALLIES: &str = "SELECT organisation, kind, state, CAST(sum(n) AS BIGINT) FROM tallies
    GROUP BY organisation, kind, state HAVING sum(n) > 0 ORDER BY organisation, kind, state";
const OLDEST_DUE: &str =
    "SELECT min(due_at) FROM deliveries INDEXED BY deliveries_due WHERE state = 'due' AND head = 1";
/// When the oldest news came up that somebody waits for: by the index of what is due and by that of what fails, whose
/// requests are named by their age, and never more than a thousand rows of each.
const OLDEST_UNTOLD: &str = "SELECT min(e.at) FROM (
    SELECT * FROM (SELECT request_id, lane, seq FROM deliveries INDEXED BY deliveries_due
        WHERE state = 'due' AND head = 1 AND due_at <= ?1 ORDER BY due_at LIMIT 1000) due
    UNION ALL SELECT * FROM (SELECT request_id, lane, seq FROM deliveries INDEXED BY deliveries_failing
        WHERE attempts > 0 AND state IN ('due', 'leased') ORDER BY request_id LIMIT 1000) failing) AS open
    JOIN deliveries d ON d.request_id = open.request_id AND d.lane = open.lane AND d.seq = open.seq
    JOIN events e ON e.request_id = d.request_id AND e.seq = d.seq
    WHERE d.kind = 'callback'";
const FAILING: &str = "SELECT count(*) FROM deliveries INDEXED BY deliveries_failing
    WHERE attempts > 0 AND state IN ('due', 'leased')";
const LATE: &str = "SELECT count(*) FROM requests INDEXED BY requests_open
    WHERE final_at IS NULL AND expected_by < ?1";
const NEXT: &str = "SELECT min(at) FROM (
    SELECT min(due_at) AS at FROM deliveries INDEXED BY deliveries_due
        WHERE state = 'due' AND head = 1 AND due_at > ?1
    UNION ALL SELECT min(leased_until) FROM deliveries INDEXED BY deliveries_leased
        WHERE state = 'leased' AND leased_until > ?1
    UNION ALL SELECT min(due_at) FROM legs INDEXED BY legs_due
        WHERE due_at IS NOT NULL AND leased_until IS NULL AND due_at > ?1
    UNION ALL SELECT min(leased_until) FROM legs INDEXED BY legs_leased
        WHERE due_at IS NOT NULL AND leased_until IS NOT NULL AND leased_until > ?1
    UNION ALL SELECT min(errand_at) FROM requests INDEXED BY requests_errand
        WHERE errand_at IS NOT NULL AND errand_at > ?1
    UNION ALL SELECT min(shred_after) FROM requests INDEXED BY requests_shred
        WHERE shred_after IS NOT NULL AND wrapped_key IS NOT NULL AND shred_after > ?1) soon";

fn counts(conn: &Connection, now: Instant) -> Result<Counts> {
    let mut counts = Counts::default();
    let mut query = conn.prepare_cached(TALLIES)?;
    let mut rows = query.query(params![])?;
    while let Some(row) = rows.next()? {
        let organisation: Domain = parsed(&row, 0, "organisation")?;
        let (kind, state): (String, String) = (row.get(1)?, row.get(2)?);
        let n = u64::try_from(row.get::<i64>(3)?).map_err(|_| odd("tallies"))?;
        match DeliveryKind::named(&kind) {
            Some(kind) => add(&mut counts, kind, &state, n)?,
            None => {
                let role: Role = kind.parse().map_err(|_| odd("tallies"))?;
                counts.requests.push((organisation, role, state, n));
            }
        }
    }
    let oldest = conn.prepare_cached(OLDEST_DUE)?.query_row(params![], |row| instant_or_null(row, 0))?;
    counts.oldest_due_ms = oldest.map(|due_at| now.since(due_at)).filter(|age| *age >= 0);
    let untold = conn.prepare_cached(OLDEST_UNTOLD)?.query_row(params![now.ms()], |row| instant_or_null(row, 0))?;
    counts.oldest_untold_ms = untold.map(|at| now.since(at).max(0));
    counts.failing = count(conn.prepare_cached(FAILING)?.query_row(params![], |row| row.get(0))?);
    counts.late = count(conn.prepare_cached(LATE)?.query_row(params![now.ms()], |row| row.get(0))?);
    counts.legs_late = count(conn.prepare_cached(legs::LATE)?.query_row(params![now.ms()], |row| row.get(0))?);
    counts.legs_stuck = count(conn.prepare_cached(legs::STUCK)?.query_row(params![], |row| row.get(0))?);
    Ok(counts)
}

/// Deliveries are counted over all organisations.
fn add(counts: &mut Counts, kind: DeliveryKind, state: &str, n: u64) -> Result<()> {
    let state = DeliveryState::named(state).ok_or(StoreError::Corrupt("tallies"))?;
    match counts.deliveries.iter_mut().find(|(k, s, _)| (*k, *s) == (kind, state)) {
        Some((.., sum)) => *sum += n,
        None => counts.deliveries.push((kind, state, n)),
    }
    Ok(())
}

fn count(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}
