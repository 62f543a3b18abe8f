//! How does a delivery become due that waits for its time, was given up, or is leased by nobody any more?

use std::collections::BTreeSet;

use habeas_core::{clock::Instant, domain::Domain, id::RequestId};

use super::{Backend, Database, lanes};
use crate::{
    Result,
    model::{Retried, Retry},
    sql::{self, Connection, Sweep, Value, params},
};

/// So many failing or abandoned deliveries are retried at once, and the rest of theirs requests.
const PAGE: i64 = 500;

impl<B: Backend> Database<B> {
    pub(super) async fn retry_deliveries(&self, which: &Retry, now: Instant) -> Result<Retried> {
        let which = which.clone();
        let retry = move |conn: &Connection| match &which {
            Retry::One(id) => {
                conn.lock(&id.request)?;
                let deliveries = reopen(conn, RETRY_ONE, params![now.ms(), id.request.as_str(), id.lane, id.seq])?;
                Ok(Retried { deliveries, up_to: None })
            }
            Retry::OfRequest(id) => {
                conn.lock(id)?;
                Ok(Retried { deliveries: reopen(conn, RETRY_REQUEST, params![now.ms(), id.as_str()])?, up_to: None })
            }
            Retry::Failing { organisation, behind } => {
                let behind = behind.as_ref().map_or("", RequestId::as_str);
                retry_page(conn, organisation.as_ref(), behind, now)
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

fn retry_page(conn: &Connection, organisation: Option<&Domain>, behind: &str, now: Instant) -> Result<Retried> {
    conn.sweep(Sweep::Rest)?;
    let last = conn.prepare_cached(PAGE_END)?.query_row(params![behind, PAGE], |row| row.get::<Option<String>>(0))?;
    let Some(last) = last else { return Ok(Retried::default()) };
    // Where others may be at it too, they are kept from those requests first.
    if conn.is_shared() {
        conn.prepare_cached(LOCK_PAGE)?.execute(params![behind, last])?;
    }
    let given = params![now.ms(), organisation.map(Domain::as_str), behind, last];
    let deliveries = reopen(conn, RETRY_FAILING, given)? + reopen(conn, RETRY_ABANDONED, given)?;
    Ok(Retried { deliveries, up_to: Some(RequestId::new(last)) })
}

/// Runs an update that opens deliveries, and chooses the heads of their lanes anew. Says how many it opened.
fn reopen(conn: &Connection, sql: &'static str, params: &[Value<'_>]) -> Result<u64> {
    let mut update = conn.prepare_cached(sql)?;
    let rows = update.query_map(params, |row| Ok((row.get::<String>(0)?, row.get::<i32>(1)?)))?;
    let opened = rows.collect::<sql::Result<Vec<_>>>()?;
    let lanes: BTreeSet<_> = opened.iter().map(|(request, lane)| (request.as_str(), *lane)).collect();
    lanes::choose_heads(conn, lanes)?;
    Ok(u64::try_from(opened.len()).unwrap_or(0))
}

const PAGE_END: &str = "SELECT max(request_id) FROM (
    SELECT request_id FROM (SELECT request_id FROM deliveries INDEXED BY deliveries_failing
        WHERE attempts > 0 AND state IN ('due', 'leased') AND request_id > ?1 ORDER BY request_id LIMIT ?2) f
    UNION ALL SELECT request_id FROM (SELECT request_id FROM deliveries INDEXED BY deliveries_abandoned
        WHERE state = 'abandoned' AND request_id > ?1 ORDER BY request_id LIMIT ?2) a
    ORDER BY request_id LIMIT ?2) page";
const LOCK_PAGE: &str = "SELECT r.id FROM requests r WHERE r.id IN (
        SELECT request_id FROM deliveries WHERE attempts > 0 AND state IN ('due', 'leased')
            AND request_id > ?1 AND request_id <= ?2
        UNION ALL SELECT request_id FROM deliveries WHERE state = 'abandoned'
            AND request_id > ?1 AND request_id <= ?2)
    ORDER BY r.id FOR UPDATE";
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
    "attempts > 0 AND state IN ('due', 'leased') AND state = 'due' AND request_id > ?3 AND request_id <= ?4
     AND (?2 IS NULL OR organisation = ?2)"
);
const RETRY_ABANDONED: &str = retry!(
    "INDEXED BY deliveries_abandoned",
    "state = 'abandoned' AND request_id > ?3 AND request_id <= ?4 AND (?2 IS NULL OR organisation = ?2)"
);

#[cfg(test)]
mod tests {
    use crate::sqlite::plans::{migrated, plan};

    /// However many deliveries there are besides.
    #[test]
    fn a_page_goes_to_what_fails_and_what_was_given_up() {
        let conn = migrated();
        for sql in [super::PAGE_END, super::RETRY_FAILING, super::RETRY_ABANDONED] {
            let plan = plan(&conn, sql);
            assert!(!plan.iter().any(|step| step.starts_with("SCAN deliveries")), "{plan:#?}");
        }
    }
}
