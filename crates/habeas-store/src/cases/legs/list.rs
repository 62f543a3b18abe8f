//! How are legs found, and listed for operators?

use habeas_core::{
    clock::Instant,
    domain::Domain,
    id::{LegId, PartyId, RequestId},
};

use super::row::{self, RawLeg, leg_columns};
use crate::{
    Result,
    cases::{Backend, Database},
    model::{LegFilter, LegRow},
    sql::{self, Connection, params},
};

pub(crate) const ALL_OF_REQUEST: &str =
    concat!("SELECT ", leg_columns!(), " FROM legs l WHERE l.request_id = ?1 ORDER BY l.n");
pub(crate) const BY_TOKEN: &str =
    concat!("SELECT ", leg_columns!(), " FROM legs l WHERE l.token_mac = ?1 AND l.organisation = ?2");

impl<B: Backend> Database<B> {
    pub(crate) async fn load_leg(&self, id: &LegId) -> Result<Option<LegRow>> {
        let id = id.clone();
        let read = self.backend.read(move |conn| row::by_id(conn, id.as_str()));
        read.await?.map(|raw| raw.open(&self.sealers)).transpose()
    }

    pub(crate) async fn load_leg_by_token(&self, organisation: &Domain, token: &str) -> Result<Option<LegRow>> {
        let Some(sealer) = self.sealers.get(organisation) else { return Ok(None) };
        let (mac, organisation) = (sealer.mac("token", token.as_bytes()), organisation.clone());
        let read = self.backend.read(move |conn| row::one(conn, BY_TOKEN, params![mac, organisation.as_str()]));
        read.await?.map(|raw| raw.open(&self.sealers)).transpose()
    }

    pub(crate) async fn load_legs(&self, id: &RequestId) -> Result<Vec<LegRow>> {
        let id = id.clone();
        let read = self.backend.read(move |conn| {
            let mut query = conn.prepare_cached(ALL_OF_REQUEST)?;
            let rows = query.query_map(params![id.as_str()], RawLeg::read)?;
            Ok(rows.collect::<sql::Result<Vec<_>>>()?)
        });
        read.await?.into_iter().map(|raw| raw.open(&self.sealers)).collect()
    }

    pub(crate) async fn list_filtered_legs(&self, filter: &LegFilter, now: Instant) -> Result<Vec<LegRow>> {
        let filter = filter.clone();
        let rows = self.backend.read(move |conn| list(conn, &filter, now)).await?;
        rows.into_iter().map(|raw| raw.open(&self.sealers)).collect()
    }
}

/// Legs in the order of their dates.
macro_rules! legs {
    ($driver:literal, $which:literal) => {
        concat!(
            "SELECT ",
            leg_columns!(),
            " FROM legs l ",
            $driver,
            " WHERE ",
            $which,
            " AND (?1 IS NULL OR l.organisation = ?1)",
            " AND (?2 IS NULL OR l.request_id = ?2) AND (?3 IS NULL OR l.party = ?3)",
            " AND (NOT ?4 OR l.late_after < ?6) AND (NOT ?5 OR l.stuck = 1)",
            " ORDER BY l.answer_by NULLS FIRST, l.n LIMIT ?7",
        )
    };
}

pub(crate) const OF_REQUEST: &str = legs!("", "l.request_id = ?2");
pub(crate) const STUCK: &str = legs!("INDEXED BY legs_stuck", "l.stuck = 1");
/// In the order wanted, so that it ends at the limit.
pub(crate) const LATE: &str = legs!("INDEXED BY legs_watched", "l.promised_by IS NOT NULL AND l.answer_by < ?6");
pub(crate) const WATCHED: &str = legs!("INDEXED BY legs_watched", "l.promised_by IS NOT NULL");

fn list(conn: &Connection, filter: &LegFilter, now: Instant) -> Result<Vec<RawLeg>> {
    let sql = match filter {
        LegFilter { request: Some(_), .. } => OF_REQUEST,
        LegFilter { stuck: true, .. } => STUCK,
        LegFilter { late: true, .. } => LATE,
        _ => WATCHED,
    };
    let mut query = conn.prepare_cached(sql)?;
    let rows = query.query_map(
        params![
            filter.organisation.as_ref().map(Domain::as_str),
            filter.request.as_ref().map(RequestId::as_str),
            filter.party.as_ref().map(PartyId::as_str),
            filter.late,
            filter.stuck,
            now.ms(),
            filter.limit,
        ],
        RawLeg::read,
    )?;
    Ok(rows.collect::<sql::Result<_>>()?)
}
