//! How is a leg read from its row?

use habeas_core::{
    clock::Instant,
    dialect::DialectId,
    id::{LegId, PartyId, RemoteId, RequestId, WireId},
    leg::{Leg, LegCancel, LegState},
    right::Right,
};

use crate::{
    Result, Sealers, StoreError,
    cases::{
        convert::{instant_or_null, named_or_null, parsed, text},
        rows::Opener,
    },
    model::LegRow,
    seal::{LegColumns, LegSecrets},
    sql::{self, Connection, OptionalExtension, Row, Value, params},
};

/// The columns that [`RawLeg::read`] reads, of `legs l`.
macro_rules! leg_columns {
    () => {
        "l.id, l.request_id, l.organisation, l.party, l.dialect, l.right_name, l.wire_id, l.remote_id, l.accepted_at, \
         l.state, l.progress, l.ground, l.status, l.cancel, l.expected_by, l.sealed, l.sent_mac, l.revision, \
         l.attempts, l.due_at, l.trouble, l.late_at, l.late_after, l.host, \
         (SELECT r.wrapped_key FROM requests r WHERE r.id = l.request_id)"
    };
}

pub(super) use leg_columns;

const BY_ID: &str = concat!("SELECT ", leg_columns!(), " FROM legs l WHERE l.id = ?1");

/// A leg by its id.
pub(super) fn by_id(conn: &Connection, id: &str) -> Result<Option<RawLeg>> {
    one(conn, BY_ID, params![id])
}

/// The only leg that a query finds.
pub(super) fn one(conn: &Connection, sql: &'static str, params: &[Value<'_>]) -> Result<Option<RawLeg>> {
    Ok(conn.prepare_cached(sql)?.query_row(params, RawLeg::read).optional()?)
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
    trouble: Option<String>,
    late_at: Option<Instant>,
    late_after: Option<Instant>,
    host: String,
    wrapped: Option<Vec<u8>>,
}

impl RawLeg {
    /// Reads `leg_columns!()`, which come first.
    pub(super) fn read(row: &Row<'_>) -> sql::Result<Self> {
        Ok(Self {
            leg: Leg {
                id: text(row, 0, LegId::new)?,
                request: text(row, 1, RequestId::new)?,
                organisation: parsed(row, 2, "organisation")?,
                party: text(row, 3, PartyId::new)?,
                dialect: text(row, 4, DialectId::named)?,
                right: parsed::<Right>(row, 5, "legs.right_name")?,
                wire_id: text(row, 6, WireId::new)?,
                remote_id: row.get::<Option<String>>(7)?.map(RemoteId::new),
                accepted_at: instant_or_null(row, 8)?,
                state: LegState::Waiting,
                cancel: parsed::<LegCancel>(row, 13, "legs.cancel")?,
                expected_by: instant_or_null(row, 14)?,
                callback_url: None,
                results: None,
                details: None,
                heard: Vec::new(),
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
            trouble: row.get(20)?,
            late_at: instant_or_null(row, 21)?,
            late_after: instant_or_null(row, 22)?,
            host: row.get(23)?,
            wrapped: row.get(24)?,
        })
    }

    pub(super) const fn request(&self) -> &RequestId {
        &self.leg.request
    }

    /// What opens what is sealed of it; `None` once shredded.
    pub(super) fn opener(&self, sealers: &Sealers) -> Result<Option<Opener>> {
        Opener::of(sealers, &self.leg.organisation, &self.leg.request, self.wrapped.as_deref())
    }

    pub(super) fn open(self, sealers: &Sealers) -> Result<LegRow> {
        let opener = if self.sealed.is_some() { self.opener(sealers)? } else { None };
        let mut leg = self.leg;
        let sealer = sealers.get(&leg.organisation).ok_or_else(|| StoreError::NoKey(leg.request.clone()))?;
        let secrets = match &self.sealed {
            None => LegSecrets::default(),
            Some(sealed) => match opener {
                None => LegSecrets::default(),
                Some(opener) => LegSecrets::open(&opener.keys, &opener.key, &leg.id, sealed)?,
            },
        };
        leg.state = self.columns.state(secrets.verification)?;
        leg.callback_url = secrets.callback;
        leg.results = secrets.results;
        leg.details = secrets.details;
        leg.heard = secrets.heard;
        Ok(LegRow {
            leg,
            revision: self.revision,
            attempts: self.attempts,
            due_at: self.due_at,
            trouble: self.trouble,
            late_at: self.late_at,
            late_after: self.late_after,
            host: self.host,
            sent_mac: self.sent_mac,
            sealer: std::sync::Arc::clone(sealer),
        })
    }
}
