//! How are legs found, and listed for operators?

use habeas_core::{
    clock::Instant,
    domain::Domain,
    id::{LegId, PartyId, RequestId},
};
use rusqlite::{Connection, named_params, params};

use super::row::{self, RawLeg, leg_columns};
use crate::{
    Result,
    model::{LegFilter, LegRow},
    sqlite::Sqlite,
};

pub(super) const ALL_OF_REQUEST: &str =
    concat!("SELECT ", leg_columns!(), " FROM legs l WHERE l.request_id = ?1 ORDER BY l.n");
pub(super) const BY_TOKEN: &str =
    concat!("SELECT ", leg_columns!(), " FROM legs l WHERE l.token_mac = ?1 AND l.organisation = ?2");

impl Sqlite {
    pub(crate) async fn load_leg(&self, id: &LegId) -> Result<Option<LegRow>> {
        let id = id.clone();
        let read = self.readers.run(move |conn| row::by_id(conn, id.as_str()));
        read.await?.map(|raw| raw.open(&self.sealers)).transpose()
    }

    pub(crate) async fn load_leg_by_token(&self, organisation: &Domain, token: &str) -> Result<Option<LegRow>> {
        let Some(sealer) = self.sealers.get(organisation) else { return Ok(None) };
        let (mac, organisation) = (sealer.mac("token", token.as_bytes()), organisation.clone());
        let read = self.readers.run(move |conn| row::one(conn, BY_TOKEN, params![mac, organisation.as_str()]));
        read.await?.map(|raw| raw.open(&self.sealers)).transpose()
    }

    pub(crate) async fn load_legs(&self, id: &RequestId) -> Result<Vec<LegRow>> {
        let id = id.clone();
        let read = self.readers.run(move |conn| {
            let mut query = conn.prepare_cached(ALL_OF_REQUEST)?;
            let rows = query.query_map([id.as_str()], RawLeg::read)?;
            Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?)
        });
        read.await?.into_iter().map(|raw| raw.open(&self.sealers)).collect()
    }

    pub(crate) async fn list_filtered_legs(&self, filter: &LegFilter, now: Instant) -> Result<Vec<LegRow>> {
        let filter = filter.clone();
        let rows = self.readers.run(move |conn| list(conn, &filter, now)).await?;
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
            " AND (:organisation IS NULL OR l.organisation = :organisation)",
            " AND (:request IS NULL OR l.request_id = :request) AND (:party IS NULL OR l.party = :party)",
            " AND (NOT :late OR l.late_after < :now) AND (NOT :stuck OR l.stuck)",
            " ORDER BY l.answer_by, l.n LIMIT :limit",
        )
    };
}

pub(super) const OF_REQUEST: &str = legs!("", "l.request_id = :request");
pub(super) const STUCK: &str = legs!("INDEXED BY legs_stuck", "l.stuck = 1");
/// In the order wanted, so that it ends at the limit.
pub(super) const LATE: &str = legs!("INDEXED BY legs_watched", "l.promised_by IS NOT NULL AND l.answer_by < :now");
pub(super) const WATCHED: &str = legs!("INDEXED BY legs_watched", "l.promised_by IS NOT NULL");

fn list(conn: &Connection, filter: &LegFilter, now: Instant) -> Result<Vec<RawLeg>> {
    let sql = match filter {
        LegFilter { request: Some(_), .. } => OF_REQUEST,
        LegFilter { stuck: true, .. } => STUCK,
        LegFilter { late: true, .. } => LATE,
        _ => WATCHED,
    };
    let mut query = conn.prepare_cached(sql)?;
    let rows = query.query_map(
        named_params! {
            ":organisation": filter.organisation.as_ref().map(Domain::as_str),
            ":request": filter.request.as_ref().map(RequestId::as_str),
            ":party": filter.party.as_ref().map(PartyId::as_str),
            ":late": filter.late,
            ":stuck": filter.stuck,
            ":now": now.ms(),
            ":limit": filter.limit,
        },
        RawLeg::read,
    )?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
