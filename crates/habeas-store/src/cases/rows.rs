//! How is a row read into a request or a standing, and how are these opened?

use habeas_core::{
    clock::Instant,
    dialect::DialectId,
    domain::Domain,
    event::Standing,
    id::{PartyId, RequestId, WireId},
    regime::Regime,
    request::{Request, Upstream},
    right::Right,
    role::Role,
    state::{Ground, Reached},
};
use habeas_trust::seal::DataKey;

use super::convert::{instant, instant_or_null, named, named_or_null, odd, parsed, text};
use crate::{
    Result, Sealers,
    seal::{RequestKeys, StandingSecrets, reached_named},
    sql::{self, Row},
};

/// The columns that [`RawStanding::read`] reads, of a table with that alias.
macro_rules! standing_columns {
    ($alias:literal) => {
        concat!(
            $alias,
            ".seq, ",
            $alias,
            ".expected_by, ",
            $alias,
            ".state, ",
            $alias,
            ".reached, ",
            $alias,
            ".ground, ",
            $alias,
            ".sealed"
        )
    };
}

/// The columns that [`RawRequest::read`] reads, of `requests r`. The next one is [`AFTER_REQUEST`].
macro_rules! request_columns {
    () => {
        concat!(
            $crate::cases::rows::standing_columns!("r"),
            ", r.id, r.organisation, r.role, r.upstream_party, r.upstream_dialect, r.mount, r.wire_id, r.rights, ",
            "r.regime, r.received_at, r.submitted_at, r.promised_by, r.hold_until, r.final_at, r.wrapped_key, ",
            "r.expires_at, r.expiry_first_set_at"
        )
    };
}

pub(super) use {request_columns, standing_columns};

/// The number of columns of a standing.
pub(super) const AFTER_STANDING: usize = 6;
/// The number of columns of a request.
pub(super) const AFTER_REQUEST: usize = 23;

/// A standing as read, its sealed part closed.
pub(super) struct RawStanding {
    seq: u32,
    expected_by: Instant,
    state: String,
    reached: Option<Reached>,
    ground: Option<Ground>,
    sealed: Option<Vec<u8>>,
}

impl RawStanding {
    /// Reads the columns from `first` on.
    pub(super) fn read(row: &Row<'_>, first: usize) -> sql::Result<Self> {
        Ok(Self {
            seq: row.get(first)?,
            expected_by: instant(row, first + 1)?,
            state: row.get(first + 2)?,
            reached: named_or_null(row, first + 3, "reached", reached_named)?,
            ground: named_or_null(row, first + 4, "ground", |text| text.parse().ok())?,
            sealed: row.get(first + 5)?,
        })
    }

    /// The standing. Without a key its sealed part is missing.
    pub(super) fn open(self, request: &RawRequest, opener: Option<&Opener>) -> Result<Standing> {
        let secrets = match (opener, &self.sealed) {
            (Some(opener), Some(sealed)) => StandingSecrets::open(&opener.keys, &opener.key, self.seq, sealed)?,
            _ => StandingSecrets::default(),
        };
        let found = secrets.found.clone();
        let (state, details) = secrets.state(&self.state, self.reached, self.ground)?;
        Ok(Standing {
            wire_id: request.wire_id.clone(),
            seq: self.seq,
            state,
            received_at: request.received_at,
            expected_by: self.expected_by,
            details,
            found,
        })
    }

    pub(super) const fn is_sealed(&self) -> bool {
        self.sealed.is_some()
    }
}

/// A request as read, its sealed part closed.
pub(super) struct RawRequest {
    pub(super) id: RequestId,
    pub(super) organisation: Domain,
    pub(super) wrapped: Option<Vec<u8>>,
    upstream: Option<Upstream>,
    role: Role,
    wire_id: WireId,
    rights: Vec<Right>,
    regime: Regime,
    received_at: Instant,
    submitted_at: Option<Instant>,
    promised_by: Instant,
    hold_until: Instant,
    final_at: Option<Instant>,
    expires_at: Option<Instant>,
    expiry_first_set_at: Option<Instant>,
    standing: Option<RawStanding>,
}

impl RawRequest {
    /// Reads `request_columns!()`, which come first.
    pub(super) fn read(row: &Row<'_>) -> sql::Result<Self> {
        let at = AFTER_STANDING;
        Ok(Self {
            standing: Some(RawStanding::read(row, 0)?),
            id: text(row, at, RequestId::new)?,
            organisation: parsed(row, at + 1, "organisation")?,
            role: parsed(row, at + 2, "role")?,
            upstream: upstream(row, at + 3)?,
            wire_id: text(row, at + 6, WireId::new)?,
            rights: named(row, at + 7, "rights", |text| text.split(' ').map(|right| right.parse().ok()).collect())?,
            regime: parsed(row, at + 8, "regime")?,
            received_at: instant(row, at + 9)?,
            submitted_at: instant_or_null(row, at + 10)?,
            promised_by: instant(row, at + 11)?,
            hold_until: instant(row, at + 12)?,
            final_at: instant_or_null(row, at + 13)?,
            wrapped: row.get(at + 14)?,
            expires_at: instant_or_null(row, at + 15)?,
            expiry_first_set_at: instant_or_null(row, at + 16)?,
        })
    }

    /// What opens this request's sealed parts; `None` once shredded.
    pub(super) fn opener(&self, sealers: &Sealers) -> Result<Option<Opener>> {
        Opener::of(sealers, &self.organisation, &self.id, self.wrapped.as_deref())
    }

    /// The request. The key is only asked for where something is sealed.
    pub(super) fn open(mut self, sealers: &Sealers) -> Result<Request> {
        let standing = self.standing.take().ok_or(crate::StoreError::Corrupt("standing"))?;
        let opener = if standing.is_sealed() { self.opener(sealers)? } else { None };
        let standing = standing.open(&self, opener.as_ref())?;
        Ok(Request {
            standing,
            id: self.id,
            organisation: self.organisation,
            upstream: self.upstream,
            role: self.role,
            rights: self.rights,
            regime: self.regime,
            submitted_at: self.submitted_at,
            promised_by: self.promised_by,
            hold_until: self.hold_until,
            final_at: self.final_at,
            expires_at: self.expires_at,
            expiry_first_set_at: self.expiry_first_set_at,
        })
    }
}

fn upstream(row: &Row<'_>, first: usize) -> sql::Result<Option<Upstream>> {
    let Some(party) = row.get::<Option<String>>(first)? else { return Ok(None) };
    let (Some(dialect), Some(mount)) = (row.get::<Option<String>>(first + 1)?, row.get(first + 2)?) else {
        return Err(odd("upstream"));
    };
    Ok(Some(Upstream { party: PartyId::new(party), dialect: DialectId::named(dialect), mount }))
}

/// The keys of a request and its data key.
pub(super) struct Opener {
    pub(super) keys: RequestKeys,
    pub(super) key: DataKey,
}

impl Opener {
    pub(super) fn of(
        sealers: &Sealers,
        organisation: &Domain,
        request: &RequestId,
        wrapped: Option<&[u8]>,
    ) -> Result<Option<Self>> {
        let Some(wrapped) = wrapped else { return Ok(None) };
        let keys = sealers.keys(organisation, request)?;
        let key = keys.data_key(wrapped)?;
        Ok(Some(Self { keys, key }))
    }
}
