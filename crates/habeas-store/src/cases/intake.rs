//! How is a new request saved, or recognized as one that exists?

use habeas_core::{
    clock::Instant,
    event::{Actor, Event},
    id::RequestId,
    request::{Request, forgotten_after},
    submission::Dedupe,
};
use habeas_trust::{
    digest::{constant_time_eq, hex},
    seal::DataKey,
};

use super::{
    Backend, Database, Received, Taken,
    convert::{instant, instant_or_null, ms},
    inserts,
    issued::{self, RawIssued, SealedIssued},
    legs::SealedNewLeg,
    persons::{Person, macs},
    rows::{AFTER_REQUEST, Opener, RawRequest, RawStanding, request_columns, standing_columns},
    save,
};
use crate::{
    Result, Sealers, StoreError,
    model::{Existing, NewRequest, Receive},
    seal::{RequestKeys, SealedSecrets, StandingSecrets},
    sql::{Connection, OptionalExtension, Row, Value, params},
};

impl<B: Backend> Database<B> {
    pub(super) async fn save_received(&self, new: NewRequest) -> Result<Receive> {
        let keys = self.sealers.keys(&new.request.organisation, &new.request.id)?;
        let (key, wrapped) = keys.new_data_key()?;
        let body = new.keep_body.then_some(new.body.as_slice());
        let secrets = SealedSecrets::seal(&keys, &key, (&new.subject, new.submitted.as_ref()), &new.callbacks, body)?;
        let intake = Intake {
            body_mac: Some(keys.sealer.mac("body", &new.body)),
            dedupe: match &new.dedupe {
                Some(Dedupe::Key(key)) if key == new.request.standing.wire_id.as_str() => None,
                Some(Dedupe::Key(key)) => Some(hex(&keys.sealer.mac("key", key.as_bytes()))),
                Some(Dedupe::Bytes) => Some(hex(&keys.sealer.mac("repeat", &new.body))),
                None => None,
            },
            errand_at: ms(new.errand_at),
            ..Intake::new(new.request, new.actor, &keys, &key, wrapped, secrets)?
        };
        let person = Person {
            token: new.token,
            macs: if new.recognizable { macs(&keys.sealer, &new.subject.identities) } else { Vec::new() },
        };
        let received = Received {
            dedupe: new.dedupe,
            since: new.repeats_since,
            person,
            signatures: SealedIssued::seal_all(&keys, &new.issued)?,
            deliveries: new.deliveries,
            legs: SealedNewLeg::seal_all(new.legs, &intake.request, &Opener { keys, key })?,
            intake,
        };
        let body_mac = received.intake.body_mac;
        match self.backend.receive(received).await? {
            Taken::Not => Ok(Receive::Accepted),
            Taken::Token => Ok(Receive::TokenOfAnother),
            Taken::By(earlier) => Ok(Receive::Exists(Box::new(earlier.open(&self.sealers, body_mac)?))),
        }
    }

    pub(super) async fn load_existing(&self, id: &RequestId, body: Option<&[u8]>) -> Result<Option<Existing>> {
        let id = id.clone();
        let Some(raw) = self.backend.read(move |conn| RawExisting::load(conn, &id)).await? else { return Ok(None) };
        let sealer = self.sealers.get(&raw.request.organisation);
        let mac = body.and_then(|body| Some(sealer?.mac("body", body)));
        raw.open(&self.sealers, mac).map(Some)
    }
}

/// A request about to be saved, all that is personal sealed.
pub(crate) struct Intake {
    pub(super) request: Request,
    event: Event,
    sealed: Option<Vec<u8>>,
    wrapped: Vec<u8>,
    secrets: SealedSecrets,
    pub(super) dedupe: Option<String>,
    pub(super) body_mac: Option<[u8; 32]>,
    errand_at: Option<i64>,
    rights: String,
}

impl Intake {
    pub(super) fn new(
        request: Request,
        actor: Actor,
        keys: &RequestKeys,
        key: &DataKey,
        wrapped: Vec<u8>,
        secrets: SealedSecrets,
    ) -> Result<Self> {
        let standing = &request.standing;
        let sealed = StandingSecrets::of(standing).map(|clear| clear.seal(keys, key, standing.seq)).transpose()?;
        let event = request.accepted(actor);
        let rights: Vec<_> = request.rights.iter().map(|right| right.as_str()).collect();
        let rights = rights.join(" ");
        Ok(Self { request, event, sealed, wrapped, secrets, rights, dedupe: None, body_mac: None, errand_at: None })
    }

    /// Inserts the request with its secrets and first event; says `false` when its id, or its peer's id or
    /// deduplication key, is taken.
    pub(super) fn insert(&self, conn: &Connection) -> Result<bool> {
        if conn.prepare_cached(inserts::REQUESTS.one)?.execute(&self.request_row())? == 0 {
            return Ok(false);
        }
        conn.prepare_cached(inserts::SECRETS.one)?.execute(&self.secrets_row())?;
        conn.prepare_cached(inserts::EVENTS.one)?.execute(&self.event_row())?;
        Ok(true)
    }

    pub(crate) fn request_row(&self) -> Vec<Value<'_>> {
        let request = &self.request;
        let (reached, ground) = save::state_columns(&request.standing.state);
        let upstream = request.upstream.as_ref();
        params![
            request.id.as_str(),
            request.organisation.as_str(),
            request.role.as_str(),
            upstream.map(|upstream| upstream.party.as_str()),
            upstream.map(|upstream| upstream.dialect.as_str()),
            upstream.map(|upstream| upstream.mount.as_str()),
            request.standing.wire_id.as_str(),
            self.dedupe,
            self.body_mac,
            self.rights,
            request.regime.as_str(),
            request.standing.received_at.ms(),
            ms(request.submitted_at),
            request.promised_by.ms(),
            request.hold_until.ms(),
            ms(request.final_at),
            self.wrapped,
            request.standing.seq,
            request.standing.expected_by.ms(),
            request.standing.state.name(),
            reached,
            ground,
            self.sealed,
            self.errand_at,
        ]
        .to_vec()
    }

    pub(crate) fn secrets_row(&self) -> Vec<Value<'_>> {
        let SealedSecrets { subject, callbacks, body } = &self.secrets;
        params![self.request.id.as_str(), self.request.organisation.as_str(), subject, callbacks, body].to_vec()
    }

    pub(crate) fn event_row(&self) -> Vec<Value<'_>> {
        save::event_row(&self.request.organisation, &self.request.id, &self.event, self.sealed.as_deref())
    }

    /// Who sends the same bytes after that one is final, or long after, means another request.
    /// And a key means its request for as long as that can be asked for.
    pub(super) fn outdate(&self, conn: &Connection, dedupe: Option<&Dedupe>, since: Instant) -> Result<()> {
        let (Some(dedupe), Some(digest)) = (dedupe, &self.dedupe) else { return Ok(()) };
        let party = self.request.upstream.as_ref().map(|upstream| upstream.party.as_str());
        let mut query = conn.prepare_cached(NAMESAKE)?;
        let times = |row: &Row<'_>| {
            let id: String = row.get(0)?;
            Ok((id, instant(row, 1)?, instant_or_null(row, 2)?, instant_or_null(row, 3)?, instant_or_null(row, 4)?))
        };
        let namesake = query.query_row(params![digest, party, self.request.organisation.as_str()], times).optional()?;
        let Some((id, received_at, final_at, expires_at, first_said_at)) = namesake else { return Ok(()) };
        let outdated = match (dedupe, final_at) {
            (Dedupe::Bytes, final_at) => final_at.is_some() || received_at < since,
            (Dedupe::Key(_), Some(final_at)) => {
                forgotten_after(final_at, expires_at, first_said_at) < self.request.standing.received_at
            }
            (Dedupe::Key(_), None) => false,
        };
        if outdated {
            conn.prepare_cached(OUTDATE)?.execute(params![id])?;
        }
        Ok(())
    }

    /// The request that was there before.
    pub(super) fn earlier(&self, conn: &Connection) -> Result<RawExisting> {
        let organisation = self.request.organisation.as_str();
        let party = self.request.upstream.as_ref().map(|upstream| upstream.party.as_str());
        let find = |sql: &'static str, key: &str| {
            let mut query = conn.prepare_cached(sql)?;
            query.query_row(params![key, party, organisation], |row| row.get::<String>(0)).optional()
        };
        let mut id = find(BY_WIRE_ID, self.request.standing.wire_id.as_str())?;
        if let (None, Some(dedupe)) = (&id, &self.dedupe) {
            id = find(BY_DEDUPE, dedupe)?;
        }
        // Neither: then our own id is taken, and the caller must make another.
        RawExisting::load(conn, &RequestId::new(id.ok_or(StoreError::Stale)?))?.ok_or(StoreError::Stale)
    }
}

const NAMESAKE: &str = "SELECT id, received_at, final_at, expires_at, expiry_first_set_at FROM requests
    WHERE dedupe = ?1 AND upstream_party = ?2 AND organisation = ?3";
const OUTDATE: &str = "UPDATE requests SET dedupe = NULL WHERE id = ?1";
const BY_WIRE_ID: &str = "SELECT id FROM requests WHERE wire_id = ?1 AND upstream_party = ?2 AND organisation = ?3";
const BY_DEDUPE: &str = "SELECT id FROM requests WHERE dedupe = ?1 AND upstream_party = ?2 AND organisation = ?3";
const EXISTING: &str = concat!(
    "SELECT ",
    request_columns!(),
    ", r.body_mac, (SELECT min(c.at) FROM events c WHERE c.request_id = r.id AND c.change IN ('cancel', 'ask_cancel')), ",
    standing_columns!("e"),
    " FROM requests r JOIN events e ON e.request_id = r.id AND e.seq = 0 WHERE r.id = ?1"
);

/// What a replayed answer needs, as read.
pub(crate) struct RawExisting {
    request: RawRequest,
    accepted: RawStanding,
    body_mac: Option<[u8; 32]>,
    cancelled_at: Option<Instant>,
    issued: Vec<RawIssued>,
}

impl RawExisting {
    fn load(conn: &Connection, id: &RequestId) -> Result<Option<Self>> {
        let mut query = conn.prepare_cached(EXISTING)?;
        let row = query.query_row(params![id.as_str()], |row| {
            Ok(Self {
                request: RawRequest::read(row)?,
                body_mac: row.get(AFTER_REQUEST)?,
                cancelled_at: instant_or_null(row, AFTER_REQUEST + 1)?,
                accepted: RawStanding::read(row, AFTER_REQUEST + 2)?,
                issued: Vec::new(),
            })
        });
        let Some(found) = row.optional()? else { return Ok(None) };
        Ok(Some(Self { issued: issued::of_request(conn, id)?, ..found }))
    }

    fn open(self, sealers: &Sealers, body_mac: Option<[u8; 32]>) -> Result<Existing> {
        let keys = sealers.keys(&self.request.organisation, &self.request.id)?;
        let opener = self.request.opener(sealers)?;
        let same_body = match (self.body_mac, body_mac) {
            (Some(saved), Some(given)) => constant_time_eq(&saved, &given),
            _ => false,
        };
        Ok(Existing {
            accepted: self.accepted.open(&self.request, opener.as_ref())?,
            same_body,
            issued: self.issued.into_iter().map(|raw| raw.open(&keys)).collect::<Result<_>>()?,
            cancelled_at: self.cancelled_at,
            request: self.request.open(sealers)?,
        })
    }
}
