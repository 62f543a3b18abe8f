//! How is a leg written into its row and read from it?

use habeas_core::{
    clock::Instant,
    dialect::DialectId,
    domain::Domain,
    id::{LegId, PartyId, RemoteId, RequestId, WireId},
    leg::{Leg, LegCancel},
    right::Right,
    state::Ground,
};
use rusqlite::{Connection, OptionalExtension, Params, Row, params};

use super::{
    Sqlite,
    convert::{instant_or_null, ms, named_or_null, parsed, text},
    rows::Opener,
};
use crate::{
    Result, Sealers, StoreError,
    model::LegRow,
    seal::{LegColumns, LegSecrets},
};

macro_rules! leg_columns {
    () => {
        "l.id, l.request_id, l.organisation, l.party, l.dialect, l.right_name, l.wire_id, l.remote_id, l.accepted_at, \
         l.state, l.progress, l.ground, l.status, l.cancel, l.expected_by, l.sealed, l.sent_mac, l.revision, \
         l.attempts, l.due_at, (SELECT r.wrapped_key FROM requests r WHERE r.id = l.request_id)"
    };
}

const BY_ID: &str = concat!("SELECT ", leg_columns!(), " FROM legs l WHERE l.id = ?1");
const OF_REQUEST: &str = concat!("SELECT ", leg_columns!(), " FROM legs l WHERE l.request_id = ?1 ORDER BY l.n");
const BY_TOKEN: &str =
    concat!("SELECT ", leg_columns!(), " FROM legs l WHERE l.token_mac = ?1 AND l.organisation = ?2");
const INSERT: &str = "INSERT INTO legs (id, request_id, organisation, party, dialect, right_name, wire_id, remote_id,
        token_mac, accepted_at, state, progress, ground, status, cancel, expected_by, sealed, due_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)";

impl Sqlite {
    pub(super) async fn load_leg_by_token(&self, organisation: &Domain, token: &str) -> Result<Option<LegRow>> {
        let Some(sealer) = self.sealers.get(organisation) else { return Ok(None) };
        let (mac, organisation) = (sealer.mac("token", token.as_bytes()), organisation.clone());
        let read = self.readers.run(move |conn| one(conn, BY_TOKEN, params![mac, organisation.as_str()]));
        read.await?.map(|raw| raw.open(&self.sealers)).transpose()
    }

    pub(super) async fn load_legs(&self, id: &RequestId) -> Result<Vec<LegRow>> {
        let id = id.clone();
        let read = self.readers.run(move |conn| {
            let mut query = conn.prepare_cached(OF_REQUEST)?;
            let rows = query.query_map([id.as_str()], RawLeg::read)?;
            Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?)
        });
        read.await?.into_iter().map(|raw| raw.open(&self.sealers)).collect()
    }
}

/// A leg by its id.
pub(super) fn by_id(conn: &Connection, id: &str) -> Result<Option<RawLeg>> {
    one(conn, BY_ID, [id])
}

fn one(conn: &Connection, sql: &str, params: impl Params) -> Result<Option<RawLeg>> {
    Ok(conn.prepare_cached(sql)?.query_row(params, RawLeg::read).optional()?)
}

/// A leg about to be saved, its URLs sealed.
pub(super) struct SealedLeg {
    pub(super) leg: Leg,
    pub(super) columns: LegColumns,
    pub(super) sealed: Option<Vec<u8>>,
}

impl SealedLeg {
    /// Without a key, once shredded, the URLs are left out.
    pub(super) fn seal(leg: Leg, opener: Option<&Opener>) -> Result<Self> {
        let sealed = match (opener, LegSecrets::of(&leg)) {
            (Some(opener), Some(secrets)) => Some(secrets.seal(&opener.keys, &opener.key, &leg)?),
            _ => None,
        };
        Ok(Self { columns: LegColumns::of(&leg.state), leg, sealed })
    }

    pub(super) fn insert(&self, conn: &Connection, token_mac: &[u8; 32], due_at: Option<Instant>) -> Result<()> {
        let Self { leg, columns, sealed } = self;
        conn.prepare_cached(INSERT)?.execute(params![
            leg.id.as_str(),
            leg.request.as_str(),
            leg.organisation.as_str(),
            leg.party.as_str(),
            leg.dialect.as_str(),
            leg.right.as_str(),
            leg.wire_id.as_str(),
            leg.remote_id.as_ref().map(RemoteId::as_str),
            token_mac,
            ms(leg.accepted_at),
            columns.state,
            columns.progress,
            columns.ground.map(Ground::as_str),
            columns.status,
            leg.cancel.as_str(),
            ms(leg.expected_by),
            sealed,
            ms(due_at),
        ])?;
        Ok(())
    }
}

/// A leg as read, its URLs sealed.
pub(super) struct RawLeg {
    leg: Leg,
    columns: LegColumns,
    sealed: Option<Vec<u8>>,
    sent_mac: Option<[u8; 32]>,
    revision: u32,
    attempts: u32,
    due_at: Option<Instant>,
    wrapped: Option<Vec<u8>>,
}

impl RawLeg {
    /// Reads `leg_columns!()`, which come first.
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            leg: Leg {
                id: text(row, 0, LegId::new)?,
                request: text(row, 1, RequestId::new)?,
                organisation: parsed(row, 2, "organisation")?,
                party: text(row, 3, PartyId::new)?,
                dialect: text(row, 4, DialectId::named)?,
                right: parsed::<Right>(row, 5, "legs.right_name")?,
                wire_id: text(row, 6, WireId::new)?,
                remote_id: row.get::<_, Option<String>>(7)?.map(RemoteId::new),
                accepted_at: instant_or_null(row, 8)?,
                state: habeas_core::leg::LegState::Waiting,
                cancel: parsed::<LegCancel>(row, 13, "legs.cancel")?,
                expected_by: instant_or_null(row, 14)?,
                callback_url: None,
                results: None,
            },
            columns: LegColumns {
                state: row.get(9)?,
                progress: row.get(10)?,
                ground: named_or_null(row, 11, "legs.ground", |text| text.parse().ok())?,
                status: row.get(12)?,
            },
            sealed: row.get(15)?,
            sent_mac: row.get(16)?,
            revision: row.get(17)?,
            attempts: row.get(18)?,
            due_at: instant_or_null(row, 19)?,
            wrapped: row.get(20)?,
        })
    }

    pub(super) const fn request(&self) -> &RequestId {
        &self.leg.request
    }

    pub(super) fn open(self, sealers: &Sealers) -> Result<LegRow> {
        let mut leg = self.leg;
        let sealer = sealers.get(&leg.organisation).ok_or_else(|| StoreError::NoKey(leg.request.clone()))?;
        let secrets = match &self.sealed {
            None => LegSecrets::default(),
            Some(sealed) => match Opener::of(sealers, &leg.organisation, &leg.request, self.wrapped.as_deref())? {
                None => LegSecrets::default(),
                Some(opener) => LegSecrets::open(&opener.keys, &opener.key, &leg.id, sealed)?,
            },
        };
        leg.state = self.columns.state(secrets.verification)?;
        leg.callback_url = secrets.callback;
        leg.results = secrets.results;
        Ok(LegRow {
            leg,
            revision: self.revision,
            attempts: self.attempts,
            due_at: self.due_at,
            sent_mac: self.sent_mac,
            sealer: std::sync::Arc::clone(sealer),
        })
    }
}
