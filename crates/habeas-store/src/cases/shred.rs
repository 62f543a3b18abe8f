//! How is everything personal of a request destroyed?
//!
//! Its data key is overwritten, and with it what the key has sealed, in the file and in the log. First whatever is
//! still owed is closed, or it would be tried for ever with nothing to say.

use habeas_core::{
    clock::{DAY_MS, Instant},
    id::RequestId,
};

use super::{Backend, Database};
use crate::{
    Result,
    sql::{self, Connection, Sweep, params},
};

impl<B: Backend> Database<B> {
    pub(super) async fn shred_due(&self, now: Instant, limit: u32) -> Result<u32> {
        let shredded = self.backend.write(move |conn| shred(conn, now, limit)).await?;
        if shredded > 0 {
            self.backend.forget().await?;
        }
        Ok(shredded)
    }
}

/// So long a request stays readable whose parties are still to be asked to take it back.
const TAKING_BACK_MS: i64 = 90 * DAY_MS;

fn shred(conn: &Connection, now: Instant, limit: u32) -> Result<u32> {
    conn.sweep(Sweep::Rest)?;
    if conn.is_shared() {
        conn.prepare_cached(SUM_UP)?.execute(params![])?;
    }
    let mut due = conn.prepare_cached(DUE)?;
    let ids = due.query_map(params![now.ms(), limit, now.plus_ms(-TAKING_BACK_MS).ms()], |row| row.get::<String>(0))?;
    let ids = ids.collect::<sql::Result<Vec<_>>>()?;
    let mut given_up = 0;
    for id in &ids {
        conn.lock(&RequestId::new(id.as_str()))?;
        given_up += conn.prepare_cached(GIVE_UP)?.execute(params![id])?;
        for step in STEPS {
            conn.prepare_cached(step)?.execute(params![id])?;
        }
    }
    if given_up > 0 {
        tracing::warn!(given_up, "deliveries were still owed when their requests were shredded, and are given up");
    }
    Ok(u32::try_from(ids.len()).unwrap_or(u32::MAX))
}

/// Where statements only note what they have changed, the notes are summed up while we are here.
const SUM_UP: &str = "WITH notes AS (DELETE FROM tallies RETURNING organisation, kind, state, n)
    INSERT INTO tallies SELECT organisation, kind, state, sum(n) FROM notes
    GROUP BY organisation, kind, state HAVING sum(n) <> 0";
const DUE: &str = "SELECT id FROM requests INDEXED BY requests_shred
    WHERE shred_after IS NOT NULL AND wrapped_key IS NOT NULL AND shred_after <= ?1
        AND (shred_after <= ?3 OR NOT EXISTS (
            SELECT 1 FROM legs l WHERE l.request_id = requests.id AND l.open = 1 AND l.cancel = 'wanted'))
    ORDER BY shred_after LIMIT ?2";
const GIVE_UP: &str = "UPDATE deliveries SET state = 'abandoned', head = 0, replaced = 0, leased_until = NULL
    WHERE request_id = ?1 AND state IN ('due', 'leased')";
const STEPS: [&str; 7] = [
    "DELETE FROM blind_index WHERE request_id = ?1",
    "DELETE FROM verifications WHERE request_id = ?1",
    "UPDATE attempts SET answer = NULL
        WHERE request_id = ?1 AND answer IS NOT NULL",
    "UPDATE legs SET state = CASE WHEN state IN ('waiting', 'unsent') THEN 'waived' ELSE state END,
        late_at = CASE WHEN state IN ('waiting', 'unsent') THEN NULL ELSE late_at END,
        sealed = NULL, frozen = NULL, sent_mac = NULL, due_at = NULL, leased_until = NULL, revision = revision + 1
        WHERE request_id = ?1",
    "DELETE FROM request_secrets WHERE request_id = ?1",
    "UPDATE events SET sealed = NULL WHERE request_id = ?1 AND sealed IS NOT NULL",
    "UPDATE requests SET wrapped_key = NULL, sealed = NULL WHERE id = ?1",
];
