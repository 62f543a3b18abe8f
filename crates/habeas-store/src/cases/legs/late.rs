//! Which parties are late, and who is told?

use habeas_core::{
    clock::Instant,
    delivery::{DeliveryKind, LATE_ALERT_LANE},
    domain::Domain,
    id::RequestId,
};

use super::row;
use crate::{
    Result, StoreError,
    cases::{
        Backend, Database,
        convert::{parsed, text},
        lanes,
    },
    model::{LegRow, NewDelivery},
    sql::{self, Connection, OptionalExtension, Sweep, params},
};

impl<B: Backend> Database<B> {
    /// A leg that cannot be opened is noted all the same, with a word in the log.
    pub(crate) async fn flag_late_legs(
        &self,
        now: Instant,
        limit: u32,
        alert_host: Option<&str>,
    ) -> Result<Vec<LegRow>> {
        let host = alert_host.map(str::to_owned);
        let noted = self.backend.write(move |conn| note(conn, now, limit, host.as_deref())).await?;
        if noted.is_empty() {
            return Ok(Vec::new());
        }
        let load = |conn: &Connection, id: &str| row::by_id(conn, id)?.ok_or(StoreError::Corrupt("legs.id"));
        let read = self.backend.read(move |conn| Ok(noted.iter().map(|id| load(conn, id)).collect::<Vec<_>>()));
        let mut late = Vec::new();
        for loaded in read.await? {
            match loaded.and_then(|raw| raw.open(&self.sealers)) {
                Ok(leg) => late.push(leg),
                Err(error) => tracing::error!(%error, "a late leg cannot be read"),
            }
        }
        Ok(late)
    }
}

/// Says which legs were noted.
fn note(conn: &Connection, now: Instant, limit: u32, alert_host: Option<&str>) -> Result<Vec<String>> {
    conn.sweep(Sweep::Rest)?;
    let mut query = conn.prepare_cached(UNNOTED)?;
    let rows = query.query_map(params![now.ms(), limit], |row| row.get::<i64>(0))?;
    let late = rows.collect::<sql::Result<Vec<_>>>()?;
    let mut noted = Vec::with_capacity(late.len());
    for n in late {
        if conn.is_shared() {
            let mut query = conn.prepare_cached(REQUEST)?;
            conn.lock(&query.query_row(params![n], |row| text(row, 0, RequestId::new))?)?;
        }
        let note = conn.prepare_cached(NOTE)?.query_row(params![n, now.ms()], |row| {
            let organisation: Domain = parsed(row, 1, "organisation")?;
            Ok((row.get(0)?, organisation, text(row, 2, RequestId::new)?, row.get(3)?))
        });
        let Some((leg, organisation, request, seq)) = note.optional()? else { continue };
        noted.push(leg);
        if let Some(host) = alert_host {
            let host = host.to_owned();
            let alert = NewDelivery { kind: DeliveryKind::Alert, lane: LATE_ALERT_LANE, seq, host, due_at: now };
            lanes::insert_consequences(conn, &organisation, &request, &[alert])?;
        }
    }
    Ok(noted)
}

const REQUEST: &str = "SELECT request_id FROM legs WHERE n = ?1";
pub(crate) const UNNOTED: &str = "SELECT n FROM legs INDEXED BY legs_late
    WHERE late_after IS NOT NULL AND noted = 0 AND late_after < ?1 ORDER BY late_after LIMIT ?2";
/// Whoever is deciding on the leg need not decide anew for this, so its revision stays.
pub(crate) const NOTE: &str = "UPDATE legs SET late_at = ?2 WHERE n = ?1 AND late_at IS NULL
    RETURNING id, organisation, request_id, (SELECT r.seq FROM requests r WHERE r.id = request_id)";

/// How many are late.
pub(crate) const LATE: &str = "SELECT count(*) FROM legs INDEXED BY legs_late
    WHERE late_after IS NOT NULL AND noted IN (0, 1) AND late_after < ?1";
/// How many wait for an operator.
pub(crate) const STUCK: &str = "SELECT count(*) FROM legs INDEXED BY legs_stuck WHERE stuck = 1";
