//! How are requests and deliveries listed for operators?

use habeas_core::{
    clock::Instant,
    delivery::{Attempt, Delivery, DeliveryKind, DeliveryState, Outcome},
    domain::Domain,
    id::{DeliveryId, RequestId},
    request::Request,
};

use super::{
    Backend, Database,
    convert::{instant, instant_or_null, named, odd, parsed, text},
    rows::{RawRequest, request_columns},
    settle,
};
use crate::{
    Result, Sealers, StoreError,
    model::{DeliveryFilter, DeliveryRow, RequestFilter},
    sql::{self, Connection, Row, params},
};

macro_rules! listed {
    ($what:expr, $which:literal, $order:literal) => {
        concat!(
            "SELECT ",
            $what,
            " FROM requests r WHERE ",
            $which,
            " AND (?1 IS NULL OR r.organisation = ?1) AND (?2 IS NULL OR r.role = ?2)",
            " AND (?3 = '' OR ?3 LIKE '% ' || r.state || ' %')",
            $order,
        )
    };
}

const OPEN: &str =
    listed!(request_columns!(), "r.final_at IS NULL", " ORDER BY r.expected_by, r.id LIMIT ?4 OFFSET ?5");
const HOW_MANY_OPEN: &str = listed!("count(*)", "r.final_at IS NULL", "");
const CLOSED: &str =
    listed!(request_columns!(), "r.final_at IS NOT NULL", " ORDER BY r.received_at DESC, r.id DESC LIMIT ?4 OFFSET ?5");

impl<B: Backend> Database<B> {
    pub(super) async fn list_requests(&self, filter: &RequestFilter) -> Result<Vec<Request>> {
        let filter = filter.clone();
        let rows = self.backend.read(move |conn| list_requests(conn, &filter)).await?;
        rows.into_iter().map(|raw| raw.open(&self.sealers)).collect()
    }

    pub(super) async fn list_deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<DeliveryRow>> {
        let filter = filter.clone();
        let rows = self.backend.read(move |conn| list_deliveries(conn, &filter)).await?;
        rows.into_iter().map(|raw| raw.open(&self.sealers)).collect()
    }
}

/// The open ones by their deadline, then the others by their age.
fn list_requests(conn: &Connection, filter: &RequestFilter) -> Result<Vec<RawRequest>> {
    let organisation = filter.organisation.as_ref().map(Domain::as_str);
    let role = filter.role.map(|role| role.as_str());
    let states: String = filter.states.iter().map(|state| format!(" {state} ")).collect();
    let page = |sql: &'static str, limit: u32, offset: u32| {
        let mut query = conn.prepare_cached(sql)?;
        let rows = query.query_map(params![organisation, role, states, limit, offset], RawRequest::read)?;
        rows.collect::<sql::Result<Vec<_>>>()
    };
    let mut rows = page(OPEN, filter.limit, filter.offset)?;
    let got = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    let rest = filter.limit.saturating_sub(got);
    if rest > 0 {
        let open: u32 =
            conn.prepare_cached(HOW_MANY_OPEN)?.query_row(params![organisation, role, states], |row| row.get(0))?;
        rows.extend(page(CLOSED, rest, filter.offset.saturating_sub(open))?);
    }
    Ok(rows)
}

macro_rules! deliveries {
    ($driver:literal, $which:literal) => {
        concat!(
            "SELECT d.request_id, d.organisation, d.kind, d.lane, d.seq, d.host, d.state, d.due_at, d.attempts,",
            " a.at, a.took_ms, a.status, a.failure, a.answer",
            " FROM deliveries d ",
            $driver,
            " LEFT JOIN attempts a ON a.request_id = d.request_id AND a.lane = d.lane AND a.seq = d.seq",
            " AND a.n = d.attempts",
            " WHERE ",
            $which,
            " AND (?1 IS NULL OR d.organisation = ?1)",
            " AND (?2 IS NULL OR d.request_id = ?2) AND (?3 IS NULL OR d.kind = ?3)",
            " AND (?4 IS NULL OR d.state = ?4) ORDER BY d.request_id, d.lane, d.seq LIMIT ?5",
        )
    };
}

const FAILING: &str = deliveries!("INDEXED BY deliveries_failing", "d.attempts > 0 AND d.state IN ('due', 'leased')");
const ABANDONED: &str = deliveries!("INDEXED BY deliveries_abandoned", "d.state = 'abandoned'");
const OF_REQUEST: &str = deliveries!("", "d.request_id = ?2");
const ALL: &str = deliveries!("", "TRUE");

fn list_deliveries(conn: &Connection, filter: &DeliveryFilter) -> Result<Vec<RawDelivery>> {
    let sql = match filter {
        DeliveryFilter { failing: true, .. } => FAILING,
        DeliveryFilter { request: Some(_), .. } => OF_REQUEST,
        DeliveryFilter { state: Some(DeliveryState::Abandoned), .. } => ABANDONED,
        _ => ALL,
    };
    let mut query = conn.prepare_cached(sql)?;
    let rows = query.query_map(
        params![
            filter.organisation.as_ref().map(Domain::as_str),
            filter.request.as_ref().map(RequestId::as_str),
            filter.kind.map(DeliveryKind::as_str),
            filter.state.map(DeliveryState::as_str),
            filter.limit,
        ],
        RawDelivery::read,
    )?;
    Ok(rows.collect::<sql::Result<_>>()?)
}

/// A delivery as listed, the answer to its last attempt sealed.
struct RawDelivery {
    delivery: Delivery,
    organisation: Domain,
    last: Option<(Instant, i64, Outcome, Option<Vec<u8>>)>,
}

impl RawDelivery {
    fn read(row: &Row<'_>) -> sql::Result<Self> {
        Ok(Self {
            delivery: Delivery {
                id: DeliveryId { request: text(row, 0, RequestId::new)?, lane: row.get(3)?, seq: row.get(4)? },
                kind: named(row, 2, "deliveries.kind", DeliveryKind::named)?,
                host: row.get(5)?,
                state: named(row, 6, "deliveries.state", DeliveryState::named)?,
                due_at: instant(row, 7)?,
                attempts: row.get(8)?,
            },
            organisation: parsed(row, 1, "organisation")?,
            last: match instant_or_null(row, 9)? {
                None => None,
                Some(at) => Some((at, row.get(10)?, outcome(row)?, row.get(13)?)),
            },
        })
    }

    fn open(self, sealers: &Sealers) -> Result<DeliveryRow> {
        let Self { delivery, organisation, last } = self;
        let open = |(at, took_ms, outcome, sealed): (_, _, _, Option<Vec<u8>>)| {
            let answer = match sealed {
                None => Vec::new(),
                Some(sealed) => {
                    let keys = sealers.keys(&organisation, &delivery.id.request)?;
                    settle::open_answer(&keys, &delivery.id, delivery.attempts, &sealed)?
                }
            };
            Ok::<_, StoreError>(Attempt { at, took_ms, outcome, answer })
        };
        let last = last.map(open).transpose()?;
        Ok(DeliveryRow { delivery, organisation, last })
    }
}

fn outcome(row: &Row<'_>) -> sql::Result<Outcome> {
    if let Some(status) = row.get(11)? {
        return Ok(Outcome::Answered(status));
    }
    named(row, 12, "attempts.failure", settle::failure_named).map(Outcome::Failed).map_err(|_| odd("attempts"))
}
