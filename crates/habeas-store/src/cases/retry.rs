//! How does a delivery become due that waits for its time, was given up, or is leased by nobody any more?

use std::collections::BTreeSet;

use habeas_core::{clock::Instant, domain::Domain, id::RequestId};

use super::{Backend, Database, lanes};
use crate::{
    Result,
    model::{Retried, Retry},
    sql::{self, Connection, Row, Sweep, Value, params},
};

/// So many failing or abandoned deliveries are retried at once, and the rest of the last one's request.
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

/// Those of the first few requests behind one. Whatever changed before their requests were locked is looked at anew.
fn retry_page(conn: &Connection, organisation: Option<&Domain>, behind: &str, now: Instant) -> Result<Retried> {
    conn.sweep(Sweep::Rest)?;
    let read = |row: &Row<'_>| Ok((row.get::<Option<String>>(0)?, row.get::<i64>(1)?));
    let (last, seen) = conn.prepare_cached(PAGE_END)?.query_row(params![behind, PAGE], read)?;
    let Some(last) = last else { return Ok(Retried::default()) };
    let given = params![behind, last, organisation.map(Domain::as_str)];
    let read = |row: &Row<'_>| Ok((row.get::<String>(0)?, row.get::<i32>(1)?, row.get::<u32>(2)?));
    let found = conn.prepare_cached(OF_PAGE)?.query_map(given, read)?.collect::<sql::Result<Vec<_>>>()?;
    conn.lock_all(found.iter().map(|(request, ..)| request.clone()).collect())?;
    let rows: Vec<_> =
        found.iter().map(|(request, lane, seq)| params![request, lane, seq, now.ms()].to_vec()).collect();
    let deliveries = heads_of(conn, &conn.query_all((RETRY_FOUND, RETRY_ALL_FOUND), &rows, read_lane)?)?;
    // Behind a page that is not full there was nothing; what has come since is none of ours.
    Ok(Retried { deliveries, up_to: (seen == PAGE).then(|| RequestId::new(last)) })
}

/// Runs an update that opens deliveries, and chooses the heads of their lanes anew. Says how many it opened.
fn reopen(conn: &Connection, sql: &'static str, params: &[Value<'_>]) -> Result<u64> {
    let opened = conn.prepare_cached(sql)?.query_map(params, read_lane)?.collect::<sql::Result<Vec<_>>>()?;
    heads_of(conn, &opened)
}

fn read_lane(row: &Row<'_>) -> sql::Result<(String, i32)> {
    Ok((row.get(0)?, row.get(1)?))
}

/// Chooses the heads of the lanes of what was opened; says how much that is.
fn heads_of(conn: &Connection, opened: &[(String, i32)]) -> Result<u64> {
    let lanes: BTreeSet<_> = opened.iter().map(|(request, lane)| (request.as_str(), *lane)).collect();
    lanes::choose_heads(conn, lanes)?;
    Ok(u64::try_from(opened.len()).unwrap_or(0))
}

const PAGE_END: &str = "SELECT max(request_id), count(*) FROM (
    SELECT request_id FROM (SELECT request_id FROM deliveries INDEXED BY deliveries_failing
        WHERE attempts > 0 AND state IN ('due', 'leased') AND request_id > ?1 ORDER BY request_id LIMIT ?2) f
    UNION ALL SELECT request_id FROM (SELECT request_id FROM deliveries INDEXED BY deliveries_abandoned
        WHERE state = 'abandoned' AND request_id > ?1 ORDER BY request_id LIMIT ?2) a
    ORDER BY request_id LIMIT ?2) page";
const OF_PAGE: &str = "SELECT request_id, lane, seq FROM deliveries INDEXED BY deliveries_failing
    WHERE attempts > 0 AND state IN ('due', 'leased') AND state = 'due' AND request_id > ?1 AND request_id <= ?2
        AND (?3 IS NULL OR organisation = ?3)
    UNION ALL SELECT request_id, lane, seq FROM deliveries INDEXED BY deliveries_abandoned
    WHERE state = 'abandoned' AND request_id > ?1 AND request_id <= ?2 AND (?3 IS NULL OR organisation = ?3)";
const TAKE_BACK: &str = "UPDATE deliveries SET state = CASE WHEN replaced = 1 THEN 'superseded' ELSE 'due' END,
        head = 1 - replaced, replaced = 0, leased_until = NULL
    WHERE state = 'leased'
    RETURNING request_id, lane";
const TAKE_BACK_LEGS: &str = "UPDATE legs SET leased_until = NULL WHERE leased_until IS NOT NULL";

/// Makes deliveries due at `$now`. Those of a shredded request have nothing left to tell.
macro_rules! retry {
    ($now:literal, $from:literal, $which:literal) => {
        concat!(
            "UPDATE deliveries SET state = 'due', head = 0, due_at = ",
            $now,
            $from,
            " WHERE ",
            $which,
            " AND state IN ('due', 'abandoned')",
            " AND EXISTS (SELECT 1 FROM requests r WHERE r.id = deliveries.request_id AND r.wrapped_key IS NOT NULL)",
            " RETURNING request_id, lane"
        )
    };
}

const RETRY_ONE: &str = retry!("?1", "", "request_id = ?2 AND lane = ?3 AND seq = ?4");
const RETRY_REQUEST: &str = retry!("?1", "", "request_id = ?2");
const RETRY_FOUND: &str = retry!("?4", "", "request_id = ?1 AND lane = ?2 AND seq = ?3");
const RETRY_ALL_FOUND: &str = retry!(
    "f.due_next",
    " FROM UNNEST($1, $2, $3, $4) AS f (of_request, of_lane, of_seq, due_next)",
    "request_id = f.of_request AND lane = f.of_lane AND seq = f.of_seq"
);

#[cfg(test)]
mod tests {
    use crate::sqlite::plans::{migrated, plan};

    /// However many deliveries there are besides.
    #[test]
    fn a_page_goes_to_what_fails_and_what_was_given_up() {
        let conn = migrated();
        for sql in [super::PAGE_END, super::OF_PAGE, super::RETRY_FOUND] {
            let plan = plan(&conn, sql);
            assert!(!plan.iter().any(|step| step.starts_with("SCAN deliveries")), "{plan:#?}");
        }
    }
}
