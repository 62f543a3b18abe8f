//! Which parties are late, and who is told?

use habeas_core::{
    clock::Instant,
    delivery::{DeliveryKind, LATE_ALERT_LANE},
    domain::Domain,
    id::RequestId,
};
use rusqlite::{Connection, params};

use super::row;
use crate::{
    Result, StoreError,
    model::{LegRow, NewDelivery},
    sqlite::{
        Sqlite,
        convert::{parsed, text},
        lanes,
    },
};

impl Sqlite {
    /// A leg that cannot be opened is noted all the same, with a word in the log.
    pub(crate) async fn flag_late_legs(
        &self,
        now: Instant,
        limit: u32,
        alert_host: Option<&str>,
    ) -> Result<Vec<LegRow>> {
        let host = alert_host.map(str::to_owned);
        let noted = self.writer.run(move |conn| note(conn, now, limit, host.as_deref())).await?;
        if noted.is_empty() {
            return Ok(Vec::new());
        }
        let load = |conn: &Connection, id: &str| row::by_id(conn, id)?.ok_or(StoreError::Corrupt("legs.id"));
        let read = self.readers.run(move |conn| Ok(noted.iter().map(|id| load(conn, id)).collect::<Vec<_>>()));
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
    let mut query = conn.prepare_cached(UNNOTED)?;
    let rows = query.query_map(params![now.ms(), limit], |row| row.get::<_, i64>(0))?;
    let late = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    let mut noted = Vec::with_capacity(late.len());
    for n in late {
        let (leg, organisation, request, seq) = conn.prepare_cached(NOTE)?.query_row(params![n, now.ms()], |row| {
            let organisation: Domain = parsed(row, 1, "organisation")?;
            Ok((row.get(0)?, organisation, text(row, 2, RequestId::new)?, row.get(3)?))
        })?;
        noted.push(leg);
        if let Some(host) = alert_host {
            let host = host.to_owned();
            let alert = NewDelivery { kind: DeliveryKind::Alert, lane: LATE_ALERT_LANE, seq, host, due_at: now };
            lanes::insert_consequences(conn, &organisation, &request, &[alert])?;
        }
    }
    Ok(noted)
}

pub(super) const UNNOTED: &str = "SELECT n FROM legs INDEXED BY legs_late
    WHERE late_after IS NOT NULL AND noted = 0 AND late_after < ?1 ORDER BY late_after LIMIT ?2";
/// Whoever is deciding on the leg need not decide anew for this, so its revision stays.
pub(super) const NOTE: &str = "UPDATE legs SET late_at = ?2 WHERE n = ?1
    RETURNING id, organisation, request_id, (SELECT r.seq FROM requests r WHERE r.id = request_id)";

/// How many are late.
pub(crate) const LATE: &str = "SELECT count(*) FROM legs INDEXED BY legs_late
    WHERE late_after IS NOT NULL AND noted IN (0, 1) AND late_after < ?1";
/// How many wait for an operator.
pub(crate) const STUCK: &str = "SELECT count(*) FROM legs INDEXED BY legs_stuck WHERE stuck = 1";
