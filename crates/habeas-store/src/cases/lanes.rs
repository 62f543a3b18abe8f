//! In which order are the deliveries of a request made?
//!
//! A lane is what one receiver is owed of one request. Its deliveries are made in the order of their events, one at a
//! time: only the head of a lane is ever leased. Whatever opens or closes a delivery chooses the head anew.

use habeas_core::{domain::Domain, id::RequestId};

use super::inserts;
use crate::{
    Result,
    model::NewDelivery,
    sql::{Connection, Value, params},
};

/// Adds deliveries. One that its lane has already for that event is left as it is. What its receiver said last may
/// be that it is gone (410): then they wait with the others for an operator who mends it.
pub(super) fn insert(
    conn: &Connection,
    organisation: &Domain,
    request: &RequestId,
    deliveries: &[NewDelivery],
) -> Result<()> {
    for delivery in deliveries {
        if delivery.seq == 0 {
            // The first event of a request finds its lanes empty, so nothing is looked up for it.
            conn.prepare_cached(inserts::DELIVERIES.one)?.execute(&first_row(organisation, request, delivery))?;
        } else {
            conn.prepare_cached(INSERT)?.execute(&row(organisation, request, delivery))?;
        }
    }
    Ok(())
}

fn row<'a>(organisation: &'a Domain, request: &'a RequestId, delivery: &'a NewDelivery) -> Vec<Value<'a>> {
    params![
        request.as_str(),
        delivery.lane,
        delivery.seq,
        organisation.as_str(),
        delivery.kind.as_str(),
        delivery.host,
        delivery.due_at.ms(),
    ]
    .to_vec()
}

/// The row of the first delivery of its lane.
pub(super) fn first_row<'a>(
    organisation: &'a Domain,
    request: &'a RequestId,
    delivery: &'a NewDelivery,
) -> Vec<Value<'a>> {
    [row(organisation, request, delivery).as_slice(), params!["due", 1]].concat()
}

/// Adds what something going wrong gave rise to: as [`insert`], but a lane that the request has already gets nothing
/// more, because one notice or alert of a sort is enough.
pub(super) fn insert_consequences(
    conn: &Connection,
    organisation: &Domain,
    request: &RequestId,
    deliveries: &[NewDelivery],
) -> Result<()> {
    for delivery in deliveries {
        let lane = params![request.as_str(), delivery.lane];
        if conn.prepare_cached(ANY)?.exists(lane)? {
            continue;
        }
        insert(conn, organisation, request, std::slice::from_ref(delivery))?;
    }
    Ok(())
}

/// Closes what a lane still owes. What somebody has the lease of is in flight and closes when that ends.
pub(super) fn supersede(conn: &Connection, request: &RequestId, lane: i32) -> Result<()> {
    let lane = params![request.as_str(), lane];
    conn.prepare_cached(SUPERSEDE)?.execute(lane)?;
    conn.prepare_cached(REPLACE)?.execute(lane)?;
    Ok(())
}

/// Gives up what a lane still owes.
pub(super) fn abandon(conn: &Connection, request: &str, lane: i32) -> Result<()> {
    conn.prepare_cached(ABANDON)?.execute(params![request, lane])?;
    Ok(())
}

/// Chooses the heads of lanes, each given once: the one in flight, or else the first that is open.
pub(super) fn choose_heads<'r>(conn: &Connection, lanes: impl IntoIterator<Item = (&'r str, i32)>) -> Result<()> {
    let lanes: Vec<_> = lanes.into_iter().map(|(request, lane)| params![request, lane].to_vec()).collect();
    conn.query_all((CHOOSE_HEAD, CHOOSE_HEADS), &lanes, |_| Ok(()))?;
    Ok(())
}

const INSERT: &str = "INSERT INTO deliveries (request_id, lane, seq, organisation, kind, host, state, head, due_at)
    SELECT ?1, ?2, ?3, ?4, ?5, ?6, CASE WHEN gone THEN 'abandoned' ELSE 'due' END,
        CASE WHEN gone OR others THEN 0 ELSE 1 END, ?7 FROM (SELECT
        coalesce((SELECT a.status FROM attempts a WHERE a.request_id = ?1 AND a.lane = ?2
            ORDER BY a.at DESC, a.seq DESC, a.n DESC LIMIT 1) = 410, FALSE) AS gone,
        EXISTS (SELECT 1 FROM deliveries o
            WHERE o.request_id = ?1 AND o.lane = ?2 AND o.state IN ('due', 'leased')) AS others) lane
    WHERE TRUE ON CONFLICT (request_id, lane, seq) DO NOTHING";
const ANY: &str = "SELECT 1 FROM deliveries WHERE request_id = ?1 AND lane = ?2";
const SUPERSEDE: &str = "UPDATE deliveries SET state = 'superseded', head = 0
    WHERE request_id = ?1 AND lane = ?2 AND state = 'due'";
const REPLACE: &str = "UPDATE deliveries SET replaced = 1 WHERE request_id = ?1 AND lane = ?2 AND state = 'leased'";
const ABANDON: &str = "UPDATE deliveries SET state = 'abandoned', head = 0, leased_until = NULL
    WHERE request_id = ?1 AND lane = ?2 AND state IN ('due', 'leased')";

/// A head is 1 where it should be and 0 elsewhere, in the lane of `$request` and `$lane`.
macro_rules! choose_head {
    ($from:literal, $request:literal, $lane:literal) => {
        concat!(
            "UPDATE deliveries SET head = 1 - head ",
            $from,
            " WHERE deliveries.request_id = ",
            $request,
            " AND deliveries.lane = ",
            $lane,
            " AND state IN ('due', 'leased') AND head <> CASE WHEN seq = (",
            "SELECT o.seq FROM deliveries o WHERE o.request_id = ",
            $request,
            " AND o.lane = ",
            $lane,
            " AND o.state IN ('due', 'leased') ORDER BY o.state = 'leased' DESC, o.seq LIMIT 1) THEN 1 ELSE 0 END"
        )
    };
}

const CHOOSE_HEAD: &str = choose_head!("", "?1", "?2");
const CHOOSE_HEADS: &str = choose_head!("FROM UNNEST($1, $2) AS l (request, n)", "l.request", "l.n");
